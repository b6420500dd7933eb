/*
 * sock_diag - see sock_diag.h.
 *
 * Port filter: the kernel runs a small bytecode per socket (inet_diag_bc_run in net/ipv4/inet_diag.c).
 * It knows "greater or equal" and "less or equal" since ever, "equal" only since 5.8, so a port is
 * asked for with both.
 */
#include "sys/sock_diag.h"

#include "base/must.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/inet_diag.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>

#define SOCKETS_MAX (8u << 20)

struct list_ctx {
	struct arena *arena;
	struct socket_list *out;
	size_t base; /* where this dump began: an interrupted one is cut back to it */
	uint32_t netns;
	enum proto proto;
	bool overflow;
};

static int add(struct list_ctx *ctx, const struct socket *s)
{
	struct socket *slot = vec_push(&ctx->out->v);

	if (!slot) {
		ctx->overflow = true;
		return -EOVERFLOW;
	}
	*slot = *s;
	slot->netns = ctx->netns;
	return 0;
}

static void restart(void *arg)
{
	struct list_ctx *ctx = arg;

	ctx->out->v.count = ctx->base;
}

static struct address address_of(uint8_t family, const __be32 *words)
{
	struct address a = {.family = family};

	memcpy(a.bytes, words, family == AF_INET ? 4 : 16);
	return a;
}

static const struct tcp_details *parse_tcp_info(struct arena *arena,
	const struct netlink_attribute *attribute)
{
	struct tcp_info info = {0};
	struct tcp_details *d = arena_new_of(arena, struct tcp_details);

	/* older kernels send fewer bytes, newer ones more: both are right */
	memcpy(&info, attribute->data, MIN(sizeof(info), (size_t)attribute->len));
	d->rtt_us = info.tcpi_rtt;
	d->rtt_var_us = info.tcpi_rttvar;
	d->retransmits = info.tcpi_total_retrans;
	d->sent_bytes = info.tcpi_bytes_acked;
	d->received_bytes = info.tcpi_bytes_received;
	d->last_sent_ms = info.tcpi_last_data_sent;
	d->last_received_ms = info.tcpi_last_data_recv;
	return d;
}

/* enum sctp_state (include/net/sctp/constants.h) in the words of TCP. */
static uint8_t state_of_association(uint8_t state)
{
	static const uint8_t states[] = {SOCKET_CLOSE, SOCKET_SYN_SENT, SOCKET_SYN_SENT,
		SOCKET_ESTABLISHED, SOCKET_FIN_WAIT1, SOCKET_FIN_WAIT2, SOCKET_CLOSE_WAIT,
		SOCKET_LAST_ACK};

	return state < ARRAY_SIZE(states) ? states[state] : SOCKET_NONE;
}

static void parse_inet_attributes(struct arena *arena, struct reader *r, struct socket *s)
{
	struct netlink_attribute a;
	struct tcp_details *details = NULL;
	const char *congestion = NULL;

	while (netlink_attribute(r, &a)) {
		if (a.type == INET_DIAG_SKV6ONLY && a.len >= 1)
			s->v6only = a.data[0] != 0;
		else if (a.type == INET_DIAG_CGROUP_ID && a.len >= 8)
			memcpy(&s->cgroup_id, a.data, 8);
		else if (a.type == INET_DIAG_INFO && s->local.proto == PROTO_TCP && a.len > 0)
			details = (struct tcp_details *)parse_tcp_info(arena, &a);
		else if (a.type == INET_DIAG_PEERS && s->local.proto == PROTO_SCTP)
			s->state = state_of_association(s->state); /* an endpoint has none */
		else if (a.type == INET_DIAG_CONG)
			congestion = arena_strndup(arena, (const char *)a.data,
				strnlen((const char *)a.data, a.len));
	}
	if (details)
		details->congestion = congestion;
	s->tcp = details;
}

bool sock_diag_parse_inet(struct arena *arena, struct reader r, enum proto proto,
	struct socket *out)
{
	struct inet_diag_msg m;

	if (!reader_copy(&r, &m, sizeof(m)))
		return false;
	if (m.idiag_family != AF_INET && m.idiag_family != AF_INET6)
		return false;
	struct socket s = {
		.local = {proto, address_of(m.idiag_family, m.id.idiag_src),
			ntohs(m.id.idiag_sport), m.id.idiag_if, NULL},
		.state = MIN(m.idiag_state, SOCKET_STATE_COUNT - 1),
		.timer = m.idiag_timer,
		.timer_retries = m.idiag_retrans,
		.timer_ms = m.idiag_expires,
		.uid = m.idiag_uid,
		.inode = m.idiag_inode,
		.rqueue = m.idiag_rqueue,
		.wqueue = m.idiag_wqueue,
		.cookie = (uint64_t)m.id.idiag_cookie[1] << 32 | m.id.idiag_cookie[0],
	};
	if (m.id.idiag_dport) {
		s.remote = address_of(m.idiag_family, m.id.idiag_dst);
		s.remote_port = ntohs(m.id.idiag_dport);
	}
	/* a bound TCP socket that does not listen comes back as CLOSE with a port */
	if (proto == PROTO_TCP && s.state == SOCKET_CLOSE)
		s.state = SOCKET_BOUND;
	parse_inet_attributes(arena, &r, &s);
	if (address_class(&s.local.address) == ADDRESS_LINK_LOCAL && m.idiag_family == AF_INET6)
		s.local.address.scope = m.id.idiag_if;
	s.dual_stack = m.idiag_family == AF_INET6 && !s.v6only && !s.remote_port &&
		address_is_any(&s.local.address);
	*out = s;
	return true;
}

