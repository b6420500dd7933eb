/*
 * plan - see plan.h.
 *
 * From the sockets to their holders, from each holder to the way it is stopped: through its
 * supervisor, or by signals. Then up to a runner that would start it again, down to what would be left
 * behind, and sideways to who loses a connection. Refusals are collected, not stopped at, so that a
 * person sees all of them at once.
 */
#include "free/plan.h"

#include "base/str.h"
#include "base/text.h"
#include "free/kind.h"
#include "free/plan_part.h"
#include "free/supervisor.h"
#include "inventory/find.h"
#include <errno.h>
#include <signal.h>

const char *free_role_name(int role)
{
	static const char *const names[] = {"holder", "runner", "child"};

	return names[role];
}

const char *free_refusal_name(int kind)
{
	static const char *const names[] = {"rights", "ours", "init", "kernel", "supervisor"};

	return names[kind];
}

/* --- small things --- */

bool plan_is_victim(const struct planning *p, pid_t pid)
{
	VEC_EACH (&p->victims, v)
		if (v->owner->pid == pid)
			return true;
	return false;
}

bool plan_is_kept(const struct planning *p, pid_t pid)
{
	VEC_EACH (&p->kept, k)
		if (k->owner->pid == pid)
			return true;
	return false;
}

bool plan_add_victim(struct planning *p, const struct owner *o, enum free_role role,
	enum free_wave wave, uint32_t step, int signal)
{
	if (plan_is_victim(p, o->pid))
		return false;
	struct free_victim *v = vec_push(&p->victims);
	if (v)
		*v = (struct free_victim){.owner = o,
			.call = kind_call(p->w->arena, o),
			.role = role,
			.wave = wave,
			.step = step,
			.signal = signal};
	return v != NULL;
}

static const char *who(struct planning *p, const struct owner *o)
{
	AUTO(buf) struct buf text = BUF_INIT(300);
	const char *program = owner_program(o);

	text_escape(&text, program, strlen(program));
	return arena_printf(p->w->arena, "%s %d", text.data, o->pid);
}

static const char *user_of(struct planning *p, const struct owner *o)
{
	AUTO(buf) struct buf text = BUF_INIT(300);

	if (o->user)
		text_escape(&text, o->user, strlen(o->user));
	else
		buf_printf(&text, "user %u", o->uid);
	return arena_strdup(p->w->arena, text.data);
}

static bool is_goal(const struct planning *p, const struct socket *s)
{
	VEC_EACH (&p->sockets, it)
		if (&p->w->snapshot->sockets[*it] == s)
			return true;
	return false;
}

/* Nobody but goals, and listeners of the same process, has this port: the whole of it becomes free. */
static bool is_whole_port(const struct planning *p, const struct socket *s)
{
	const struct snapshot *snap = p->w->snapshot;

	for (size_t i = 0; i < snap->socket_count; i++) {
		const struct socket *other = &snap->sockets[i];
		if (!socket_is_listener(other) || other->local.proto != s->local.proto ||
			other->local.port != s->local.port || other->netns != s->netns)
			continue;
		if (!is_goal(p, other) && (!other->owner || other->owner != s->owner))
			return false;
	}
	return true;
}

/* "port 3000", "127.0.0.1:3000", "port 53/udp", "unix:/run/x", "port 80 inside web" */
static const char *what_of(struct planning *p, const struct socket *s)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);
	const char *label = p->w->snapshot->namespaces[s->netns].label;
	bool other_proto = s->local.proto != PROTO_TCP && !proto_is_unix(s->local.proto);

	if (proto_is_unix(s->local.proto) || !is_whole_port(p, s))
		endpoint_format(&text, &s->local);
	else
		buf_printf(&text, "port %u", s->local.port);
	if (other_proto)
		buf_printf(&text, "/%s", proto_name(s->local.proto));
	if (s->netns && label) {
		buf_str(&text, " inside ");
		text_escape(&text, label, strlen(label));
	}
	return arena_strdup(p->w->arena, text.data);
}

