/*
 * fold - the same graph with fewer nodes, for eyes. Each step says for every node which node
 * stands for it (its leader), and merge() makes a graph of the leaders.
 */
#include "base/must.h"
#include "base/str.h"
#include "map/parts.h"

struct step {
	struct arena *arena;
	const struct graph *g;
	uint32_t *leader; /* by node; itself = stays */
	void (*name)(struct step *step, struct graph_node *merged, uint32_t count, bool rest);
};

/* A leader before its followers are added: what one node is, and a group is not, goes. */
static void open_group(struct graph_node *merged)
{
	merged->processes = 0;
	merged->services = NULL;
	merged->owners = NULL;
	merged->endpoints = NULL;
	merged->service_count = merged->owner_count = merged->endpoint_count = 0;
	merged->alike = 0;
	merged->pid = -1;
	merged->user = NULL;
	merged->address.family = AF_UNSPEC;
	merged->center = false;
}

static void add_to_group(struct graph_node *merged, uint16_t *high, const struct graph_node *n)
{
	merged->alike += n->alike;
	merged->processes += n->processes;
	merged->center = merged->center || n->center;
	merged->port = MIN(merged->port, n->port);
	*high = MAX(*high, n->port);
	if (!n->context || !merged->context || !str_eq(n->context, merged->context))
		merged->context = merged->project = merged->container = NULL;
}

static void close_group(struct step *step, struct graph_node *merged, uint16_t high,
	const bool *rest_of)
{
	merged->detail = merged->port && high > merged->port
		? arena_printf(step->arena, "%u to %u", merged->port, high)
		: NULL;
	step->name(step, merged, merged->alike, rest_of[merged->kind]);
}

static void merge_nodes(struct step *step, struct graph_parts *parts, const uint32_t *members,
	uint32_t *place)
{
	const struct graph *g = step->g;
	bool rest_of[GRAPH_NETWORK_OUT + 1] = {0}; /* a node of this kind stays itself */
	AUTO(free) uint16_t *high = must_calloc(g->node_count + 1, sizeof(*high));

	for (uint32_t i = 0; i < g->node_count; i++) {
		const struct graph_node *n = &g->nodes[i];
		if (step->leader[i] != i)
			continue;
		place[i] = graph_parts_node(parts, n->kind);
		parts->nodes.items[place[i]] = *n;
		if (members[i] > 1)
			open_group(&parts->nodes.items[place[i]]);
		else if (n->in + n->out)
			rest_of[n->kind] = true;
	}
	for (uint32_t i = 0; i < g->node_count; i++) {
		uint32_t leader = step->leader[i];
		if (members[leader] > 1)
			add_to_group(&parts->nodes.items[place[leader]], &high[leader],
				&g->nodes[i]);
	}
	for (uint32_t i = 0; i < g->node_count; i++)
		if (members[i] > 1)
			close_group(step, &parts->nodes.items[place[i]], high[i], rest_of);
}

static const struct graph *merge(struct step *step)
{
	struct graph *out = arena_new_of(step->arena, struct graph);
	const struct graph *g = step->g;
	AUTO(graph_parts) struct graph_parts parts;
	AUTO(free) uint32_t *place = must_calloc(g->node_count + 1, sizeof(*place));
	AUTO(free) uint32_t *members = must_calloc(g->node_count + 1, sizeof(*members));

	graph_parts_init(&parts, step->arena);
	for (uint32_t i = 0; i < g->node_count; i++)
		members[step->leader[i]]++;
	merge_nodes(step, &parts, members, place);
	for (size_t i = 0; i < g->edge_count; i++) {
		struct graph_edge e = g->edges[i];
		uint32_t to = step->leader[e.to];
		if (members[to] > 1) {
			e.service = NULL;
			e.port = g->nodes[to].kind == GRAPH_SERVICE ? 0 : e.port;
		}
		e.from = place[step->leader[e.from]];
		e.to = place[to];
		graph_parts_edge(&parts, &e);
	}
	*out = *g;
	out->beyond = 0;
	graph_parts_finish(&parts, out);
	out->beyond += g->beyond;
	return out;
}

/* Indexes of the nodes that `wanted` allows, most connected first. */
struct ranking {
	const struct graph *g;
	VEC(uint32_t) order;
};

static int by_weight(const void *pa, const void *pb, void *arg)
{
	const struct graph *g = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	uint64_t x = g->nodes[a].accepted + g->nodes[a].opened;
	uint64_t y = g->nodes[b].accepted + g->nodes[b].opened;

	if (x != y)
		return x > y ? -1 : 1;
	return (a > b) - (a < b);
}

static void rank(struct ranking *r, const struct graph *g, int kind)
{
	*r = (struct ranking){.g = g, .order = VEC_INIT(GRAPH_NODES_MAX)};
	for (uint32_t i = 0; i < g->node_count; i++) {
		const struct graph_node *n = &g->nodes[i];
		if ((kind < 0 || n->kind == kind) && n->in + n->out > 0)
			*vec_push(&r->order) = i;
	}
	if (r->order.count)
		qsort_r(r->order.items, r->order.count, sizeof(uint32_t), by_weight, (void *)g);
}

static void stay(struct step *step)
{
	for (uint32_t i = 0; i < step->g->node_count; i++)
		step->leader[i] = i;
}

