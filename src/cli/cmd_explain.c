/* explain - what an address and a port are, who is behind them, and what to do next. */
#include "cli/command.h"
#include "cli/common.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/explain_cause.h"
#include "explain/explain.h"
#include "inventory/probe_services.h"
#include "model/mention.h"
#include "render/prose.h"
#include "render/record.h"
#include "render/table.h"
#include <errno.h>
#include <fcntl.h>

#define PASTE_MAX    (1u << 20)
#define MENTIONS_MAX 16
#define LABEL_WIDTH  9 /* of the fixed labels; addresses may be wider */

struct options {
	bool probe;
	int owners;
};

struct view {
	struct out *out;
	const struct explanation *e;
	size_t label_width;
};

static void label(struct view *v, const char *text)
{
	out_str(v->out, "  ");
	out_styled(v->out, STYLE_DIM, text);
	buf_pad(&v->out->text, ' ', v->label_width + 2 - MIN(v->label_width, strlen(text)));
}

static void row(struct view *v, const char *name, const char *text)
{
	if (!text)
		return;
	label(v, name);
	prose_paragraph(v->out, text, (unsigned)v->label_width + 4);
}

static void render_meanings(struct view *v)
{
	AUTO(buf) struct buf number = BUF_INIT(16);
	const struct explanation *e = v->e;

	for (size_t i = 0; i < e->address_count; i++)
		row(v, e->addresses[i].text, e->addresses[i].meaning);
	if (!e->port || !e->port->meaning)
		return;
	buf_printf(&number, "%u", e->port->port);
	row(v, number.data, e->port->meaning);
}

static void render_who(struct cli *cli, struct view *v, int64_t now)
{
	struct out *out = v->out;
	const struct service *service = v->e->services[0];
	const struct owner *o = service->owner_count ? service->owners[0] : NULL;

	label(v, "Who");
	service_owner_text(service, &out->text);
	if (o) {
		out_str(out, ", ");
		if (o->uid == geteuid())
			out_str(out, "you");
		else
			out_foreign(out, o->user);
		if (o->cwd) {
			AUTO(buf) struct buf path = BUF_INIT(8192);
			fs_short_path(&path, o->cwd, cli->home);
			out_str(out, ", ");
			out_foreign(out, path.data);
		}
		if (service->project && service->project->branch) {
			out_str(out, " on branch ");
			out_foreign(out, service->project->branch);
		}
		if (o->started_ms >= 0) {
			out_str(out, ", since ");
			clock_local(&out->text, o->started_ms, now);
			out_str(out, " (");
			clock_age(&out->text, now - o->started_ms);
			out_str(out, ")");
		}
	}
	out_str(out, "\n");
}

static void render_command(struct cli *cli, struct view *v, const struct owner *o)
{
	AUTO(buf) struct buf line = BUF_INIT(64 << 10);
	AUTO(buf) struct buf shown = BUF_INIT(64 << 10);

	if (!o->argc)
		return;
	for (size_t i = 0; i < o->argc; i++) {
		AUTO(buf) struct buf word = BUF_INIT(64 << 10);
		text_escape(&word, o->argv[i], strlen(o->argv[i]));
		if (i)
			buf_char(&line, ' ');
		str_shell_quote(&line, word.data);
	}
	size_t indent = v->label_width + 4;
	size_t room = v->out->columns > indent ? v->out->columns - indent : 200;
	if (cli->wide)
		buf_str(&shown, line.data);
	else
		text_cut_middle(&shown, line.data, MAX(room, (size_t)40), cli->out.utf8);
	row(v, "Command", shown.data);
}

static void render_listens(struct view *v)
{
	const struct explanation *e = v->e;
	struct out *out = v->out;

	size_t widest = 18;
	for (size_t i = 0; i < e->listen_count; i++)
		widest = MAX(widest, strlen(e->listens[i].text));
	for (size_t i = 0; i < e->listen_count; i++) {
		const struct explained_listen *l = &e->listens[i];
		label(v, i == 0 ? "Listens" : "");
		out_printf(out, "%-*s ", (int)widest, l->text);
		out_styled(out, l->answered ? STYLE_GOOD : STYLE_DIM,
			out_mark(out, l->answered ? MARK_OK : MARK_BAD));
		out_printf(out, " %s", l->answered ? l->by : "nobody");
		if (l->note)
			out_printf(out, ", %s", l->note);
		out_str(out, "\n");
	}
}

