/* free - stops what listens on a port, and says whether the port is free then. */
#include "cli/command.h"
#include "cli/common.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "cli/free_text.h"
#include "cli/free_undo.h"
#include "cli/progress.h"
#include "free/act.h"
#include "free/live.h"
#include "free/stop.h"
#include "inventory/find.h"
#include "render/record.h"
#include <errno.h>
#include <fcntl.h>

#define FORCE_MS    5000
#define TIMEOUT_MS  30000
#define TARGETS_MAX 64
#define WORDS_MAX   (64u << 10)

struct options {
	bool yes, dry_run, orphans, undo;
	uint64_t force_after_ms, timeout_ms;
};

struct freeing {
	struct cli *cli;
	const struct options *o;
	struct target targets[TARGETS_MAX];
	size_t target_count;
	struct live live;
	struct free_plan *plan;
	struct free_verdict *missing; /* one a missing target */
	struct snapshot *missing_after;
	struct undo *undo;
	struct act_result result;
	struct progress progress;
	bool acted;
};

/* --- JSON: one document whatever happens --- */

static int print_json(struct freeing *f, int code, const char *id, const struct err *err)
{
	struct cli *cli = f->cli;
	struct json j;

	cli_json_begin(cli, &j);
	record_json(&j, "plan", &free_plan_type, f->plan);
	if (f->acted) {
		record_json(&j, "result", &act_result_type, &f->result);
		json_bool(&j, "undo", f->undo && f->undo->path && undo_is_useful(f->undo));
	} else if (f->plan->missing_count && f->missing) {
		json_object(&j, "result");
		json_str(&j, "outcome", "nobody");
		records_json(&j, "verdicts", &free_verdict_type, f->missing,
			f->plan->missing_count);
		json_end(&j);
	}
	common_blind_json(&j, f->live.snapshot);
	if (code) {
		json_object(&j, "error");
		json_str(&j, "code", id);
		json_str(&j, "message", err->text);
		json_str(&j, "fix", err->fix[0] ? err->fix : NULL);
		json_end(&j);
	}
	cli_json_end(cli, &j);
	return code;
}

/* --- before the act --- */

/* This very command line with sudo in front, with all its options. */
static const char *again_with_rights(struct cli *cli)
{
	AUTO(buf) struct buf words = BUF_INIT(WORDS_MAX);
	AUTO(buf) struct buf text = BUF_INIT(2 * WORDS_MAX);

	if (geteuid() == 0)
		return "loopscope doctor"; /* says what hides it even from root */
	buf_str(&text, "sudo loopscope");
	if (fs_read_at(AT_FDCWD, "/proc/self/cmdline", &words) < 0 || words.overflow)
		buf_str(&text, " free ...");
	else
		for (const char *p = words.data + strlen(words.data) + 1;
			p < words.data + words.len; p += strlen(p) + 1) {
			buf_char(&text, ' ');
			str_shell_quote(&text, p);
		}
	return arena_strdup(cli->arena, text.data);
}

static int say_refusals(struct freeing *f)
{
	const struct free_plan *plan = f->plan;
	struct err first = {0}, err;
	bool rights = true;
	const char *again = again_with_rights(f->cli), *last_fix = NULL;

	for (size_t i = 0; i < plan->refusal_count; i++) {
		err = (struct err){0};
		free_text_refusal(&plan->refusals[i], again, &err);
		rights = rights && plan->refusals[i].kind == FREE_RIGHTS;
		if (i == 0)
			first = err;
		if (f->cli->format != FORMAT_TEXT)
			continue;
		out_printf(&f->cli->errors, "loopscope: %s\n", err.text);
		const char *fix =
			plan->refusals[i].kind == FREE_RIGHTS ? again : plan->refusals[i].fix;
		bool repeated = i + 1 < plan->refusal_count &&
			plan->refusals[i].kind == FREE_RIGHTS &&
			plan->refusals[i + 1].kind == FREE_RIGHTS;
		if (fix && fix != last_fix && !repeated) {
			out_printf(&f->cli->errors, "  Next  %s\n", fix);
			last_fix = fix;
		}
	}
	int code = rights ? EXIT_RIGHTS : EXIT_CONFLICT;
	if (f->cli->format == FORMAT_TEXT)
		return code;
	return print_json(f, code, rights ? "rights" : "conflict", &first);
}

