/*
 * verify - see verify.h.
 *
 * The order of the questions: does somebody listen there, and is it the old socket, one that was
 * there before, or a new one? If nobody listens, what does bind() say, and which socket explains it?
 * Sockets in TIME_WAIT (RFC 9293 section 3.6, 60 s in Linux) hinder only servers that do not set
 * SO_REUSEADDR; most do.
 */
#include "free/verify.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "free/kind.h"
#include "inventory/inventory.h"
#include "sys/bind_probe.h"
#include "sys/sock_diag.h"
#include <errno.h>
#include <linux/netlink.h>
#include <sys/stat.h>
#include <time.h>

#define WATCH_MS 700 /* what a runner needs to start its child again */
#define TURN_MS	 40
#define TRIES	 3

const char *verify_state_name(int state)
{
	static const char *const names[] = {"free", "lingers", "held", "restarted", "taken",
		"shared", "bound", "used", "hidden"};

	return names[state];
}

struct judging {
	struct arena *arena;
	const struct verify_goal *g;
	const struct snapshot *before, *after;
	const struct free_plan *plan;
	struct free_verdict *out;
};

static const char *who(struct judging *j, const struct socket *s)
{
	AUTO(buf) struct buf text = BUF_INIT(300);

	if (!s->owner)
		return "a process that you may not see";
	const char *program = owner_program(s->owner);
	text_escape(&text, program, strlen(program));
	return arena_printf(j->arena, "%s %d", text.data, s->owner->pid);
}

static bool in_namespace(const struct judging *j, const struct socket *s)
{
	return j->g->netns_inode ? j->after->namespaces[s->netns].inode == j->g->netns_inode
				 : s->netns == 0;
}

static bool overlaps(const struct verify_goal *g, const struct socket *s)
{
	const struct endpoint *e = &g->endpoint;

	if (e->proto != s->local.proto)
		return false;
	if (proto_is_unix(e->proto))
		return e->path && s->local.path && str_eq(e->path, s->local.path);
	return endpoint_covers(e, g->v6only, &s->local.address, s->local.port) ||
		endpoint_covers(&s->local, s->v6only, &e->address, e->port);
}

static bool was_there(const struct judging *j, uint64_t cookie)
{
	for (size_t i = 0; j->before && i < j->before->socket_count; i++)
		if (j->before->sockets[i].cookie == cookie)
			return true;
	return false;
}

/* Does it look like one of those that were stopped? */
static bool is_like_a_victim(const struct judging *j, const struct owner *o)
{
	for (size_t i = 0; o && j->plan && i < j->plan->victim_count; i++) {
		const struct owner *v = j->plan->victims[i].owner;
		if (v->pid == o->pid)
			return v->start_ticks == o->start_ticks;
		if (v->unit && o->unit && str_ends(v->unit, ".service") && str_eq(v->unit, o->unit))
			return true;
		if (v->container && o->container && str_eq(v->container->id, o->container->id))
			return true;
		if (v->exe && o->exe && v->cwd && o->cwd && str_eq(v->exe, o->exe) &&
			str_eq(v->cwd, o->cwd))
			return true;
	}
	return false;
}

static const char *starter(struct judging *j, const struct owner *o)
{
	AUTO(buf) struct buf text = BUF_INIT(300);

	if (o->unit && str_ends(o->unit, ".service")) {
		text_escape(&text, o->unit, strlen(o->unit));
		return arena_printf(j->arena, "systemd (%s)", text.data);
	}
	if (!o->parent || o->parent->pid <= 1)
		return NULL;
	return arena_printf(j->arena, "%s %d", kind_call(j->arena, o->parent), o->parent->pid);
}

static void set_next(struct judging *j, const struct socket *s)
{
	if (s->owner && j->out->state != VERIFY_RESTARTED)
		j->out->next = arena_printf(j->arena, "loopscope free pid:%d", s->owner->pid);
	else if (j->g->endpoint.port)
		j->out->next = arena_printf(j->arena, "loopscope explain %u", j->g->endpoint.port);
}