static void render_clients(struct view *v)
{
	const struct explanation *e = v->e;
	struct out *out = v->out;
	size_t shown = MIN(e->client_count, (size_t)6), rest = 0;

	if (e->client_count == 0) {
		if (e->somebody && e->has_queue)
			row(v, "Now", "nobody is connected");
		return;
	}
	for (size_t i = shown; i < e->client_count; i++)
		rest += e->clients[i].connections;
	for (size_t i = 0; i < shown; i++) {
		const struct explained_client *c = &e->clients[i];
		label(v, i == 0 ? "Now" : "");
		out_printf(out, "%llu %s", (unsigned long long)c->connections,
			str_eq(c->role, "client")
				? (c->connections == 1 ? "connection from" : "connections from")
				: c->role);
		out_printf(out, "%s%s", str_eq(c->role, "client") ? " " : ": ", c->who);
		if (c->service) {
			out_str(out, " (");
			out_foreign(out, c->service);
			out_str(out, ")");
		}
		out_str(out, "\n");
	}
	if (rest) {
		label(v, "");
		out_printf(out, "and %zu more from %zu others\n", rest, e->client_count - shown);
	}
}

static void render_queue(struct view *v)
{
	const struct explanation *e = v->e;
	struct out *out = v->out;

	if (!e->somebody || !e->has_queue || e->services[0]->proto != PROTO_TCP)
		return;
	label(v, "Queue");
	bool full = e->waiting > e->backlog;
	if (full)
		out_style(out, STYLE_BAD);
	out_printf(out, "%u waiting", e->waiting);
	if (e->backlog != BACKLOG_UNKNOWN)
		out_printf(out, " of %u%s", e->backlog, full ? ": full" : "");
	if (full)
		out_plain(out);
	out_str(out, "\n");
}

static void render_next(struct view *v)
{
	const struct explanation *e = v->e;
	struct out *out = v->out;
	size_t widest = 0;

	for (size_t i = 0; i < e->next_count; i++)
		widest = MAX(widest, strlen(e->next[i].command));
	for (size_t i = 0; i < e->next_count; i++) {
		label(v, i == 0 ? "Next" : "");
		out_printf(out, "%-*s", (int)widest + 3, e->next[i].command);
		out_style(out, STYLE_DIM);
		prose_paragraph(out, e->next[i].text, (unsigned)(v->label_width + 4 + widest + 3));
		out_plain(out);
	}
}

static void render_speaks(struct view *v, const struct service *service)
{
	struct out *out = v->out;

	if (!service->speaks)
		return;
	label(v, "Speaks");
	out_foreign(out, service->speaks);
	if (service->version) {
		out_str(out, " ");
		out_foreign(out, service->version);
	}
	out_printf(out, service->speaks_by == KNOWN_PROBE ? ", it said so" : ", a guess");
	if (service->banner) {
		out_str(out, ": ");
		out_foreign(out, service->banner);
	}
	out_str(out, "\n");
}

/* What answers at an address that was named without a port. */
static void render_services(struct out *out, const struct explanation *e)
{
	struct table table;

	table_init(&table, &service_type, "port,service,owner,reach", NULL);
	table_print(&table, out, (const void *const *)e->services, e->service_count);
	out_str(out, "\n");
}

static void render(struct cli *cli, const struct explanation *e)
{
	struct view v = {&cli->out, e, LABEL_WIDTH};
	const struct service *service = e->service_count ? e->services[0] : NULL;

	for (size_t i = 0; i < e->address_count; i++)
		v.label_width = MAX(v.label_width, strlen(e->addresses[i].text));
	out_style(v.out, STYLE_ANSWER);
	prose_paragraph(v.out, e->answer, 0);
	out_plain(v.out);
	if (e->hint)
		prose_paragraph(v.out, e->hint, 0);
	out_str(v.out, "\n");
	if (service && e->address_count && !e->port) {
		render_services(v.out, e);
	} else if (service) {
		render_who(cli, &v, clock_real_ms());
		if (service->owner_count)
			render_command(cli, &v, service->owners[0]);
		row(&v, "Started", e->started);
		render_speaks(&v, service);
	}
	render_listens(&v);
	row(&v, "Reach", e->reach);
	render_clients(&v);
	render_queue(&v);
	render_meanings(&v);
	render_next(&v);
	/* what hides elsewhere matters only when nobody was found here */
	if (!e->somebody)
		cli_blind(cli, e->blind, e->blind_count);
}

/* 4 when somebody is there, but who may not be seen: the answer is only a part. */
static int exit_of(const struct explanation *e)
{
	if (!e->somebody)
		return EXIT_NOBODY;
	return service_is_hidden(e->services[0]) ? EXIT_RIGHTS : EXIT_YES;
}

/* Asks what the target means, and nothing else, what it speaks. */
static void probe(const struct host *host, struct snapshot *s, const struct target *target)
{
	struct selection selection;

	if (select_services(host, s, target, &selection, NULL) == 0)
		probe_services(s, selection.services, selection.count, PROBE_DEFAULT_MS);
}

