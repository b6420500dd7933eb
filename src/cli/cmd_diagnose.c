/* diagnose - why an endpoint of this machine does not work, with proof and the fix. */
#include "cli/command.h"
#include "cli/common.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/diagnose_ask.h"
#include "cli/diagnose_report.h"
#include "cli/diagnose_view.h"
#include "cli/progress.h"
#include "render/record.h"
#include <errno.h>
#include <unistd.h>

extern char **environ;

#define DEADLINE_MS	    3000
#define DEADLINE_MOST_MS    60000
#define COMMAND_DEADLINE_MS 30000

struct options {
	const char *error, *report;
	struct option_list from;
	bool parse_only, passive;
	uint64_t timeout_ms, command_timeout_ms;
};

/* --- what was asked --- */

static int too_many(struct cli *cli)
{
	struct err err;

	err_set(&err, -EINVAL, "diagnose takes one of a TARGET, --error TEXT and -- CMD");
	err_fix(&err, "loopscope diagnose --help");
	return cli_fail(cli, EXIT_USAGE, "usage", &err);
}

static int nothing_named(struct cli *cli)
{
	struct err err;

	err_set(&err, -EINVAL, "diagnose needs a TARGET, --error TEXT or -- CMD");
	err_fix(&err, "loopscope diagnose localhost:3000");
	return cli_fail(cli, EXIT_USAGE, "usage", &err);
}

/* Without running it: what the command line of `-- CMD` names. */
static int ask_command_line(struct ask *a, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	symptom_parse_command(a->cli->arena, argc, argv, &a->symptom);
	a->has_symptom = true;
	return -1;
}

static int ask_what(struct ask *a, const struct options *o, int argc, char **argv)
{
	char **command = a->cli->after;
	unsigned timeout = (unsigned)MIN(o->command_timeout_ms, (uint64_t)3600000);

	if ((argc > 0) + (o->error != NULL) + (command != NULL) > 1)
		return too_many(a->cli);
	if (command && *command)
		return o->parse_only ? ask_command_line(a, command)
				     : ask_command(a, command, timeout);
	if (o->error && !str_eq(o->error, "-"))
		return ask_text(a, o->error, strlen(o->error));
	if (o->error || (argc && str_eq(argv[0], "-")))
		return ask_input(a);
	if (argc && strpbrk(argv[0], " \t\n")) /* no target has blanks: a message was pasted */
		return ask_text(a, argv[0], strlen(argv[0]));
	if (argc)
		return ask_target(a, argv[0]);
	return isatty(STDIN_FILENO) ? nothing_named(a->cli) : ask_input(a);
}

/* --- what came of it --- */

/* `why` of an answer that could not be given names the right that is missing: "needs root: ...". */
static bool lacks_rights(const struct diagnosis *d)
{
	return d->why && str_starts(d->why, "needs ");
}

static int exit_of(const struct seat_answer *answer)
{
	if (answer->nothing_to_go_on)
		return EXIT_USAGE;
	if (answer->err.code < 0)
		return answer->err.code == -EPERM || answer->err.code == -EACCES ? EXIT_RIGHTS
			: answer->err.code == -ESRCH				 ? EXIT_NOBODY
			: answer->err.code == -ETIMEDOUT			 ? EXIT_TIMEOUT
										 : EXIT_FAULT;
	if (answer->d.verdict == VERDICT_HEALTHY)
		return EXIT_YES;
	if (answer->d.verdict == VERDICT_FAULT)
		return EXIT_NO;
	return lacks_rights(&answer->d) ? EXIT_RIGHTS : EXIT_TIMEOUT;
}

/* A fault anywhere is a fault; else the first seat that gave no clear answer decides. */
static int exit_of_all(const struct seat_answer *answers, size_t count)
{
	int code = EXIT_YES;

	for (size_t i = 0; i < count; i++) {
		int one = exit_of(&answers[i]);
		if (one == EXIT_NO)
			return EXIT_NO;
		if (code == EXIT_YES)
			code = one;
	}
	return code;
}

