/*
 * options - command-line options as rows.
 *
 * --name, --name=value, --name value, -x, -xvalue, -x value; "--" ends options. Options and
 * arguments may be mixed. Each row names where its value goes: an offset into one of two structs.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
	OPTION_FLAG,	 /* bool */
	OPTION_TEXT,	 /* const char * */
	OPTION_DURATION, /* uint64_t ms; "500ms", "3s", "2m" */
	OPTION_CHOICE,	 /* int: index into choices, NULL-terminated */
	OPTION_OPTIONAL, /* const char *; "" when the value is left out; value only as --name=value */
	OPTION_COUNT,	 /* uint64_t */
	OPTION_LIST,	 /* struct option_list; may be given again, or as "A,B" */
};

#define OPTION_LIST_MAX 16

struct option_list {
	const char *items[OPTION_LIST_MAX]; /* never empty words */
	size_t count;
};

struct option_row {
	const char *name;
	char letter; /* 0 = none */
	enum option_kind kind;
	size_t offset;
	const char *argument; /* "RANGE"; NULL for flags */
	const char *help;     /* lower case, no full stop; choices it does not name are added */
	const char *const *choices;
	bool hidden;	 /* works, but help and completion do not show it */
	uint64_t preset; /* of durations and counts: the value when it is not given */
};

/* clang-format off */
#define OPTION(record, member, name_, kind_, argument_, help_, ...)                                \
	{.name = (name_), .kind = (kind_), .offset = offsetof(record, member),                     \
		.argument = (argument_), .help = (help_), __VA_ARGS__}
/* clang-format on */

struct option_set {
	const struct option_row *rows;
	size_t count;
	void *values;
};

/*
 * Parses argv[0..argc) against the sets; arguments that are no options are moved to the front of
 * argv and counted in out_argc. Errors name the option and the nearest one that exists.
 */
int options_parse(const struct option_set *sets, size_t set_count, int argc, char **argv,
	int *out_argc, struct err *err);

/*
 * As options_parse, for a command line that another one may follow: what stands behind the first "--" is
 * not parsed and stays where it is, at argv[*out_rest]; *out_rest is argc when there is no "--".
 */
int options_parse_before(const struct option_set *sets, size_t set_count, int argc, char **argv,
	int *out_argc, int *out_rest, struct err *err);

/* Appends "-t, --timeout=DURATION". */
void options_label(const struct option_row *row, struct buf *out);

/* Appends the help, with the choices: "when to colour: auto, always or never". */
void options_says(const struct option_row *row, struct buf *out);