/* What bind() would be asked to make sure that a target with nobody behind it is really free. */
static bool missing_goal(struct freeing *f, const struct free_missing *m, struct verify_goal *out)
{
	const struct address *addresses;
	size_t count;

	for (size_t i = 0; i < f->target_count; i++) {
		const struct target *t = &f->targets[i];
		if (t->text != m->target)
			continue;
		if (t->kind == TARGET_UNIX) {
			*out = (struct verify_goal){.what = m->what,
				.endpoint = {.proto = PROTO_UNIX_STREAM, .path = t->path}};
			return true;
		}
		if (!t->has_port)
			continue;
		*out = (struct verify_goal){.what = m->what,
			.endpoint = {.proto = t->proto, .port = t->port, .address = ADDRESS_ANY6}};
		if (t->kind == TARGET_PORT)
			return true;
		if (find_addresses(&f->live.host, f->cli->arena, f->live.snapshot, t, &addresses,
			    &count, NULL) < 0)
			return false;
		out->endpoint.address = addresses[0];
		out->v6only = true;
		return true;
	}
	return false;
}

static int say_missing(struct freeing *f)
{
	const struct free_plan *plan = f->plan;
	struct err err = {0};
	int code = EXIT_NOBODY;

	f->missing = arena_array(f->cli->arena, struct free_verdict, plan->missing_count);
	for (size_t i = 0; i < plan->missing_count; i++) {
		struct verify_goal g;
		struct verify_query q = {.goals = &g, .count = 1};
		const struct free_missing *m = &plan->missing[i];
		struct snapshot *after = NULL;
		bool asked = missing_goal(f, m, &g) &&
			verify_run(&f->live.host, f->cli->arena, &q, &f->missing[i], &after,
				NULL) == 0;
		if (!asked)
			f->missing[i] = (struct free_verdict){.what = m->what};
		if (!verify_is_free(f->missing[i].state))
			code = EXIT_CONFLICT;
		if (f->cli->format == FORMAT_TEXT)
			free_text_missing(f->cli, m, asked ? &f->missing[i] : NULL);
		f->missing[i].owner = NULL; /* it points into what is freed now */
		snapshot_free(after);
	}
	if (f->cli->format == FORMAT_TEXT)
		return code;
	err_set(&err, -ENOENT, "nobody is listening on %s", plan->missing[0].what);
	return print_json(f, code, code == EXIT_NOBODY ? "nobody" : "conflict", &err);
}

static int say_nothing_left_over(struct freeing *f)
{
	if (f->cli->format == FORMAT_TEXT) {
		out_styled(&f->cli->out, STYLE_ANSWER, "Nothing is left over.");
		out_str(&f->cli->out, "\n");
		cli_blind(f->cli, f->live.snapshot->blind, f->live.snapshot->blind_count);
		return EXIT_YES;
	}
	return print_json(f, EXIT_YES, NULL, NULL);
}

static const char *again_with_yes(struct cli *cli, const struct freeing *f)
{
	AUTO(buf) struct buf text = BUF_INIT(TARGET_TEXT_MAX * 4);

	buf_str(&text, "loopscope free");
	if (f->o->orphans)
		buf_str(&text, " --orphans");
	for (size_t i = 0; i < f->target_count; i++) {
		buf_char(&text, ' ');
		str_shell_quote(&text, f->targets[i].text);
	}
	buf_str(&text, " --yes");
	return arena_strdup(cli->arena, text.data);
}