static void judge_listener(struct judging *j, const struct socket *s)
{
	struct free_verdict *v = j->out;
	const char *what = j->g->what, *by = who(j, s);

	v->owner = s->owner;
	if (s->cookie == j->g->cookie && j->g->cookie) {
		v->state = VERIFY_HELD;
		v->sentence = arena_printf(j->arena, "%s is still held by %s", what, by);
	} else if (was_there(j, s->cookie)) {
		v->state = VERIFY_SHARED;
		v->sentence = arena_printf(j->arena,
			"%s is still served by %s, which has a socket of its own there", what, by);
	} else if (is_like_a_victim(j, s->owner)) {
		const char *starter_text = starter(j, s->owner);
		v->state = VERIFY_RESTARTED;
		v->sentence = starter_text
			? arena_printf(j->arena, "%s is taken again: %s started %s", what,
				  starter_text, by)
			: arena_printf(j->arena, "%s is taken again, by %s", what, by);
	} else {
		v->state = VERIFY_TAKEN;
		v->sentence = arena_printf(j->arena, "%s was taken meanwhile by %s", what, by);
	}
	set_next(j, s);
}

static const struct socket *find_bound(const struct judging *j)
{
	for (size_t i = 0; i < j->after->socket_count; i++) {
		const struct socket *s = &j->after->sockets[i];
		if (s->state == SOCKET_BOUND && in_namespace(j, s) && overlaps(j->g, s))
			return s;
	}
	return NULL;
}

static void judge_bound(struct judging *j, const struct socket *s)
{
	struct free_verdict *v = j->out;

	v->state = VERIFY_BOUND;
	v->owner = s->owner;
	v->sentence = arena_printf(j->arena, "%s is bound by %s, which does not listen on it",
		j->g->what, who(j, s));
	if (s->owner)
		v->next = arena_printf(j->arena, "kill %d", s->owner->pid);
}

/* Nobody listens or has bound it, and yet bind() refuses: a connection must have taken the port. */
static void judge_refusal(struct judging *j)
{
	struct free_verdict *v = j->out;
	const struct socket *used = NULL;

	for (size_t i = 0; i < j->after->socket_count; i++) {
		const struct socket *s = &j->after->sockets[i];
		if (s->state == SOCKET_TIME_WAIT || !in_namespace(j, s) || !overlaps(j->g, s))
			continue;
		if (!used || (s->owner && !used->owner))
			used = s;
	}
	v->state = used ? VERIFY_USED : VERIFY_HIDDEN;
	if (!used) {
		v->sentence =
			arena_printf(j->arena, "%s is in use, by whom cannot be seen", j->g->what);
		v->next = arena_printf(j->arena, "sudo loopscope explain %u", j->g->endpoint.port);
		return;
	}
	AUTO(buf) struct buf remote = BUF_INIT(200);
	struct endpoint to = {.proto = used->local.proto,
		.address = used->remote,
		.port = used->remote_port};
	endpoint_format(&remote, &to);
	v->owner = used->owner;
	v->sentence = arena_printf(j->arena,
		"%s is the local port of a connection of %s to %s, so nobody can listen on it now",
		j->g->what, who(j, used), remote.data);
}

static void count_lingering(struct judging *j)
{
	for (size_t i = 0; i < j->after->socket_count; i++) {
		const struct socket *s = &j->after->sockets[i];
		if (s->state == SOCKET_BOUND || !in_namespace(j, s) || !overlaps(j->g, s) ||
			proto_is_unix(s->local.proto))
			continue;
		j->out->lingering++;
		if (s->state == SOCKET_TIME_WAIT)
			j->out->lingering_ms = MAX(j->out->lingering_ms, s->timer_ms);
	}
}

/* bind() refuses only without SO_REUSEADDR. */
static void judge_lingering(struct judging *j)
{
	static const char mind[] = "only servers without SO_REUSEADDR mind";
	struct free_verdict *v = j->out;
	const struct socket *bound = find_bound(j);
	bool one;

	if (proto_is_unix(j->g->endpoint.proto)) {
		v->state = VERIFY_LINGERS;
		v->note = "its file is still there; a server must remove it first, as most do";
		return;
	}
	count_lingering(j);
	one = v->lingering == 1;
	if (v->lingering_ms)
		v->note = arena_printf(j->arena,
			"%llu old connection%s in TIME_WAIT for up to %u s; %s",
			(unsigned long long)v->lingering, one ? " is" : "s are",
			(v->lingering_ms + 999) / 1000, mind);
	else if (v->lingering)
		v->note = arena_printf(j->arena, "%llu old connection%s; %s",
			(unsigned long long)v->lingering,
			one ? " waits for its other end" : "s wait for their other ends", mind);
	else if (bound)
		v->note = arena_printf(j->arena, "%s has bound it and does not listen; %s",
			who(j, bound), mind);
	if (v->note) /* else what hindered ended between the bind and the look */
		v->state = VERIFY_LINGERS;
}

