/*
 * stop - asks processes to end, waits until they have, and forces those that do not.
 *
 * Every signal goes through a pidfd whose start time was compared first, so a reused pid is never hit.
 * Waves keep the order: a runner is asked before what it would start again, a holder before those it
 * passed the socket to; the next wave starts when the earlier ones have ended, or a moment later when
 * they take their time. Left-over children come last and only when their parents have ended, since most
 * end with them.
 */
#pragma once

#include "base/err.h"
#include "sys/host.h"

enum stop_outcome {
	STOP_LEFT,   /* has not ended */
	STOP_ENDED,  /* by itself or because it was asked */
	STOP_KILLED, /* by SIGKILL */
	STOP_GONE,   /* was not there any more when it should be asked */
	STOP_DENIED, /* may not be signalled */
};

const char *stop_outcome_name(int outcome); /* "ended", "killed" ... */

struct stop_process {
	pid_t pid;
	uint64_t
		start_ticks; /* of the process that is meant; another one with this pid is left alone */
	int wave;	     /* 0 first; enum free_wave */
	int signal;	     /* asks it to end; 0: only waited for */
	/* out */
	int outcome;
	uint64_t took_ns; /* from the first signal of all to its end */
	char state;	  /* STOP_LEFT: the kernel's letter; 'D' is waiting for a device */
};

struct stop_query {
	uint64_t force_after_ms; /* SIGKILL follows; 0 = at once */
	uint64_t timeout_ms;	 /* for everything together */
	/* Now and then while it lasts, with one that has not ended yet; may be NULL. */
	void (*tick)(void *data, const struct stop_process *p);
	void *data;
};

/*
 * 0 when none is left; -ETIMEDOUT when some are, -EPERM when some may not be signalled, -EINTR when the
 * person pressed Ctrl-C. The outcomes are written always.
 */
int stop_run(const struct host *host, struct stop_process *list, size_t count,
	const struct stop_query *q, struct err *err);
