/*
 * target - the part of a graph around one target. Which services a target means is select.h's
 * matter; here are the nodes that are no services: clients and other computers.
 */
#include "base/must.h"
#include "base/str.h"
#include "map/parts.h"
#include <strings.h>

static bool contains(const struct service *const *list, size_t count, const struct service *service)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == service)
			return true;
	return false;
}

/* A bare port means every namespace's; an address without a port all that listens there. */
static bool serves(const struct graph_node *n, const struct target *t,
	const struct selection *selected)
{
	for (size_t i = 0; i < n->service_count; i++) {
		const struct service *service = n->services[i];
		if (contains((const struct service *const *)selected->services, selected->count,
			    service))
			return true;
		if (t->kind == TARGET_PORT && service->port == t->port &&
			service->proto == t->proto)
			return true;
		for (size_t k = 0; t->kind == TARGET_ADDRESS && k < service->listener_count; k++) {
			const struct listener *l = &service->listeners[k];
			if (endpoint_accepts(&l->endpoint, l->v6only, &t->address,
				    l->endpoint.port))
				return true;
		}
	}
	return false;
}

static bool is_computer(const struct graph_node *n, const struct selection *selected)
{
	for (size_t i = 0; i < selected->address_count && n->address.family != AF_UNSPEC; i++)
		if (address_eq(&n->address, &selected->addresses[i]))
			return true;
	return false;
}

static bool same_name(const char *a, const char *b)
{
	return a && strcasecmp(a, b) == 0;
}

static bool is_client(const struct graph_node *n, const struct target *t)
{
	if (t->kind == TARGET_NAME &&
		(same_name(n->name, t->name) || same_name(n->project, t->name)))
		return true;
	for (size_t i = 0; i < n->owner_count; i++) {
		const struct owner *o = n->owners[i];
		const struct container *c = o->container;
		if (t->kind == TARGET_PID && o->pid == t->pid)
			return true;
		if (t->kind == TARGET_NAME && same_name(owner_program(o), t->name))
			return true;
		if (t->kind == TARGET_CONTAINER && c &&
			(same_name(c->name, t->name) ||
				(strlen(t->name) >= 4 && str_starts(c->id, t->name))))
			return true;
	}
	return false;
}

enum { UP = 1, DOWN = 2, CENTER = 4 };

/* Marks what is one edge further up and down; true when that was anything new. */
static bool spread(const struct graph *g, uint8_t *marks)
{
	AUTO(free) uint8_t *next = must_calloc(g->node_count + 1, 1);
	bool any = false;

	memcpy(next, marks, g->node_count);
	for (size_t i = 0; i < g->edge_count; i++) {
		const struct graph_edge *e = &g->edges[i];
		next[e->from] |= marks[e->to] & UP;
		next[e->to] |= marks[e->from] & DOWN;
	}
	for (size_t i = 0; i < g->node_count; i++)
		any = any || next[i] != marks[i];
	memcpy(marks, next, g->node_count);
	return any;
}

const struct graph *graph_around(struct arena *arena, const struct graph *g,
	const struct target *target, const struct selection *selected, unsigned hops)
{
	struct graph *out = arena_new_of(arena, struct graph);
	AUTO(free) uint8_t *marks = must_calloc(g->node_count + 1, 1);
	AUTO(free) uint32_t *place = must_calloc(g->node_count + 1, sizeof(*place));
	AUTO(graph_parts) struct graph_parts parts;
	bool found = false;

	graph_parts_init(&parts, arena);
	for (size_t i = 0; i < g->node_count; i++) {
		const struct graph_node *n = &g->nodes[i];
		if (serves(n, target, selected) || is_client(n, target) || is_computer(n, selected))
			marks[i] = UP | DOWN | CENTER;
		found = found || marks[i];
	}
	if (!found)
		return NULL;
	while (hops-- && spread(g, marks))
		;
	for (size_t i = 0; i < g->node_count; i++) {
		if (!marks[i])
			continue;
		place[i] = graph_parts_node(&parts, g->nodes[i].kind);
		parts.nodes.items[place[i]] = g->nodes[i];
		parts.nodes.items[place[i]].center = marks[i] & CENTER;
	}
	for (size_t i = 0; i < g->edge_count; i++) {
		struct graph_edge e = g->edges[i];
		if (!(marks[e.from] & marks[e.to] & (UP | DOWN)))
			continue;
		e.from = place[e.from];
		e.to = place[e.to];
		graph_parts_edge(&parts, &e);
	}
	graph_parts_finish(&parts, out);
	return out;
}
