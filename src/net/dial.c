/*
 * dial - see dial.h. ip(7) and ipv6(7), IP_RECVERR and IPV6_RECVERR: the error queue is read with
 * MSG_ERRQUEUE and yields a struct sock_extended_err whose origin says who found the error.
 */
#include "net/dial.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t unix_sockaddr(const char *path, struct sockaddr_storage *out)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	bool abstract = len && path[0] == '@';

	if (!len || len >= sizeof(un.sun_path))
		return 0;
	memcpy(un.sun_path, path, len);
	if (abstract)
		un.sun_path[0] = '\0';
	memcpy(out, &un, sizeof(un));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract);
}

static socklen_t sockaddr_of(const struct endpoint *e, struct sockaddr_storage *out, int *out_error)
{
	socklen_t len = 0;

	*out_error = 0;
	if (e->proto == PROTO_UNIX_STREAM) {
		len = unix_sockaddr(e->path, out);
		*out_error = len ? 0 : (e->path && *e->path ? ENAMETOOLONG : EINVAL);
	} else if (e->proto == PROTO_TCP && e->address.family != AF_UNSPEC) {
		len = address_to_sockaddr(&e->address, e->port, out);
	} else {
		*out_error = EPROTOTYPE;
	}
	return len;
}

static void want_icmp(int fd, sa_family_t family)
{
	const int on = 1;

	if (family == AF_INET || family == AF_INET6)
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
}

/* After the connection stands, an ICMP message must not break what TCP would have survived. */
static void ignore_icmp(int fd)
{
	const int off = 0;

	setsockopt(fd, IPPROTO_IP, IP_RECVERR, &off, sizeof(off));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &off, sizeof(off));
}

static void read_error_queue(struct dial *d)
{
	_Alignas(struct cmsghdr) char control[512];
	char byte;
	struct iovec iov = {&byte, sizeof(byte)};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};

	if (recvmsg(d->socket, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct sock_extended_err e;
		bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
		bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
		if ((!v4 && !v6) || c->cmsg_len < CMSG_LEN(sizeof(e)))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (e.ee_origin != SO_EE_ORIGIN_ICMP && e.ee_origin != SO_EE_ORIGIN_ICMP6)
			continue;
		d->icmp = true;
		d->icmp_type = e.ee_type;
		d->icmp_code = e.ee_code;
	}
}

static bool failed(struct dial *d, int error)
{
	d->error = error;
	return false;
}

bool dial_start(struct dial *d, const struct endpoint *e)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sockaddr_of(e, &address, &d->error);

	d->local = (struct endpoint){.proto = e->proto};
	if (d->error)
		return false;
	d->socket = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->socket < 0)
		return failed(d, errno);
	want_icmp(d->socket, address.ss_family);
	if (connect(d->socket, (struct sockaddr *)&address, len) < 0 && errno != EINPROGRESS)
		return failed(d, errno);
	return true;
}

/* A connect to a port of the local range that nobody holds any more can meet itself. */
static bool met_itself(const struct sockaddr_storage *local, socklen_t len, int fd)
{
	struct sockaddr_storage remote = {0};
	socklen_t remote_len = sizeof(remote);

	return local->ss_family != AF_UNIX &&
		getpeername(fd, (struct sockaddr *)&remote, &remote_len) == 0 &&
		len == remote_len && memcmp(local, &remote, len) == 0;
}

void dial_finish(struct dial *d)
{
	struct sockaddr_storage local = {0};
	socklen_t len = sizeof(d->error), local_len = sizeof(local);

	if (getsockopt(d->socket, SOL_SOCKET, SO_ERROR, &d->error, &len) < 0)
		d->error = errno;
	if (getsockname(d->socket, (struct sockaddr *)&local, &local_len) < 0)
		local_len = 0;
	if (!d->error && met_itself(&local, local_len, d->socket))
		d->error = ECONNREFUSED;
	/* in the handshake a RST is ECONNREFUSED, so these two came after it */
	d->connected = !d->error || d->error == ECONNRESET || d->error == EPIPE;
	if (!d->connected) {
		read_error_queue(d);
		return;
	}
	ignore_icmp(d->socket);
	if (d->local.proto == PROTO_TCP && local_len)
		address_from_sockaddr((struct sockaddr *)&local, &d->local.address, &d->local.port);
}

void dial_fini(struct dial *d)
{
	if (d->socket >= 0)
		close(d->socket);
	d->socket = -1;
}
