/*
 * check - one kind of cause: a file check_NAME.c that ends in `const struct diagnose_check
 * diagnose_NAME`, and one row CHECK(NAME) in checks.def.
 *
 * Rows stand in the order of explanation, most specific first. A check looks at the facts and claims a
 * cause, once or never (or several, when it knows several); it claims by evidence, never by elimination
 * of what the checks before it found. It never prints, waits, sends or changes anything.
 *
 * A claim says which observations it explains. The answer is the first claim, in order of rows, that
 * explains all that was observed; failing that, the one that explains most. Proved goes before inferred,
 * inferred before guessed, among those that explain the same.
 */
#pragma once

#include "diagnose/inquiry.h"

#define OPERATIONS_ALL	  0u
#define OPERATION_BIT(op) (1u << (op))
/* A client wants to reach something; everything but a bind. */
#define OPERATIONS_CLIENT (~OPERATION_BIT(OPERATION_BIND))
#define OPERATIONS_BIND	  OPERATION_BIT(OPERATION_BIND)

enum certainty { CERTAINTY_GUESSED, CERTAINTY_INFERRED, CERTAINTY_PROVED };

const char *certainty_name(int certainty); /* "guessed", "inferred", "proved" */

struct claims;

struct diagnose_check {
	const char *summary; /* what it looks at, for the docs */
	const char *causes;  /* the ids that it can claim, separated by blanks */
	uint32_t needs;	     /* enum fact bits */
	uint32_t operations; /* OPERATION_BIT()s for which it is run; 0 = all */
	void (*run)(const struct inquiry *q, struct claims *c);
};

/*
 * A new claim; evidence and fixes then go to it, until the next. `explains` are observations (bits); 0
 * makes it a note, which is never an alarm. The sentence has a full stop, is plain, and names no jargon:
 * "The server listens on ::1 only; your client asked 127.0.0.1.". Foreign texts must be escaped
 * (inquiry_foreign). For notes `id` may be a word that is no cause.
 */
void claim(struct claims *c, const char *id, enum certainty certainty, uint32_t explains,
	const char *format, ...) PRINTF(5, 6);

/* Numbers and names, with where they are from: "sock_diag", "/etc/hosts:3", "nft", "probe". */
void claim_evidence(struct claims *c, const char *source, const char *format, ...) PRINTF(3, 4);

/* Advice, and the command that does it with everything filled in; command NULL = there is none. The
 * first is the recommended one. */
void claim_fix(struct claims *c, const char *command, const char *format, ...) PRINTF(3, 4);

/* The claim stands only if nothing else explains as much: "nothing listens", "the process hangs". */
void claim_last_resort(struct claims *c);

/* The right whose lack leaves this claim inferred: "root: firewall rules". */
void claim_would_prove(struct claims *c, const char *needs);

extern const struct diagnose_check *const diagnose_checks[]; /* NULL-terminated, in order */
extern const char *const diagnose_check_names[];

/*
 * Runs some checks on an inquiry that is complete, for tests and for the engine. The findings come ranked:
 * those of severity fault explain what was observed, the best first; the rest are notes.
 */
void checks_run(const struct inquiry *q, const struct diagnose_check *const *list,
	struct finding **out, size_t *out_count);
