/* completion_fish - lines of fish's own `complete` builtin. */
#include "cli/completion.h"

static void quoted(struct buf *out, const char *text)
{
	buf_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_char(out, '\\');
		buf_char(out, *text);
	}
	buf_char(out, '\'');
}

static void begin(struct buf *out, const struct command *c)
{
	buf_str(out, "complete -c loopscope");
	if (c)
		buf_printf(out, " -n '__fish_seen_subcommand_from %s'", c->name);
}

static void option(struct buf *out, const struct command *c, const struct option_row *row)
{
	begin(out, c);
	buf_printf(out, " -l %s", row->name);
	if (row->letter)
		buf_printf(out, " -s %c", row->letter);
	if (completion_takes_value(row))
		buf_str(out, " -x");
	if (row->choices) {
		buf_str(out, " -a '");
		completion_words(out, row->choices);
		buf_char(out, '\'');
	}
	buf_str(out, " -d ");
	quoted(out, row->help);
	buf_char(out, '\n');
}

static void arguments(struct buf *out, const struct command *c)
{
	if (c->completes == COMPLETES_NOTHING)
		return;
	begin(out, c);
	buf_str(out, " -a '");
	if (c->completes == COMPLETES_TARGETS)
		buf_str(out, "(loopscope completion --targets 2>/dev/null)");
	else if (c->completes == COMPLETES_COMMANDS)
		completion_names(out, true);
	else
		completion_words(out, c->words);
	if (c->completes == COMPLETES_TARGETS && c->words) {
		buf_char(out, ' ');
		completion_words(out, c->words);
	}
	buf_str(out, "'\n");
}

void completion_fish(struct buf *out)
{
	buf_str(out,
		"# fish completion for loopscope, made by: loopscope completion fish\n\n"
		"complete -c loopscope -f\n"
		"complete -c loopscope -n __fish_use_subcommand"
		" -a '(loopscope completion --targets 2>/dev/null)'\n");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		buf_printf(out, "complete -c loopscope -n __fish_use_subcommand -a %s -d ",
			commands[i]->name);
		quoted(out, commands[i]->summary);
		buf_char(out, '\n');
	}
	completion_options(out, NULL, option);
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		buf_char(out, '\n');
		completion_options(out, commands[i], option);
		arguments(out, commands[i]);
	}
}
