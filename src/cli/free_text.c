/* free_text - see free_text.h. */
#include "cli/free_text.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "free/kind.h"
#include "free/stop.h"
#include "render/prose.h"
#include <ctype.h>
#include <errno.h>

#define LABEL_WIDTH 16
#define INDENT	    (2 + LABEL_WIDTH + 2)
#define NAMES_MAX   8 /* of a list on one line; the rest is counted */
#define TEXT_MAX    (64u << 10)

/* Wraps on a terminal; elsewhere a line stays one, for grep. */
static void wrapped(struct out *out, const char *text, unsigned at, unsigned indent)
{
	if (out->columns) {
		prose_wrap(out, text, at, indent);
		return;
	}
	prose_plain(out, &out->text, text);
	out_str(out, "\n");
}

static void answer(struct out *out, const char *text)
{
	out_style(out, STYLE_ANSWER);
	wrapped(out, text, 0, 0);
	out_plain(out);
}

static void label(struct out *out, const char *text)
{
	out_str(out, "  ");
	out_styled(out, STYLE_DIM, text);
	buf_pad(&out->text, ' ', LABEL_WIDTH + 2 - MIN((size_t)LABEL_WIDTH, strlen(text)));
}

static void row(struct out *out, const char *name, const char *text)
{
	label(out, name);
	wrapped(out, text, INDENT, INDENT);
}

static void foreign(struct buf *to, const char *s)
{
	text_escape(to, s, strlen(s));
}

static void program_pid(struct buf *to, const struct owner *o)
{
	foreign(to, owner_program(o));
	buf_printf(to, " %d", o->pid);
}

static void separate(struct buf *to)
{
	if (to->len)
		buf_str(to, ", ");
}

static void rest(struct buf *to, size_t total)
{
	if (total > NAMES_MAX)
		buf_printf(to, " and %zu more", total - NAMES_MAX);
}

/* --- the preview --- */

static void started_part(struct buf *to, const struct owner *o)
{
	if (o->started_ms < 0)
		return;
	separate(to);
	buf_str(to, "started ");
	clock_age(to, clock_real_ms() - o->started_ms);
	buf_str(to, " ago");
	if (o->orphaned && o->orphan_why) {
		buf_printf(to, ", %s", o->orphan_why);
	} else if (o->tmux) {
		buf_str(to, " in tmux \"");
		foreign(to, o->tmux);
		buf_char(to, '"');
	} else if (o->unit && str_ends(o->unit, ".service")) {
		buf_str(to, " by systemd as ");
		foreign(to, o->unit);
	} else if (o->terminal) {
		buf_str(to, " in ");
		foreign(to, o->terminal);
	} else if (o->parent && o->parent->pid > 1) {
		buf_str(to, " by ");
		program_pid(to, o->parent);
	}
}

/* A name such as "node ~/old-demo" repeats the program and the folder. */
static bool says_more(const char *name, const struct owner *o)
{
	const char *after = str_after(name, owner_program(o));

	return !after || (*after && !(*after == ' ' && strchr(after, '/')));
}

/* "vite, ~/src/shop, branch feat/cart, started 2 h ago in tmux "work"" */
static void holder_parts(struct cli *cli, const struct free_holder *h, struct buf *to)
{
	const struct owner *o = h->owner;
	const struct project *project = h->service ? h->service->project : o->project;
	bool container = h->service && h->service->container;

	if (h->service && says_more(h->service->name, o))
		foreign(to, h->service->name);
	if (o->cwd && !str_eq(o->cwd, "/") && !container) {
		AUTO(buf) struct buf path = BUF_INIT(8192);
		fs_short_path(&path, o->cwd, cli->home);
		separate(to);
		foreign(to, path.data);
	}
	if (project && project->branch) {
		separate(to);
		buf_str(to, "branch ");
		foreign(to, project->branch);
	}
	if (o->uid != geteuid() && o->user) {
		separate(to);
		buf_str(to, "user ");
		foreign(to, o->user);
	}
	started_part(to, o);
}

static const char *why_careful(struct cli *cli, const struct free_holder *h)
{
	if (h->kind && str_eq(h->kind, "a session"))
		return "people may be logged in through it";
	if (h->kind)
		return arena_printf(cli->arena, "it is %s: what you did in it may be lost",
			h->kind);
	if (h->service && h->service->role && str_eq(h->service->role, "database"))
		return "it is a database: SIGKILL would cost it a recovery at its next start";
	return NULL;
}

