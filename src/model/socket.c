/* socket - see socket.h. Names of states follow ss(8), in lower case. */
#include "model/socket.h"

#include "base/clock.h"
#include "base/text.h"
#include <string.h>

const char *socket_state_name(int state)
{
	static const char *const names[SOCKET_STATE_COUNT] = {
		[SOCKET_NONE] = "none",
		[SOCKET_ESTABLISHED] = "established",
		[SOCKET_SYN_SENT] = "syn-sent",
		[SOCKET_SYN_RECV] = "syn-recv",
		[SOCKET_FIN_WAIT1] = "fin-wait-1",
		[SOCKET_FIN_WAIT2] = "fin-wait-2",
		[SOCKET_TIME_WAIT] = "time-wait",
		[SOCKET_CLOSE] = "unconnected",
		[SOCKET_CLOSE_WAIT] = "close-wait",
		[SOCKET_LAST_ACK] = "last-ack",
		[SOCKET_LISTEN] = "listen",
		[SOCKET_CLOSING] = "closing",
		[SOCKET_NEW_SYN_RECV] = "syn-recv",
		[SOCKET_BOUND] = "bound",
	};

	return state >= 0 && state < SOCKET_STATE_COUNT ? names[state] : "unknown";
}

const char *ownerless_name(int why)
{
	static const char *const names[] = {
		[OWNERLESS_NO] = "no",
		[OWNERLESS_TIME_WAIT] = "time-wait",
		[OWNERLESS_ORPHAN] = "orphan",
		[OWNERLESS_NOT_ACCEPTED] = "not-accepted",
		[OWNERLESS_KERNEL] = "kernel",
		[OWNERLESS_HIDDEN] = "hidden",
		[OWNERLESS_NAMESPACE] = "other-namespace",
		[OWNERLESS_VANISHED] = "vanished",
	};

	return names[why];
}

bool socket_is_listener(const struct socket *s)
{
	if (s->state == SOCKET_LISTEN)
		return true;
	if (s->state != SOCKET_CLOSE || s->remote.family != AF_UNSPEC)
		return false;
	switch (s->local.proto) {
	case PROTO_UDP:
	case PROTO_UDPLITE:
		return s->local.port != 0;
	case PROTO_RAW:
	case PROTO_PACKET:
		return true;
	case PROTO_UNIX_DGRAM:
		return s->local.path != NULL;
	default:
		return false;
	}
}

static void local_text(const void *record, struct buf *out)
{
	const struct socket *s = record;

	endpoint_format(out, &s->local);
}

static void remote_text(const void *record, struct buf *out)
{
	const struct socket *s = record;
	struct endpoint e = {s->local.proto, s->remote, s->remote_port, 0, NULL};

	if (s->remote.family != AF_UNSPEC)
		endpoint_format(out, &e);
}

static void timer_text(const void *record, struct buf *out)
{
	static const char *const names[] = {"", "retransmit", "keep-alive", "time-wait",
		"zero-window probe"};
	const struct socket *s = record;

	if (s->timer == 0 || s->timer >= ARRAY_SIZE(names))
		return;
	buf_str(out, names[s->timer]);
	if (s->timer_ms) {
		buf_str(out, " in ");
		clock_duration(out, s->timer_ms * 1000000ull);
	}
}

static const char *proto_name_of(int p)
{
	return proto_name((enum proto)p);
}

static bool has_wqueue(const void *record)
{
	const struct socket *s = record;

	return s->state != SOCKET_LISTEN || s->wqueue != BACKLOG_UNKNOWN;
}

static void state_text(const void *record, struct buf *out)
{
	buf_str(out, socket_state_name(((const struct socket *)record)->state));
}

static void process_text(const struct owner *o, struct buf *out)
{
	const char *program = owner_program(o);

	text_escape(out, program, strlen(program));
	buf_printf(out, " %d", o->pid);
}

void socket_owner_text(const struct socket *s, struct buf *out)
{
	static const char *const words[] = {
		[OWNERLESS_NO] = "",
		[OWNERLESS_TIME_WAIT] = "none: time-wait",
		[OWNERLESS_ORPHAN] = "none: being closed",
		[OWNERLESS_NOT_ACCEPTED] = "none: not accepted yet",
		[OWNERLESS_KERNEL] = "the kernel",
		[OWNERLESS_HIDDEN] = "hidden",
		[OWNERLESS_NAMESPACE] = "in another namespace",
		[OWNERLESS_VANISHED] = "closed meanwhile",
	};

	if (!s->owner) {
		buf_str(out, words[s->ownerless]);
		if (s->ownerless == OWNERLESS_HIDDEN)
			buf_printf(out, s->uid ? ": user %u" : ": root", s->uid);
		return;
	}
	process_text(s->owner, out);
	if (s->holder_count > 1)
		buf_printf(out, " +%u", s->holder_count - 1);
}

static void owner_text(const void *record, struct buf *out)
{
	socket_owner_text(record, out);
}

static void peer_text(const void *record, struct buf *out)
{
	const struct socket *s = record;

	if (s->peer_owner)
		process_text(s->peer_owner, out);
}

