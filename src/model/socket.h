/*
 * socket - one kernel socket as sock_diag reports it. Compact: a machine may have 100,000.
 */
#pragma once

#include "model/endpoint.h"
#include "model/field.h"
#include "model/owner.h"

/* The kernel's numbers (include/net/tcp_states.h); SOCKET_BOUND is bit 13 of a request, since 6.8. */
enum socket_state {
	SOCKET_NONE,
	SOCKET_ESTABLISHED,
	SOCKET_SYN_SENT,
	SOCKET_SYN_RECV,
	SOCKET_FIN_WAIT1,
	SOCKET_FIN_WAIT2,
	SOCKET_TIME_WAIT,
	SOCKET_CLOSE, /* UDP, raw and datagram sockets rest here: "unconnected" */
	SOCKET_CLOSE_WAIT,
	SOCKET_LAST_ACK,
	SOCKET_LISTEN,
	SOCKET_CLOSING,
	SOCKET_NEW_SYN_RECV,
	SOCKET_BOUND, /* TCP: bound to a port, never listening */
	SOCKET_STATE_COUNT,
};

#define BACKLOG_UNKNOWN UINT32_MAX /* wqueue of a listener that /proc alone tells of */

#define SOCKET_BIT(state)     (1u << (state))
#define SOCKET_BITS_ALL	      (SOCKET_BIT(SOCKET_STATE_COUNT) - 1)
#define SOCKET_BITS_LISTENERS (SOCKET_BIT(SOCKET_LISTEN) | SOCKET_BIT(SOCKET_CLOSE))

const char *socket_state_name(int state); /* "listen", "established", "bound", ... */

/* Read on demand only; RFC 6298 and tcp(7) TCP_INFO. */
struct tcp_details {
	uint32_t rtt_us, rtt_var_us;
	uint32_t retransmits; /* in all */
	uint64_t sent_bytes, received_bytes;
	uint64_t last_sent_ms, last_received_ms; /* ago */
	const char *congestion;			 /* "cubic" */
};

/* Why a socket has no owner. */
enum ownerless {
	OWNERLESS_NO,	     /* it has one, or it was never looked for */
	OWNERLESS_TIME_WAIT, /* the kernel keeps the pair apart for 60 s; no process */
	OWNERLESS_ORPHAN,    /* the process closed it, the kernel still finishes the connection */
	OWNERLESS_NOT_ACCEPTED, /* complete, waiting in the accept queue or in the handshake */
	OWNERLESS_KERNEL,	/* opened by the kernel itself (nfsd, wireguard, tunnels) */
	OWNERLESS_HIDDEN,	/* a process of another user; its descriptors may not be read */
	OWNERLESS_NAMESPACE,	/* in a namespace whose processes may not be read */
	OWNERLESS_VANISHED,	/* closed while it was being looked up */
};

const char *ownerless_name(int why); /* "time-wait", "hidden", ... */

struct socket {
	struct endpoint local;
	struct address remote; /* unspec: not connected */
	uint16_t remote_port;
	uint8_t state; /* enum socket_state */
	uint8_t timer; /* 0 none, 1 retransmit, 2 keep-alive, 3 time-wait, 4 zero-window probe */
	uint8_t timer_retries;
	uint8_t ownerless; /* enum ownerless */
	bool v6only;
	bool dual_stack; /* an IPv6 wildcard that takes IPv4 too */
	uint32_t timer_ms;
	uint32_t uid;
	uint32_t inode;	 /* 0: the kernel has detached it from any file */
	uint32_t rqueue; /* listeners: connections waiting for accept; else bytes to read */
	uint32_t wqueue; /* listeners: the backlog; else bytes not acknowledged */
	uint32_t netns;	 /* index into snapshot.namespaces */
	uint32_t peer;	 /* index + 1 of the other end in snapshot.sockets; 0 = not here */
	uint32_t unix_peer_inode;
	uint32_t holder_first, holder_count; /* range in snapshot.holders */
	uint64_t cookie;
	uint64_t cgroup_id;
	const struct tcp_details *tcp;	/* NULL unless asked for */
	const struct owner *owner;	/* the first holder, NULL = none: see ownerless */
	const struct owner *peer_owner; /* of the other end, when that is on this machine */
	const char *netns_label;	/* NULL = our own namespace */
};

/* "node 4121 +2", or in words why nobody owns it. */
void socket_owner_text(const struct socket *s, struct buf *out);

/* True for what takes connections or datagrams from anyone: LISTEN, or unconnected and bound. */
bool socket_is_listener(const struct socket *s);

extern const struct record_type socket_type, tcp_details_type;
