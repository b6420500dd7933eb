/*
 * command - one row a subcommand. --help, man pages, completions and docs are made from it.
 *
 * A command is one file cmd_NAME.c that ends in `const struct command command_NAME`, and one row
 * COMMAND(NAME) in commands.def.
 */
#pragma once

#include "cli/cli.h"
#include "cli/options.h"

enum completes { COMPLETES_NOTHING, COMPLETES_TARGETS, COMPLETES_COMMANDS };

struct example {
	const char *command; /* without the leading "loopscope " */
	const char *says;
};

struct command {
	const char *name;
	const char *arguments; /* "TARGET…", "[TARGET]", "" */
	const char *summary;   /* one line, lower case, no full stop */
	const char *about;     /* paragraphs, separated by an empty line */
	const struct option_row *options;
	size_t option_count;
	size_t options_size; /* of the struct that options point into */
	const struct example *examples;
	size_t example_count;
	/* What each exit code means for this command, beyond the common table; NULL = nothing special. */
	const char *exits;
	enum completes completes;
	int min_arguments, max_arguments; /* max -1 = any number */
	/* options points to options_size zeroed bytes, filled in; returns an exit code. */
	int (*run)(struct cli *cli, void *options, int argc, char **argv);
};

extern const struct command *const commands[]; /* NULL-terminated, in order of commands.def */

const struct command *command_find(const char *name);

/* The nearest command name for "did you mean", or NULL when none is near. */
const char *command_nearest(const char *word);

/* Options every command takes; they point into struct global_options. */
struct global_options {
	bool json, jsonl, wide, help, version;
	int color;
};

extern const struct option_row global_options[];
extern const size_t global_option_count;
