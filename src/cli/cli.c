/* cli - see cli.h. */
#include "cli/cli.h"

#include "base/str.h"
#include "base/text.h"
#include "cli/command.h"
#include "render/prose.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>

void cli_json_begin(struct cli *cli, struct json *j)
{
	json_init(j, &cli->out.text, cli->format == FORMAT_JSONL ? JSON_COMPACT : JSON_PRETTY);
	json_object(j, NULL);
	AUTO(buf) struct buf schema = BUF_INIT(100);
	buf_printf(&schema, "loopscope.%s/1", cli->command ? cli->command->name : "overview");
	json_str(j, "schema", schema.data);
}

void cli_json_end(struct cli *cli, struct json *j)
{
	json_end(j);
	out_breathe(&cli->out);
}

int cli_fail(struct cli *cli, int code, const char *id, const struct err *err)
{
	struct json j;

	if (cli->format != FORMAT_TEXT) {
		buf_clear(&cli->out.text);
		cli_json_begin(cli, &j);
		json_object(&j, "error");
		json_str(&j, "code", id);
		json_str(&j, "message", err->text);
		json_str(&j, "fix", err->fix[0] ? err->fix : NULL);
		json_end(&j);
		cli_json_end(cli, &j);
		return code;
	}
	out_printf(&cli->errors, "loopscope: %s\n", err->text);
	if (err->fix[0])
		out_printf(&cli->errors, "  Next  %s\n", err->fix);
	return code;
}

int cli_fail_errno(struct cli *cli, const struct err *err)
{
	switch (-err->code) {
	case EINVAL:
		return cli_fail(cli, EXIT_USAGE, "usage", err);
	case EPERM:
	case EACCES:
		return cli_fail(cli, EXIT_RIGHTS, "rights", err);
	case ENOENT:
	case ESRCH:
		return cli_fail(cli, EXIT_NOBODY, "nobody", err);
	case ETIMEDOUT:
		return cli_fail(cli, EXIT_TIMEOUT, "timeout", err);
	case EINTR:
		return cli_fail(cli, EXIT_INTERRUPTED, "interrupted", err);
	default:
		return cli_fail(cli, EXIT_FAULT, "fault", err);
	}
}

void cli_blind(struct cli *cli, const struct blind_spot *blind, size_t count)
{
	struct out *out = &cli->out;

	for (size_t i = 0; i < count; i++) {
		AUTO(buf) struct buf line = BUF_INIT(4096);
		text_escape(&line, blind[i].what, strlen(blind[i].what));
		if (blind[i].why)
			buf_printf(&line, ": %s", blind[i].why);
		if (blind[i].needs)
			buf_printf(&line, " (%s)", blind[i].needs);
		out_style(out, STYLE_DIM);
		out_printf(out, "%s ", out_mark(out, MARK_UNKNOWN));
		prose_paragraph(out, line.data, 2);
		out_plain(out);
	}
}

bool cli_can_ask(const struct cli *cli)
{
	return cli->format == FORMAT_TEXT && isatty(STDIN_FILENO);
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signo)
{
	interrupted = 1;
}

/*
 * Prints the question and reads the answer. SIGINT is let in only while the program waits, so that a
 * Ctrl-C at any moment from the question on is an answer too: nothing.
 */
static bool read_answer(struct out *out, const char *question, char *answer, int size)
{
	struct sigaction action = {.sa_handler = on_interrupt}, action_before;
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	sigset_t set, set_before;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &set_before);
	interrupted = 0;
	sigaction(SIGINT, &action, &action_before);
	out_printf(out, "%s [y/N] ", question);
	out_flush(out);
	do {
		r = ppoll(&in, 1, NULL, &set_before);
	} while (r < 0 && errno == EINTR && !interrupted);
	bool read = r > 0 && fgets(answer, size, stdin);
	sigaction(SIGINT, &action_before, NULL);
	sigprocmask(SIG_SETMASK, &set_before, NULL);
	return read;
}

enum cli_answer cli_ask(struct cli *cli, const char *question)
{
	struct out *out = cli->out.tty ? &cli->out : &cli->errors;
	char answer[16];

	cli->out.page = false;
	out_flush(&cli->out);
	if (!read_answer(out, question, answer, sizeof(answer))) {
		out_str(out, "\n");
		out_flush(out);
		return interrupted ? ANSWER_INTERRUPTED : ANSWER_NO;
	}
	answer[strcspn(answer, "\n")] = '\0';
	return str_eq(answer, "y") || str_eq(answer, "Y") || str_eq(answer, "yes") ? ANSWER_YES
										   : ANSWER_NO;
}
