/*
 * owners - everything /proc tells about the processes behind sockets, each process read once.
 *
 * A table of owners for one snapshot. Processes vanish while they are read: then the owner has
 * `gone` set and keeps what was read before, and nothing fails.
 */
#pragma once

#include "base/arena.h"
#include "model/owner.h"
#include "sys/host.h"

enum owner_detail {
	OWNER_BRIEF, /* stat, cmdline, uid, cwd, exe, cgroup: what a table row needs */
	OWNER_FULL,  /* and parents up to pid 1, terminal, tmux, project, container name, orphan */
};

struct owner_table;

struct owner_table *owner_table_new(const struct host *host, struct arena *arena); /* owned */
void owner_table_free(struct owner_table *t);

/* The index of the owner with this pid, which is read (briefly) when it is new. */
uint32_t owner_table_add(struct owner_table *t, pid_t pid);

/* Adds many at once: several threads read what is new. Then owner_table_add only looks up. */
void owner_table_add_all(struct owner_table *t, const pid_t *pids, size_t count);

/*
 * Completes one owner to `detail`; cheap when that was done before. Parents are read and linked, each
 * once, but only join the list when they are added themselves.
 */
void owner_table_load(struct owner_table *t, uint32_t index, enum owner_detail detail);

/* All owners by index; borrowed, moves with owner_table_add. */
struct owner *const *owner_table_list(const struct owner_table *t, size_t *out_count);

AUTO_DEFINE(owner_table, struct owner_table *, owner_table_free)
