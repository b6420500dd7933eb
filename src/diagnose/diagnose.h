/*
 * diagnose - names why a local endpoint does not work, proves it, and gives the fix.
 *
 * Harmless: reads, asks the C library for the name (not when passive), and talks to addresses of
 * this machine only, a few connections in all. Nothing is ever written, logged in to or changed.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "diagnose/symptom.h"
#include "model/blind.h"
#include "model/finding.h"
#include "run/attempt.h"
#include "sys/host.h"

enum verdict { VERDICT_HEALTHY, VERDICT_FAULT, VERDICT_INCONCLUSIVE };

const char *verdict_name(int verdict);

struct diagnose_query {
	/* one of these */
	const struct target *target;	   /* what the person named */
	const struct symptom *symptom;	   /* what a text says */
	const struct attempt_run *attempt; /* a command that was run; symptom holds its text */

	const char *const *environment; /* "NAME=value", NULL-terminated: of the one who fails */
	uint32_t uid;			/* of the one who fails */
	const char *seat;     /* from where it is seen: "pid:4711", "browser"; NULL = here */
	bool browser;	      /* by a browser's rules */
	bool passive;	      /* send nothing at all */
	unsigned deadline_ms; /* for all probes together; 0 = 3000 */
	unsigned depth;	      /* set by itself when it follows a redirect or an upstream */
};

/* One rung of the ladder from the name to the upstream. */
enum rung_state { RUNG_OK, RUNG_BAD, RUNG_NOT_SEEN, RUNG_REMARK };

const char *rung_state_name(int state); /* "ok", "bad", "unknown", "remark" */

struct ladder_rung {
	const char *
		name; /* "name", "address", "route", "listener", "filter", "accept", "bytes", "tls",
			   * "http", "upstream"; of a bind: "address", "rights", "holder" */
	int state;
	const char *text; /* escaped */
};

struct diagnosis {
	int verdict;
	const char *answer;    /* one sentence for a tired person */
	const char *certainty; /* "proved", "inferred", "guessed"; NULL without a fault */
	const char
		*why; /* INCONCLUSIVE: what is missing. A right begins with "needs ": "needs root:
				* firewall rules"; all else is time */
	const struct symptom *symptom;
	const char *title;		/* what was examined: "http://localhost:5000/health" */
	const char *seat;		/* NULL = here */
	const struct finding *findings; /* id is the cause; best first; notes last */
	size_t finding_count;
	const struct ladder_rung *ladder;
	size_t ladder_count;
	const char *const
		*not_it; /* what was looked at and is fine: "firewall", "proxy variables" */
	size_t not_it_count;
	const struct fix *next; /* commands that go on from here, when there is no fix */
	size_t next_count;
	const struct blind_spot *blind;
	size_t blind_count;
	uint64_t took_ns, talked; /* talked: connections that were made */
};

extern const struct record_type diagnosis_type, ladder_rung_type, cause_finding_type;

/* Everything is in the arena. -EINVAL with a sentence when there is nothing to go on. */
int diagnose_run(const struct host *host, struct arena *arena, const struct diagnose_query *query,
	struct diagnosis *out, struct err *err);

/* --- the list of causes, for `explain CAUSE` and the docs --- */
struct cause {
	const char *id;	   /* "listens-ipv4-only" */
	const char *title; /* "Client dials ::1, server is on 127.0.0.1 or 0.0.0.0" */
	const char *group; /* "Names, addresses and the two families" */
	const char *shows; /* what people see: texts */
	const char *why;   /* the root cause */
	const char * not ; /* what people wrongly conclude */
	const char *fix;
	const char *needs; /* rights: NULL, "part", "root" */
	const char *more;  /* a reference, URL */
};

extern const struct cause causes[];
extern const size_t cause_count;
extern const char *const cause_ids[]; /* the same ids, NULL-terminated */
extern const struct record_type cause_type;
const struct cause *cause_find(const char *id);

/* For "did you mean": the id that is nearly this word, or NULL. */
const struct cause *cause_nearest(const char *id);
