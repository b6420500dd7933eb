/* diagnose_ask - see diagnose_ask.h. */
#include "cli/diagnose_ask.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/common.h"
#include "explain/explain.h"
#include "inventory/select.h"
#include "model/mention.h"
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_host(struct ask *a)
{
	struct err err = {0};

	if (a->host_open)
		return -1;
	if (host_open(NULL, &a->host, &err) < 0)
		return cli_fail_errno(a->cli, &err);
	a->host_open = true;
	return -1;
}

void ask_close(struct ask *a)
{
	if (a->host_open)
		host_close(&a->host);
	a->host_open = false;
}

/* --- a name, a process, a container: where does it listen? --- */

static const struct service *choose(const struct selection *selection)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct service *s = selection->services[i];
		if (s->proto == PROTO_TCP && s->listener_count)
			return s;
	}
	for (size_t i = 0; i < selection->count; i++)
		if (selection->services[i]->listener_count)
			return selection->services[i];
	return NULL;
}

static void aim_at(struct ask *a, const struct service *service)
{
	const struct endpoint *e = &service->listeners[0].endpoint;
	struct arena *arena = a->cli->arena;
	struct target t = {.proto = service->proto, .address = e->address};

	t.text = arena_strdup(arena, service->listeners[0].text);
	if (proto_is_unix(service->proto)) {
		t.kind = TARGET_UNIX;
		t.path = e->path ? arena_strdup(arena, e->path) : "";
	} else {
		bool any = address_is_any(&e->address) || service->listener_count > 1;
		t.kind = any ? TARGET_PORT : TARGET_ENDPOINT;
		if (any)
			t.address = (struct address){0};
		t.port = service->port;
		t.has_port = true;
	}
	a->target = t;
	if (service->netns == 0 || a->seat_count || !service->owner_count)
		return;
	/* it is asked where it is */
	a->seats[0] = (struct seat){.kind = SEAT_PID,
		.pid = service->owners[0]->pid,
		.text = arena_printf(arena, "pid:%d", (int)service->owners[0]->pid)};
	a->seat_count = 1;
}

static int resolve(struct ask *a)
{
	struct inventory_query query = explain_query(&a->target);
	AUTO(snapshot) struct snapshot *s = NULL;
	struct selection selection;
	struct err err = {0};

	int code = common_snapshot(a->cli, &query, &a->host, &s);
	if (code >= 0)
		return code;
	a->host_open = true;
	if (select_services(&a->host, s, &a->target, &selection, &err) < 0)
		return cli_fail_errno(a->cli, &err);
	const struct service *service = choose(&selection);
	if (!service) {
		err_set(&err, -ESRCH, "'%s' listens on nothing that can be seen", a->target.text);
		err_fix(&err, "loopscope ls");
		return cli_fail_errno(a->cli, &err);
	}
	aim_at(a, service);
	return -1;
}

/* An address that no program can use is what is wrong, not how this one was called. */
static bool is_bad_address(struct ask *a, const char *text)
{
	const char *rest = strstr(text, "://") ? strstr(text, "://") + 3 : text;
	struct err err = {0};

	if (!strchr(rest, ':') && rest == text)
		return false;
	if (str_starts(text, "unix:") || str_starts(text, "pid:") || str_starts(text, "container:"))
		return false; /* no address at all */
	if (target_parse(a->cli->arena, text, &a->target, &err) == 0)
		return false;
	a->symptom = (struct symptom){.op = OPERATION_URL,
		.error = "BAD_ENDPOINT",
		.said = arena_printf(a->cli->arena, "%s: %s", text, err.text)};
	return true;
}

int ask_target(struct ask *a, const char *text)
{
	if (is_bad_address(a, text)) {
		a->has_symptom = true;
		a->named = text;
		a->query.symptom = &a->symptom;
		return open_host(a);
	}
	int code = common_target(a->cli, text, &a->target);
	if (code >= 0)
		return code;
	a->has_target = true;
	a->named = a->target.text;
	a->query.target = &a->target;
	if (a->target.kind == TARGET_NAME || a->target.kind == TARGET_PID ||
		a->target.kind == TARGET_CONTAINER)
		return resolve(a);
	return open_host(a);
}

int ask_text(struct ask *a, const char *text, size_t len)
{
	symptom_parse(a->cli->arena, text, len, &a->symptom);
	a->has_symptom = true;
	a->query.symptom = &a->symptom;
	return open_host(a);
}

int ask_input(struct ask *a)
{
	AUTO(buf) struct buf text = BUF_INIT(MENTION_TEXT_MAX);
	struct err err = {0};

	/* not /dev/stdin: another user's pipe and a socket cannot be opened again */
	int r = fs_read_fd(STDIN_FILENO, &text);
	if (r < 0) {
		err_set(&err, r, "cannot read the text on standard input: %m");
		return cli_fail(a->cli, EXIT_FAULT, "fault", &err);
	}
	return ask_text(a, text.data, text.len);
}

