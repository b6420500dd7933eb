/*
 * plan_effects - what stopping the victims does to others: endpoints that close as well, and
 * connections that are cut.
 */
#include "base/str.h"
#include "base/text.h"
#include "free/plan_part.h"
#include "inventory/find.h"
#include "inventory/select.h"

static bool is_goal(const struct planning *p, uint32_t index)
{
	VEC_EACH (&p->sockets, it)
		if (*it == index)
			return true;
	return false;
}

/* The container of a step that stops one; every port of it closes. */
static bool in_stopped_container(const struct planning *p, const struct socket *s)
{
	const struct service *service = find_service(p->w->snapshot, s);

	if (!service || !service->container)
		return false;
	VEC_EACH (&p->sockets, it) {
		const struct socket *goal = &p->w->snapshot->sockets[*it];
		const struct service *freed = find_service(p->w->snapshot, goal);
		if (freed && freed->container &&
			str_eq(freed->container->id, service->container->id) &&
			goal->netns == s->netns)
			return p->steps.count > (p->signals != 0);
	}
	return false;
}

static bool closes(const struct planning *p, const struct socket *s)
{
	const struct snapshot *snap = p->w->snapshot;

	if (in_stopped_container(p, s))
		return true;
	for (uint32_t i = 0; i < s->holder_count; i++) {
		pid_t pid = snap->owners[snap->holders[s->holder_first + i].owner]->pid;
		if (!plan_is_victim(p, pid))
			return false;
	}
	return s->holder_count > 0;
}

void plan_closes(struct planning *p)
{
	const struct snapshot *snap = p->w->snapshot;

	for (size_t i = 0; i < snap->socket_count; i++) {
		const struct socket *s = &snap->sockets[i];
		bool named =
			proto_is_unix(s->local.proto) ? s->local.path != NULL : s->local.port != 0;
		if (!socket_is_listener(s) || !named || is_goal(p, (uint32_t)i) || !closes(p, s))
			continue;
		struct free_endpoint e = plan_endpoint(p, s);
		bool seen = false; /* a reuseport group has the same text many times */
		VEC_EACH (&p->closes, it)
			seen = seen || (it->owner == e.owner && str_eq(it->text, e.text));
		struct free_endpoint *slot = seen ? NULL : vec_push(&p->closes);
		if (slot)
			*slot = e;
	}
}

static bool serves(const struct free_endpoint *e, const struct socket *s)
{
	if (proto_is_unix(e->endpoint.proto))
		return proto_is_unix(s->local.proto) && s->local.path && e->endpoint.path &&
			str_eq(s->local.path, e->endpoint.path);
	return s->local.proto == e->endpoint.proto &&
		endpoint_accepts(&e->endpoint, e->v6only, &s->local.address, s->local.port);
}

static bool is_cut(const struct planning *p, const struct socket *s)
{
	if (s->state != SOCKET_ESTABLISHED || s->netns != 0)
		return false;
	VEC_EACH (&p->endpoints, e)
		if (serves(e, s))
			return true;
	VEC_EACH (&p->closes, e)
		if (serves(e, s))
			return true;
	return false;
}

static void add_client(struct planning *p, const struct owner *o, const char *text)
{
	VEC_EACH (&p->clients, c) {
		if (o ? c->owner == o : !c->owner && str_eq(c->text, text)) {
			c->connections++;
			return;
		}
	}
	struct free_client *c = vec_push(&p->clients);
	if (c)
		*c = (struct free_client){o, arena_strdup(p->w->arena, text), 1};
}

static bool is_own_address(const struct planning *p, const struct address *a)
{
	return select_is_own(p->w->snapshot, a);
}

static void cut(struct planning *p, const struct socket *s)
{
	const struct snapshot *snap = p->w->snapshot;
	AUTO(buf) struct buf text = BUF_INIT(500);
	const struct socket *peer = s->peer ? &snap->sockets[s->peer - 1] : NULL;
	const struct owner *o = peer ? peer->owner : NULL;

	if (o) {
		const char *program = owner_program(o);
		if (plan_is_victim(p, o->pid))
			return;
		text_escape(&text, program, strlen(program));
		buf_printf(&text, " %d", o->pid);
	} else if (proto_is_unix(s->local.proto) || is_own_address(p, &s->remote)) {
		buf_str(&text, "a process that you may not see");
	} else {
		struct address plain = address_unmap(&s->remote);
		address_format(&text, &plain);
	}
	add_client(p, o, text.data);
}

static int by_connections(const void *pa, const void *pb)
{
	const struct free_client *a = pa, *b = pb;

	if (a->connections != b->connections)
		return a->connections < b->connections ? 1 : -1;
	return strcmp(a->text, b->text);
}

void plan_clients(struct planning *p)
{
	const struct snapshot *snap = p->w->snapshot;

	for (size_t i = 0; p->victims.count && i < snap->socket_count; i++)
		if (is_cut(p, &snap->sockets[i]))
			cut(p, &snap->sockets[i]);
	vec_sort(&p->clients, by_connections);
}