struct free_endpoint plan_endpoint(struct planning *p, const struct socket *s)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);
	const struct service *service = find_service(p->w->snapshot, s);

	endpoint_format(&text, &s->local);
	return (struct free_endpoint){
		.text = arena_strdup(p->w->arena, text.data),
		.what = what_of(p, s),
		.endpoint = s->local,
		.v6only = s->v6only,
		.dual_stack = s->dual_stack,
		.cookie = s->cookie,
		.service = service ? service->name : NULL,
		.owner = s->owner,
	};
}

static void refuse(struct planning *p, enum free_refusal_kind kind, const struct socket *s,
	const struct owner *o, const char *sentence, const char *fix)
{
	const char *what = what_of(p, s);

	VEC_EACH (&p->refusals, r)
		if (r->owner == o && r->kind == (int)kind && str_eq(r->what, what))
			return;
	struct free_refusal *r = vec_push(&p->refusals);
	if (r)
		*r = (struct free_refusal){kind, what, sentence, fix, o};
}

/* --- who holds it --- */

static void refuse_ownerless(struct planning *p, const struct socket *s)
{
	struct arena *a = p->w->arena;
	const struct service *service = find_service(p->w->snapshot, s);

	if (s->ownerless == OWNERLESS_KERNEL) {
		refuse(p, FREE_KERNEL, s, NULL,
			arena_printf(a, "%s is held by the kernel itself, not by a process",
				what_of(p, s)),
			NULL);
		return;
	}
	if (s->ownerless == OWNERLESS_VANISHED)
		return;
	refuse(p, FREE_RIGHTS, s, NULL,
		arena_printf(a, "%s is held by %s, which you may not look into", what_of(p, s),
			service && service->held_by ? service->held_by
						    : "a process of another user"),
		NULL);
}

static void refuse_ours(struct planning *p, const struct socket *s, const struct owner *o)
{
	struct arena *a = p->w->arena;

	if (o->pid == 1)
		refuse(p, FREE_INIT, s, o,
			arena_printf(a, "%s is held by %s, the first process of this system",
				what_of(p, s), who(p, o)),
			NULL);
	else
		refuse(p, FREE_OURS, s, o,
			arena_printf(a, "%s is held by %s, in which loopscope itself was started",
				what_of(p, s), who(p, o)),
			arena_printf(a, "end it yourself, or run loopscope from another terminal"));
}

/* Containers whose manager starts them again, and which loopscope cannot tell to stop. */
static bool refuse_container(struct planning *p, const struct socket *s, const struct owner *o)
{
	const struct owner *self = p->w->owner(p->w, p->w->self);
	const struct container *c = o->container;

	if (!c ||
		(c->runtime != RUNTIME_KUBERNETES && c->runtime != RUNTIME_CONTAINERD &&
			c->runtime != RUNTIME_CRIO))
		return false;
	if (self && self->container && str_eq(self->container->id, c->id))
		return false;
	refuse(p, FREE_UNREACHED, s, o,
		arena_printf(p->w->arena,
			"%s is held by %s in a container of %s, which would start it "
			"again",
			what_of(p, s), who(p, o), runtime_name(c->runtime)),
		c->runtime == RUNTIME_KUBERNETES ? "kubectl scale, or kubectl delete"
						 : "crictl stop");
	return true;
}

static uint32_t add_step(struct planning *p, const struct free_step *step)
{
	for (size_t i = 0; i < p->steps.count; i++)
		if (step->stop && p->steps.items[i].stop &&
			str_eq(p->steps.items[i].text, step->text))
			return (uint32_t)i;
	struct free_step *slot = vec_push(&p->steps);
	if (slot)
		*slot = *step;
	return (uint32_t)(p->steps.count - 1);
}

static uint32_t signal_step(struct planning *p)
{
	if (!p->signals)
		p->signals = 1 + add_step(p, &(struct free_step){.by = "signal"});
	return p->signals - 1;
}