static int explain_one(struct cli *cli, const struct options *o, const struct target *target)
{
	struct inventory_query query = explain_query(target);
	AUTO(snapshot) struct snapshot *s = NULL;
	struct explanation e;
	struct host host;
	struct err err = {0};
	struct json j;

	query.rung = o->owners;
	int code = common_snapshot(cli, &query, &host, &s);
	if (code >= 0)
		return code;
	if (o->probe)
		probe(&host, s, target);
	int r = explain(&host, s, target, &e, &err);
	host_close(&host);
	if (r < 0)
		return cli_fail_errno(cli, &err);
	if (cli->format == FORMAT_TEXT) {
		render(cli, &e);
	} else {
		cli_json_begin(cli, &j);
		record_json_fields(&j, &explanation_type, &e);
		cli_json_end(cli, &j);
	}
	return exit_of(&e);
}

static int explain_paste(struct cli *cli, const struct options *o)
{
	struct target targets[MENTIONS_MAX];
	AUTO(buf) struct buf text = BUF_INIT(PASTE_MAX);
	struct err err = {0};

	int r = fs_read_at(AT_FDCWD, "/dev/stdin", &text);
	if (r < 0) {
		err_set(&err, r, "cannot read the pasted text: %m");
		return cli_fail(cli, EXIT_FAULT, "fault", &err);
	}
	size_t count = mention_find(cli->arena, text.data, text.len, targets, MENTIONS_MAX);
	if (count == 0) {
		err_set(&err, -EINVAL, "the text names no endpoint of this machine");
		err_fix(&err, "loopscope explain PORT");
		return cli_fail(cli, EXIT_USAGE, "no-endpoint", &err);
	}
	int code = EXIT_YES;
	for (size_t i = 0; i < count; i++) {
		if (i && cli->format == FORMAT_TEXT)
			out_str(&cli->out, "\n");
		int one = explain_one(cli, o, &targets[i]);
		code = MAX(code, one);
		if (cli->format == FORMAT_JSON)
			break; /* one document; the first endpoint named is the one meant */
	}
	return code;
}

static int unknown_cause(struct cli *cli, const char *word, const struct cause *near)
{
	AUTO(buf) struct buf shown = BUF_INIT(200);
	struct err err;

	text_escape(&shown, word, strlen(word));
	err_set(&err, -EINVAL, "there is no cause '%s'; did you mean '%s'?", shown.data, near->id);
	return cli_fail(cli, EXIT_USAGE, "cause", &err);
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	struct target target;
	int code = EXIT_YES;

	if (argc == 1 && str_eq(argv[0], "-"))
		return explain_paste(cli, options);
	const struct cause *cause = cause_find(argv[0]);
	if (cause)
		return explain_cause(cli, cause);
	if ((cause = cause_nearest(argv[0])))
		return unknown_cause(cli, argv[0], cause);
	code = common_target(cli, argv[0], &target);
	return code >= 0 ? code : explain_one(cli, options, &target);
}

static const struct option_row rows[] = {
	OPTION(struct options, probe, "probe", OPTION_FLAG, NULL,
		"ask what it speaks, with one harmless question"),
	OPTION(struct options, owners, "owners", OPTION_CHOICE, "RUNG", COMMON_OWNERS_HELP,
		.choices = common_rungs),
};

static const struct example examples[] = {
	{"explain 3000", "who is on port 3000, and why"},
	{"explain 127.0.0.1:62893", "what an address from an error message means"},
	{"explain shop", "a service by its name"},
	{"explain pid:4121", "what a process listens on"},
	{"explain listens-ipv4-only", "a cause that `diagnose` named"},
	{"explain -", "the addresses in a text on standard input"},
};

const struct command command_explain = {
	.name = "explain",
	.arguments = "TARGET|CAUSE",
	.summary = "say what an address is and who is behind it",
	.about =
		"Says in plain words what the address and the port are, who listens there now and "
		"why that program runs, who is connected, who could connect, and what to do next. "
		"`loopscope TARGET` is the same. Nothing is sent, but with --probe; names are looked up in /etc/hosts "
		"only.\n\nWith `-` the text on standard input is read (an error message, a log) and "
		"the endpoints it names are explained.\n\n"
		"The name of a cause, as `diagnose` gives it, is explained from a list: what people "
		"see, why it happens, what it is often taken for, and the fix.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits = "0 somebody listens there, 3 nobody does, 4 somebody whom you may not see",
	.see_also = "diagnose",
	.completes = COMPLETES_TARGETS,
	.words = cause_ids,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