static void name_computers(struct step *step, struct graph_node *merged, uint32_t count, bool rest)
{
	merged->name = "the network";
	merged->detail =
		arena_printf(step->arena, rest ? "%u other addresses" : "%u addresses", count);
	merged->id = merged->kind == GRAPH_NETWORK_IN ? "from:others" : "to:others";
}

static const struct graph *fold_computers(struct step *step, size_t limit)
{
	bool any = false;

	stay(step);
	step->name = name_computers;
	for (int kind = GRAPH_NETWORK_IN; kind <= GRAPH_NETWORK_OUT; kind++) {
		struct ranking r;
		rank(&r, step->g, kind);
		/* one that is left over alone can as well be shown itself */
		if (r.order.count > limit + 1) {
			for (size_t i = limit; i < r.order.count; i++)
				step->leader[r.order.items[i]] = r.order.items[limit];
			any = true;
		}
		vec_fini(&r.order);
	}
	return any ? merge(step) : step->g;
}

static void name_alike(struct step *step, struct graph_node *merged, uint32_t count, bool rest)
{
	(void)rest;
	merged->id = arena_printf(step->arena, "%s+%u", merged->id, count - 1);
	if (merged->kind == GRAPH_CLIENT)
		merged->detail = arena_printf(step->arena, "%u processes", merged->processes);
}

static uint64_t edge_hash(bool out, uint32_t self, uint32_t other)
{
	uint64_t key[] = {out, self == other ? UINT64_MAX : other};

	return map_hash(key, sizeof(key));
}

/* What must be equal for two nodes to be alike; sums, because the order of edges says nothing. */
static void sign(const struct graph *g, uint64_t *signs)
{
	for (size_t i = 0; i < g->node_count; i++) {
		const struct graph_node *n = &g->nodes[i];
		bool alone = n->in + n->out == 0;
		uint64_t key[] = {(uint64_t)n->kind, map_hash(n->name, strlen(n->name)),
			n->port == 0,
			alone && n->context ? map_hash(n->context, strlen(n->context)) : 0};
		signs[i] = map_hash(key, sizeof(key));
	}
	for (size_t i = 0; i < g->edge_count; i++) {
		const struct graph_edge *e = &g->edges[i];
		if (i && e[-1].from == e->from && e[-1].to == e->to)
			continue;
		signs[e->from] += edge_hash(true, e->from, e->to);
		signs[e->to] += edge_hash(false, e->to, e->from);
	}
}

/*
 * Once is enough: whoever is connected to one of several nodes with equal neighbours is connected to
 * all of them, so making them one makes no others alike.
 */
static const struct graph *fold_alike(struct step *step, size_t limit)
{
	const struct graph *g = step->g;
	AUTO(free) uint64_t *signs = must_calloc(g->node_count + 1, sizeof(*signs));
	AUTO(free) uint32_t *counts = must_calloc(g->node_count + 1, sizeof(*counts));
	AUTO(map) struct map first;
	bool any = false;

	map_init(&first);
	sign(g, signs);
	step->name = name_alike;
	stay(step);
	for (uint32_t i = 0; i < g->node_count; i++) {
		uint64_t leader = i;
		if (g->nodes[i].kind > GRAPH_CLIENT)
			continue;
		if (!map_get(&first, signs[i], &leader))
			map_set(&first, signs[i], i);
		step->leader[i] = (uint32_t)leader;
		counts[leader]++;
	}
	for (uint32_t i = 0; i < g->node_count; i++) {
		if (counts[step->leader[i]] <= limit)
			step->leader[i] = i;
		any = any || step->leader[i] != i;
	}
	return any ? merge(step) : g;
}

static void name_rest(struct step *step, struct graph_node *merged, uint32_t count, bool rest)
{
	static const char *const words[] = {"services", "programs", "unseen ends", "computers",
		"computers"};

	merged->name = arena_printf(step->arena, rest ? "%u more %s" : "%u %s", count,
		words[merged->kind]);
	merged->id = arena_printf(step->arena, "more:%s", graph_kind_name(merged->kind));
	merged->detail = NULL;
	merged->port = 0;
}

static const struct graph *fold_rest(struct step *step, size_t limit)
{
	uint32_t leaders[] = {NODE_NONE, NODE_NONE, NODE_NONE, NODE_NONE, NODE_NONE};
	struct ranking r;

	rank(&r, step->g, -1);
	stay(step);
	step->name = name_rest;
	for (size_t i = limit; i < r.order.count; i++) {
		uint32_t node = r.order.items[i];
		uint32_t *leader = &leaders[step->g->nodes[node].kind];
		if (*leader == NODE_NONE)
			*leader = node;
		step->leader[node] = *leader;
	}
	bool any = r.order.count > limit;
	vec_fini(&r.order);
	return any ? merge(step) : step->g;
}

const struct graph *graph_fold(struct arena *arena, const struct graph *g,
	const struct graph_limits *limits)
{
	struct step step = {.arena = arena, .g = g};
	AUTO(free) uint32_t *leader = must_calloc(g->node_count + 1, sizeof(*leader));

	step.leader = leader;
	if (limits->computers)
		step.g = fold_computers(&step, limits->computers);
	if (limits->alike)
		step.g = fold_alike(&step, limits->alike);
	if (limits->nodes)
		step.g = fold_rest(&step, limits->nodes);
	return step.g;
}
