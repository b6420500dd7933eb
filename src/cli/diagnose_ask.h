/*
 * diagnose_ask - what a diagnosis is asked about: a target, a text, or a command that was run; and from
 * which seats. What `diagnose` knows before the engine is called.
 */
#pragma once

#include "cli/cli.h"
#include "diagnose/diagnose.h"
#include "diagnose/seat.h"

#define SEATS_MAX 16

struct ask {
	struct cli *cli;
	struct host host;
	bool host_open;

	struct target target;	    /* has_target */
	struct symptom symptom;	    /* has_symptom: of a text, or of what the command printed */
	struct attempt_run attempt; /* has_attempt */
	bool has_target, has_symptom, has_attempt;
	const char *named; /* what was asked, for people: "shop", "curl http://..."; foreign */

	struct seat seats[SEATS_MAX];
	size_t seat_count; /* 0 = here */
	struct diagnose_query query;
};

/* One seat's answer, or why there is none: then d says so for people, and code is the exit code. */
struct seat_answer {
	struct diagnosis d;
	struct err err; /* code < 0: the seat could not be taken */
	bool nothing_to_go_on;
};

/*
 * Fill `ask`; errors are printed. The result is an exit code, or -1 when all is well. ask_target finds
 * the endpoint of a name, a process or a container; one in another namespace sets the seat too.
 */
int ask_target(struct ask *a, const char *text);
int ask_text(struct ask *a, const char *text, size_t len);
int ask_input(struct ask *a); /* the text on standard input */
int ask_command(struct ask *a, char **argv, unsigned timeout_ms);
int ask_seats(struct ask *a, const char *const *names, size_t count);

/* The answer from seat `index` (0 without seats). Never fails: what went wrong is in it. */
void ask_run(struct ask *a, size_t index, struct seat_answer *out);

void ask_close(struct ask *a);

/* The members of "target": what the engine saw of it (NULL = what was named), null where nothing says it. */
void ask_target_json(struct json *j, const struct ask *a, const struct symptom *seen);
/* "command": what was run and what it tried; nothing when none was. */
void ask_command_json(struct json *j, const struct ask *a);
/* The same as ask_target_json in rows for people. */
void ask_target_text(struct out *out, const struct ask *a);