static void headline(struct cli *cli, const struct free_holder *h, bool again)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
	AUTO(buf) struct buf parts = BUF_INIT(TEXT_MAX);
	bool capital = str_starts(h->what, "port ");

	buf_printf(&line, "%s%s is %sheld by ", capital ? "P" : "", h->what + capital,
		again ? "also " : "");
	if (h->service && h->service->container) {
		buf_str(&line, "the container ");
		service_owner_text(h->service, &line);
	} else {
		program_pid(&line, h->owner);
	}
	holder_parts(cli, h, &parts);
	if (parts.len)
		buf_printf(&line, " (%s)", parts.data);
	buf_char(&line, '.');
	answer(&cli->out, line.data);
	const char *careful = why_careful(cli, h);
	if (careful)
		row(&cli->out, "careful", careful);
}

static bool is_headline(const struct free_plan *plan, const struct owner *o)
{
	for (size_t i = 0; i < plan->holder_count; i++)
		if (plan->holders[i].owner->pid == o->pid)
			return true;
	return false;
}

/* "npm run dev 4102, esbuild 4130, 4131": a name stands once for those that follow each other. */
static void print_also_stops(struct cli *cli, const struct free_plan *plan)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
	const char *last = NULL;
	size_t total = 0;

	for (size_t i = 0; i < plan->victim_count; i++) {
		const struct free_victim *v = &plan->victims[i];
		if (is_headline(plan, v->owner) || ++total > NAMES_MAX)
			continue;
		bool by_call = v->role == FREE_RUNNER && kind_of(v->owner) != KIND_SHELL;
		const char *name = by_call ? v->call : owner_program(v->owner);
		separate(&line);
		if (!last || !str_eq(last, name)) {
			if (by_call)
				buf_str(&line, name); /* escaped already */
			else
				foreign(&line, name);
			buf_char(&line, ' ');
		}
		buf_printf(&line, "%d", v->owner->pid);
		last = name;
	}
	rest(&line, total);
	if (total)
		row(&cli->out, "also stops", line.data);
}

static void print_closes(struct cli *cli, const struct free_plan *plan)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < plan->close_count && i < NAMES_MAX; i++) {
		const struct free_endpoint *e = &plan->closes[i];
		separate(&line);
		buf_str(&line, e->text);
		if (e->endpoint.proto != PROTO_TCP && !proto_is_unix(e->endpoint.proto))
			buf_printf(&line, "/%s", proto_name(e->endpoint.proto));
		if (e->owner && e->service && says_more(e->service, e->owner)) {
			buf_str(&line, " (");
			foreign(&line, e->service);
			buf_char(&line, ')');
		}
	}
	rest(&line, plan->close_count);
	if (line.len)
		row(&cli->out, "also closes", line.data);
}

static void print_clients(struct cli *cli, const struct free_plan *plan)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
	struct out *out = &cli->out;
	const char *keep = plan->client_count == 1 ? "it keeps running" : "these keep running";

	for (size_t i = 0; i < plan->client_count && i < NAMES_MAX; i++) {
		const struct free_client *c = &plan->clients[i];
		separate(&line);
		buf_printf(&line, "%s (%llu%s)", c->text, (unsigned long long)c->connections,
			i			      ? ""
				: c->connections == 1 ? " connection"
						      : " connections");
	}
	rest(&line, plan->client_count);
	if (!line.len)
		return;
	size_t width = INDENT + text_width(line.data, line.len) + 6 + strlen(keep);
	if (out->columns && width > prose_width(out)) {
		buf_printf(&line, "; %s", keep);
		row(out, "disconnects", line.data);
		return;
	}
	label(out, "disconnects");
	out_printf(out, "%s      ", line.data);
	out_styled(out, STYLE_DIM, keep);
	out_str(out, "\n");
}

static void print_kept(struct cli *cli, const struct free_plan *plan, bool holds)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < plan->kept_count; i++) {
		const struct free_kept *k = &plan->kept[i];
		if (k->holds != holds)
			continue;
		separate(&line);
		program_pid(&line, k->owner);
		buf_printf(&line, " (%s)", k->why);
	}
	if (line.len)
		row(&cli->out, holds ? "stays taken by" : "keeps running", line.data);
}

static void print_how(struct cli *cli, const struct free_plan *plan)
{
	for (size_t i = 0; i < plan->step_count; i++) {
		AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
		foreign(&line, plan->steps[i].text);
		if (plan->steps[i].title) {
			buf_str(&line, " (");
			foreign(&line, plan->steps[i].title);
			buf_char(&line, ')');
		}
		row(&cli->out, i ? "" : "how", line.data);
	}
}