/* -1: go on; else the exit code. */
static int confirm(struct freeing *f)
{
	struct cli *cli = f->cli;
	struct err err = {0};

	if (f->o->yes)
		return -1;
	if (!cli_can_ask(cli)) {
		err_set(&err, -EAGAIN,
			"nothing was changed: free asks first, and there is nobody to ask");
		err_fix(&err, "%s", again_with_yes(cli, f));
		if (cli->format != FORMAT_TEXT)
			return print_json(f, EXIT_CONFIRM, "confirm", &err);
		out_flush(&cli->out);
		return cli_fail(cli, EXIT_CONFIRM, "confirm", &err);
	}
	switch (cli_ask(cli, f->plan->holder_count == 1 ? "Stop it?" : "Stop them?")) {
	case ANSWER_YES:
		return -1;
	case ANSWER_INTERRUPTED:
		out_str(&cli->out, "Nothing was changed.\n");
		return EXIT_INTERRUPTED;
	case ANSWER_NO:
		break;
	}
	out_str(&cli->out, "Nothing was changed.\n");
	return EXIT_NO;
}

/* --- the act --- */

static int exit_code_of(const struct act_result *r)
{
	switch ((enum act_outcome)r->outcome) {
	case ACT_FREED:
		return EXIT_YES;
	case ACT_TAKEN:
		return EXIT_CONFLICT;
	case ACT_LEFT:
		return EXIT_TIMEOUT;
	case ACT_DENIED:
		return EXIT_RIGHTS;
	case ACT_FAILED:
		return EXIT_FAULT;
	case ACT_INTERRUPTED:
		return EXIT_INTERRUPTED;
	}
	return EXIT_FAULT;
}

static void show_progress(void *data, const char *what)
{
	struct freeing *f = data;
	AUTO(buf) struct buf line = BUF_INIT(1000);
	uint64_t seconds = (clock_mono_ms() - f->progress.start_ms) / 1000;

	if (!progress_due(&f->progress))
		return;
	buf_printf(&line, "waiting for the end of %s, %llu s", what, (unsigned long long)seconds);
	progress_show(&f->progress, line.data);
}

/* A port that was named by its number alone must be free on all addresses, not only where it was. */
static struct act_query act_query_of(struct freeing *f)
{
	struct verify_goal *more =
		arena_array(f->cli->arena, struct verify_goal, f->target_count + 1);
	size_t count = 0;

	for (size_t i = 0; i < f->target_count; i++) {
		const struct target *t = &f->targets[i];
		bool freed = false;
		for (size_t k = 0; k < f->plan->endpoint_count; k++)
			freed = freed || f->plan->endpoints[k].endpoint.port == t->port;
		if (t->kind != TARGET_PORT || !freed)
			continue;
		more[count++] = (struct verify_goal){.what = arena_printf(f->cli->arena,
							     t->proto == PROTO_TCP ? "port %u"
										   : "port %u/%s",
							     t->port, proto_name(t->proto)),
			.endpoint = {.proto = t->proto, .port = t->port, .address = ADDRESS_ANY6}};
	}
	return (struct act_query){.force_after_ms = f->o->force_after_ms,
		/* a long --force-after would never be reached otherwise */
		.timeout_ms = f->o->timeout_ms == TIMEOUT_MS
			? MAX(f->o->timeout_ms, f->o->force_after_ms + FORCE_MS)
			: f->o->timeout_ms,
		.tick = show_progress,
		.data = f,
		.more = more,
		.more_count = count};
}

/* Not being able to undo is no reason not to stop; it is said. */
static void remember(struct freeing *f, struct err *err)
{
	f->undo = undo_record(&f->live.world, f->plan);
	if (undo_is_useful(f->undo))
		undo_save(f->cli->arena, f->undo, err);
}

