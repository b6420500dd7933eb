/*
 * completion_bash - bash 4.3 or newer; needs no bash-completion package.
 *
 * Bash splits the line at = and : too (COMP_WORDBREAKS) and replaces only the last piece, so the
 * script splits the line again by spaces, and cuts what stands before the last = or : off its
 * answers. compgen -W is not used for targets: it expands its words.
 */
#include "cli/completion.h"

static void option(struct buf *out, const struct command *c, const struct option_row *row)
{
	(void)c;
	buf_printf(out, " --%s%s", row->name, completion_takes_value(row) ? "=" : "");
}

static void valued(struct buf *out, const struct command *c, const struct option_row *row)
{
	(void)c;
	if (!completion_takes_value(row))
		return;
	buf_printf(out, " --%s", row->name);
	if (row->letter)
		buf_printf(out, " -%c", row->letter);
}

static void choices(struct buf *out, const struct command *c, const struct option_row *row)
{
	if (!row->choices)
		return;
	if (c)
		buf_printf(out, "\t'%s --%s')", c->name, row->name);
	else
		buf_printf(out, "\t*' --%s')", row->name);
	buf_str(out, " echo '");
	completion_words(out, row->choices);
	buf_str(out, "' ;;\n");
}

static void rows(struct buf *out, const struct command *c)
{
	buf_printf(out, "\t%s)\n\t\toptions+='", c->name);
	completion_options(out, c, option);
	buf_str(out, "'\n\t\tvalued+='");
	completion_options(out, c, valued);
	buf_str(out, " '\n");
	if (c->completes == COMPLETES_TARGETS)
		buf_str(out, "\t\ttargets=yes\n");
	if (c->completes == COMPLETES_COMMANDS || c->words) {
		buf_str(out, "\t\targuments='");
		if (c->completes == COMPLETES_COMMANDS)
			completion_names(out, true);
		else
			completion_words(out, c->words);
		buf_str(out, "'\n");
	}
	buf_str(out, "\t\t;;\n");
}

static void all_rows(struct buf *out)
{
	buf_str(out,
		"# What may follow a verb; '' is what may stand first.\n"
		"_loopscope_rows()\n"
		"{\n"
		"\tcase $1 in\n"
		"\t'')\n"
		"\t\toptions='");
	completion_options(out, NULL, option);
	buf_str(out,
		"'\n"
		"\t\tvalued='");
	completion_options(out, NULL, valued);
	buf_str(out,
		" '\n"
		"\t\targuments='");
	completion_names(out, false);
	buf_str(out,
		"'\n"
		"\t\ttargets=yes\n"
		"\t\t;;\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			rows(out, commands[i]);
	buf_str(out,
		"\t*) # a target: it is explained\n"
		"\t\tverb=explain\n"
		"\t\t[[ $1 == explain ]] || _loopscope_rows explain\n"
		"\t\t;;\n"
		"\tesac\n"
		"}\n\n");
	buf_str(out,
		"# The values of an option: VERB --OPTION.\n"
		"_loopscope_choices()\n"
		"{\n"
		"\tcase \"$1 $2\" in\n");
	for (size_t i = 0; commands[i]; i++)
		completion_options(out, commands[i], choices);
	completion_options(out, NULL, choices);
	buf_str(out,
		"\tesac\n"
		"}\n\n");
}

static const char frame[] =
	"_loopscope()\n"
	"{\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} options valued arguments targets verb= open=\n"
	"\tlocal -a words offers=()\n"
	"\tlocal cur head word i\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tread -ra words <<<\"$line\"\n"
	"\t[[ $line == *[[:space:]] ]] && words+=('')\n"
	"\tcur=${words[-1]}\n"
	"\thead=${cur%\"${cur##*[:=]}\"}\n"
	"\t_loopscope_rows ''\n"
	"\tfor ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
	"\t\tword=${words[i]}\n"
	"\t\tif [[ $open ]]; then\n"
	"\t\t\topen=\n"
	"\t\telif [[ $valued == *\" $word \"* ]]; then\n"
	"\t\t\topen=$word\n"
	"\t\telif [[ $word != -* && ! $verb ]]; then\n"
	"\t\t\tverb=$word arguments= targets=\n"
	"\t\t\t_loopscope_rows \"$verb\"\n"
	"\t\tfi\n"
	"\tdone\n"
	"\n"
	"\tif [[ $open ]]; then\n"
	"\t\toffers=($(_loopscope_choices \"$verb\" \"$open\"))\n"
	"\telif [[ $cur == --*=* ]]; then\n"
	"\t\tfor word in $(_loopscope_choices \"$verb\" \"${cur%%=*}\"); do\n"
	"\t\t\toffers+=(\"${cur%%=*}=$word\")\n"
	"\t\tdone\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\toffers=($options)\n"
	"\telif [[ $cur == [/.~]* && $targets ]]; then\n"
	"\t\tcompopt -o default 2>/dev/null\n"
	"\telse\n"
	"\t\toffers=($arguments)\n"
	"\t\t[[ $targets ]] && while IFS=$'\\t' read -r word _; do\n"
	"\t\t\toffers+=(\"$word\")\n"
	"\t\tdone < <(loopscope completion --targets 2>/dev/null)\n"
	"\tfi\n"
	"\tfor word in \"${offers[@]}\"; do\n"
	"\t\t[[ $word == \"$cur\"* ]] && COMPREPLY+=(\"${word#\"$head\"}\")\n"
	"\tdone\n"
	"\t[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
	"\treturn 0\n"
	"}\n"
	"\n"
	"complete -F _loopscope loopscope\n";

void completion_bash(struct buf *out)
{
	buf_str(out, "# bash completion for loopscope, made by: loopscope completion bash\n\n");
	all_rows(out);
	buf_str(out, frame);
}
