/*
 * live - the world of plans as this machine is: snapshot, family, and answers of /proc and systemctl.
 *
 *   AUTO(live) struct live l = {0};
 *   int r = live_open(&l, arena, protos, err);
 *   ... plan_make(&l.world, ...)
 *
 * `world` points into the struct: it must not move.
 */
#pragma once

#include "free/world.h"

struct live {
	bool open;
	struct host host;
	struct snapshot *snapshot;  /* owned; what the plan's records point into */
	struct family family;	    /* owned */
	struct owner_table *owners; /* owned; processes without sockets */
	char *socket_units[2];	    /* owned; what systemctl list-sockets said: system, user */
	struct world world;
};

/* Takes a snapshot with every holder and every connection; `protos` are PROTO_BIT()s. */
int live_open(struct live *l, struct arena *arena, uint32_t protos, struct err *err);
void live_fini(struct live *l);

/*
 * Finds an endpoint in what `systemctl list-sockets --all --full --plain --no-legend` printed: lines of
 * what is listened on, the socket unit, and what it activates. Names go to the arena.
 */
bool live_parse_sockets(struct arena *arena, const char *text, const struct endpoint *e,
	const char **out_socket, const char **out_activates);

AUTO_DEFINE_FINI(live, struct live)