static bool ended_nothing(const struct act_result *r)
{
	for (size_t i = 0; i < r->process_count; i++)
		if (r->processes[i].outcome == STOP_ENDED || r->processes[i].outcome == STOP_KILLED)
			return false;
	for (size_t i = 0; i < r->command_count; i++)
		if (r->commands[i].done)
			return false;
	return r->outcome == ACT_DENIED || r->outcome == ACT_FAILED;
}

static int act(struct freeing *f)
{
	struct act_query q = act_query_of(f);
	struct err err = {0}, undo_err = {0};

	out_flush(&f->cli->out); /* the preview stands before the wait */
	remember(f, &undo_err);
	f->acted = true;
	progress_init(&f->progress, f->cli);
	int r = act_run(&f->live.world, f->plan, &q, &f->result, &err);
	progress_end(&f->progress);
	if (r < 0)
		return cli_fail_errno(f->cli, &err);
	if (ended_nothing(&f->result))
		undo_forget(f->undo);
	int code = exit_code_of(&f->result);
	if (f->cli->format == FORMAT_TEXT) {
		free_text_result(f->cli, &f->result, f->undo);
		if (undo_err.text[0])
			out_printf(&f->cli->errors, "loopscope: --undo is not possible: %s\n",
				undo_err.text);
		if (code == EXIT_RIGHTS)
			out_printf(&f->cli->errors, "  Next  %s\n", again_with_rights(f->cli));
		return code;
	}
	free_text_problem(&f->result, &err);
	return print_json(f, code, act_outcome_name(f->result.outcome), &err);
}

/* --- the order of things --- */

static int check(const struct options *o, int argc, struct err *err)
{
	if (o->undo && o->orphans)
		return err_set(err, -EINVAL, "--undo and --orphans exclude each other");
	if (o->undo && argc > 1)
		return err_set(err, -EINVAL, "--undo takes one TARGET at most");
	if (o->undo)
		return 0;
	if (o->orphans && argc)
		return err_set(err, -EINVAL,
			"--orphans takes no TARGET: it means all that is left over");
	if (!o->orphans && argc == 0) {
		err_set(err, -EINVAL, "free needs a TARGET");
		err_fix(err, "loopscope free 3000");
		return -EINVAL;
	}
	if (argc > TARGETS_MAX)
		return err_set(err, -EINVAL, "free takes at most %d targets", TARGETS_MAX);
	return 0;
}

static uint32_t protos_of(const struct freeing *f)
{
	uint32_t protos = PROTO_BIT(PROTO_TCP) | PROTO_BIT(PROTO_UDP);

	for (size_t i = 0; i < f->target_count; i++) {
		const struct target *t = &f->targets[i];
		if (t->kind == TARGET_UNIX || t->kind == TARGET_PID)
			protos |= PROTO_BITS_UNIX;
		else
			protos |= PROTO_BIT(t->proto);
	}
	return protos;
}

static int carry_on(struct freeing *f)
{
	struct cli *cli = f->cli;
	const struct free_plan *plan = f->plan;

	if (plan->refusal_count && (!f->o->orphans || plan->endpoint_count == 0))
		return say_refusals(f);
	if (plan->endpoint_count == 0)
		return f->o->orphans ? say_nothing_left_over(f) : say_missing(f);
	if (cli->format == FORMAT_TEXT) {
		for (size_t i = 0; i < plan->missing_count; i++)
			free_text_missing(cli, &plan->missing[i], NULL);
		free_text_preview(cli, plan);
		for (size_t i = 0; i < plan->refusal_count; i++)
			out_printf(&cli->out, "  left alone        %s\n",
				plan->refusals[i].sentence);
	}
	if (f->o->dry_run) {
		if (cli->format != FORMAT_TEXT)
			return print_json(f, EXIT_YES, NULL, NULL);
		out_str(&cli->out, "Nothing was changed: this was --dry-run.\n");
		return EXIT_YES;
	}
	int code = confirm(f);
	return code >= 0 ? code : act(f);
}