void verify_judge(struct arena *arena, const struct verify_goal *g, const struct snapshot *before,
	const struct snapshot *after, const struct free_plan *plan, int plain, int reuse,
	struct free_verdict *out)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);
	struct judging j = {arena, g, before, after, plan, out};
	const struct socket *listener = NULL;

	endpoint_format(&text, &g->endpoint);
	*out = (struct free_verdict){.what = g->what, .endpoint = arena_strdup(arena, text.data)};
	for (size_t i = 0; i < after->socket_count; i++) {
		const struct socket *s = &after->sockets[i];
		if (!socket_is_listener(s) || !in_namespace(&j, s) || !overlaps(g, s))
			continue;
		/* the old socket says more than a new one */
		if (!listener || s->cookie == g->cookie)
			listener = s;
	}
	/* a port that this user may not bind (-EACCES) is judged by the sockets alone */
	const struct socket *bound = reuse ? find_bound(&j) : NULL;
	if (listener)
		judge_listener(&j, listener);
	else if (bound)
		judge_bound(&j, bound);
	else if (reuse == -EADDRINUSE)
		judge_refusal(&j);
	if (out->sentence)
		return;
	out->state = VERIFY_FREE;
	out->sentence = arena_printf(arena, "%s is free", g->what);
	if (plain)
		judge_lingering(&j);
}

/* --- looking --- */

static void pause_ms(unsigned ms)
{
	struct timespec t = {.tv_nsec = (long)ms * 1000000};

	nanosleep(&t, NULL);
}

static uint32_t protos_of(const struct verify_goal *goals, size_t count)
{
	uint32_t protos = 0;

	for (size_t i = 0; i < count; i++)
		protos |= proto_is_unix(goals[i].endpoint.proto)
			? PROTO_BITS_UNIX
			: PROTO_BIT(goals[i].endpoint.proto);
	return protos;
}

/* One port narrows the look; several need all. */
static uint16_t port_of(const struct verify_goal *goals, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (goals[i].endpoint.port != goals[0].endpoint.port)
			return 0;
	return count ? goals[0].endpoint.port : 0;
}

static int look(const struct host *host, const struct verify_goal *goals, size_t count,
	struct snapshot **out, struct err *err)
{
	struct inventory_query query = {.protos = protos_of(goals, count),
		.all_states = true,
		.port = port_of(goals, count),
		.exhaustive = true};

	return inventory_take(host, &query, out, err);
}

/* Asks the kernel for listeners on one port; a bind() here could disturb the one that is awaited. */
static bool listens(const struct verify_goal *g, struct arena *arena)
{
	AUTO(close) int fd = netlink_open(NETLINK_SOCK_DIAG, NULL);
	struct sock_query query = {.protos = PROTO_BIT(g->endpoint.proto),
		.states = SOCKET_BITS_LISTENERS,
		.port = g->endpoint.port};
	struct socket_list list = {.v.max = 100000};
	bool found = false;

	if (fd < 0 || g->netns_inode || proto_is_unix(g->endpoint.proto))
		return false;
	if (sock_diag_list(fd, &query, 0, arena, &list, NULL) == 0)
		VEC_EACH (&list.v, s)
			found = found || (socket_is_listener(s) && overlaps(g, s));
	vec_fini(&list.v);
	return found;
}

static bool any_listens(const struct verify_query *q)
{
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < q->count; i++)
		if (listens(&q->goals[i], arena))
			return true;
	return false;
}

/* Waits until "somebody listens" is no longer `while_so`, or the time is over. */
static void watch(const struct verify_query *q, uint64_t ms, bool while_so)
{
	uint64_t until = clock_mono_ms() + ms;

	while (clock_mono_ms() < until && any_listens(q) == while_so)
		pause_ms(TURN_MS);
}

