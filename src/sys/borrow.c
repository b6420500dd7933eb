/*
 * borrow - see borrow.h.
 *
 * pidfd_getfd(2) (Linux 5.6) hands out a copy that shares the open socket, so only questions are put
 * to it and it is closed at once: a copy that lives on would keep the port bound after its owner ends.
 */
#include "sys/borrow.h"

#include "base/auto.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int pidfd_open_(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

static int pidfd_getfd_(int pidfd, int fd)
{
	long copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	return copy < 0 ? -errno : (int)copy;
}

/* False when the option is not of this kind of socket. */
static bool get_option(int fd, int option, int *out)
{
	socklen_t len = sizeof(*out);

	return getsockopt(fd, SOL_SOCKET, option, out, &len) == 0 && len == sizeof(*out);
}

static bool is_set(int fd, int option)
{
	int value;

	return get_option(fd, option, &value) && value != 0;
}

static enum proto proto_of(int domain, int type, int protocol)
{
	if (domain == AF_UNIX)
		return type == SOCK_STREAM   ? PROTO_UNIX_STREAM
			: type == SOCK_DGRAM ? PROTO_UNIX_DGRAM
					     : PROTO_UNIX_SEQPACKET;
	if (domain == AF_PACKET)
		return PROTO_PACKET;
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
		return PROTO_TCP;
	case IPPROTO_UDP:
		return PROTO_UDP;
	case IPPROTO_UDPLITE:
		return PROTO_UDPLITE;
	case IPPROTO_SCTP:
		return PROTO_SCTP;
	default:
		return PROTO_RAW;
	}
}

static int look_at(int fd, struct borrowed *out)
{
	struct sockaddr_storage name = {0};
	socklen_t len = sizeof(name);
	int domain, type, protocol, device;

	if (getsockname(fd, (struct sockaddr *)&name, &len) < 0)
		return errno == ENOTSOCK ? -EBADF : -errno;
	if (!get_option(fd, SO_DOMAIN, &domain) || !get_option(fd, SO_TYPE, &type) ||
		!get_option(fd, SO_PROTOCOL, &protocol))
		return -EBADF;
	struct borrowed b = {.local.proto = proto_of(domain, type, protocol)};
	address_from_sockaddr((struct sockaddr *)&name, &b.local.address, &b.local.port);
	if (b.local.proto == PROTO_RAW)
		b.local.port = (uint16_t)protocol;
	if (get_option(fd, SO_BINDTOIFINDEX, &device))
		b.local.ifindex = (uint32_t)device;
	b.reuse_address = is_set(fd, SO_REUSEADDR);
	b.reuse_port = is_set(fd, SO_REUSEPORT);
	b.listening = is_set(fd, SO_ACCEPTCONN);
	*out = b;
	return 0;
}

int borrow_socket(pid_t pid, int fd, struct borrowed *out)
{
	AUTO(close) int pidfd = pidfd_open_(pid);

	if (pidfd < 0)
		return pidfd;
	AUTO(close) int copy = pidfd_getfd_(pidfd, fd);
	if (copy < 0)
		return copy;
	return look_at(copy, out);
}
