/*
 * sock_diag - every socket of one network namespace, as the kernel lists them for any user.
 *
 * Source: sock_diag(7), include/uapi/linux/{inet_diag,unix_diag,packet_diag}.h. What the running
 * kernel has no module for (SCTP, UDP-Lite, packet ...) has no sockets and is no error.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "model/socket.h"
#include "sys/netlink.h"

struct socket_list {
	VEC(struct socket) v;
};

struct sock_query {
	uint32_t protos;  /* PROTO_BIT()s */
	uint32_t states;  /* SOCKET_BIT()s */
	uint16_t port;	  /* only sockets with this local or remote port; 0 = all. Not for unix. */
	bool tcp_details; /* RTT, bytes ...: twice the cost */
};

/*
 * Appends all sockets that match to `out`; strings and details go to the arena. `netns` is written
 * into each. Returns 0, or -EAGAIN when a dump stayed interrupted after all retries (the list holds
 * what came last and must be called partial), or another -errno with err set.
 */
int sock_diag_list(int netlink, const struct sock_query *query, uint32_t netns, struct arena *arena,
	struct socket_list *out, struct err *err);

/* The parsers alone, for recorded replies and fuzzing: one message each; false when malformed. */
bool sock_diag_parse_inet(struct arena *arena, struct reader r, enum proto proto,
	struct socket *out);
bool sock_diag_parse_unix(struct arena *arena, struct reader r, struct socket *out);
bool sock_diag_parse_packet(struct reader r, struct socket *out);
