/*
 * bind_probe - see bind_probe.h. ip(7) and ipv6(7): an IPv6 socket without IPV6_V6ONLY collides with
 * IPv4 sockets too, so v6only must be what the server would set. SO_BINDTOIFINDEX (5.1) narrows the
 * question to one device, as the listener did.
 */
#include "sys/bind_probe.h"

#include "base/auto.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

static bool kernel_type(enum proto proto, int *out_type, int *out_protocol)
{
	switch (proto) {
	case PROTO_TCP:
		*out_type = SOCK_STREAM;
		*out_protocol = IPPROTO_TCP;
		return true;
	case PROTO_UDP:
		*out_type = SOCK_DGRAM;
		*out_protocol = IPPROTO_UDP;
		return true;
	case PROTO_UDPLITE:
		*out_type = SOCK_DGRAM;
		*out_protocol = IPPROTO_UDPLITE;
		return true;
	case PROTO_SCTP:
		*out_type = SOCK_STREAM;
		*out_protocol = IPPROTO_SCTP;
		return true;
	default:
		return false;
	}
}

int bind_probe(const struct endpoint *e, bool v6only, bool reuse)
{
	struct sockaddr_storage to;
	int type, protocol, one = 1, only = v6only, device = (int)e->ifindex;

	if (!kernel_type(e->proto, &type, &protocol))
		return -EOPNOTSUPP;
	AUTO(close) int fd = socket(e->address.family, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	if (e->address.family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) < 0)
		return -errno;
	if (reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return -errno;
	if (device && setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device, sizeof(device)) < 0)
		return -errno;
	socklen_t len = address_to_sockaddr(&e->address, e->port, &to);
	return bind(fd, (struct sockaddr *)&to, len) < 0 ? -errno : 0;
}
