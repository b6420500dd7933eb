/* netlink - see netlink.h. */
#include "sys/netlink.h"

#include "base/clock.h"
#include "base/must.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define RECEIVE_SIZE (256u << 10)
#define TRIES	     8

int netlink_open(int protocol, struct err *err)
{
	AUTO(close) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int size = 4 << 20;

	if (fd < 0)
		return err_set(err, -errno, "cannot ask the kernel for sockets (netlink %d): %m",
			protocol);
	/* refused without CAP_NET_ADMIN beyond rmem_max; the default size does then */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return steal_fd(&fd);
}

bool netlink_attribute(struct reader *r, struct netlink_attribute *out)
{
	struct rtattr header;

	if (r->left < sizeof(header) || !reader_copy(r, &header, sizeof(header)))
		return false;
	if (header.rta_len < sizeof(header))
		return false;
	out->type = header.rta_type & NLA_TYPE_MASK;
	out->len = (uint16_t)(header.rta_len - sizeof(header));
	out->data = reader_bytes(r, out->len);
	if (!out->data)
		return false;
	reader_skip(r, MIN((size_t)(-out->len & 3), r->left));
	return true;
}

bool netlink_u32(const struct netlink_attribute *a, uint32_t *out)
{
	if (a->len < sizeof(*out))
		return false;
	memcpy(out, a->data, sizeof(*out));
	return true;
}

bool netlink_u64(const struct netlink_attribute *a, uint64_t *out)
{
	if (a->len < sizeof(*out))
		return false;
	memcpy(out, a->data, sizeof(*out));
	return true;
}

enum { PARSE_MORE = 1, PARSE_DONE = 0 };

struct parse {
	uint32_t sequence;
	bool interrupted;
	netlink_fn fn;
	void *ctx;
};

static int parse_error(struct reader payload)
{
	int32_t code = 0;

	reader_copy(&payload, &code, sizeof(code));
	if (!reader_ok(&payload))
		return -EBADMSG;
	return code < 0 ? code : PARSE_DONE;
}

/* A dump that failed says so in its last message (netlink_dump_done in net/netlink/af_netlink.c). */
static int parse_done(struct reader payload)
{
	return payload.left < sizeof(int32_t) ? PARSE_DONE : parse_error(payload);
}

/* One datagram: any number of messages. */
static int parse_datagram(struct parse *p, struct reader r)
{
	while (r.left >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;
		reader_copy(&r, &h, sizeof(h));
		if (h.nlmsg_len < sizeof(h))
			return -EBADMSG;
		size_t len = h.nlmsg_len - sizeof(h);
		const uint8_t *body = reader_bytes(&r, len);
		if (!body)
			return -EBADMSG;
		reader_skip(&r, MIN((size_t)(-len & 3), r.left));
		if (h.nlmsg_seq != p->sequence)
			continue;
		if (h.nlmsg_flags & NLM_F_DUMP_INTR)
			p->interrupted = true;

		struct reader payload = reader_init(body, len);
		if (h.nlmsg_type == NLMSG_DONE)
			return parse_done(payload);
		if (h.nlmsg_type == NLMSG_ERROR)
			return parse_error(payload);
		if (h.nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		int rc = p->fn(p->ctx, h.nlmsg_type, payload);
		if (rc < 0)
			return rc;
	}
	return r.left ? -EBADMSG : PARSE_MORE;
}

int netlink_parse(netlink_receive_fn receive, void *source, uint32_t sequence, netlink_fn fn,
	void *ctx)
{
	AUTO(free) char *buffer = must_malloc(RECEIVE_SIZE);
	struct parse p = {.sequence = sequence, .fn = fn, .ctx = ctx};

	for (;;) {
		ssize_t n = receive(source, buffer, RECEIVE_SIZE);
		if (n < 0)
			return n == -ENOBUFS ? -EAGAIN : (int)n;
		if (n == 0)
			return -EBADMSG; /* the source ended before NLMSG_DONE */
		int r = parse_datagram(&p, reader_init(buffer, (size_t)n));
		if (r == PARSE_DONE)
			return p.interrupted ? -EAGAIN : 0;
		if (r < 0)
			return r;
	}
}

static ssize_t receive_socket(void *source, void *buffer, size_t size)
{
	int fd = *(int *)source;
	struct sockaddr_nl from;
	struct iovec iov = {buffer, size};

	for (;;) {
		struct msghdr m = {.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &m, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (m.msg_flags & MSG_TRUNC)
			return -EBADMSG;
		if (m.msg_namelen == sizeof(from) && from.nl_pid != 0)
			continue; /* not the kernel */
		return n;
	}
}

/* Throws away what is left of an abandoned dump. */
static void drain(int fd)
{
	char scrap[4096];

	while (recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT | MSG_TRUNC) > 0)
		;
}

static int send_request(int fd, uint16_t type, uint16_t flags, uint32_t sequence,
	const void *payload, size_t len)
{
	struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(sizeof(h) + len),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = sequence,
	};
	struct iovec iov[] = {{&h, sizeof(h)}, {(void *)payload, len}};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct msghdr m = {.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = iov,
		.msg_iovlen = 2};

	while (sendmsg(fd, &m, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int netlink_dump(int fd, uint16_t type, const void *payload, size_t len, netlink_fn fn,
	netlink_restart_fn restart, void *ctx)
{
	uint32_t sequence = (uint32_t)clock_mono_ns(); /* only has to differ from the last one */
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		if (i) {
			drain(fd);
			restart(ctx);
		}
		r = send_request(fd, type, NLM_F_DUMP, ++sequence, payload, len);
		if (r == 0)
			r = netlink_parse(receive_socket, &fd, sequence, fn, ctx);
	}
	return r;
}

/* The acknowledgement, or an error in its place, ends the answer as NLMSG_DONE ends a dump. */
int netlink_ask(int fd, uint16_t type, const void *payload, size_t len, netlink_fn fn, void *ctx)
{
	uint32_t sequence = (uint32_t)clock_mono_ns();
	int r = send_request(fd, type, NLM_F_ACK, sequence, payload, len);

	return r < 0 ? r : netlink_parse(receive_socket, &fd, sequence, fn, ctx);
}