static void error_json(struct json *j, const struct seat_answer *answer, int code)
{
	if (answer->err.code >= 0)
		return;
	json_object(j, "error");
	json_str(j, "code",
		code == EXIT_RIGHTS	       ? "rights"
			: code == EXIT_NOBODY  ? "nobody"
			: code == EXIT_TIMEOUT ? "timeout"
					       : "fault");
	json_str(j, "message", answer->err.text);
	json_str(j, "fix", answer->err.fix[0] ? answer->err.fix : NULL);
	json_end(j);
}

static void print_json(struct ask *a, const struct seat_answer *answers, size_t count)
{
	struct json j;

	cli_json_begin(a->cli, &j);
	ask_target_json(&j, a, answers[0].d.symptom);
	record_json_fields(&j, &diagnosis_type, &answers[0].d);
	error_json(&j, &answers[0], exit_of(&answers[0]));
	ask_command_json(&j, a);
	if (a->seat_count) {
		json_array(&j, "seats");
		for (size_t i = 0; i < count; i++) {
			json_object(&j, NULL);
			json_str(&j, "from", a->seats[i].text);
			record_json_fields(&j, &diagnosis_type, &answers[i].d);
			error_json(&j, &answers[i], exit_of(&answers[i]));
			json_end(&j);
		}
		json_end(&j);
	}
	cli_json_end(a->cli, &j);
}

static void print_text(struct ask *a, const struct seat_answer *answers, size_t count)
{
	const struct diagnosis *list[SEATS_MAX];
	const struct diagnose_view view = {.out = &a->cli->out, .wide = a->cli->wide};

	for (size_t i = 0; i < count; i++)
		list[i] = &answers[i].d;
	if (count > 1)
		diagnose_view_seats(&view, list, count);
	else
		diagnose_view(&view, list[0]);
}

static int print_parsed(struct ask *a)
{
	struct json j;

	if (a->cli->format == FORMAT_TEXT) {
		ask_target_text(&a->cli->out, a);
		return EXIT_YES;
	}
	cli_json_begin(a->cli, &j);
	ask_target_json(&j, a, NULL);
	cli_json_end(a->cli, &j);
	return EXIT_YES;
}

static int write_report(struct ask *a, const char *path, const struct seat_answer *answers,
	size_t count)
{
	AUTO(buf) struct buf page = BUF_INIT(16u << 20);
	AUTO(buf) struct buf shown = BUF_INIT(4096);
	const struct diagnosis *list[SEATS_MAX];
	struct err err = {0};

	for (size_t i = 0; i < count; i++)
		list[i] = &answers[i].d;
	diagnose_report(&page, &a->host, a, list, count);
	int r = page.overflow ? err_set(&err, -EFBIG, "the report is too large")
			      : fs_write_atomic(path, page.data, page.len, &err);
	if (r < 0)
		return cli_fail(a->cli, EXIT_FAULT, "report", &err);
	if (a->cli->format == FORMAT_TEXT) {
		text_escape(&shown, path, strlen(path));
		out_printf(&a->cli->errors, "The report is in %s; read it before you send it.\n",
			shown.data);
	}
	return -1;
}

static void show_progress(struct ask *a, struct progress_line *line, size_t index, size_t count)
{
	AUTO(buf) struct buf text = BUF_INIT(500);

	buf_str(&text, "looking at ");
	if (a->named)
		text_escape(&text, a->named, strlen(a->named));
	else
		buf_str(&text, "what the text names");
	if (count > 1)
		buf_printf(&text, " from %s", a->seats[index].text);
	progress_line_begin(line, a->cli, text.data);
}

