/*
 * attempt - runs a command and watches which endpoints it, and all that it starts, tried: every
 * connect(2), bind(2) and listen(2) with what came of it.
 *
 * Rungs: BPF tracepoints (exact; needs CAP_BPF and CAP_PERFMON); else sampling its sockets, which sees
 * what takes longer than a moment. The command runs with its own environment, directory and rights, and
 * its output is passed through while it is kept. It is ended (SIGTERM, then SIGKILL, its whole group)
 * when the time is over.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/endpoint.h"
#include "sys/host.h"

#define ATTEMPTS_MAX	 256
#define ATTEMPT_TEXT_MAX (64 << 10) /* of the output that is kept: its end */

enum attempt_kind { ATTEMPT_CONNECT, ATTEMPT_BIND, ATTEMPT_LISTEN };

struct attempt {
	int kind;		  /* enum attempt_kind */
	struct endpoint endpoint; /* tcp, udp or unix */
	int error; /* positive errno; 0 = it worked; EINPROGRESS = its end was not seen */
	pid_t pid;
	const char *program;	 /* the kernel's 15 bytes */
	uint64_t at_ns, took_ns; /* since the start; took: until the outcome was known */
};

struct attempt_run {
	/* set by the caller */
	char *const *argv; /* NULL-terminated */
	unsigned timeout_ms;
	/* Output as it comes, both streams; NULL = it is only kept. */
	void (*output)(void *data, int stream, const char *bytes, size_t len);
	void *data;
	bool no_bpf; /* for tests */

	/* result */
	const char *rung;	 /* "bpf", "sockets" */
	const char *why_not_bpf; /* NULL when it was used */
	int status;		 /* wait(2) status */
	bool timed_out, interrupted;
	uint64_t took_ns;
	const char *text; /* the end of both streams as they came, NUL-terminated, foreign */
	size_t text_len;
	struct attempt *attempts;     /* in the order they began; repetitions folded into one */
	size_t attempt_count, folded; /* folded: how many were repetitions or above ATTEMPTS_MAX */
};

/*
 * Runs it to its end. -ENOENT or -EACCES when the program cannot be started; the command's own failure is
 * no error. Name-server traffic (UDP port 53 and resolver sockets) is left out.
 */
int attempt_run(const struct host *host, struct arena *arena, struct attempt_run *run,
	struct err *err);