static void add_supervised(struct planning *p, const struct socket *s, const struct owner *o,
	const struct supervised *by)
{
	struct arena *a = p->w->arena;

	if (by->cannot) {
		refuse(p, FREE_UNREACHED, s, o,
			arena_printf(a, "%s is held by %s: %s", what_of(p, s), who(p, o),
				by->cannot),
			by->fix);
		return;
	}
	if (by->needs_root) {
		refuse(p, FREE_RIGHTS, s, o,
			arena_printf(a,
				"%s is held by %s, which %s keeps as %s; only root may stop that",
				what_of(p, s), who(p, o), by->by->name, by->names[0]),
			NULL);
		return;
	}
	struct free_step step = {.by = by->by->name, .title = by->title};
	step.stop = supervisor_stop(a, by, &step.stop_count);
	step.start = supervisor_start(a, by, &step.start_count);
	step.text = supervisor_words_text(a, step.stop);
	plan_add_victim(p, o, FREE_HOLDER, WAVE_HOLDER, add_step(p, &step), 0);
}

/* Some other holder of the same socket started it, so it only inherited the descriptor. */
static bool inherited(struct planning *p, const struct socket *s, const struct owner *o)
{
	const struct snapshot *snap = p->w->snapshot;

	for (uint32_t i = 0; i < s->holder_count; i++) {
		const struct owner *other = snap->owners[snap->holders[s->holder_first + i].owner];
		if (other != o && family_descends(p->w->family, o->pid, other->pid))
			return true;
	}
	return false;
}

static void add_kept(struct planning *p, const struct owner *o, const char *why, bool holds)
{
	if (plan_is_kept(p, o->pid))
		return;
	struct free_kept *k = vec_push(&p->kept);
	if (k)
		*k = (struct free_kept){o, why, holds};
}

static const char *with_article(struct planning *p, enum kind kind)
{
	const char *name = kind_name(kind);

	return arena_printf(p->w->arena, "%s %s", strchr("aeiou", name[0]) ? "an" : "a", name);
}

static void add_holder(struct planning *p, const struct socket *s, const struct owner *o)
{
	struct arena *a = p->w->arena;
	struct supervised by;
	enum kind kind = kind_of(o);

	if (o->pid == p->w->self || plan_is_victim(p, o->pid))
		return; /* our own copy of an inherited descriptor goes with us */
	if (o->pid != 1 && world_is_ours(p->w, o->pid)) {
		refuse_ours(p, s, o);
		return;
	}
	if (supervisor_find(p->w, o, find_service(p->w->snapshot, s), &s->local, &by)) {
		add_supervised(p, s, o, &by);
		return;
	}
	if (o->pid == 1) {
		refuse_ours(p, s, o);
		return;
	}
	if (refuse_container(p, s, o))
		return;
	bool only_inherited = inherited(p, s, o);
	if (only_inherited && kind_is_spared(kind) && !kind_runs_command(o)) {
		add_kept(p, o,
			arena_printf(a, "%s, which inherited the socket", with_article(p, kind)),
			true);
		return;
	}
	if (!p->w->may_signal(p->w, o->pid)) {
		refuse(p, FREE_RIGHTS, s, o,
			arena_printf(a, "%s is held by %s, a process of %s", what_of(p, s),
				who(p, o), user_of(p, o)),
			NULL);
		return;
	}
	plan_add_victim(p, o, FREE_HOLDER, only_inherited ? WAVE_INHERITED : WAVE_HOLDER,
		signal_step(p), kind_end_signal(o));
}

static void add_headline(struct planning *p, const struct socket *s, const struct owner *o)
{
	const char *what = what_of(p, s);
	enum kind kind = kind_of(o);

	VEC_EACH (&p->holders, h)
		if (h->owner == o && str_eq(h->what, what))
			return;
	struct free_holder *h = vec_push(&p->holders);
	if (h)
		*h = (struct free_holder){what,
			kind_is_spared(kind) && o->pid != 1 ? with_article(p, kind) : NULL, o,
			find_service(p->w->snapshot, s)};
}