static int diagnose(struct ask *a, const struct options *o)
{
	size_t count = MAX(a->seat_count, (size_t)1);
	struct seat_answer *answers = arena_array(a->cli->arena, struct seat_answer, count);

	for (size_t i = 0; i < count; i++) {
		struct progress_line line;
		show_progress(a, &line, i, count);
		ask_run(a, i, &answers[i]);
		progress_line_end(&line);
	}
	if (o->report) {
		int code = write_report(a, o->report, answers, count);
		if (code >= 0)
			return code;
	}
	if (count == 1 && answers[0].err.code < 0 && !answers[0].nothing_to_go_on)
		return cli_fail_errno(a->cli, &answers[0].err);
	if (a->cli->format == FORMAT_TEXT)
		print_text(a, answers, count);
	else
		print_json(a, answers, count);
	return exit_of_all(answers, count);
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct options *o = options;
	struct ask a = {.cli = cli,
		.query = {.environment = (const char *const *)environ,
			.uid = geteuid(),
			.passive = o->passive,
			.deadline_ms = (unsigned)MIN(o->timeout_ms, (uint64_t)DEADLINE_MOST_MS)}};

	int code = ask_seats(&a, o->from.items, o->from.count);
	if (code < 0)
		code = ask_what(&a, o, argc, argv);
	if (code < 0)
		code = o->parse_only ? print_parsed(&a) : diagnose(&a, o);
	ask_close(&a);
	return code;
}

static const struct option_row rows[] = {
	OPTION(struct options, error, "error", OPTION_TEXT, "TEXT",
		"an error message as it was printed; - reads it from standard input",
		.letter = 'e'),
	OPTION(struct options, from, "from", OPTION_LIST, "SEAT",
		"as seen from: here, pid:N, container:NAME, user:NAME or browser; may be given again"),
	OPTION(struct options, passive, "passive", OPTION_FLAG, NULL,
		"send nothing at all, not even to this machine"),
	OPTION(struct options, parse_only, "parse-only", OPTION_FLAG, NULL,
		"say what the text or target names, and look at nothing"),
	OPTION(struct options, timeout_ms, "timeout", OPTION_DURATION, "TIME",
		"for all probes together (default 3s)", .letter = 't', .preset = DEADLINE_MS),
	OPTION(struct options, command_timeout_ms, "command-timeout", OPTION_DURATION, "TIME",
		"how long the command behind -- may run (default 30s)",
		.preset = COMMAND_DEADLINE_MS),
	OPTION(struct options, report, "report", OPTION_TEXT, "FILE",
		"also write the answer as a page to send to somebody, without names and secrets"),
};

static const struct example examples[] = {
	{"diagnose localhost:3000", "why it does not work, or that it does"},
	{"diagnose http://localhost:5000/health", "up to the answer of that page"},
	{"diagnose --error 'connect ECONNREFUSED ::1:3000'", "what an error message means here"},
	{"diagnose -- npm run migrate", "run a command and explain what it could not reach"},
	{"diagnose 5432 --from here,container:web", "the same from inside a container"},
	{"diagnose 3000 --report fault.html", "a page to send to somebody"},
};

const struct command command_diagnose = {
	.name = "diagnose",
	.group = GROUP_CHECK,
	.arguments = "[TARGET | --error TEXT | -- CMD ARGS…]",
	.summary = "say why an endpoint does not work, and the fix",
	.about =
		"Climbs the ladder from the name over address, route, listener and firewall to the "
		"answer, names the cause, shows what proves it, and gives the command that mends it. "
		"When nothing is wrong it says so.\n\n"
		"It reads, and it talks to addresses of this machine only: a few connections, closed "
		"at once, with nothing written, logged in to or changed. A name is looked up as every "
		"program does it, which may ask a name server. With --passive nothing is sent.\n\n"
		"A message that was pasted (--error, standard input, or one argument with blanks in "
		"it) is read for the endpoint and the failure; none is invented. A command behind -- "
		"is run as it stands, its output goes to standard error, and what it tried to reach "
		"is looked at; Ctrl-C ends the command, not the look.\n\n"
		"How sure an answer is stands behind it: proved, probably (nothing else is left) or "
		"perhaps. `loopscope explain CAUSE` tells more about a cause.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits =
		"0 it works; 1 a cause was found; 2 nothing was named, also by the text; 3 what was "
		"named listens on nothing, or there is no such seat; 4 rights are missing for an "
		"answer; 7 there was no clear answer, in this time or at all",
	.see_also = "explain doctor targets",
	.completes = COMPLETES_TARGETS,
	.max_arguments = 1,
	.takes_command = true,
	.run = run,
};
