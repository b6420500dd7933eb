/*
 * doctor - what loopscope can see on this machine, and what stands in the way of localhost.
 *
 * Looks only: nothing is changed, created or sent out of the machine, but that the C library is
 * asked for two names (localhost and one below it), which may ask a name server.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/blind.h"
#include "model/finding.h"
#include "sys/host.h"

/* What render/ knows about the terminal. */
struct doctor_terminal {
	bool tty, utf8, color;
	unsigned columns;
};

struct doctor_query {
	unsigned deadline_ms; /* for each name that is looked up */
	struct doctor_terminal terminal;
	const char *const *environment; /* "NAME=value", NULL-terminated */
};

/* One capability(7), whether we have it, and what it is good for. */
struct right {
	const char *name; /* "CAP_BPF" */
	bool seen;
	const char *adds;
};

extern const struct record_type right_type;

/*
 * Severities: ok = fine, note = something is hidden from loopscope (each is a blind spot too), low and
 * up = needs attention. Everything lives in the arena.
 */
struct doctor_report {
	const char *answer;		/* one sentence with a full stop */
	const struct finding *findings; /* in the order of checks.def; subject names the check */
	size_t finding_count;
	const struct right *rights;
	size_t right_count;
	const struct blind_spot *blind;
	size_t blind_count;
	size_t attention_count; /* findings of severity low and up */
};

void doctor_run(const struct host *host, struct arena *arena, const struct doctor_query *query,
	struct doctor_report *out);
