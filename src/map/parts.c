/* parts - see parts.h; and the field tables of nodes and edges. */
#include "map/parts.h"

#include "base/must.h"
#include "base/str.h"
#include "base/text.h"

void graph_parts_init(struct graph_parts *p, struct arena *arena)
{
	*p = (struct graph_parts){.arena = arena};
	p->nodes.max = GRAPH_NODES_MAX;
	p->edges.max = GRAPH_EDGES_MAX;
	map_init(&p->edge_keys);
}

void graph_parts_fini(struct graph_parts *p)
{
	vec_fini(&p->nodes);
	vec_fini(&p->edges);
	map_fini(&p->edge_keys);
}

uint32_t graph_parts_node(struct graph_parts *p, int kind)
{
	struct graph_node *n = vec_push(&p->nodes);

	if (!n)
		return NODE_NONE;
	*n = (struct graph_node){.kind = kind, .pid = -1, .alike = 1};
	n->address.family = AF_UNSPEC;
	return (uint32_t)(p->nodes.count - 1);
}

void graph_parts_edge(struct graph_parts *p, const struct graph_edge *edge)
{
	uint64_t key[] = {(uint64_t)edge->from << 32 | edge->to, (uintptr_t)edge->service,
		(uint64_t)edge->port << 8 | (uint64_t)edge->via};
	uint64_t hash = map_hash(key, sizeof(key)), index;
	struct graph_edge *e;

	if (edge->from == NODE_NONE || edge->to == NODE_NONE) {
		p->beyond += edge->connections;
		return;
	}
	if (!map_get(&p->edge_keys, hash, &index)) {
		e = vec_push(&p->edges);
		if (!e) {
			p->beyond += edge->connections;
			return;
		}
		*e = *edge;
		if (edge->endpoint)
			e->endpoint = arena_strdup(p->arena, edge->endpoint);
		map_set(&p->edge_keys, hash, p->edges.count - 1);
		return;
	}
	e = &p->edges.items[index];
	e->connections += edge->connections;
	e->waiting += edge->waiting;
	e->guessed = e->guessed || edge->guessed;
	if (e->endpoint && (!edge->endpoint || !str_eq(e->endpoint, edge->endpoint)))
		e->endpoint = NULL;
}

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_nodes(const void *pa, const void *pb)
{
	const struct graph_node *a = *(const struct graph_node *const *)pa;
	const struct graph_node *b = *(const struct graph_node *const *)pb;
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if ((a->alike > 1) != (b->alike > 1))
		return a->alike > 1 ? 1 : -1; /* what was folded comes last */
	if (a->port != b->port)
		return a->port == 0 || (b->port && a->port > b->port) ? 1 : -1;
	order = strcmp(a->name, b->name);
	if (order == 0)
		order = compare_text(a->id, b->id);
	if (order == 0)
		order = compare_text(a->detail, b->detail);
	return order ? order : (a > b) - (a < b);
}

static int compare_edges(const void *pa, const void *pb)
{
	const struct graph_edge *a = pa, *b = pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->via != b->via)
		return a->via < b->via ? -1 : 1;
	return compare_text(a->endpoint, b->endpoint);
}

/* Puts the nodes in order and lets the edges follow. */
static struct graph_node *sort_nodes(struct graph_parts *p)
{
	size_t count = p->nodes.count;
	AUTO(free) const struct graph_node **order = must_calloc(count + 1, sizeof(*order));
	AUTO(free) uint32_t *place = must_calloc(count + 1, sizeof(*place));
	struct graph_node *sorted = arena_array(p->arena, struct graph_node, count);

	for (size_t i = 0; i < count; i++)
		order[i] = &p->nodes.items[i];
	vec_qsort(order, count, sizeof(*order), compare_nodes);
	for (size_t i = 0; i < count; i++) {
		sorted[i] = *order[i];
		place[order[i] - p->nodes.items] = (uint32_t)i;
	}
	VEC_EACH (&p->edges, e) {
		e->from = place[e->from];
		e->to = place[e->to];
	}
	return sorted;
}

static void make_ids_unique(struct graph_parts *p, struct graph_node *nodes)
{
	AUTO(map) struct map seen;

	map_init(&seen);
	for (size_t i = 0; i < p->nodes.count; i++) {
		uint64_t key = map_hash(nodes[i].id, strlen(nodes[i].id)), times = 0;
		map_get(&seen, key, &times);
		map_set(&seen, key, times + 1);
		if (times)
			nodes[i].id = arena_printf(p->arena, "%s#%llu", nodes[i].id,
				(unsigned long long)times + 1);
	}
}