static int free_targets(struct freeing *f)
{
	struct plan_query q = {.targets = f->targets,
		.target_count = f->target_count,
		.orphans = f->o->orphans,
		.force_after_ms = f->o->force_after_ms};
	struct err err = {0};

	if (live_open(&f->live, f->cli->arena, protos_of(f), &err) < 0 ||
		plan_make(&f->live.world, &q, &f->plan, &err) < 0)
		return cli_fail_errno(f->cli, &err);
	return carry_on(f);
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct options *o = options;
	AUTO(free) struct freeing *f = must_calloc(1, sizeof(*f));
	struct err err = {0};

	if (check(o, argc, &err) < 0)
		return cli_fail_errno(cli, &err);
	*f = (struct freeing){.cli = cli, .o = o};
	for (int i = 0; i < argc; i++) {
		int code = common_target(cli, argv[i], &f->targets[f->target_count++]);
		if (code >= 0)
			return code;
	}
	if (o->undo)
		return free_undo(cli, argc ? &f->targets[0] : NULL, o->dry_run, o->timeout_ms);
	int code = free_targets(f);
	act_result_fini(&f->result);
	live_fini(&f->live);
	return code;
}

static const struct option_row rows[] = {
	OPTION(struct options, yes, "yes", OPTION_FLAG, NULL, "do not ask", .letter = 'y'),
	OPTION(struct options, dry_run, "dry-run", OPTION_FLAG, NULL,
		"show what would happen, and change nothing", .letter = 'n'),
	OPTION(struct options, force_after_ms, "force-after", OPTION_DURATION, "TIME",
		"end by force (SIGKILL) what has not ended by then (default 5s)",
		.preset = FORCE_MS),
	OPTION(struct options, timeout_ms, "timeout", OPTION_DURATION, "TIME",
		"give up after so long (default 30s)", .letter = 't', .preset = TIMEOUT_MS),
	OPTION(struct options, orphans, "orphans", OPTION_FLAG, NULL,
		"all that is left over: whoever started it is gone"),
	OPTION(struct options, undo, "undo", OPTION_FLAG, NULL,
		"start again what was stopped last, or last on TARGET"),
};

static const struct example examples[] = {
	{"free 3000", "stop what listens on port 3000, after asking"},
	{"free 3000 --dry-run", "only show who that is and what would end with it"},
	{"free 3000 5173 --yes", "two ports, without asking"},
	{"free --orphans", "every server whose terminal or starter is gone"},
	{"free shop", "all services of the project shop"},
	{"free --undo", "start again what was stopped last"},
};

const struct command command_free = {
	.name = "free",
	.group = GROUP_ACT,
	.arguments = "[TARGET…]",
	.summary = "stop what holds a port, and make sure it is free",
	.about =
		"Shows who holds the port, what else ends with it and who loses a connection, and asks. "
		"Then whoever listens is asked to end (SIGTERM) and, when that does not help, forced "
		"(SIGKILL). What a supervisor keeps (systemd, docker, podman, pm2, supervisord) is stopped "
		"through it, so that it stays down; a runner such as nodemon or npm is stopped with its "
		"server. Clients are never stopped, nor pid 1, nor the shell and terminal you are "
		"in.\n\nAfterwards a real bind() says whether the port is free. What was stopped can be "
		"started again with --undo: its arguments, folder and environment are kept for the last "
		"20 stops, readable by you alone.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits =
		"0 it is free now, or nothing is left over, 1 you said no, 3 nobody listens there, 4 it "
		"belongs to somebody else, 5 it needs --yes, 6 it is still taken, or must not be "
		"stopped, 7 it has not ended in time",
	.see_also = "wait explain ls targets",
	.completes = COMPLETES_TARGETS,
	.min_arguments = 0,
	.max_arguments = -1,
	.run = run,
};
