/*
 * help_json - the rows behind help as data: for assistants, for tools/check-docs, for completions of
 * shells we do not know. The part of help.h that writes JSON.
 */
#include "cli/help.h"

#include "base/str.h"

static const char *option_kind_name(enum option_kind kind)
{
	switch (kind) {
	case OPTION_FLAG:
		return "flag";
	case OPTION_TEXT:
	case OPTION_OPTIONAL:
		return "text";
	case OPTION_DURATION:
		return "duration";
	case OPTION_CHOICE:
		return "choice";
	case OPTION_COUNT:
		return "count";
	case OPTION_LIST:
		return "list";
	}
	return NULL;
}

static const char *completes_name(enum completes c)
{
	static const char *const names[] = {
		[COMPLETES_NOTHING] = "nothing",
		[COMPLETES_TARGETS] = "targets",
		[COMPLETES_COMMANDS] = "commands",
		[COMPLETES_WORDS] = "words",
	};

	return names[c];
}

static void words(struct json *j, const char *name, const char *const *list)
{
	if (!list)
		return;
	json_array(j, name);
	for (size_t i = 0; list[i]; i++)
		json_str(j, NULL, list[i]);
	json_end(j);
}

static void option(struct json *j, const struct option_row *row)
{
	char letter[2] = {row->letter, '\0'};

	json_object(j, NULL);
	json_str(j, "name", row->name);
	json_str(j, "letter", row->letter ? letter : NULL);
	json_str(j, "kind", option_kind_name(row->kind));
	json_str(j, "argument", row->argument);
	if (row->kind == OPTION_OPTIONAL)
		json_bool(j, "argument_optional", true);
	words(j, "choices", row->choices);
	json_str(j, "help", row->help);
	if (row->hidden)
		json_bool(j, "hidden", true);
	json_end(j);
}

static void options(struct json *j, const char *name, const struct option_row *rows, size_t count)
{
	json_array(j, name);
	for (size_t i = 0; i < count; i++)
		option(j, &rows[i]);
	json_end(j);
}

static void exits(struct json *j, const struct command *c)
{
	AUTO(buf) struct buf says = BUF_INIT(1000);

	json_array(j, "exits");
	for (size_t i = 0; i < topic_exits.row_count; i++) {
		buf_clear(&says);
		if (!command_exit_says(c, &topic_exits.rows[i], &says))
			continue;
		json_object(j, NULL);
		json_i64(j, "code", strtol(topic_exits.rows[i].term, NULL, 10));
		json_str(j, "says", says.data);
		json_end(j);
	}
	json_end(j);
}

static void command(struct json *j, const struct command *c)
{
	json_object(j, NULL);
	json_str(j, "name", c->name);
	json_str(j, "group", command_group_name(c->group));
	if (c->hidden)
		json_bool(j, "hidden", true);
	json_str(j, "summary", c->summary);
	json_str(j, "arguments", c->arguments);
	json_i64(j, "min_arguments", c->min_arguments);
	if (c->max_arguments >= 0)
		json_i64(j, "max_arguments", c->max_arguments);
	json_str(j, "completes", completes_name(c->completes));
	words(j, "words", c->words);
	json_str(j, "about", c->about);
	options(j, "options", c->options, c->option_count);
	json_array(j, "examples");
	for (size_t i = 0; i < c->example_count; i++) {
		json_object(j, NULL);
		json_str(j, "command", c->examples[i].command);
		json_str(j, "says", c->examples[i].says);
		json_end(j);
	}
	json_end(j);
	exits(j, c);
	json_end(j);
}

static void topic(struct json *j, const struct topic *t)
{
	json_object(j, NULL);
	json_str(j, "name", t->name);
	json_str(j, "title", t->title);
	json_str(j, "about", t->about);
	json_array(j, "rows");
	for (size_t i = 0; i < t->row_count; i++) {
		json_object(j, NULL);
		json_str(j, "term", t->rows[i].term);
		json_str(j, "says", t->rows[i].says);
		json_end(j);
	}
	json_end(j);
	json_end(j);
}

void help_json(struct cli *cli, const struct command *only)
{
	struct json j;

	cli->command = command_find("help"); /* whichever verb --help stood behind */
	cli_json_begin(cli, &j);
	json_str(&j, "version", LOOPSCOPE_VERSION);
	json_array(&j, "commands");
	for (size_t i = 0; commands[i]; i++)
		if (!only || only == commands[i])
			command(&j, commands[i]);
	json_end(&j);
	options(&j, "global_options", global_options, global_option_count);
	json_array(&j, "topics");
	for (size_t i = 0; !only && topics[i]; i++)
		topic(&j, topics[i]);
	json_end(&j);
	cli_json_end(cli, &j);
}
