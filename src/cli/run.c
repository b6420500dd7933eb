/*
 * run - see run.h.
 *
 * `loopscope` alone is the overview, `loopscope VERB …` a command, `loopscope TARGET` means explain.
 * A plain word is a verb first; one that is almost a verb is a slip, not a target.
 */
#include "cli/run.h"

#include "base/must.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/help.h"
#include <errno.h>
#include <locale.h>
#include <signal.h>

static void set_format(struct cli *cli, const struct global_options *g)
{
	cli->wide = g->wide;
	if (g->jsonl)
		cli->format = FORMAT_JSONL;
	else if (g->json)
		cli->format = FORMAT_JSON;
	if (cli->format != FORMAT_TEXT) {
		cli->out.page = false;
		cli->out.tty = false;
	}
}

/* The format decides how even a usage error is printed, so it is looked for before parsing. */
static void guess_format(struct cli *cli, int argc, char **argv)
{
	for (int i = 1; i < argc && !str_eq(argv[i], "--"); i++) {
		if (str_eq(argv[i], "--json"))
			cli->format = FORMAT_JSON;
		else if (str_eq(argv[i], "--jsonl"))
			cli->format = FORMAT_JSONL;
	}
}

static enum color_choice guess_color(int argc, char **argv)
{
	for (int i = 1; i < argc && !str_eq(argv[i], "--"); i++) {
		const char *value = str_after(argv[i], "--color=");
		if (!value && str_eq(argv[i], "--color") && i + 1 < argc)
			value = argv[i + 1];
		if (value)
			return str_eq(value, "always")	 ? COLOR_ALWAYS
				: str_eq(value, "never") ? COLOR_NEVER
							 : COLOR_AUTO;
	}
	return COLOR_AUTO;
}

static int usage(struct cli *cli, struct err *err)
{
	if (cli->command && !err->fix[0])
		err_fix(err, "loopscope %s --help", cli->command->name);
	return cli_fail(cli, EXIT_USAGE, "usage", err);
}

static int check_count(const struct command *c, int argc, struct err *err)
{
	if (argc < c->min_arguments)
		return err_set(err, -EINVAL, "%s needs %s", c->name, c->arguments);
	if (c->max_arguments >= 0 && argc > c->max_arguments)
		return err_set(err, -EINVAL, "%s takes %s%s", c->name,
			c->max_arguments ? "only " : "no arguments", c->arguments);
	return 0;
}

static int parse_arguments(struct cli *cli, const struct option_set *sets, size_t count, int argc,
	char **argv, int *out_argc, struct err *err)
{
	int rest;

	if (!cli->command->takes_command)
		return options_parse(sets, count, argc, argv, out_argc, err);
	int r = options_parse_before(sets, count, argc, argv, out_argc, &rest, err);
	if (r == 0 && rest < argc)
		cli->after = argv + rest;
	return r;
}

/* named: a word was given; `loopscope --help` alone is about all commands. */
static int run_command(struct cli *cli, bool named, int argc, char **argv)
{
	const struct command *c = cli->command;
	struct global_options g = {0};
	AUTO(free) void *values = must_calloc(1, c->options_size + 1);
	struct option_set sets[] = {{c->options, c->option_count, values},
		{global_options, global_option_count, &g}};
	struct err err = {0};

	if (parse_arguments(cli, sets, ARRAY_SIZE(sets), argc, argv, &argc, &err) < 0)
		return usage(cli, &err);
	set_format(cli, &g);
	if (g.help)
		return help_show(cli, named ? c : NULL);
	if (g.version)
		return help_version(cli);
	if (check_count(c, argc, &err) < 0)
		return usage(cli, &err);
	return c->run(cli, values, argc, argv);
}

/* A word of letters and dashes only: a verb, or a slip, or a service's name. */
static bool is_plain_word(const char *s)
{
	return *s && strspn(s, "abcdefghijklmnopqrstuvwxyz-") == strlen(s);
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
	int first = 1;
	struct err err = {0};

	/* global options may stand before the verb; the first word decides */
	while (first < argc && argv[first][0] == '-' && argv[first][1]) {
		if (str_eq(argv[first], "--color"))
			first++;
		first++;
	}
	if (first >= argc) {
		cli->command = command_find("overview");
		return run_command(cli, false, argc - 1, argv + 1);
	}

	char *word = argv[first];
	cli->command = command_find(word);
	if (cli->command) {
		memmove(&argv[first], &argv[first + 1], (size_t)(argc - first) * sizeof(*argv));
		return run_command(cli, true, argc - 2, argv + 1);
	}
	const char *near = is_plain_word(word) ? command_nearest(word) : NULL;
	bool more = first + 1 < argc && argv[first + 1][0] != '-';
	if (near)
		err_set(&err, -EINVAL, "unknown command '%s'; did you mean '%s'?", word, near);
	else if (is_plain_word(word) && more) /* a target stands alone */
		err_set(&err, -EINVAL, "unknown command '%s'", word);
	if (err.code < 0) {
		if (!near)
			err_fix(&err, "loopscope help");
		return cli_fail(cli, EXIT_USAGE, "usage", &err);
	}
	cli->command = command_find("explain");
	return run_command(cli, true, argc - 1, argv + 1);
}

int cli_run(int argc, char **argv)
{
	struct cli cli = {.arena = arena_new(), .home = getenv("HOME")};

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	out_init(&cli.out, STDOUT_FILENO, guess_color(argc, argv));
	out_init(&cli.errors, STDERR_FILENO, guess_color(argc, argv));
	cli.errors.page = false;
	guess_format(&cli, argc, argv);

	int code = dispatch(&cli, argc, argv);
	int r = out_end(&cli.out);
	if (r < 0 && r != -EPIPE) {
		struct err err;
		cli.format = FORMAT_TEXT;
		err_set(&err, r, "cannot write the answer: %m");
		code = cli_fail(&cli, EXIT_FAULT, "fault", &err);
	}
	out_end(&cli.errors);
	arena_free(cli.arena);
	return code;
}
