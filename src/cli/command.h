/*
 * command - one row a subcommand. --help, man pages, completions and docs are made from it.
 *
 * A command is one file cmd_NAME.c that ends in `const struct command command_NAME`, and one row
 * COMMAND(NAME) in commands.def.
 */
#pragma once

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/topics.h"

/* Where the overview lists it: to look at the machine, to act on it, to check, to integrate. */
enum command_group { GROUP_LOOK, GROUP_ACT, GROUP_CHECK, GROUP_INTEGRATE, GROUP_COUNT };

/* What completion offers for the arguments. */
enum completes { COMPLETES_NOTHING, COMPLETES_TARGETS, COMPLETES_COMMANDS, COMPLETES_WORDS };

struct example {
	const char *command; /* without the leading "loopscope " */
	const char *says;
};

struct command {
	const char *name;
	enum command_group group;
	bool hidden;	       /* works, but is not listed */
	const char *arguments; /* "TARGET…", "[TARGET]", "" */
	const char *summary;   /* lower case, no full stop, at most 55 characters */
	const char *about;     /* paragraphs, separated by an empty line */
	const struct option_row *options;
	size_t option_count;
	size_t options_size; /* of the struct that options point into */
	const struct example *examples;
	size_t example_count;
	/* What exit codes mean for this command: "0 all are free; 1 one is taken". Usage, faults and
	 * Ctrl-C go without saying. NULL = any of the common table. */
	const char *exits;
	const char
		*see_also; /* names of other commands and help topics, "ls targets"; NULL = none */
	enum completes completes;
	const char *const *words;	  /* COMPLETES_WORDS: what fits, COMPLETES_TARGETS: what
					   * fits, too; NULL-terminated */
	int min_arguments, max_arguments; /* max -1 = any number */
	bool takes_command;		  /* what stands behind "--" is a command line: cli.after */
	/* options points to options_size zeroed bytes, filled in; returns an exit code. */
	int (*run)(struct cli *cli, void *options, int argc, char **argv);
};

extern const struct command *const commands[]; /* NULL-terminated, in order of commands.def */

const struct command *command_find(const char *name);

/* The nearest command name for "did you mean", or NULL when none is near. */
const char *command_nearest(const char *word);

const char *command_group_name(enum command_group g); /* "look", "act", ... */

/* Appends what a row of topic_exits means for this command; false when it never ends with that. */
bool command_exit_says(const struct command *c, const struct topic_row *row, struct buf *out);

/* Options every command takes; they point into struct global_options. */
struct global_options {
	bool json, jsonl, wide, help, version;
	int color;
};

extern const struct option_row global_options[];
extern const size_t global_option_count;