/* One more socket that is to become free; false when it is one already. */
static bool add_socket(struct planning *p, uint32_t index)
{
	if (is_goal(p, &p->w->snapshot->sockets[index]))
		return false;
	uint32_t *slot = vec_push(&p->sockets);
	if (slot)
		*slot = index;
	return slot != NULL;
}

static void add_goal(struct planning *p, const struct socket *s)
{
	const struct snapshot *snap = p->w->snapshot;
	struct free_endpoint *e = vec_push(&p->endpoints);

	if (!e)
		return;
	*e = plan_endpoint(p, s);
	if (s->holder_count == 0)
		refuse_ownerless(p, s);
	for (uint32_t i = 0; i < s->holder_count; i++) {
		const struct owner *o = snap->owners[snap->holders[s->holder_first + i].owner];
		if (o->pid == p->w->self)
			continue;
		add_holder(p, s, o);
		if (!inherited(p, s, o))
			add_headline(p, s, o);
	}
}

/* --- targets --- */

static void add_missing(struct planning *p, const struct target *t)
{
	AUTO(buf) struct buf what = BUF_INIT(TARGET_TEXT_MAX);
	struct free_missing *m = vec_push(&p->missing);
	const struct snapshot *snap = p->w->snapshot;

	if (!m)
		return;
	if (t->kind == TARGET_PORT)
		buf_printf(&what, t->proto == PROTO_TCP ? "port %u" : "port %u/%s", t->port,
			proto_name(t->proto));
	else if (t->kind == TARGET_PID)
		buf_printf(&what, "process %d", t->pid);
	else
		text_escape(&what, t->text, strlen(t->text));
	*m = (struct free_missing){.target = t->text,
		.what = arena_strdup(p->w->arena, what.data),
		.proto = t->proto,
		.port = t->kind == TARGET_PID ? 0 : t->port,
		.no_process = t->kind == TARGET_PID && !family_find(p->w->family, t->pid)};
	for (size_t i = 0; i < snap->socket_count && m->port; i++) {
		const struct socket *s = &snap->sockets[i];
		if (s->netns && s->local.port == t->port && s->local.proto == t->proto &&
			socket_is_listener(s))
			m->inside = snap->namespaces[s->netns].label;
	}
}

static int add_targets(struct planning *p, struct err *err)
{
	for (size_t i = 0; i < p->q->target_count; i++) {
		const struct target *t = &p->q->targets[i];
		const uint32_t *found = NULL;
		size_t count = 0;
		int r = find_listeners(p->w->host, p->w->arena, p->w->snapshot, t, &found, &count,
			err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < count; k++)
			add_socket(p, found[k]);
		if (count == 0)
			add_missing(p, t);
	}
	VEC_EACH (&p->sockets, index)
		add_goal(p, &p->w->snapshot->sockets[*index]);
	return 0;
}

static bool is_orphan(const struct planning *p, const struct socket *s)
{
	const struct service *service =
		socket_is_listener(s) && s->netns == 0 ? find_service(p->w->snapshot, s) : NULL;

	return service && (service->problems & PROBLEM_ORPHANED);
}

/* A left-over service that may not be stopped is told as a refusal, and does not hinder the others. */
static void add_orphan(struct planning *p, uint32_t index)
{
	size_t holders = p->holders.count, endpoints = p->endpoints.count,
	       victims = p->victims.count, kept = p->kept.count, steps = p->steps.count,
	       refusals = p->refusals.count, sockets = p->sockets.count;

	if (add_socket(p, index))
		add_goal(p, &p->w->snapshot->sockets[index]);
	if (p->refusals.count == refusals)
		return;
	p->holders.count = holders;
	p->endpoints.count = endpoints;
	p->victims.count = victims;
	p->kept.count = kept;
	p->steps.count = steps;
	p->sockets.count = sockets;
	if (p->signals > steps)
		p->signals = 0;
}

static void add_orphans(struct planning *p)
{
	for (size_t i = 0; i < p->w->snapshot->socket_count; i++)
		if (is_orphan(p, &p->w->snapshot->sockets[i]))
			add_orphan(p, (uint32_t)i);
}

/* --- the end --- */

