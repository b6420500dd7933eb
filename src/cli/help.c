/* help - see help.h. */
#include "cli/help.h"

static void option_line(struct out *out, const struct option_row *row)
{
	char left[64];
	int n = row->letter ? snprintf(left, sizeof(left), "-%c, --%s", row->letter, row->name)
			    : snprintf(left, sizeof(left), "    --%s", row->name);

	if (row->argument && n < (int)sizeof(left))
		snprintf(left + n, sizeof(left) - (size_t)n,
			row->kind == OPTION_OPTIONAL ? "[=%s]" : " %s", row->argument);
	out_printf(out, "  %-26s  %s\n", left, row->help);
}

void help_command(struct out *out, const struct command *c)
{
	out_printf(out, "loopscope %s - %s\n\n", c->name, c->summary);
	out_printf(out, "  loopscope %s %s [options]\n\n", c->name, c->arguments);
	if (c->about)
		out_printf(out, "%s\n\n", c->about);
	out_styled(out, STYLE_ANSWER, "Options\n");
	for (size_t i = 0; i < c->option_count; i++)
		option_line(out, &c->options[i]);
	for (size_t i = 0; i < global_option_count; i++)
		option_line(out, &global_options[i]);
	if (c->example_count)
		out_styled(out, STYLE_ANSWER, "\nExamples\n");
	for (size_t i = 0; i < c->example_count; i++)
		out_printf(out, "  loopscope %-34s  %s\n", c->examples[i].command,
			c->examples[i].says);
	if (c->exits)
		out_printf(out, "\nExit codes: %s\n", c->exits);
}

void help_overview(struct out *out)
{
	out_str(out, "loopscope - the workbench for 127.0.0.1\n\n");
	for (size_t i = 0; commands[i]; i++)
		out_printf(out, "  %-12s  %s\n", commands[i]->name, commands[i]->summary);
}
