/*
 * verify - is it really free now? A real bind() answers, with and without SO_REUSEADDR; a fresh look at
 * the sockets says why not.
 */
#pragma once

#include "free/plan.h"

enum verify_state {
	VERIFY_FREE, /* a server can bind it */
	VERIFY_LINGERS, /* one that sets SO_REUSEADDR can, as most do; the note says what hinders others */
	VERIFY_HELD,	  /* the same socket is open still, in another process */
	VERIFY_RESTARTED, /* a process like the one that ended listens again */
	VERIFY_TAKEN,	  /* somebody else took it meanwhile */
	VERIFY_SHARED,	  /* another socket was there before and was not to be freed */
	VERIFY_BOUND,	  /* somebody has bound it and does not listen */
	VERIFY_USED,	  /* it is the local port of somebody's connection */
	VERIFY_HIDDEN,	  /* in use, and by whom cannot be seen */
};

const char *verify_state_name(int state); /* "free", "restarted" ... */

static inline bool verify_is_free(int state)
{
	return state <= VERIFY_LINGERS;
}

struct verify_goal {
	const char *what; /* "port 3000", for the sentence */
	struct endpoint endpoint;
	bool v6only;
	uint64_t cookie;      /* of the socket that was to close; 0 = none */
	uint32_t netns_inode; /* 0 = our own namespace; in others only the sockets are looked at */
};

struct free_verdict {
	const char *what;
	const char *endpoint;
	int state;
	const char *sentence; /* escaped, no full stop */
	const char *note;     /* VERIFY_LINGERS: what hinders others; else NULL */
	const char *next;     /* a command, or NULL */
	const struct owner *owner;
	uint64_t lingering;    /* connections that hinder a bind without SO_REUSEADDR */
	uint32_t lingering_ms; /* until the kernel forgets the last of them; 0 = not known */
};

extern const struct record_type free_verdict_type;

/* What the sockets and the two binds (0 or -errno) say about one goal. Pure. */
void verify_judge(struct arena *arena, const struct verify_goal *g, const struct snapshot *before,
	const struct snapshot *after, const struct free_plan *plan, int plain, int reuse,
	struct free_verdict *out);

struct verify_query {
	const struct verify_goal *goals;
	size_t count;
	const struct snapshot *before; /* NULL = none */
	const struct free_plan *plan;  /* NULL = none */
	uint64_t settle_ms; /* for a listener to go: supervisors stop things in their own time */
	uint64_t watch_ms;  /* then for somebody who starts again */
};

/* Looks, and judges all goals into out. The verdicts point into *out_after, owned by the caller. */
int verify_run(const struct host *host, struct arena *arena, const struct verify_query *q,
	struct free_verdict *out, struct snapshot **out_after, struct err *err);

/* How long somebody who could start a victim again should be watched; 0 when nobody is there. */
uint64_t verify_watch_ms(struct world *w, const struct free_plan *plan);
