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
	OPTION(struct global_options, color, "color", OPTION_CHOICE, "WHEN", "when to colour",
		.choices = color_choices),
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

const char *command_group_name(enum command_group g)
{
	static const char *const names[GROUP_COUNT] = {"look", "act", "check", "integrate"};

	return names[g];
}

/* The end of this segment of "0 it is free; 1 it is taken": where the next number begins. */
static const char *exit_end(const char *p)
{
	for (; *p; p++)
		if ((*p == ';' || *p == ',') && p[1] == ' ' && p[2] >= '0' && p[2] <= '9')
			break;
	return p;
}

/* The segment that starts with this number, without it; NULL when there is none. */
static const char *own_exit(const char *exits, const char *code)
{
	for (const char *p = exits ? exits : ""; *p;) {
		const char *rest = str_after(p, code);
		if (rest && *rest == ' ')
			return rest + 1;
		p = exit_end(p);
		p += *p ? 2 : 0;
	}
	return NULL;
}

/* What every command may end with: usage, fault, interrupted. */
static bool is_common_exit(const char *code)
{
	return str_eq(code, "2") || str_eq(code, "8") || str_eq(code, "130");
}

bool command_exit_says(const struct command *c, const struct topic_row *row, struct buf *out)
{
	const char *own = own_exit(c->exits, row->term);

	if (own) {
		buf_add(out, own, (size_t)(exit_end(own) - own));
		return true;
	}
	buf_str(out, row->says);
	return !c->exits || is_common_exit(row->term);
}

const char *command_nearest(const char *word)
{
	const char *best = NULL;
	size_t len = strlen(word);
	/* one slip, in a long word two: the service "shop" is not a slip of "who" */
	unsigned best_distance = len < 6 ? 2 : 3;

	for (size_t i = 0; commands[i]; i++) {
		unsigned d = str_distance(word, commands[i]->name);
		if (d < best_distance && d < len) {
			best_distance = d;
			best = commands[i]->name;
		}
	}
	return best;
}
