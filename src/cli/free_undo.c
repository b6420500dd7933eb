/* free_undo - see free_undo.h. */
#include "cli/free_undo.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "free/spawn.h"
#include "free/supervisor.h"
#include "free/undo.h"
#include "free/verify.h"
#include "render/record.h"
#include "run/ready.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define READY_MS    10000 /* how long the ports may take to be back */
#define OUTPUT_MAX  (64u << 10)
#define STARTED_MAX 64
#define TAIL_MAX    2000

struct started {
	const char *call;
	int32_t pid;	 /* -1 = a supervisor started it */
	const char *log; /* where its output goes; NULL: the supervisor's matter */
};

static const struct field started_fields[] = {
	FIELD(struct started, call, FIELD_TEXT, "CALL",
		"program and first arguments, or the command"),
	FIELD(struct started, pid, FIELD_INT32, "PID", "process id"),
	FIELD(struct started, log, FIELD_TEXT, "OUTPUT", "the file that its output goes to"),
};

static const struct record_type started_type =
	RECORD_TYPE("started", struct started, started_fields);

struct undoing {
	struct cli *cli;
	struct host host;
	struct undo *u;
	struct started list[STARTED_MAX];
	size_t count;
	struct ready_result ready;
	bool waited;
	int status; /* of the first process, when it has ended */
};

static const char *short_path(struct cli *cli, const char *path)
{
	AUTO(buf) struct buf text = BUF_INIT(8192);
	AUTO(buf) struct buf escaped = BUF_INIT(16384);

	fs_short_path(&text, path, cli->home);
	text_escape(&escaped, text.data, text.len);
	return arena_strdup(cli->arena, escaped.data);
}

static int finish(struct undoing *x, int code, const char *id, const struct err *err)
{
	struct cli *cli = x->cli;
	struct json j;

	if (cli->format == FORMAT_TEXT)
		return code && err ? cli_fail(cli, code, id, err) : code;
	cli_json_begin(cli, &j);
	record_json(&j, "undo", &undo_type, x->u);
	records_json(&j, "started", &started_type, x->list, x->count);
	if (x->waited)
		record_json(&j, "ready", &ready_result_type, &x->ready);
	if (code && err) {
		json_object(&j, "error");
		json_str(&j, "code", id);
		json_str(&j, "message", err->text);
		json_str(&j, "fix", err->fix[0] ? err->fix : NULL);
		json_end(&j);
	}
	cli_json_end(cli, &j);
	return code;
}

/* --- is there room for it? --- */

static int check_free(struct undoing *x, struct err *err)
{
	const struct undo *u = x->u;
	struct verify_goal *goals =
		arena_array(x->cli->arena, struct verify_goal, u->goal_count + 1);
	struct free_verdict *verdicts =
		arena_array(x->cli->arena, struct free_verdict, u->goal_count + 1);
	struct verify_query q = {.goals = goals, .count = u->goal_count};
	AUTO(snapshot) struct snapshot *after = NULL;

	for (size_t i = 0; i < u->goal_count; i++)
		goals[i] = (struct verify_goal){.what = u->goals[i].what,
			.endpoint = u->goals[i].endpoint,
			.v6only = true};
	int r = verify_run(&x->host, x->cli->arena, &q, verdicts, &after, err);
	for (size_t i = 0; r == 0 && i < u->goal_count; i++) {
		if (verify_is_free(verdicts[i].state))
			continue;
		err_set(err, -EBUSY, "nothing was started: %s", verdicts[i].sentence);
		if (verdicts[i].next)
			err_fix(err, "%s", verdicts[i].next);
		return -EBUSY;
	}
	return r;
}

/* --- starting --- */

static void add(struct undoing *x, const char *call, pid_t pid, const char *log)
{
	if (x->count < STARTED_MAX)
		x->list[x->count++] = (struct started){call, pid, log};
}

static int start_command(struct undoing *x, const struct undo_command *c, uint64_t timeout_ms,
	struct err *err)
{
	AUTO(buf) struct buf output = BUF_INIT(OUTPUT_MAX);
	AUTO(buf) struct buf said = BUF_INIT(400);
	const char *text = supervisor_words_text(x->cli->arena, c->argv);
	int status = 0;