void free_text_preview(struct cli *cli, const struct free_plan *plan)
{
	for (size_t i = 0; i < plan->holder_count; i++)
		headline(cli, &plan->holders[i],
			i && str_eq(plan->holders[i].what, plan->holders[i - 1].what));
	print_also_stops(cli, plan);
	print_closes(cli, plan);
	print_clients(cli, plan);
	print_kept(cli, plan, false);
	print_kept(cli, plan, true);
	print_how(cli, plan);
}

void free_text_left_alone(struct cli *cli, const struct free_plan *plan)
{
	for (size_t i = 0; i < plan->refusal_count; i++)
		row(&cli->out, "left alone", plan->refusals[i].sentence);
}

/* --- nobody, and refusals --- */

void free_text_missing(struct cli *cli, const struct free_missing *m, const struct free_verdict *v)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
	struct out *out = &cli->out;
	bool is_free = !v || verify_is_free(v->state);

	if (m->no_process)
		buf_printf(&line, "There is no %s.", m->what);
	else if (str_starts(m->what, "process "))
		buf_printf(&line, "P%s listens on nothing; free stops listeners only.",
			m->what + 1);
	else if (!v)
		buf_printf(&line, "Nobody is listening on %s.", m->what);
	else
		buf_printf(&line, "Nobody is listening on %s%s", m->what,
			is_free ? "; it is free." : ", but it is not free.");
	answer(out, line.data);
	if (v && v->note)
		row(out, "note", v->note);
	if (!is_free)
		row(out, "why", v->sentence);
	if (!is_free && v->next)
		row(out, "Next", v->next);
	if (m->inside) {
		buf_clear(&line);
		foreign(&line, m->inside);
		buf_str(&line, " has a network of its own, and somebody listens on it there");
		row(out, "inside", line.data);
	}
}

void free_text_refusal(const struct free_refusal *r, const char *again, struct err *out)
{
	int code = r->kind == FREE_RIGHTS ? -EPERM : -EBUSY;

	err_set(out, code, "%s", r->sentence);
	if (r->kind == FREE_RIGHTS)
		err_fix(out, "%s", again);
	else if (r->fix)
		err_fix(out, "%s", r->fix);
}

/* --- how it went --- */

/* "port 3000 is free", "port 3000 and 127.0.0.1:3001 are free" */
static void add_free(struct buf *to, const struct act_result *r)
{
	const char *names[NAMES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < r->verdict_count && count < NAMES_MAX; i++) {
		const char *what = r->verdicts[i].what;
		bool seen = !verify_is_free(r->verdicts[i].state);
		for (size_t k = 0; k < count; k++)
			seen = seen || str_eq(names[k], what);
		if (!seen)
			names[count++] = what;
	}
	for (size_t i = 0; i < count; i++)
		buf_printf(to, "%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ", names[i]);
	buf_str(to, count == 1 ? " is free" : " are free");
}

static bool was_forced(const struct act_result *r)
{
	for (size_t i = 0; i < r->process_count; i++)
		if (r->processes[i].outcome == STOP_KILLED)
			return true;
	return false;
}

static void print_undo_notes(struct out *out, const struct undo *u)
{
	for (size_t i = 0; u && i < u->process_count; i++) {
		AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
		const struct undo_process *p = &u->processes[i];
		if (p->cannot)
			buf_printf(&line, "--undo cannot start %s again: %s", p->call, p->cannot);
		else if (!p->env_known)
			buf_printf(&line,
				"--undo would give %s your present environment: its own "
				"could not be read",
				p->call);
		if (line.len)
			row(out, "note", line.data);
	}
}

static void print_freed(struct cli *cli, const struct act_result *r, const struct undo *u)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
	struct out *out = &cli->out;
	static const char again[] = "Start it again: loopscope free --undo";
	const char *note = NULL;

	buf_printf(&line, "%s in ", was_forced(r) ? "Stopped by force" : "Stopped");
	clock_duration(&line, r->took_ns);
	buf_str(&line, "; ");
	add_free(&line, r);
	buf_char(&line, '.');
	bool same_line =
		!out->columns || text_width(line.data, line.len) + strlen(again) < prose_width(out);
	if (u && u->path && undo_is_useful(u)) {
		out_styled(out, STYLE_ANSWER, line.data);
		out_printf(out, "%s%s\n", same_line ? " " : "\n", again);
	} else {
		answer(out, line.data);
	}
	/* the last verdict is the port as a whole, so its note counts the most */
	for (size_t i = 0; i < r->verdict_count; i++)
		note = r->verdicts[i].note ? r->verdicts[i].note : note;
	if (note)
		row(out, "note", note);
	for (size_t i = 0; i < r->command_count; i++)
		if (r->commands[i].problem)
			row(out, "note", r->commands[i].problem);
	print_undo_notes(out, u);
}

