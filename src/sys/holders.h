/*
 * holders - which process holds which socket, by two rungs.
 *
 *   iterator  one pass of a BPF iter/task_file program over all descriptors of all processes, every
 *             namespace and user at once; needs CAP_BPF and CAP_PERFMON (or root)
 *   walk      readlink of /proc/PID/fd/ of every process whose descriptors may be read; two threads;
 *             stops when every wanted socket was found
 *
 * A socket may have many holders: a pre-fork family, or descriptors that were passed on. The
 * iterator reports all. A walk that stops early completes the family (the descendants) of each
 * holder it found; only an exhaustive walk finds unrelated holders too.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "model/socket.h"
#include "sys/host.h"

struct holder_fact {
	uint32_t inode; /* of the socket */
	pid_t pid;
	int32_t fd;
	uint32_t netns; /* inode of the socket's namespace; 0 = not known (walk) */
};

struct holder_list {
	VEC(struct holder_fact) v;
};

struct holder_query {
	uint32_t protos;
	uint32_t states;
	uint16_t port; /* local or remote; 0 = all */
};

/* Appends. -EOPNOTSUPP (built without, or kernel too old), -EPERM (rights): out is untouched. */
int holders_iterate(const struct holder_query *query, struct holder_list *out, struct err *err);

/* True when the build and the rights promise that holders_iterate will work. */
bool holders_can_iterate(void);

struct walk_report {
	size_t processes; /* looked at */
	size_t denied;	  /* descriptors could not be read */
	pid_t denied_pid; /* one of those */
	size_t found;	  /* distinct wanted sockets */
	bool stopped_early;
};

/*
 * Counts the processes whose descriptors may not be read (ptrace access, see ptrace(2)), by one link
 * each: what the iterator does not show either may be theirs. On a large machine whose first process
 * is one of them the count stops there, as looking at all costs 5 µs each.
 */
int holders_denied(const struct host *host, struct walk_report *report, struct err *err);

/* `wanted` maps socket inodes to anything. Works on a fixture /proc too (single thread then). */
int holders_walk(const struct host *host, const struct map *wanted, bool exhaustive,
	struct holder_list *out, struct walk_report *report, struct err *err);
