/* completion - a script for a shell, or the words it completes targets with. */
#include "cli/command.h"
#include "cli/common.h"

#include "base/str.h"
#include "base/text.h"
#include "cli/completion.h"
#include <errno.h>

struct options {
	bool targets;
};

static int print_targets(struct cli *cli)
{
	struct host host;
	struct err err = {0};
	AUTO(snapshot) struct snapshot *s = NULL;
	struct inventory_query query = {0};
	struct json j;
	size_t count;

	if (host_open(NULL, &host, &err) < 0)
		return cli_fail_errno(cli, &err);
	int r = inventory_take(&host, &query, &s, &err);
	host_close(&host);
	if (r < 0)
		return cli_fail_errno(cli, &err);
	const struct target_word *words = completion_targets(s, &count);
	if (cli->format == FORMAT_TEXT) {
		for (size_t i = 0; i < count; i++)
			out_printf(&cli->out, "%s\t%s\n", words[i].word, words[i].says);
		return EXIT_YES;
	}
	cli_json_begin(cli, &j);
	json_array(&j, "targets");
	for (size_t i = 0; i < count; i++) {
		json_object(&j, NULL);
		json_str(&j, "word", words[i].word);
		json_str(&j, "says", words[i].says);
		json_end(&j);
	}
	json_end(&j);
	cli_json_end(cli, &j);
	return EXIT_YES;
}

static int unknown_shell(struct cli *cli, const char *shell)
{
	AUTO(buf) struct buf shown = BUF_INIT(200);
	struct err err;

	if (shell)
		text_escape(&shown, shell, strlen(shell));
	if (shell)
		err_set(&err, -EINVAL, "there is no completion for '%s': name bash, zsh or fish",
			shown.data);
	else
		err_set(&err, -EINVAL, "completion needs a shell: bash, zsh or fish");
	err_fix(&err, "loopscope completion --help");
	return cli_fail(cli, EXIT_USAGE, "usage", &err);
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct options *o = options;
	AUTO(buf) struct buf script = BUF_INIT(1 << 20);
	struct json j;

	cli->out.page = false;
	if (o->targets)
		return print_targets(cli);
	if (argc == 0 || !completion_script(&script, argv[0]))
		return unknown_shell(cli, argc ? argv[0] : NULL);
	if (cli->format == FORMAT_TEXT) {
		out_str(&cli->out, script.data);
		return EXIT_YES;
	}
	cli_json_begin(cli, &j);
	json_str(&j, "shell", argv[0]);
	json_str(&j, "script", script.data);
	cli_json_end(cli, &j);
	return EXIT_YES;
}

static const struct option_row rows[] = {
	OPTION(struct options, targets, "targets", OPTION_FLAG, NULL,
		"print the words that are targets now, each with a tab and what it is",
		.hidden = true),
};

static const struct example examples[] = {
	{"completion bash", "print the script; load it with: source <(loopscope completion bash)"},
	{"completion zsh", "for a folder of $fpath, as _loopscope"},
	{"completion fish", "load it with: loopscope completion fish | source"},
};

const struct command command_completion = {
	.name = "completion",
	.group = GROUP_INTEGRATE,
	.arguments = "SHELL",
	.summary = "let your shell complete verbs, options and targets",
	.about = "Prints a completion script for bash, zsh or fish. A package installs it already; "
		 "otherwise put one line into the shell's start file:\n\n"
		 "  bash   ~/.bashrc                    source <(loopscope completion bash)\n"
		 "  zsh    ~/.zshrc, after compinit     source <(loopscope completion zsh)\n"
		 "  fish   ~/.config/fish/config.fish   loopscope completion fish | source\n\n"
		 "Verbs and options are in the script. Targets are asked for when you press the "
		 "key: ports, services, projects and containers that listen now.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits = "0 it was printed; 2 no shell was named, or none that is known",
	.see_also = "targets",
	.completes = COMPLETES_WORDS,
	.words = completion_shells,
	.max_arguments = 1,
	.run = run,
};