	int r = spawn_run(c->argv, timeout_ms, &output, &status, err);
	if (r < 0)
		return r;
	if (status) {
		text_escape(&said, output.data, strcspn(output.data, "\n"));
		return err_set(err, -EIO, "'%s' failed: %s", text,
			said.len ? said.data : "no reason given");
	}
	add(x, text, -1, NULL);
	return 0;
}

static int start_all(struct undoing *x, uint64_t timeout_ms, struct err *err)
{
	const struct undo *u = x->u;
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->command_count; i++)
		r = start_command(x, &u->commands[i], timeout_ms, err);
	for (size_t i = 0; r == 0 && i < u->process_count; i++) {
		AUTO(buf) struct buf log = BUF_INIT(4096);
		const struct undo_process *p = &u->processes[i];
		pid_t pid;
		if (p->cannot)
			continue;
		r = undo_start(u, p, &log, &pid, err);
		if (r == 0)
			add(x, p->call, pid, arena_strdup(x->cli->arena, log.data));
	}
	return r;
}

/* --- is it back? --- */

static size_t find(void *data, struct ready_place *out, const char **why)
{
	const struct undoing *x = data;
	size_t count = 0;

	for (size_t i = 0; i < x->u->goal_count && count < READY_ENDPOINTS_MAX; i++)
		out[count++] =
			(struct ready_place){.endpoint = x->u->goals[i].endpoint, .v6only = true};
	return count;
}

static int wait_ready(struct undoing *x, uint64_t timeout_ms)
{
	struct err err = {0};
	struct ready_query q = {.want = READY_ACCEPTS,
		.timeout_ms = MIN(timeout_ms, (uint64_t)READY_MS),
		.find = find,
		.data = x,
		.watch = x->count && x->list[x->count - 1].pid > 0 ? x->list[x->count - 1].pid : 0};

	for (size_t i = 0; i < x->u->goal_count; i++)
		if (x->u->goals[i].endpoint.proto != PROTO_TCP &&
			!proto_is_unix(x->u->goals[i].endpoint.proto))
			return 0; /* datagrams cannot be connected to */
	x->waited = true;
	return x->u->goal_count ? ready_wait(&q, &x->ready, &err) : 0;
}

/* --- words --- */

static void print_command(struct undoing *x, const struct undo_process *p)
{
	struct out *out = &x->cli->out;
	AUTO(buf) struct buf line = BUF_INIT(64 << 10);
	AUTO(buf) struct buf shown = BUF_INIT(64 << 10);

	for (size_t i = 0; i < p->argc; i++) {
		AUTO(buf) struct buf word = BUF_INIT(64 << 10);
		text_escape(&word, p->argv[i], strlen(p->argv[i]));
		buf_str(&line, i ? " " : "");
		str_shell_quote(&line, word.data);
	}
	if (x->cli->wide || !out->columns)
		buf_str(&shown, line.data);
	else
		text_cut_middle(&shown, line.data, MAX(out->columns, 40u) - 10, out->utf8);
	out_printf(out, "  command  %s\n", shown.data);
	out_printf(out, "  folder   %s\n", short_path(x->cli, p->cwd));
}

static int say_dry(struct undoing *x)
{
	struct out *out = &x->cli->out;
	const struct undo *u = x->u;

	if (x->cli->format != FORMAT_TEXT)
		return finish(x, EXIT_YES, NULL, NULL);
	out_style(out, STYLE_ANSWER);
	out_printf(out, "This would start again what was stopped ");
	clock_age(&out->text, clock_real_ms() - u->stopped_ms);
	out_printf(out, " ago on %s.", u->goal_count ? u->goals[0].what : "its port");
	out_plain(out);
	out_str(out, "\n");
	for (size_t i = 0; i < u->process_count; i++) {
		if (u->processes[i].cannot)
			out_printf(out, "  not      %s: %s\n", u->processes[i].call,
				u->processes[i].cannot);
		else
			print_command(x, &u->processes[i]);
	}
	for (size_t i = 0; i < u->command_count; i++)
		out_printf(out, "  command  %s\n",
			supervisor_words_text(x->cli->arena, u->commands[i].argv));
	out_str(out, "Nothing was changed: this was --dry-run.\n");
	return EXIT_YES;
}