/* The command's words go to stderr as they come, so that stdout has the answer alone. */
static void pass_on(void *data, int stream, const char *bytes, size_t len)
{
	const struct cli *cli = data;

	(void)stream;
	fs_write_all(cli->errors.fd, bytes, len);
}

static const char *command_line(struct arena *arena, char **argv)
{
	AUTO(buf) struct buf line = BUF_INIT(64 << 10);

	for (size_t i = 0; argv[i]; i++) {
		if (i)
			buf_char(&line, ' ');
		str_shell_quote(&line, argv[i]);
	}
	return arena_strdup(arena, line.data);
}

int ask_command(struct ask *a, char **argv, unsigned timeout_ms)
{
	struct err err = {0};

	int code = open_host(a);
	if (code >= 0)
		return code;
	a->attempt = (struct attempt_run){.argv = argv,
		.timeout_ms = timeout_ms,
		.output = pass_on,
		.data = a->cli};
	int r = attempt_run(&a->host, a->cli->arena, &a->attempt, &err);
	if (r == -ENOENT || r == -EACCES)
		return cli_fail(a->cli, EXIT_USAGE, "command", &err);
	if (r < 0)
		return cli_fail_errno(a->cli, &err);
	a->has_attempt = a->has_symptom = true;
	a->named = command_line(a->cli->arena, argv);
	symptom_parse(a->cli->arena, a->attempt.text, a->attempt.text_len, &a->symptom);
	a->query.attempt = &a->attempt;
	a->query.symptom = &a->symptom;
	return -1;
}

int ask_seats(struct ask *a, const char *const *names, size_t count)
{
	struct err err = {0};

	for (size_t i = 0; i < count && i < SEATS_MAX; i++) {
		if (seat_parse(a->cli->arena, names[i], &a->seats[i], &err) < 0)
			return cli_fail(a->cli, EXIT_USAGE, "seat", &err);
		a->seat_count = i + 1;
	}
	return -1;
}

/* --- asking --- */

static bool says_nothing(const struct symptom *s)
{
	return s->op == OPERATION_UNKNOWN && !s->error && !s->endpoint_count && !s->path &&
		!s->name && !s->browser;
}

static void nothing_to_go_on(struct ask *a, struct seat_answer *out)
{
	static const struct fix text[] = {
		{"run it so that loopscope sees what it tries", "loopscope diagnose -- CMD"}};
	static const struct fix command[] = {
		{"name the endpoint yourself", "loopscope diagnose HOST:PORT"}};

	out->nothing_to_go_on = true;
	out->d = (struct diagnosis){.verdict = VERDICT_INCONCLUSIVE,
		.answer = a->has_attempt
			? "The command tried no endpoint of this machine, and its output names none."
			: "The text names no endpoint, so there is nothing to look at.",
		.symptom = a->has_symptom ? &a->symptom : NULL,
		.next = a->has_attempt ? command : text,
		.next_count = 1};
}

static void could_not(struct ask *a, const struct seat *seat, struct seat_answer *out)
{
	struct arena *arena = a->cli->arena;
	struct fix *next = arena_new_of(arena, struct fix);

	out->d = (struct diagnosis){.verdict = VERDICT_INCONCLUSIVE,
		.seat = seat->kind == SEAT_HERE ? NULL : seat->text,
		.answer = arena_printf(arena, "Not asked from %s: %s.", seat->text, out->err.text)};
	if (!out->err.fix[0])
		return;
	next->text = "";
	next->command = arena_strdup(arena, out->err.fix);
	out->d.next = next;
	out->d.next_count = 1;
}

void ask_run(struct ask *a, size_t index, struct seat_answer *out)
{
	static const struct seat here = {.kind = SEAT_HERE, .text = "here"};
	const struct seat *seat = index < a->seat_count ? &a->seats[index] : &here;

	*out = (struct seat_answer){0};
	if (a->has_symptom && says_nothing(&a->symptom) && !a->has_attempt) {
		nothing_to_go_on(a, out);
		return;
	}
	int r = seat_run(&a->host, a->cli->arena, seat, &a->query, &out->d, &out->err);
	bool named_nothing =
		r == 0 && a->has_attempt && !out->d.title && out->d.verdict == VERDICT_INCONCLUSIVE;
	if ((r == -EINVAL && a->has_symptom) || named_nothing)
		nothing_to_go_on(a, out);
	else if (r < 0)
		could_not(a, seat, out);
}

/* --- what was named --- */

static void str_or_null(struct json *j, const char *name, const char *value)
{
	if (str_empty(value))
		json_null(j, name);
	else
		json_str(j, name, value);
}

static void endpoint_json(struct json *j, const char *host, bool has_port, uint16_t port,
	const char *scheme, const char *path)
{
	json_object(j, NULL);
	str_or_null(j, "host", host);
	if (has_port)
		json_u64(j, "port", port);
	else
		json_null(j, "port");
	json_str(j, "scheme", scheme);
	json_str(j, "path", path);
	json_end(j);
}

