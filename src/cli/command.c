/* command - the table that commands.def lists, and look-ups in it. */
#include "cli/command.h"

#include "base/str.h"

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
	NULL,
};

static const char *const color_choices[] = {"auto", "always", "never", NULL};

const struct option_row global_options[] = {
	OPTION(struct global_options, json, "json", OPTION_FLAG, NULL,
		"print one JSON document and nothing else on stdout"),
	OPTION(struct global_options, jsonl, "jsonl", OPTION_FLAG, NULL,
		"print one JSON document a line, for streams"),
	OPTION(struct global_options, color, "color", OPTION_CHOICE, "WHEN",
		"auto, always or never", .choices = color_choices),
	OPTION(struct global_options, wide, "wide", OPTION_FLAG, NULL,
		"do not shorten long arguments and paths"),
	OPTION(struct global_options, help, "help", OPTION_FLAG, NULL, "show help", .letter = 'h'),
	OPTION(struct global_options, version, "version", OPTION_FLAG, NULL, "show the version"),
};
const size_t global_option_count = ARRAY_SIZE(global_options);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (str_eq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

const char *command_nearest(const char *word)
{
	const char *best = NULL;
	/* one slip in a short word, two in a longer one: "shop" is a name, not "who" */
	unsigned best_distance = strlen(word) <= 4 ? 2 : 3;

	for (size_t i = 0; commands[i]; i++) {
		unsigned d = str_distance(word, commands[i]->name);
		if (d < best_distance) {
			best_distance = d;
			best = commands[i]->name;
		}
	}
	return best;
}
