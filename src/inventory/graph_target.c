/*
 * graph_target - the part of a graph around one target. Nothing is looked up: a host name is taken
 * for this machine when it is localhost or below it, else for the name of a service.
 */
#include "base/must.h"
#include "base/str.h"
#include "inventory/graph_parts.h"

static bool has_port(const struct graph_node *n, uint16_t port, enum proto proto)
{
	for (size_t i = 0; i < n->service_count; i++)
		if (n->services[i]->port == port && n->services[i]->proto == proto)
			return true;
	return false;
}

static bool accepts(const struct graph_node *n, const struct target *t)
{
	for (size_t i = 0; i < n->service_count; i++) {
		for (size_t k = 0; k < n->services[i]->listener_count; k++) {
			const struct listener *l = &n->services[i]->listeners[k];
			if (l->endpoint.proto == t->proto &&
				endpoint_accepts(&l->endpoint, l->v6only, &t->address,
					t->has_port ? t->port : l->endpoint.port))
				return true;
		}
	}
	return n->address.family != AF_UNSPEC && address_eq(&n->address, &t->address);
}

static bool has_path(const struct graph_node *n, const char *path)
{
	for (size_t i = 0; i < n->service_count; i++) {
		const struct endpoint *e = &n->services[i]->listeners[0].endpoint;
		if (e->path && str_eq(e->path, path))
			return true;
	}
	return false;
}

static bool has_pid(const struct graph_node *n, pid_t pid)
{
	for (size_t i = 0; i < n->owner_count; i++)
		if (n->owners[i]->pid == pid)
			return true;
	return false;
}

static bool same_name(const char *a, const char *b)
{
	return a && strcasecmp(a, b) == 0;
}

static bool has_name(const struct graph_node *n, const char *name)
{
	if (same_name(n->name, name) || same_name(n->project, name))
		return true;
	for (size_t i = 0; i < n->service_count; i++)
		if (same_name(n->services[i]->name, name))
			return true;
	for (size_t i = 0; i < n->owner_count; i++)
		if (same_name(owner_program(n->owners[i]), name))
			return true;
	return false;
}

static bool in_container(const struct graph_node *n, const char *name)
{
	const struct container *c = n->service_count ? n->services[0]->container
		: n->owner_count                     ? n->owners[0]->container
						     : NULL;

	if (!c)
		return false;
	return same_name(c->name, name) || (strlen(name) >= 4 && str_starts(c->id, name));
}

static bool is_this_machine(const char *host)
{
	return str_eq(host, "localhost") || str_ends(host, ".localhost");
}

static bool hits_host(const struct graph_node *n, const struct target *t)
{
	if (!t->host)
		return accepts(n, t);
	if (!is_this_machine(t->host))
		return has_name(n, t->host);
	return t->has_port ? has_port(n, t->port, t->proto) : n->service_count > 0;
}

static bool hits(const struct graph_node *n, const struct target *t)
{
	switch (t->kind) {
	case TARGET_PORT:
		return has_port(n, t->port, t->proto);
	case TARGET_ENDPOINT:
	case TARGET_ADDRESS:
		return accepts(n, t);
	case TARGET_HOST:
	case TARGET_URL:
		return hits_host(n, t);
	case TARGET_NAME:
		return has_name(n, t->name);
	case TARGET_PID:
		return has_pid(n, t->pid);
	case TARGET_UNIX:
		return has_path(n, t->path);
	case TARGET_CONTAINER:
		return in_container(n, t->name);
	}
	return false;
}

enum { UP = 1, DOWN = 2, CENTER = 4 };

/* Marks what is one edge further up and down; true when that was anything new. */
static bool spread(const struct graph *g, uint8_t *marks)
{
	AUTO(free)
	uint8_t *next = must_calloc(g->node_count + 1, 1);
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

const struct graph *graph_around(
	struct arena *arena, const struct graph *g, const struct target *target, unsigned hops)
{
	struct graph *out = arena_new_of(arena, struct graph);
	AUTO(free)
	uint8_t *marks = must_calloc(g->node_count + 1, 1);
	AUTO(free)
	uint32_t *place = must_calloc(g->node_count + 1, sizeof(*place));
	AUTO(graph_parts)
	struct graph_parts parts;
	bool found = false;

	graph_parts_init(&parts, arena);
	for (size_t i = 0; i < g->node_count; i++) {
		if (hits(&g->nodes[i], target))
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
