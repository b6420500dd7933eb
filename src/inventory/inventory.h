/*
 * inventory - builds snapshots: sockets, their owners, and the services they make up.
 */
#pragma once

#include "model/snapshot.h"
#include "sys/host.h"

enum rung { RUNG_AUTO, RUNG_BPF, RUNG_PROC, RUNG_NONE };

struct inventory_query {
	uint32_t protos; /* PROTO_BIT()s; 0 = TCP */
	bool all_states; /* connections too, not only listeners */
	uint16_t port;	 /* only sockets with this local or remote port; 0 = all */
	bool tcp_details;
	bool own_namespace_only;
	bool exhaustive;  /* every holder of every socket: what `free` must know */
	bool full_owners; /* OWNER_FULL for all owners, not only for those of listeners */
	int rung;	  /* enum rung */
};

/*
 * Takes a snapshot; *out is owned. Rights that are missing are no error: the snapshot's blind spots
 * say what could not be seen. Fails when the kernel does not list sockets at all.
 */
int inventory_take(const struct host *host, const struct inventory_query *query,
	struct snapshot **out, struct err *err);