static int by_wave(const void *pa, const void *pb)
{
	const struct free_victim *a = pa, *b = pb;

	if (a->wave != b->wave)
		return a->wave - b->wave;
	return (a->owner->pid > b->owner->pid) - (a->owner->pid < b->owner->pid);
}

/* "SIGTERM to npm run dev 4102, which runs it, then SIGKILL after 5 s" */
static void say_signals(struct planning *p)
{
	AUTO(buf) struct buf text = BUF_INIT(1000);
	bool gentle = false;

	if (!p->signals)
		return;
	VEC_EACH (&p->victims, v)
		gentle = gentle || v->signal == SIGINT;
	buf_str(&text, gentle ? "SIGINT (its fast and clean end)" : "SIGTERM");
	VEC_EACH (&p->victims, v) {
		if (v->role != FREE_RUNNER || v->wave != WAVE_RUNNER)
			continue;
		buf_printf(&text, " to %s %d, which %s,", v->call, v->owner->pid,
			kind_of(v->owner) == KIND_RUNNER ? "would start it again" : "runs it");
	}
	if (text.data[text.len - 1] != ',')
		buf_char(&text, ',');
	if (p->q->force_after_ms == 0)
		buf_str(&text, " then SIGKILL at once");
	else if (p->q->force_after_ms % 1000 == 0)
		buf_printf(&text, " then SIGKILL after %llu s",
			(unsigned long long)(p->q->force_after_ms / 1000));
	else
		buf_printf(&text, " then SIGKILL after %llu ms",
			(unsigned long long)p->q->force_after_ms);
	p->steps.items[p->signals - 1].text = arena_strdup(p->w->arena, text.data);
}

#define HAND_OVER(vec, plan, list, total)                                                          \
	do {                                                                                       \
		(plan)->list = arena_memdup(p->w->arena, (vec)->items,                             \
			(vec)->count * sizeof(*(vec)->items));                                     \
		(plan)->total = (vec)->count;                                                      \
	} while (0)

static struct free_plan *finish(struct planning *p)
{
	struct free_plan *plan = arena_new_of(p->w->arena, struct free_plan);

	vec_sort(&p->victims, by_wave);
	say_signals(p);
	plan->force_after_ms = p->q->force_after_ms;
	HAND_OVER(&p->holders, plan, holders, holder_count);
	HAND_OVER(&p->endpoints, plan, endpoints, endpoint_count);
	HAND_OVER(&p->victims, plan, victims, victim_count);
	HAND_OVER(&p->closes, plan, closes, close_count);
	HAND_OVER(&p->clients, plan, clients, client_count);
	HAND_OVER(&p->kept, plan, kept, kept_count);
	HAND_OVER(&p->steps, plan, steps, step_count);
	HAND_OVER(&p->refusals, plan, refusals, refusal_count);
	HAND_OVER(&p->missing, plan, missing, missing_count);
	return plan;
}

static void planning_fini(struct planning *p)
{
	vec_fini(&p->holders);
	vec_fini(&p->endpoints);
	vec_fini(&p->victims);
	vec_fini(&p->closes);
	vec_fini(&p->clients);
	vec_fini(&p->kept);
	vec_fini(&p->steps);
	vec_fini(&p->refusals);
	vec_fini(&p->missing);
	vec_fini(&p->sockets);
}

int plan_make(struct world *w, const struct plan_query *q, struct free_plan **out, struct err *err)
{
	struct planning p = {.w = w, .q = q};
	int r = 0;

	p.holders.max = p.endpoints.max = p.victims.max = p.closes.max = p.clients.max =
		PLAN_ITEMS_MAX;
	p.kept.max = p.steps.max = p.refusals.max = p.missing.max = p.sockets.max = PLAN_ITEMS_MAX;
	if (q->orphans)
		add_orphans(&p);
	else
		r = add_targets(&p, err);
	if (r == 0) {
		plan_runners(&p);
		plan_children(&p);
		plan_closes(&p);
		plan_clients(&p);
		*out = finish(&p);
	}
	planning_fini(&p);
	return r;
}
