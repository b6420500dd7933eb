/*
 * attempt - runs a command and watches which endpoints it, and all that it starts, tried: every
 * connect(2), bind(2) and listen(2) with what came of it.
 *
 * Rungs: BPF tracepoints (exact; needs CAP_BPF and CAP_PERFMON); else sampling its sockets, which sees
 * what takes longer than a moment. The command runs with its own environment, directory and rights, and
 * its output is passed through while it is kept. It is ended (SIGTERM, then SIGKILL, its whole group)
 * when the time is over. SIGINT is passed on, a second one ends it, as SIGTERM and SIGHUP do. When we own
 * the terminal, the command has it while it runs.
 *
 * The rung "sockets" sees listeners, connections that hang and connections that last, over TCP and unix
 * sockets; never a failed bind, a refused connect or UDP, and nothing in another network namespace.
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
	char *const *argv;   /* NULL-terminated */
	unsigned timeout_ms; /* 0 = none */
	/* Output as it comes; stream is 1 or 2; NULL = it is only kept. */
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
 * Runs it to its end and sets all results. -ENOENT or -EACCES when the program cannot be started; the
 * command's own failure is no error. What lives on after it is left alone, also when it still holds the
 * output, unless the time was over.
 *
 * Name-server traffic (UDP port 53 and resolver sockets) is left out. Connecting a UDP socket counts when
 * something is sent. A bind to port 0 has the port that it got. Attempts in another network namespace
 * (rung "bpf") look like those in ours.
 */
int attempt_run(const struct host *host, struct arena *arena, struct attempt_run *run,
	struct err *err);