static void print_started(struct undoing *x, const char *then)
{
	struct out *out = &x->cli->out;

	out_style(out, STYLE_ANSWER);
	out_str(out, "Started ");
	for (size_t i = 0; i < x->count; i++) {
		out_printf(out, "%s", i ? " and " : "");
		out_foreign(out, x->list[i].call);
		if (x->list[i].pid > 0)
			out_printf(out, " as process %d", x->list[i].pid);
	}
	out_printf(out, "; %s", then);
	if (x->waited) {
		out_str(out, " after ");
		clock_duration(&out->text, x->ready.took_ns);
	}
	out_str(out, ".");
	out_plain(out);
	out_str(out, "\n");
	for (size_t i = 0; i < x->count; i++)
		if (x->list[i].log)
			out_printf(out, "  output  %s\n", short_path(x->cli, x->list[i].log));
}

/* The last line it wrote before it ended, which mostly says why. */
static const char *last_words(struct undoing *x, const char *path)
{
	AUTO(buf) struct buf text = BUF_INIT(256 << 10);
	AUTO(buf) struct buf shown = BUF_INIT(TAIL_MAX);
	const char *end, *start;

	if (!path || fs_read_at(AT_FDCWD, path, &text) < 0 || text.len == 0)
		return NULL;
	for (end = text.data + text.len; end > text.data && strchr("\r\n\t ", end[-1]); end--)
		;
	for (start = end; start > text.data && start[-1] != '\n'; start--)
		;
	text_escape(&shown, start, MIN((size_t)(end - start), (size_t)300));
	return arena_strdup(x->cli->arena, shown.data);
}

static int say_ended(struct undoing *x)
{
	const struct started *s = &x->list[x->count - 1];
	const char *words = last_words(x, s->log);
	struct err err = {0};

	err_set(&err, -ECHILD, "%s was started and ended at once%s%s", s->call, words ? ": " : "",
		words ? words : "");
	if (s->log)
		err_fix(&err, "less %s", short_path(x->cli, s->log));
	return finish(x, EXIT_NO, "ended", &err);
}

static int say_result(struct undoing *x, int r)
{
	AUTO(buf) struct buf then = BUF_INIT(4096);
	struct err err = {0};
	const char *what = x->u->goal_count ? x->u->goals[0].what : "it";

	if (r == -ESRCH)
		return say_ended(x);
	undo_forget(x->u);
	if (r == 0) {
		buf_printf(&then, x->waited ? "%s accepts connections again" : "%s is back", what);
		if (x->cli->format == FORMAT_TEXT)
			print_started(x, then.data);
		return finish(x, EXIT_YES, NULL, NULL);
	}
	buf_printf(&then, "%s does not accept connections yet", what);
	if (x->cli->format == FORMAT_TEXT) {
		print_started(x, then.data);
		return r == -EINTR ? EXIT_INTERRUPTED : EXIT_TIMEOUT;
	}
	err_set(&err, r, "%s", then.data);
	return finish(x, r == -EINTR ? EXIT_INTERRUPTED : EXIT_TIMEOUT, "timeout", &err);
}

static int say_cannot(struct undoing *x)
{
	struct err err = {0};
	const struct undo_process *p = &x->u->processes[0];

	err_set(&err, -EOPNOTSUPP, "%s cannot be started again: %s", p->call,
		p->cannot ? p->cannot : "it was not kept");
	return finish(x, EXIT_CONFLICT, "cannot", &err);
}

static int undo_all(struct undoing *x, bool dry_run, uint64_t timeout_ms)
{
	struct err err = {0};

	if (dry_run)
		return say_dry(x);
	if (!undo_is_useful(x->u))
		return say_cannot(x);
	int r = check_free(x, &err);
	if (r == -EBUSY)
		return finish(x, EXIT_CONFLICT, "conflict", &err);
	if (r == 0)
		r = start_all(x, timeout_ms, &err);
	if (r < 0)
		return finish(x,
			r == -EPERM	      ? EXIT_RIGHTS
				: r == -EINTR ? EXIT_INTERRUPTED
					      : EXIT_FAULT,
			"start", &err);
	return say_result(x, wait_ready(x, timeout_ms));
}

int free_undo(struct cli *cli, const struct target *t, bool dry_run, uint64_t timeout_ms)
{
	struct undoing x = {.cli = cli};
	struct err err = {0};

	if (undo_load(cli->arena, t, &x.u, &err) < 0 || host_open(NULL, &x.host, &err) < 0)
		return cli_fail_errno(cli, &err);
	int code = undo_all(&x, dry_run, timeout_ms);
	host_close(&x.host);
	return code;
}