static void ownerless_text(const void *record, struct buf *out)
{
	const struct socket *s = record;

	if (s->ownerless != OWNERLESS_NO)
		buf_str(out, ownerless_name(s->ownerless));
}

static const struct field socket_fields[] = {
	FIELD_OF(struct socket, local.proto, "proto", FIELD_ENUM, "PROTO", "the protocol",
		.name_of = proto_name_of, .priority = 4),
	{.name = "state",
		.kind = FIELD_COMPUTED,
		.title = "STATE",
		.text = state_text,
		.priority = 2,
		.help = "the socket's state, in ss's words"},
	{.name = "local",
		.kind = FIELD_COMPUTED,
		.title = "LOCAL",
		.text = local_text,
		.help = "address and port, or path"},
	{.name = "remote",
		.kind = FIELD_COMPUTED,
		.title = "REMOTE",
		.text = remote_text,
		.priority = 1,
		.help = "the other end's address and port"},
	{.name = "held_by",
		.kind = FIELD_COMPUTED,
		.title = "OWNER",
		.text = owner_text,
		.help = "the process, or why there is none"},
	{.name = "peer",
		.kind = FIELD_COMPUTED,
		.title = "PEER",
		.text = peer_text,
		.priority = 3,
		.help = "the process at the other end"},
	FIELD(struct socket, netns_label, FIELD_TEXT, "NAMESPACE",
		"another network namespace; empty for this one", .priority = 5),
	FIELD_OF(struct socket, local.port, "port", FIELD_UINT16, "PORT", "the local port",
		.align_right = true, .priority = PRIORITY_HIDDEN),
	FIELD(struct socket, uid, FIELD_UINT32, "UID", "the user who opened it",
		.align_right = true, .priority = 8),
	FIELD(struct socket, inode, FIELD_UINT32, "INODE", "0 when no process holds it",
		.align_right = true, .priority = PRIORITY_HIDDEN),
	FIELD(struct socket, rqueue, FIELD_UINT32, "RQUEUE",
		"bytes to read; of a listener the connections waiting to be accepted",
		.align_right = true, .priority = 6),
	FIELD(struct socket, wqueue, FIELD_UINT32, "WQUEUE",
		"bytes not acknowledged; of a listener the backlog", .align_right = true,
		.priority = 6, .has = has_wqueue),
	FIELD(struct socket, v6only, FIELD_BOOL, "V6ONLY", "does not take IPv4",
		.priority = PRIORITY_HIDDEN),
	FIELD(struct socket, dual_stack, FIELD_BOOL, "DUAL", "an IPv6 wildcard that takes IPv4 too",
		.priority = PRIORITY_HIDDEN),
	{.name = "timer",
		.kind = FIELD_COMPUTED,
		.title = "TIMER",
		.text = timer_text,
		.priority = 9,
		.help = "the timer that runs, and when it fires"},
	{.name = "ownerless",
		.kind = FIELD_COMPUTED,
		.title = "NO OWNER",
		.text = ownerless_text,
		.priority = PRIORITY_HIDDEN,
		.help = "why no process owns it"},
	FIELD(struct socket, cookie, FIELD_UINT64, "COOKIE", "the kernel's id of the socket",
		.align_right = true, .priority = PRIORITY_HIDDEN),
	FIELD(struct socket, cgroup_id, FIELD_UINT64, "CGROUP", "id of the cgroup it was opened in",
		.align_right = true, .priority = PRIORITY_HIDDEN),
	FIELD(struct socket, owner, FIELD_RECORD, NULL, "the first holder", .type = &process_type),
	FIELD(struct socket, peer_owner, FIELD_RECORD, NULL, "the holder of the other end",
		.type = &process_type),
	FIELD_OF(struct socket, holder_count, "holders", FIELD_UINT32, "HOLDERS",
		"descriptors that refer to it", .align_right = true, .priority = PRIORITY_HIDDEN),
	FIELD(struct socket, tcp, FIELD_RECORD, NULL, "TCP's own figures",
		.type = &tcp_details_type),
};

const struct record_type socket_type = RECORD_TYPE("socket", struct socket, socket_fields);

static const struct field tcp_fields[] = {
	FIELD(struct tcp_details, rtt_us, FIELD_UINT32, "RTT", "smoothed round trip"),
	FIELD(struct tcp_details, rtt_var_us, FIELD_UINT32, "RTTVAR", "its variation"),
	FIELD(struct tcp_details, retransmits, FIELD_UINT32, "RETRANS", "segments sent again"),
	FIELD(struct tcp_details, sent_bytes, FIELD_UINT64, "SENT", "bytes acknowledged"),
	FIELD(struct tcp_details, received_bytes, FIELD_UINT64, "RECEIVED", "bytes received"),
	FIELD(struct tcp_details, last_sent_ms, FIELD_UINT64, "LAST SENT",
		"ms since data went out"),
	FIELD(struct tcp_details, last_received_ms, FIELD_UINT64, "LAST RECEIVED",
		"ms since data came in"),
	FIELD(struct tcp_details, congestion, FIELD_TEXT, "CONGESTION", "congestion control"),
};

const struct record_type tcp_details_type = RECORD_TYPE("tcp", struct tcp_details, tcp_fields);