static void symptom_json(struct json *j, const struct symptom *s)
{
	str_or_null(j, "op", operation_name(s->op));
	str_or_null(j, "errno", s->error);
	str_or_null(j, "path", s->path);
	json_array(j, "endpoints");
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct symptom_endpoint *e = &s->endpoints[i];
		endpoint_json(j, e->host, e->has_port, e->port, e->scheme, e->path);
	}
	json_end(j);
	json_str(j, "client", s->client);
	json_str(j, "expects", s->expects);
	json_str(j, "name", s->name);
	if (s->http_status)
		json_u64(j, "http_status", s->http_status);
	json_str(j, "said", s->said);
}

static const char *target_host(const struct target *t, struct buf *text)
{
	if (t->host)
		return t->host;
	address_format(text, &t->address);
	return t->address.family == AF_UNSPEC ? NULL : text->data;
}

void ask_target_json(struct json *j, const struct ask *a, const struct symptom *seen)
{
	AUTO(buf) struct buf host = BUF_INIT(100);
	const struct target *t = &a->target;

	json_object(j, "target");
	if (seen || a->has_symptom) {
		symptom_json(j, seen ? seen : &a->symptom);
		json_end(j);
		return;
	}
	json_null(j, "op");
	json_null(j, "errno");
	str_or_null(j, "path", t->kind == TARGET_UNIX ? t->path : NULL);
	json_array(j, "endpoints");
	if (a->has_target && t->kind != TARGET_UNIX)
		endpoint_json(j, target_host(t, &host), t->has_port, t->port, t->scheme,
			t->kind == TARGET_URL ? t->path : NULL);
	json_end(j);
	json_end(j);
}

static void text_row(struct out *out, const char *name, const char *value)
{
	if (str_empty(value))
		return;
	out_printf(out, "%-10s", name);
	out_foreign(out, value);
	out_str(out, "\n");
}

static void endpoint_row(struct out *out, const char *host, bool has_port, uint16_t port)
{
	AUTO(buf) struct buf text = BUF_INIT(1000);
	bool v6 = host && strchr(host, ':');

	buf_printf(&text, "%s%s%s", v6 ? "[" : "", host ? host : "*", v6 ? "]" : "");
	if (has_port)
		buf_printf(&text, ":%u", port);
	text_row(out, "endpoint", text.data);
}

void ask_target_text(struct out *out, const struct ask *a)
{
	AUTO(buf) struct buf host = BUF_INIT(100);
	const struct symptom *s = &a->symptom;

	if (!a->has_symptom) {
		if (a->target.kind == TARGET_UNIX)
			text_row(out, "path", a->target.path);
		else
			endpoint_row(out, target_host(&a->target, &host), a->target.has_port,
				a->target.port);
		return;
	}
	text_row(out, "operation", operation_name(s->op));
	text_row(out, "error", s->error);
	for (size_t i = 0; i < s->endpoint_count; i++)
		endpoint_row(out, s->endpoints[i].host, s->endpoints[i].has_port,
			s->endpoints[i].port);
	text_row(out, "path", s->path);
	text_row(out, "name", s->name);
	text_row(out, "client", s->client);
	text_row(out, "said", s->said);
	if (says_nothing(s))
		out_str(out, "The text names no endpoint and no failure that is known.\n");
}

/* --- what was run --- */

static void attempt_json(struct json *j, const struct attempt *t)
{
	static const char *const kinds[] = {"connect", "bind", "listen"};
	AUTO(buf) struct buf text = BUF_INIT(4096);

	json_object(j, NULL);
	json_str(j, "kind", kinds[t->kind]);
	json_str(j, "proto", proto_name(t->endpoint.proto));
	endpoint_format(&text, &t->endpoint);
	json_str(j, "endpoint", text.data);
	if (t->error)
		json_str(j, "errno", strerrorname_np(t->error));
	else
		json_null(j, "errno");
	json_i64(j, "pid", t->pid);
	json_str(j, "program", t->program);
	json_double(j, "at_ms", (double)(t->at_ns / 1000) / 1000);
	json_double(j, "took_ms", (double)(t->took_ns / 1000) / 1000);
	json_end(j);
}

void ask_command_json(struct json *j, const struct ask *a)
{
	const struct attempt_run *run = &a->attempt;

	if (!a->has_attempt)
		return;
	json_object(j, "command");
	json_array(j, "argv");
	for (size_t i = 0; run->argv[i]; i++)
		json_str(j, NULL, run->argv[i]);
	json_end(j);
	if (WIFEXITED(run->status))
		json_i64(j, "status", WEXITSTATUS(run->status));
	else
		json_null(j, "status");
	if (WIFSIGNALED(run->status))
		json_i64(j, "signal", WTERMSIG(run->status));
	json_bool(j, "timed_out", run->timed_out);
	json_str(j, "rung", run->rung);
	json_str(j, "why_not_bpf", run->why_not_bpf);
	json_double(j, "took_ms", (double)(run->took_ns / 1000) / 1000);
	json_array(j, "attempts");
	for (size_t i = 0; i < run->attempt_count; i++)
		attempt_json(j, &run->attempts[i]);
	json_end(j);
	json_u64(j, "folded", run->folded);
	json_end(j);
}
