/* attempt_part - what the parts of attempt.h share: the child, and the rung without BPF. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "run/attempt.h"

#define ATTEMPT_RAW_MAX 4096 /* before folding */

/* What was seen, in any order; at_ns is still a time of clock_mono_ns(). */
struct attempt_haul {
	VEC(struct attempt) v;
	size_t repeated; /* known to be repetitions, or without room */
};

/* --- attempt_child.c: a child that waits before it becomes the command --- */

struct attempt_child {
	pid_t pid; /* also its process group */
	int streams[2];
	int gate, failure; /* we let it go; it tells why it could not start */
	bool foreground;   /* it was given the terminal */
};

int attempt_child_fork(struct attempt_child *c, char *const *argv, struct err *err);

/* Lets it go and waits until it is the command. On failure it is gone. */
int attempt_child_go(struct attempt_child *c, char *const *argv, struct err *err);

void attempt_child_signal(const struct attempt_child *c, int signo); /* its whole group */
void attempt_child_fini(struct attempt_child *c); /* takes the terminal back; ends nothing */

/* --- attempt_sample.c: its sockets, looked at again and again --- */

struct attempt_seen {
	uint32_t inode;
	size_t index; /* in the haul */
	int kind;
};

struct attempt_sample {
	const struct host *host;
	struct arena *arena; /* of what is told */
	struct attempt_haul *haul;
	int netlink;
	VEC(pid_t) family; /* the child and its descendants, as long as they live */
	VEC(struct attempt_seen) seen;
	struct map inherited; /* inodes of our own sockets, which are not its doing */
};

void attempt_sample_init(struct attempt_sample *s, const struct host *host, struct arena *arena,
	struct attempt_haul *haul, pid_t child);
void attempt_sample_take(struct attempt_sample *s);
void attempt_sample_fini(struct attempt_sample *s);