/* Unix addresses: a path, or a NUL and a name (shown with '@', inner NULs too). */
static const char *unix_path(struct arena *arena, const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return NULL;
	if (bytes[0] != '\0')
		return arena_strndup(arena, (const char *)bytes, strnlen((const char *)bytes, len));
	char *name = arena_strndup(arena, (const char *)bytes, len);
	for (size_t i = 0; i < len; i++)
		if (name[i] == '\0')
			name[i] = '@';
	return name;
}

static bool unix_proto(uint8_t type, enum proto *out)
{
	switch (type) {
	case SOCK_STREAM:
		*out = PROTO_UNIX_STREAM;
		return true;
	case SOCK_DGRAM:
		*out = PROTO_UNIX_DGRAM;
		return true;
	case SOCK_SEQPACKET:
		*out = PROTO_UNIX_SEQPACKET;
		return true;
	default:
		return false;
	}
}

bool sock_diag_parse_unix(struct arena *arena, struct reader r, struct socket *out)
{
	struct unix_diag_msg m;
	struct unix_diag_rqlen queue;
	struct netlink_attribute a;
	struct socket s = {0};

	if (!reader_copy(&r, &m, sizeof(m)) || !unix_proto(m.udiag_type, &s.local.proto))
		return false;
	s.state = MIN(m.udiag_state, SOCKET_STATE_COUNT - 1);
	s.inode = m.udiag_ino;
	s.cookie = (uint64_t)m.udiag_cookie[1] << 32 | m.udiag_cookie[0];
	while (netlink_attribute(&r, &a)) {
		if (a.type == UNIX_DIAG_NAME) {
			s.local.path = unix_path(arena, a.data, a.len);
		} else if (a.type == UNIX_DIAG_PEER && a.len >= 4) {
			memcpy(&s.unix_peer_inode, a.data, 4);
		} else if (a.type == UNIX_DIAG_UID && a.len >= 4) {
			memcpy(&s.uid, a.data, 4);
		} else if (a.type == UNIX_DIAG_RQLEN && a.len >= sizeof(queue)) {
			memcpy(&queue, a.data, sizeof(queue));
			s.rqueue = queue.udiag_rqueue;
			s.wqueue = queue.udiag_wqueue;
		}
	}
	*out = s;
	return true;
}

bool sock_diag_parse_packet(struct reader r, struct socket *out)
{
	struct packet_diag_msg m;
	struct packet_diag_info info;
	struct netlink_attribute a;

	if (!reader_copy(&r, &m, sizeof(m)))
		return false;
	struct socket s = {
		.local = {.proto = PROTO_PACKET, .port = m.pdiag_num},
		.state = SOCKET_CLOSE,
		.inode = m.pdiag_ino,
		.cookie = (uint64_t)m.pdiag_cookie[1] << 32 | m.pdiag_cookie[0],
	};
	while (netlink_attribute(&r, &a)) {
		if (a.type == PACKET_DIAG_INFO && a.len >= sizeof(info)) {
			memcpy(&info, a.data, sizeof(info));
			s.local.ifindex = info.pdi_index;
		} else if (a.type == PACKET_DIAG_UID && a.len >= 4) {
			memcpy(&s.uid, a.data, 4);
		}
	}
	*out = s;
	return true;
}

static int on_message(void *arg, uint16_t type, struct reader payload)
{
	struct list_ctx *ctx = arg;
	struct socket s;
	bool ok;

	if (proto_is_unix(ctx->proto))
		ok = sock_diag_parse_unix(ctx->arena, payload, &s);
	else if (ctx->proto == PROTO_PACKET)
		ok = sock_diag_parse_packet(payload, &s);
	else
		ok = sock_diag_parse_inet(ctx->arena, payload, ctx->proto, &s);
	if (!ok || (type != SOCK_DIAG_BY_FAMILY && type != TCPDIAG_GETSOCK))
		return -EBADMSG;
	return add(ctx, &s);
}

/* (sport >= p && sport <= p) || (dport >= p && dport <= p); offsets in bytes, see the file head. */
static void port_program(uint16_t port, struct inet_diag_bc_op out[9])
{
	const struct inet_diag_bc_op program[9] = {
		{INET_DIAG_BC_S_GE, 8, 20},
		{0, 0, port},
		{INET_DIAG_BC_S_LE, 8, 12},
		{0, 0, port},
		{INET_DIAG_BC_JMP, 4, 20},
		{INET_DIAG_BC_D_GE, 8, 20},
		{0, 0, port},
		{INET_DIAG_BC_D_LE, 8, 12},
		{0, 0, port},
	};

	memcpy(out, program, sizeof(program));
}

