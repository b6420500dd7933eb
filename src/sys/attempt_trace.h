/*
 * attempt_trace - every connect(2), bind(2) and listen(2) of one process and all that it starts, from
 * the kernel's own tracepoints. Needs CAP_BPF and CAP_PERFMON (or root).
 *
 *   fork a child that waits; attempt_trace_new(child, ...); let it go; ...; attempt_trace_read(...)
 *
 * Left out: UDP to port 53, and connecting a datagram socket over which nothing was sent (so the
 * resolver sorts addresses). A repetition (same kind, endpoint and outcome) is only counted.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/endpoint.h"

struct attempt_fact {
	int kind; /* 0 connect, 1 bind, 2 listen */
	struct endpoint endpoint;
	int error; /* positive errno, 0 = it worked; EINPROGRESS = no outcome */
	pid_t pid; /* in our pid namespace; 0 = not visible in it */
	const char *program;
	uint64_t at_ns, took_ns; /* at: of clock_mono_ns() */
	uint32_t count;		 /* 1, or more when it was repeated */
};

struct attempt_trace;

/* Starts to watch `pid`, a child of ours. -EPERM (rights), -EOPNOTSUPP (build or kernel). */
int attempt_trace_new(pid_t pid, struct attempt_trace **out, struct err *err); /* owned */
void attempt_trace_free(struct attempt_trace *t);

/* Stops watching and tells what was seen, in no order. lost: how many found no room. */
int attempt_trace_read(struct attempt_trace *t, struct arena *arena, struct attempt_fact **out,
	size_t *out_count, size_t *out_lost, struct err *err);

AUTO_DEFINE(attempt_trace, struct attempt_trace *, attempt_trace_free)
