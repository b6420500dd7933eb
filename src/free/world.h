/*
 * world - everything a plan is made from, so that a plan itself touches nothing: the snapshot, the
 * family, and functions for the few facts that are asked for one process at a time.
 *
 * Tests fill in the functions themselves.
 */
#pragma once

#include "free/family.h"
#include "inventory/owners.h"
#include "model/snapshot.h"

/* Which systemd: the system's (user false), ours, or (with a name) another user's. */
struct manager {
	bool user;
	const char *name; /* NULL = our own */
};

struct world {
	struct arena *arena; /* borrowed; texts of the answers live in it */
	const struct host *host;
	const struct snapshot *snapshot;
	const struct family *family;
	pid_t self;
	uid_t uid;
	const char *home; /* NULL = not known */

	/* The process with all its facts, whether it holds a socket or not; NULL when it is gone. */
	const struct owner *(*owner)(struct world *w, pid_t pid);
	bool (*may_signal)(struct world *w, pid_t pid);
	/* One variable of a process; false when it is absent or may not be read. */
	bool (*variable)(struct world *w, pid_t pid, const char *name, char *out, size_t size);
	/* The main process of a unit; 0 when it has none, -1 when systemd cannot be asked. */
	pid_t (*unit_main)(struct world *w, const struct manager *m, const char *unit);
	/* The socket unit, then what it activates, behind an endpoint that systemd itself holds. */
	bool (*socket_units)(struct world *w, const struct manager *m, const struct endpoint *e,
		const char **out_socket, const char **out_activates);
	void *data; /* of the functions */
};

/* True when `pid` is loopscope itself or one of those which started it. */
bool world_is_ours(const struct world *w, pid_t pid);
