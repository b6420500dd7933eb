/* wait - until a target accepts connections, answers HTTP, or has let its port go. */
#include "cli/command.h"
#include "cli/common.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/progress.h"
#include "render/record.h"
#include "run/where.h"
#include <errno.h>

#define DEFAULT_MS 30000

struct options {
	const char *http; /* NULL = not asked for, "" = any good status */
	bool gone;
	uint64_t timeout_ms;
};

struct waiting {
	struct cli *cli;
	struct target target;
	struct where where;
	struct progress progress;
	const char *what; /* "port 3000", "http://localhost:3000/health" */
};

static size_t find(void *data, struct ready_place *out, const char **why)
{
	struct waiting *w = data;

	return where_find(&w->where, out, why);
}

static void show_progress(void *data, const struct ready_result *r)
{
	struct waiting *w = data;
	AUTO(buf) struct buf line = BUF_INIT(1000);

	if (!progress_due(&w->progress))
		return;
	buf_printf(&line, "waiting for %s, ", w->what);
	clock_duration(&line, r->took_ns / 1000000000 * 1000000000);
	buf_str(&line, ": ");
	ready_text(r, &line);
	progress_show(&w->progress, line.data);
}

static bool is_status(const char *word)
{
	struct ready_query q;

	return ready_parse_statuses(word, &q, NULL) == 0;
}

/*
 * --http takes its value with '=' or as the next word. A word that is no option stands among the
 * arguments: of two, the status is the second, or the one that can be a status.
 */
static int sort_arguments(struct options *o, int argc, char **argv, const char **out_target,
	struct err *err)
{
	*out_target = argv[0];
	if (argc == 1)
		return 0;
	if (o->http && !*o->http && is_status(argv[1])) {
		o->http = argv[1];
		return 0;
	}
	if (o->http && !*o->http && is_status(argv[0])) {
		o->http = argv[0];
		*out_target = argv[1];
		return 0;
	}
	AUTO(buf) struct buf shown = BUF_INIT(300);
	text_escape(&shown, argv[1], strlen(argv[1]));
	return err_set(err, -EINVAL, "wait takes only one TARGET, and '%s' is another", shown.data);
}

/* What a browser would send as Host; servers that check it know these names. */
static const char *host_header(struct cli *cli, const struct target *t)
{
	AUTO(buf) struct buf text = BUF_INIT(400);
	bool standard = t->scheme && str_eq(t->scheme, "http") && t->port == 80;

	if (t->host) {
		text_escape(&text, t->host, strlen(t->host));
	} else if (t->address.family == AF_INET6) {
		buf_char(&text, '[');
		address_format(&text, &t->address);
		buf_char(&text, ']');
	} else if (t->address.family == AF_INET && !address_is_any(&t->address)) {
		address_format(&text, &t->address);
	} else {
		buf_str(&text, "localhost");
	}
	if (t->has_port && !standard)
		buf_printf(&text, ":%u", t->port);
	return arena_strdup(cli->arena, text.data);
}

static int check(const struct options *o, const struct target *t, struct err *err)
{
	if (o->gone && o->http)
		return err_set(err, -EINVAL, "--gone and --http exclude each other");
	if (!o->http)
		return 0;
	if (t->proto == PROTO_UDP || t->proto == PROTO_UDPLITE)
		return err_set(err, -EINVAL, "--http needs TCP or a unix socket");
	if (t->scheme && !str_eq(t->scheme, "http")) {
		err_set(err, -EINVAL, "--http speaks plain HTTP only, not '%s'", t->scheme);
		err_fix(err, "without --http it waits until the port accepts connections");
		return -EINVAL;
	}
	return 0;
}

static const char *describe(struct cli *cli, const struct target *t)
{
	AUTO(buf) struct buf text = BUF_INIT(TARGET_TEXT_MAX * 4);

	if (t->kind == TARGET_PORT)
		buf_printf(&text, t->proto == PROTO_TCP ? "port %u" : "port %u/%s", t->port,
			proto_name(t->proto));
	else
		text_escape(&text, t->text, strlen(t->text));
	return arena_strdup(cli->arena, text.data);
}

static void print_json(struct cli *cli, const struct ready_result *r, bool ready, int code,
	const struct err *err)
{
	struct json j;

	cli_json_begin(cli, &j);
	json_bool(&j, "ready", ready);
	record_json_fields(&j, &ready_result_type, r);
	if (code) {
		json_object(&j, "error");
		json_str(&j, "code",
			code == EXIT_TIMEOUT	      ? "timeout"
				: code == EXIT_NOBODY ? "nobody"
						      : "interrupted");
		json_str(&j, "message", err->text);
		json_str(&j, "fix", err->fix[0] ? err->fix : NULL);
		json_end(&j);
	}
	cli_json_end(cli, &j);
}

static int say_ready(struct waiting *w, const struct options *o, const struct ready_result *r)
{
	struct out *out = &w->cli->out;
	AUTO(buf) struct buf place = BUF_INIT(4096);

	endpoint_format(&place, &r->endpoint);
	if (w->cli->format != FORMAT_TEXT) {
		print_json(w->cli, r, true, EXIT_YES, NULL);
		return EXIT_YES;
	}
	out_style(out, STYLE_ANSWER);
	if (o->gone)
		out_printf(out, "%s is free", w->what);
	else if (o->http)
		out_printf(out, "%s answered HTTP %u",
			w->target.kind == TARGET_URL ? w->what : place.data, r->status);
	else if (w->target.proto == PROTO_UDP || w->target.proto == PROTO_UDPLITE)
		out_printf(out, "somebody listens on %s/%s", place.data,
			proto_name(w->target.proto));
	else
		out_printf(out, "%s accepts connections", place.data);
	out_plain(out);
	out_str(out, ", after ");
	clock_duration(&out->text, r->took_ns);
	out_str(out, ".\n");
	return EXIT_YES;
}