void graph_parts_finish(struct graph_parts *p, struct graph *out)
{
	struct graph_node *nodes = sort_nodes(p);

	make_ids_unique(p, nodes);
	vec_sort(&p->edges, compare_edges);
	out->nodes = nodes;
	out->node_count = p->nodes.count;
	out->edges =
		arena_memdup(p->arena, p->edges.items, p->edges.count * sizeof(*p->edges.items));
	out->edge_count = p->edges.count;
	out->connections = out->alone = 0;
	for (size_t i = 0; i < out->node_count; i++)
		nodes[i].in = nodes[i].out = nodes[i].accepted = nodes[i].opened = 0;
	for (size_t i = 0; i < out->edge_count; i++) {
		struct graph_edge *e = (struct graph_edge *)&out->edges[i];
		e->from_id = nodes[e->from].id;
		e->to_id = nodes[e->to].id;
		nodes[e->from].out++;
		nodes[e->from].opened += e->connections;
		nodes[e->to].in++;
		nodes[e->to].accepted += e->connections;
		out->connections += e->connections;
	}
	for (size_t i = 0; i < out->node_count; i++)
		out->alone += nodes[i].in + nodes[i].out == 0 ? nodes[i].alike : 0;
	out->beyond += p->beyond;
}

const char *graph_kind_name(int kind)
{
	static const char *const names[] = {"service", "client", "unseen", "network-in",
		"network-out"};

	return names[kind];
}

const char *graph_via_name(int via)
{
	static const char *const names[] = {"loopback", "address", "namespace", "unix", "network"};

	return names[via];
}

static bool has_port(const void *record)
{
	return ((const struct graph_node *)record)->port != 0;
}

static bool has_processes(const void *record)
{
	return ((const struct graph_node *)record)->processes != 0;
}

static bool edge_has_port(const void *record)
{
	return ((const struct graph_edge *)record)->port != 0;
}

static const struct field node_fields[] = {
	FIELD(struct graph_node, id, FIELD_TEXT, "ID", "what edges call it"),
	FIELD(struct graph_node, kind, FIELD_ENUM, "KIND",
		"service, client, unseen, network-in, network-out", .name_of = graph_kind_name),
	FIELD(struct graph_node, name, FIELD_TEXT, "NAME", "what a person calls it"),
	FIELD(struct graph_node, detail, FIELD_TEXT, "DETAIL", "endpoint or process"),
	FIELD(struct graph_node, port, FIELD_UINT16, "PORT", "of its first service",
		.align_right = true, .has = has_port),
	FIELD(struct graph_node, endpoints, FIELD_TEXTS, "ENDPOINTS", "all that it listens on",
		.count_offset = offsetof(struct graph_node, endpoint_count)),
	FIELD(struct graph_node, pid, FIELD_INT32, "PID", "its oldest process",
		.align_right = true),
	FIELD(struct graph_node, processes, FIELD_UINT32, "PROCESSES",
		"how many have a part in it, as far as they are known", .align_right = true,
		.has = has_processes),
	FIELD(struct graph_node, user, FIELD_TEXT, "USER", "the user it runs as"),
	FIELD(struct graph_node, project, FIELD_TEXT, "PROJECT", "the project it belongs to"),
	FIELD(struct graph_node, container, FIELD_TEXT, "CONTAINER", "the container it runs in"),
	FIELD(struct graph_node, address, FIELD_ADDRESS, "ADDRESS", "of another computer"),
	FIELD(struct graph_node, accepted, FIELD_UINT64, "ACCEPTED",
		"connections that others opened to it", .align_right = true),
	FIELD(struct graph_node, opened, FIELD_UINT64, "OPENED", "connections that it opened",
		.align_right = true),
	FIELD(struct graph_node, alike, FIELD_UINT32, "ALIKE", "nodes that were made into this one",
		.align_right = true),
};

const struct record_type graph_node_type =
	RECORD_TYPE("graph_node", struct graph_node, node_fields);

static const char *service_name(const struct graph_edge *e)
{
	return e->service ? e->service->name : NULL;
}

static bool has_service(const void *record)
{
	return service_name(record) != NULL;
}

static void service_text(const void *record, struct buf *out)
{
	const char *name = service_name(record);

	text_escape(out, name, strlen(name));
}

static const struct field edge_fields[] = {
	FIELD_OF(struct graph_edge, from_id, "from", FIELD_TEXT, "FROM", "who opened it"),
	FIELD_OF(struct graph_edge, to_id, "to", FIELD_TEXT, "TO", "who accepted it"),
	{.name = "service",
		.kind = FIELD_COMPUTED,
		.title = "SERVICE",
		.text = service_text,
		.has = has_service,
		.help = "what was reached there"},
	FIELD(struct graph_edge, endpoint, FIELD_TEXT, "ENDPOINT",
		"as it was dialled; absent when there were several"),
	FIELD(struct graph_edge, port, FIELD_UINT16, "PORT", "that was dialled",
		.align_right = true, .has = edge_has_port),
	FIELD(struct graph_edge, via, FIELD_ENUM, "VIA",
		"loopback, address, namespace, unix, network", .name_of = graph_via_name),
	FIELD(struct graph_edge, connections, FIELD_UINT64, "CONNS", "established now",
		.align_right = true),
	FIELD(struct graph_edge, waiting, FIELD_UINT64, "WAITING", "of these, not yet accepted",
		.align_right = true),
	FIELD(struct graph_edge, guessed, FIELD_BOOL, "GUESSED",
		"no listener tells which end connected; the lower port is taken for it"),
};

const struct record_type graph_edge_type =
	RECORD_TYPE("graph_edge", struct graph_edge, edge_fields);