struct port_filter {
	struct rtattr header;
	struct inet_diag_bc_op program[9];
};

static struct port_filter port_filter_of(uint16_t port)
{
	struct port_filter f = {.header = {sizeof(f), INET_DIAG_REQ_BYTECODE}};

	port_program(port, f.program);
	return f;
}

static uint8_t extensions(const struct sock_query *q)
{
	return q->tcp_details ? 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1) : 0;
}

/*
 * TCP of both families at once: the older request knows no family, and so saves a second walk through
 * the table of all connections (20 ms for 100,000).
 */
static int dump_tcp(int fd, const struct sock_query *q, struct list_ctx *ctx)
{
	struct {
		struct inet_diag_req base;
		struct port_filter filter;
	} m = {
		.base = {.idiag_family = AF_INET,
			.idiag_ext = extensions(q),
			.idiag_states = q->states},
		.filter = port_filter_of(q->port),
	};

	return netlink_dump(fd, TCPDIAG_GETSOCK, &m, q->port ? sizeof(m) : sizeof(m.base),
		on_message, restart, ctx);
}

static int dump_inet(int fd, const struct sock_query *q, uint8_t family, uint8_t protocol,
	struct list_ctx *ctx)
{
	struct {
		struct inet_diag_req_v2 base;
		struct port_filter filter;
	} m = {
		.base = {.sdiag_family = family,
			.sdiag_protocol = protocol,
			.idiag_states = q->states},
		.filter = port_filter_of(q->port),
	};
	bool filtered = q->port && ctx->proto != PROTO_RAW;

	return netlink_dump(fd, SOCK_DIAG_BY_FAMILY, &m, filtered ? sizeof(m) : sizeof(m.base),
		on_message, restart, ctx);
}

static int dump_unix(int fd, const struct sock_query *q, struct list_ctx *ctx)
{
	struct unix_diag_req m = {
		.sdiag_family = AF_UNIX,
		.udiag_states = q->states,
		.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID,
	};

	return netlink_dump(fd, SOCK_DIAG_BY_FAMILY, &m, sizeof(m), on_message, restart, ctx);
}

static int dump_packet(int fd, struct list_ctx *ctx)
{
	struct packet_diag_req m = {.sdiag_family = AF_PACKET, .pdiag_show = PACKET_SHOW_INFO};

	return netlink_dump(fd, SOCK_DIAG_BY_FAMILY, &m, sizeof(m), on_message, restart, ctx);
}

static int dump_proto(int fd, const struct sock_query *q, enum proto proto, struct list_ctx *ctx)
{
	static const uint8_t numbers[] = {
		[PROTO_UDP] = IPPROTO_UDP,
		[PROTO_UDPLITE] = IPPROTO_UDPLITE,
		[PROTO_SCTP] = IPPROTO_SCTP,
		[PROTO_RAW] = IPPROTO_RAW,
	};

	ctx->proto = proto;
	ctx->base = ctx->out->v.count;
	if (proto == PROTO_PACKET)
		return dump_packet(fd, ctx);
	if (proto_is_unix(proto))
		return dump_unix(fd, q, ctx);
	if (proto == PROTO_TCP)
		return dump_tcp(fd, q, ctx);

	int r = dump_inet(fd, q, AF_INET, numbers[proto], ctx);
	ctx->base = ctx->out->v.count;
	int r6 = dump_inet(fd, q, AF_INET6, numbers[proto], ctx);
	return r < 0 ? r : r6;
}

/* No module for a protocol, or no right to load it: there can be no such sockets. */
static bool is_absent(enum proto proto, int r)
{
	return proto != PROTO_TCP && proto != PROTO_UDP &&
		(r == -ENOENT || r == -EPERM || r == -EINVAL || r == -EPROTONOSUPPORT ||
			r == -EAFNOSUPPORT);
}

int sock_diag_list(int netlink, const struct sock_query *query, uint32_t netns, struct arena *arena,
	struct socket_list *out, struct err *err)
{
	struct list_ctx ctx = {.arena = arena, .out = out, .netns = netns};
	uint32_t protos = query->protos;
	bool partial = false;

	out->v.max = SOCKETS_MAX;
	if (protos & PROTO_BITS_UNIX) /* one dump has all three kinds */
		protos = (protos & ~PROTO_BITS_UNIX) | PROTO_BIT(PROTO_UNIX_STREAM);
	for (int p = 0; p < PROTO_COUNT; p++) {
		if (!(protos & PROTO_BIT(p)))
			continue;
		int r = dump_proto(netlink, query, (enum proto)p, &ctx);
		if (r == -EAGAIN || r == -EOVERFLOW)
			partial = true;
		else if (r < 0 && !is_absent((enum proto)p, r))
			return err_set(err, r, "cannot list the %s sockets: %m",
				proto_name((enum proto)p));
	}
	return partial ? -EAGAIN : 0;
}