static int say_not(struct waiting *w, const struct options *o, const struct ready_result *r,
	int result)
{
	AUTO(buf) struct buf reason = BUF_INIT(ERR_TEXT_MAX);
	AUTO(buf) struct buf took = BUF_INIT(50);
	struct err err = {0};
	int code = result == -EINTR ? EXIT_INTERRUPTED
		: result == -ESRCH  ? EXIT_NOBODY
				    : EXIT_TIMEOUT;

	ready_text(r, &reason);
	clock_duration(&took, r->took_ns);
	if (o->gone) {
		AUTO(buf) struct buf who = BUF_INIT(400);
		where_who(&w->where, &who);
		if (who.len)
			buf_printf(&reason, ", by %s", who.data);
	}
	if (result == -ESRCH)
		err_set(&err, result, r->tries ? "process %d has ended" : "there is no process %d",
			w->target.pid);
	else if (o->gone)
		err_set(&err, result, "%s is not free after %s: %s", w->what, took.data,
			reason.data);
	else
		err_set(&err, result, "%s is not ready after %s: %s", w->what, took.data,
			reason.data);
	if (code == EXIT_TIMEOUT && w->target.kind == TARGET_PORT)
		err_fix(&err, o->gone ? "loopscope free %s" : "loopscope explain %s",
			w->target.text);
	if (w->cli->format == FORMAT_TEXT)
		return cli_fail(w->cli, code, "timeout", &err);
	print_json(w->cli, r, false, code, &err);
	return code;
}

static pid_t watched(struct waiting *w, const struct options *o)
{
	if (o->gone)
		return where_holder(&w->where);
	return w->target.kind == TARGET_PID ? w->target.pid : 0;
}

static int wait_with(struct waiting *w, const struct options *o, struct host *host)
{
	struct err err = {0};
	struct ready_result result;
	struct ready_query q = {.find = find,
		.tried = show_progress,
		.data = w,
		.timeout_ms = o->timeout_ms,
		.want = o->gone	  ? READY_GONE
			: o->http ? READY_ANSWERS
				  : READY_ACCEPTS};

	if (check(o, &w->target, &err) < 0 ||
		(o->http && ready_parse_statuses(o->http, &q, &err) < 0) ||
		where_open(&w->where, host, w->cli->arena, &w->target, o->gone, &err) < 0)
		return cli_fail_errno(w->cli, &err);
	q.path = w->target.kind == TARGET_URL && w->target.path ? w->target.path : "/";
	q.host = host_header(w->cli, &w->target);
	q.watch = watched(w, o);
	progress_init(&w->progress, w->cli);
	int r = ready_wait(&q, &result, &err);
	progress_end(&w->progress);
	if (r == 0)
		return say_ready(w, o, &result);
	if (r == -ETIMEDOUT || r == -EINTR || r == -ESRCH)
		return say_not(w, o, &result, r);
	return cli_fail_errno(w->cli, &err);
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	struct options *o = options;
	struct waiting w = {.cli = cli};
	struct err err = {0};
	struct host host;
	const char *target;

	if (sort_arguments(o, argc, argv, &target, &err) < 0)
		return cli_fail_errno(cli, &err);
	int code = common_target(cli, target, &w.target);
	if (code >= 0)
		return code;
	if (host_open(NULL, &host, &err) < 0)
		return cli_fail_errno(cli, &err);
	w.what = describe(cli, &w.target);
	code = wait_with(&w, o, &host);
	host_close(&host);
	return code;
}

static const struct option_row rows[] = {
	OPTION(struct options, http, "http", OPTION_OPTIONAL, "STATUS",
		"until it answers HTTP with that status: 200, 2xx, 200-299; alone: 2xx or 3xx"),
	OPTION(struct options, gone, "gone", OPTION_FLAG, NULL,
		"until nobody listens and the port can be bound"),
	OPTION(struct options, timeout_ms, "timeout", OPTION_DURATION, "TIME",
		"give up after so long (default 30s); 0 tries once", .letter = 't',
		.preset = DEFAULT_MS),
};

static const struct example examples[] = {
	{"wait 3000", "until somebody accepts connections on port 3000"},
	{"wait http://localhost:3000/health --http 200", "until its health page says so"},
	{"wait 3000 --http", "until it answers HTTP with any good status"},
	{"wait 3000 --gone --timeout 10s", "until the port is free again"},
	{"wait unix:/run/postgresql/.s.PGSQL.5432", "until a unix socket accepts"},
	{"wait shop", "until the service shop is there"},
};

const struct command command_wait = {
	.name = "wait",
	.group = GROUP_ACT,
	.arguments = "TARGET",
	.summary = "wait until a target is ready, or gone",
	.about =
		"Tries to connect, again and again with pauses of 10 to 250 ms, and prints one line "
		"when it succeeds. With --http it sends a GET and waits for the status, since a port "
		"that accepts is not yet a server that answers. When the time runs out, the line says "
		"what was seen last: refused, \"accepts but no HTTP answer\", HTTP 503.\n\nOnly this "
		"machine's own addresses are ever connected to.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits =
		"0 it is ready (or gone), 3 the process that was named has ended, 7 the time ran out",
	.see_also = "explain free targets",
	.completes = COMPLETES_TARGETS,
	.min_arguments = 1,
	.max_arguments = 2,
	.run = run,
};
