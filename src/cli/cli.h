/*
 * cli - what every subcommand is given, and what it ends with.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "model/blind.h"
#include "render/out.h"

/* Exit codes are a contract: scripts act on them. */
enum exit_code {
	EXIT_YES = 0,	  /* yes, healthy, done */
	EXIT_NO = 1,	  /* a negative answer, or findings */
	EXIT_USAGE = 2,	  /* the command line or its input is wrong */
	EXIT_NOBODY = 3,  /* nobody there */
	EXIT_RIGHTS = 4,  /* not enough rights; the partial answer was printed */
	EXIT_CONFIRM = 5, /* needs --yes */
	EXIT_CONFLICT = 6,
	EXIT_TIMEOUT = 7,
	EXIT_FAULT = 8, /* daemon or input/output fault */
	EXIT_INTERRUPTED = 130,
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_JSONL };

struct command;

struct cli {
	const struct command *command;
	struct arena *arena; /* lives until the program ends */
	struct out out;	     /* stdout */
	struct out errors;   /* stderr */
	enum format format;
	bool wide;
	const char *home;
	char **after; /* what stood behind "--", NULL-terminated; NULL = nothing, or no command for it */
};

/*
 * Opens the one JSON document of a command: {"schema": "loopscope.VERB/1", ...; end it with
 * cli_json_end, which prints it.
 */
void cli_json_begin(struct cli *cli, struct json *j);
void cli_json_end(struct cli *cli, struct json *j);

/* Prints an error as the format wants it (text on stderr, JSON on stdout) and returns `code`. */
int cli_fail(struct cli *cli, int code, const char *id, const struct err *err);

/* The exit code that fits an error: -EINVAL 2, -EPERM/-EACCES 4, -ENOENT/-ESRCH 3, else 8. */
int cli_fail_errno(struct cli *cli, const struct err *err);

/* "  hidden    what; why; needs" lines under an answer, nothing when there are none. */
void cli_blind(struct cli *cli, const struct blind_spot *blind, size_t count);

enum cli_answer { ANSWER_NO, ANSWER_YES, ANSWER_INTERRUPTED };

/* False when there is nobody to ask: stdin is no terminal, or the answer is for a program. */
bool cli_can_ask(const struct cli *cli);

/* Asks on the terminal; only "y" and "yes" are yes, so the harmless answer is the usual one. */
enum cli_answer cli_ask(struct cli *cli, const char *question);