static void probe(const struct verify_goal *g, int *plain, int *reuse)
{
	struct stat st;

	*plain = *reuse = 0;
	if (g->netns_inode)
		return;
	if (proto_is_unix(g->endpoint.proto)) {
		/* a path is never bound over a file that is there; unix(7) */
		bool file = g->endpoint.path && g->endpoint.path[0] == '/' &&
			lstat(g->endpoint.path, &st) == 0;
		*plain = file ? -EADDRINUSE : 0;
		return;
	}
	*plain = bind_probe(&g->endpoint, g->v6only, false);
	/* two datagram sockets that both set it share a port, so for them it proves nothing */
	*reuse =
		g->endpoint.proto == PROTO_TCP ? bind_probe(&g->endpoint, g->v6only, true) : *plain;
}

static bool unexplained(const struct free_verdict *verdicts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (verdicts[i].state == VERIFY_HIDDEN)
			return true;
	return false;
}

int verify_run(const struct host *host, struct arena *arena, const struct verify_query *q,
	struct free_verdict *out, struct snapshot **out_after, struct err *err)
{
	AUTO(snapshot) struct snapshot *after = NULL;

	watch(q, q->settle_ms, true);
	watch(q, q->watch_ms, false);
	for (int i = 0; i < TRIES; i++) {
		snapshot_free(steal(&after));
		int r = look(host, q->goals, q->count, &after, err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < q->count; k++) {
			int plain, reuse;
			probe(&q->goals[k], &plain, &reuse);
			verify_judge(arena, &q->goals[k], q->before, after, q->plan, plain, reuse,
				&out[k]);
		}
		if (!unexplained(out, q->count))
			break; /* else something changed between the look and the bind */
		pause_ms(TURN_MS / 2);
	}
	*out_after = steal(&after);
	return 0;
}

uint64_t verify_watch_ms(struct world *w, const struct free_plan *plan)
{
	for (size_t i = 0; i < plan->victim_count; i++) {
		const struct free_victim *v = &plan->victims[i];
		const struct proc_stat *p = family_find(w->family, v->owner->pid);
		bool inside = false;
		if (v->role == FREE_CHILD || !p || p->ppid <= 1)
			continue;
		for (size_t k = 0; k < plan->victim_count; k++)
			inside = inside || plan->victims[k].owner->pid == p->ppid;
		const struct owner *parent = inside ? NULL : w->owner(w, p->ppid);
		if (parent && (!kind_is_spared(kind_of(parent)) || kind_runs_command(parent)))
			return WATCH_MS;
	}
	return 0;
}

/* --- fields --- */

static bool lingers(const void *record)
{
	return ((const struct free_verdict *)record)->lingering != 0;
}

static bool has_end(const void *record)
{
	return ((const struct free_verdict *)record)->lingering_ms != 0;
}

static const struct field fields[] = {
	FIELD(struct free_verdict, what, FIELD_TEXT, "WHAT", "the port or path"),
	FIELD(struct free_verdict, endpoint, FIELD_TEXT, "ENDPOINT", "what bind() was asked for"),
	FIELD(struct free_verdict, state, FIELD_ENUM, "STATE",
		"free, lingers, held, restarted, taken, shared, bound, used or hidden",
		.name_of = verify_state_name),
	FIELD(struct free_verdict, sentence, FIELD_TEXT, "SAYS", "the same as a sentence"),
	FIELD(struct free_verdict, note, FIELD_TEXT, "NOTE", "what hinders some servers"),
	FIELD(struct free_verdict, next, FIELD_TEXT, "NEXT", "what to do about it"),
	FIELD(struct free_verdict, lingering, FIELD_UINT64, "LINGERING",
		"old connections that hinder a bind without SO_REUSEADDR", .has = lingers),
	FIELD(struct free_verdict, lingering_ms, FIELD_UINT32, "FOR",
		"until the last of them is forgotten", .has = has_end),
	FIELD(struct free_verdict, owner, FIELD_RECORD, NULL, "who holds it", .type = &owner_type),
};

const struct record_type free_verdict_type =
	RECORD_TYPE("free_verdict", struct free_verdict, fields);
