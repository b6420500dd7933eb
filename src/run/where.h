/*
 * where - the places that a target means at this moment, for ready_wait().
 *
 * A port is looked for on both loopback addresses and wherever else the kernel lists it; a name, a
 * container or a process by a new snapshot each time, since it may move. Never another machine.
 */
#pragma once

#include "base/err.h"
#include "inventory/inventory.h"
#include "model/target.h"
#include "run/ready.h"

struct where {
	const struct host *host;
	const struct target *target;
	bool gone;	     /* looks for what keeps the target taken instead of where to connect */
	struct arena *arena; /* borrowed; of the addresses below */
	const struct address *addresses;
	size_t address_count;
	char why[ERR_TEXT_MAX];
};

/*
 * -EINVAL when the target names no port, leads to another machine, or is a name of several things. All
 * that is passed is borrowed and must outlive the struct.
 */
int where_open(struct where *w, const struct host *host, struct arena *arena,
	const struct target *t, bool gone, struct err *err);

/* A ready_query's find; data is a struct where. */
size_t where_find(void *data, struct ready_place *out, const char **why);

/* Who keeps it taken or listens there, as "node 4121, chromium 88"; nothing when nobody is seen. */
void where_who(struct where *w, struct buf *out);

/* The first process that holds it; 0 when none is seen. Its end is worth waking up for. */
pid_t where_holder(struct where *w);
