/* help - one verb, one topic, or all of them; the same rows as man pages. */
#include "cli/command.h"

#include "base/str.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/manual.h"
#include <errno.h>

static int unknown(struct cli *cli, const char *word)
{
	AUTO(buf) struct buf shown = BUF_INIT(200);
	const char *near = command_nearest(word);
	struct err err;

	for (size_t i = 0; !near && topics[i]; i++)
		if (str_distance(word, topics[i]->name) < 3)
			near = topics[i]->name;
	text_escape(&shown, word, strlen(word));
	if (near)
		err_set(&err, -EINVAL, "there is no help about '%s'; did you mean '%s'?",
			shown.data, near);
	else
		err_set(&err, -EINVAL, "there is no help about '%s'", shown.data);
	err_fix(&err, "loopscope help");
	return cli_fail(cli, EXIT_USAGE, "usage", &err);
}

struct options {
	bool man;
};

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct options *o = options;
	const struct command *c = argc ? command_find(argv[0]) : NULL;
	const struct topic *t = argc && !c ? topic_find(argv[0]) : NULL;

	if (argc && !c && !t)
		return unknown(cli, argv[0]);
	if (o->man) {
		cli->out.page = false;
		manual_write(&cli->out.text, c);
		return EXIT_YES;
	}
	if (t && cli->format == FORMAT_TEXT) {
		help_topic(&cli->out, t);
		return EXIT_YES;
	}
	return help_show(cli, c);
}

static const struct option_row rows[] = {
	OPTION(struct options, man, "man", OPTION_FLAG, NULL, "print the manual page as roff",
		.hidden = true),
};

static const struct example examples[] = {
	{"help free", "how to free a port"},
	{"help targets", "what may stand where a TARGET is asked for"},
	{"help --json", "every verb, option and exit code as one JSON document"},
};

const struct command command_help = {
	.name = "help",
	.group = GROUP_INTEGRATE,
	.arguments = "[VERB|TOPIC]",
	.summary = "explain a verb or a topic",
	.about = "Without an argument it lists all verbs. `loopscope VERB --help` says the same as "
		 "`loopscope help VERB`.\n\n"
		 "Topics are targets, exit-codes, environment and files.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits = "0 it was shown; 2 there is no such verb or topic",
	.see_also = "targets exit-codes",
	.completes = COMPLETES_COMMANDS,
	.max_arguments = 1,
	.run = run,
};
