/*
 * completion_zsh - an autoload function for $fpath that can also be sourced after compinit.
 *
 * zshcompsys(1): in an _arguments spec, ":" and "]" end a field unless escaped; _describe splits at
 * the first ":" that has no backslash.
 */
#include "cli/completion.h"

/* Text inside single quotes, with a backslash before the characters that end a field. */
static void quoted(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_str(out, "'\\''");
		else if (*text == ':' || *text == '[' || *text == ']' || *text == '\\')
			buf_printf(out, "\\%c", *text);
		else
			buf_char(out, *text);
	}
}

static void option(struct buf *out, const struct command *c, const struct option_row *row)
{
	const char *equals = row->kind == OPTION_OPTIONAL ? "=-" : row->argument ? "=" : "";

	(void)c;
	if (row->letter)
		buf_printf(out, "\t\t'(-%c --%s)-%c", row->letter, row->name, row->letter);
	for (int pass = row->letter ? 0 : 1; pass < 2; pass++) {
		if (pass == 1 && row->letter)
			buf_printf(out, "\t\t'(-%c --%s)--%s%s", row->letter, row->name, row->name,
				equals);
		else if (pass == 1)
			buf_printf(out, "\t\t'--%s%s", row->name, equals);
		else if (row->argument)
			buf_char(out, '+');
		buf_char(out, '[');
		quoted(out, row->help);
		buf_char(out, ']');
		if (row->argument) {
			buf_str(out, row->kind == OPTION_OPTIONAL ? "::" : ":");
			quoted(out, row->argument);
			buf_str(out, ":");
		}
		if (row->choices) {
			buf_char(out, '(');
			completion_words(out, row->choices);
			buf_char(out, ')');
		}
		buf_str(out, "'\n");
	}
}

static void pair(struct buf *out, const char *name, const char *says)
{
	buf_printf(out, "\t\t'%s:", name);
	quoted(out, says);
	buf_str(out, "'\n");
}

static void rest(struct buf *out, const struct command *c)
{
	buf_printf(out, "\t%s)\n\t\tspecs+=(\n", c->name);
	completion_options(out, c, option);
	if (c->completes == COMPLETES_TARGETS && c->words)
		buf_printf(out, "\t\t'*: :_loopscope_%s_words'\n", c->name);
	else if (c->completes == COMPLETES_TARGETS)
		buf_str(out, "\t\t'*: :_loopscope_targets'\n");
	if (c->completes == COMPLETES_COMMANDS)
		buf_str(out, "\t\t'1: :_loopscope_subjects'\n");
	if (c->completes == COMPLETES_WORDS) {
		buf_str(out, "\t\t'1: :(");
		completion_words(out, c->words);
		buf_str(out, ")'\n");
	}
	buf_str(out, "\t\t)\n\t\t;;\n");
}

static void lists(struct buf *out)
{
	buf_str(out,
		"_loopscope_verbs()\n"
		"{\n"
		"\tlocal -a verbs=(\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			pair(out, commands[i]->name, commands[i]->summary);
	buf_str(out,
		"\t)\n"
		"\t_describe -t verbs verb verbs\n"
		"}\n\n"
		"_loopscope_subjects()\n"
		"{\n"
		"\tlocal -a topics=(\n");
	for (size_t i = 0; topics[i]; i++)
		pair(out, topics[i]->name, topics[i]->title);
	buf_str(out,
		"\t)\n"
		"\t_loopscope_verbs\n"
		"\t_describe -t topics topic topics\n"
		"}\n\n"
		"_loopscope_targets()\n"
		"{\n"
		"\tlocal -a targets\n"
		"\tlocal word says\n"
		"\twhile IFS=$'\\t' read -r word says; do\n"
		"\t\ttargets+=(\"${word//:/\\\\:}:$says\")\n"
		"\tdone < <(loopscope completion --targets 2>/dev/null)\n"
		"\t_describe -t targets target targets\n"
		"\t[[ $PREFIX == [/.~]* ]] && _files\n"
		"}\n\n"
		"_loopscope_first()\n"
		"{\n"
		"\t_loopscope_verbs\n"
		"\t_loopscope_targets\n"
		"}\n\n");
}

/* A command that takes targets and some words of its own. */
static void targets_and_words(struct buf *out)
{
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->completes != COMPLETES_TARGETS || !commands[i]->words)
			continue;
		buf_printf(out,
			"_loopscope_%s_words()\n"
			"{\n"
			"\tlocal -a words=(",
			commands[i]->name);
		completion_words(out, commands[i]->words);
		buf_str(out,
			")\n"
			"\t_loopscope_targets\n"
			"\t_describe -t words word words\n"
			"}\n\n");
	}
}

void completion_zsh(struct buf *out)
{
	buf_str(out,
		"#compdef loopscope\n"
		"# zsh completion for loopscope, made by: loopscope completion zsh\n\n");
	lists(out);
	targets_and_words(out);
	buf_str(out,
		"_loopscope()\n"
		"{\n"
		"\tlocal curcontext=\"$curcontext\" state state_descr line\n"
		"\ttypeset -A opt_args\n"
		"\tlocal -a specs=(\n");
	completion_options(out, NULL, option);
	buf_str(out,
		"\t)\n"
		"\t_arguments -C $specs '1: :_loopscope_first' '*:: :->rest' && return 0\n"
		"\t[[ $state == rest ]] || return 1\n"
		"\tcase $words[1] in\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			rest(out, commands[i]);
	buf_str(out,
		"\tesac\n"
		"\t_arguments -s -S $specs\n"
		"}\n\n"
		"if [[ $funcstack[1] == _loopscope ]]; then\n"
		"\t_loopscope \"$@\"\n"
		"else\n"
		"\tcompdef _loopscope loopscope\n"
		"fi\n");
}