/* Why a process has not ended, as far as its state says it. */
static const char *why_left(char state)
{
	switch (state) {
	case 'D':
		return "it waits in the kernel (state D), where no signal reaches it";
	case 'T':
	case 't':
		return "it is suspended (state T)";
	case 'Z':
		return "it has ended, and its parent does not take notice (state Z)";
	default:
		return "it still runs";
	}
}

static const struct act_process *first_left(const struct act_result *r, int outcome)
{
	for (size_t i = 0; i < r->process_count; i++)
		if (r->processes[i].outcome == outcome)
			return &r->processes[i];
	return NULL;
}

static const struct free_verdict *first_taken(const struct act_result *r)
{
	for (size_t i = 0; i < r->verdict_count; i++)
		if (!verify_is_free(r->verdicts[i].state))
			return &r->verdicts[i];
	return NULL;
}

static const char *first_problem(const struct act_result *r)
{
	for (size_t i = 0; i < r->command_count; i++)
		if (r->commands[i].problem)
			return r->commands[i].problem;
	return NULL;
}

void free_text_problem(const struct act_result *r, struct err *out)
{
	const struct act_process *left = first_left(r, STOP_LEFT),
				 *denied = first_left(r, STOP_DENIED);
	const struct free_verdict *taken = first_taken(r);
	const char *problem = first_problem(r);
	AUTO(buf) struct buf took = BUF_INIT(50);

	clock_duration(&took, r->took_ns);
	switch ((enum act_outcome)r->outcome) {
	case ACT_INTERRUPTED:
		err_set(out, -EINTR, "interrupted after %s; what was asked to end may still do so",
			took.data);
		break;
	case ACT_LEFT:
		if (left)
			err_set(out, -ETIMEDOUT, "%s %d has not ended after %s: %s",
				left->victim->call, left->victim->owner->pid, took.data,
				why_left(left->state));
		else
			err_set(out, -ETIMEDOUT, "%s",
				problem ? problem : "it did not end in time");
		break;
	case ACT_DENIED:
		if (denied)
			err_set(out, -EPERM, "%s %d may not be stopped by you",
				denied->victim->call, denied->victim->owner->pid);
		else
			err_set(out, -EPERM, "%s", problem ? problem : "you may not stop it");
		break;
	case ACT_FAILED:
		err_set(out, -EIO, "%s", problem ? problem : "it could not be stopped");
		break;
	case ACT_TAKEN:
	case ACT_FREED:
		err_set(out, -EBUSY, "%s", taken ? taken->sentence : "it is not free");
		if (taken && taken->next)
			err_fix(out, "%s", taken->next);
		break;
	}
}

/* "Stopped in 0.4 s, but port 3000 is taken again: ..." */
static void print_taken(struct cli *cli, const struct act_result *r)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
	const char *shown[NAMES_MAX], *next = NULL;
	size_t count = 0;

	buf_str(&line, "Stopped in ");
	clock_duration(&line, r->took_ns);
	for (size_t i = 0; i < r->verdict_count && count < NAMES_MAX; i++) {
		const struct free_verdict *v = &r->verdicts[i];
		bool seen = verify_is_free(v->state);
		for (size_t k = 0; k < count; k++)
			seen = seen || str_eq(shown[k], v->sentence);
		if (seen)
			continue;
		buf_printf(&line, "%s%s", count ? "; " : ", but ", v->sentence);
		shown[count++] = v->sentence;
		next = next ? next : v->next;
	}
	buf_char(&line, '.');
	answer(&cli->out, line.data);
	if (next)
		row(&cli->out, "Next", next);
}

static void print_failed(struct cli *cli, const struct act_result *r)
{
	AUTO(buf) struct buf line = BUF_INIT(TEXT_MAX);
	const struct free_verdict *taken = first_taken(r);
	struct err err = {0};

	free_text_problem(r, &err);
	buf_printf(&line, "%c%s.", toupper((unsigned char)err.text[0]), err.text + 1);
	answer(&cli->out, line.data);
	buf_clear(&line);
	if (taken)
		buf_str(&line, taken->sentence);
	else if (r->verdict_count)
		add_free(&line, r);
	if (line.len)
		row(&cli->out, "now", line.data);
}

void free_text_result(struct cli *cli, const struct act_result *r, const struct undo *u)
{
	if (r->outcome == ACT_FREED) {
		print_freed(cli, r, u);
		return;
	}
	if (r->outcome == ACT_TAKEN)
		print_taken(cli, r);
	else
		print_failed(cli, r);
	if (u && u->path && r->outcome == ACT_TAKEN)
		print_undo_notes(&cli->out, u);
}
