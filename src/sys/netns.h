/*
 * netns - the network namespaces of this machine, and looking into another one.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "sys/host.h"

struct netns_ref {
	uint32_t inode;
	pid_t pid; /* a process inside */
};

struct netns_list {
	VEC(struct netns_ref) v; /* distinct, without our own */
	size_t denied;		 /* processes whose namespace may not be read */
};

/* From the ns/net link of every process; 4 µs each. */
int netns_list(const struct host *host, struct netns_list *out, struct err *err);

/* True when the process is inside: one that left keeps the sockets that it opened there. */
bool netns_holds(const struct host *host, uint32_t inode, pid_t pid);

/*
 * Runs fn inside the namespace of `pid` on the calling thread and comes back; needs CAP_SYS_ADMIN.
 * Returns -EPERM and calls nothing without it, -ESRCH when the process is gone. fn's result else.
 * Cannot come back: aborts, since every later answer would be about the wrong namespace.
 */
int netns_run(const struct host *host, pid_t pid, int (*fn)(void *ctx), void *ctx);
