/*
 * map_tree - the map for terminals: who talks to nobody but is talked to by nobody either stands at
 * the left, below it what it talks to. A node that talks further is shown in full where it comes
 * first and by name later. See map_view.h.
 */
#include "base/must.h"
#include "base/str.h"
#include "cli/map_view.h"
#include "render/tree.h"

#define ROOTS_MAX    40
#define CHILDREN_MAX 12
#define ALONE_MAX    12
#define DEPTH_MAX    12

enum { NEW, LATER, SHOWN };

struct view {
	struct cli *cli;
	const struct graph *g;
	bool all;
	uint32_t *first_edge; /* by node, and one more */
	uint8_t *state;
	int digits; /* of the largest number of connections */
	struct tree_node root;
};

/* All edges between two nodes. */
struct bundle {
	uint32_t to;
	const struct graph_edge *edges;
	size_t count;
	uint64_t connections, waiting;
	bool chosen;
};

static const char *connections_text(const struct view *v, uint64_t count, uint64_t waiting)
{
	struct arena *arena = v->cli->arena;
	const char *text = arena_printf(arena, "%*llu connection%s", v->digits,
		(unsigned long long)count, count == 1 ? "" : "s");

	if (waiting == 0)
		return text;
	return arena_printf(arena, "%s, %llu waiting", text, (unsigned long long)waiting);
}

/* Where a bundle leads: the endpoint as it was dialled, if there was one. */
static const char *reached_text(const struct view *v, const struct bundle *b)
{
	const struct graph_node *n = &v->g->nodes[b->to];
	const struct graph_edge *e = b->edges;

	if (n->kind == GRAPH_NETWORK_OUT)
		return b->count == 1 && e->port ? arena_printf(v->cli->arena, "port %u", e->port)
						: n->detail;
	if (n->alike > 1)
		return n->detail;
	if (b->count > 1)
		return arena_printf(v->cli->arena, "%s +%zu", e->endpoint ? e->endpoint : n->detail,
			b->count - 1);
	return e->endpoint ? e->endpoint : n->detail;
}

static size_t list_bundles(const struct view *v, uint32_t node, struct bundle *out)
{
	size_t count = 0;

	for (uint32_t i = v->first_edge[node]; i < v->first_edge[node + 1]; i++) {
		const struct graph_edge *e = &v->g->edges[i];
		if (count == 0 || out[count - 1].to != e->to)
			out[count++] = (struct bundle){.to = e->to, .edges = e};
		out[count - 1].count++;
		out[count - 1].connections += e->connections;
		out[count - 1].waiting += e->waiting;
	}
	return count;
}

static int by_connections(const void *pa, const void *pb)
{
	const struct bundle *a = *(struct bundle *const *)pa, *b = *(struct bundle *const *)pb;

	if (a->connections != b->connections)
		return a->connections > b->connections ? -1 : 1;
	return (a > b) - (a < b);
}

/* Marks the most connected as chosen; the order stays. */
static void choose(const struct view *v, struct bundle *bundles, size_t count)
{
	AUTO(free) struct bundle **order = must_calloc(count + 1, sizeof(*order));

	for (size_t i = 0; i < count; i++)
		order[i] = &bundles[i];
	qsort(order, count, sizeof(*order), by_connections);
	/* one left over alone can as well be shown itself */
	size_t limit = v->all || count <= CHILDREN_MAX + 1 ? count : CHILDREN_MAX;
	for (size_t i = 0; i < limit; i++)
		order[i]->chosen = true;
}

static void add_children(struct view *v, struct tree_node *parent, uint32_t node, int depth);

static void add_child(struct view *v, struct tree_node *parent, uint32_t from,
	const struct bundle *b, int depth)
{
	const struct graph_node *n = &v->g->nodes[b->to];
	struct tree_node *child =
		tree_add(v->cli->arena, parent, map_node_name(v->cli->arena, n, v->cli->out.utf8));

	child->cells[0] = reached_text(v, b);
	child->cells[1] = connections_text(v, b->connections, b->waiting);
	child->cells[2] = n->context;
	child->strong = n->center;
	if (b->to == from)
		child->note = "(itself)";
	else if (n->out && v->state[b->to] == SHOWN)
		child->note = "(above)";
	else if (n->out && depth >= DEPTH_MAX)
		child->note = "(below)";
	else
		add_children(v, child, b->to, depth + 1);
}

static void add_children(struct view *v, struct tree_node *parent, uint32_t node, int depth)
{
	size_t edges = v->first_edge[node + 1] - v->first_edge[node], more = 0;
	AUTO(free) struct bundle *bundles = must_calloc(edges + 1, sizeof(*bundles));
	size_t count = list_bundles(v, node, bundles);
	uint64_t rest = 0;

	v->state[node] = SHOWN;
	choose(v, bundles, count);
	for (size_t i = 0; i < count; i++) {
		if (bundles[i].chosen) {
			add_child(v, parent, node, &bundles[i], depth);
			continue;
		}
		more++;
		rest += bundles[i].connections;
		if (v->state[bundles[i].to] == NEW)
			v->state[bundles[i].to] = LATER;
	}
	if (more) {
		struct tree_node *child = tree_add(v->cli->arena, parent,
			arena_printf(v->cli->arena, "and %zu more", more));
		child->cells[1] = connections_text(v, rest, 0);
	}
}

static void add_root(struct view *v, uint32_t node)
{
	const struct graph_node *n = &v->g->nodes[node];
	struct tree_node *root = tree_add(v->cli->arena, &v->root,
		map_node_name(v->cli->arena, n, v->cli->out.utf8));

	root->cells[0] = n->detail;
	root->cells[2] = n->context;
	root->strong = n->center;
	add_children(v, root, node, 0);
}

/* Clients first, then who connects from outside, then services that nobody talks to. */
static void add_roots(struct view *v)
{
	static const int kinds[] = {GRAPH_CLIENT, GRAPH_NETWORK_IN, GRAPH_UNSEEN, GRAPH_SERVICE,
		GRAPH_NETWORK_OUT};
	const struct graph *g = v->g;
	size_t roots = 0, more = 0;
	uint64_t rest = 0;

	/* the second round begins inside of cycles, and where the first one went too deep */
	for (int round = 0; round < 2; round++) {
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			for (uint32_t i = 0; i < g->node_count; i++) {
				const struct graph_node *n = &g->nodes[i];
				if (n->kind != kinds[k] || n->out == 0 || v->state[i] != NEW ||
					(round == 0 && n->in))
					continue;
				if (v->all || roots < ROOTS_MAX) {
					add_root(v, i);
					roots++;
				} else {
					v->state[i] = LATER;
					more++;
					rest += n->opened;
				}
			}
		}
	}
	if (more) {
		struct tree_node *n = tree_add(v->cli->arena, &v->root,
			arena_printf(v->cli->arena, "and %zu more", more));
		n->cells[1] = connections_text(v, rest, 0);
	}
}

static bool is_alone(const struct graph_node *n)
{
	return n->in + n->out == 0;
}

/* What nobody is connected to: services with a port by name, unix sockets as a number. */
static void add_alone(struct view *v)
{
	const struct graph *g = v->g;
	struct arena *arena = v->cli->arena;
	struct tree_node *group = &v->root;
	size_t lines = 0, rest = g->alone, sockets = 0;

	if (g->alone == 0)
		return;
	if (g->connections) {
		group = tree_add(arena, &v->root,
			arena_printf(arena, "%zu service%s nobody", g->alone,
				g->alone == 1 ? " talks to" : "s talk to"));
		group->apart = true;
	}
	for (size_t i = 0; i < g->node_count; i++) {
		const struct graph_node *n = &g->nodes[i];
		if (!is_alone(n))
			continue;
		if (!v->all && (lines == ALONE_MAX || n->port == 0)) {
			sockets += n->port == 0 ? n->alike : 0;
			continue;
		}
		struct tree_node *child =
			tree_add(arena, group, map_node_name(arena, n, v->cli->out.utf8));
		child->cells[0] = n->detail;
		child->cells[2] = n->context;
		child->strong = n->center;
		rest -= n->alike;
		lines++;
	}
	if (rest && sockets == rest)
		tree_add(arena, group,
			arena_printf(arena, "%s%zu unix socket%s", lines ? "and " : "", rest,
				rest == 1 ? "" : "s"));
	else if (rest)
		tree_add(arena, group, arena_printf(arena, "and %zu more", rest));
}

static void index_edges(struct view *v)
{
	const struct graph *g = v->g;
	uint64_t most = 0;

	for (size_t i = 0; i < g->edge_count; i++)
		v->first_edge[g->edges[i].from + 1]++;
	for (size_t i = 0; i < g->node_count; i++) {
		v->first_edge[i + 1] += v->first_edge[i];
		most = MAX(most, MAX(g->nodes[i].accepted, g->nodes[i].opened));
	}
	for (v->digits = 1; most >= 10; most /= 10)
		v->digits++;
}

void map_tree(struct cli *cli, const struct graph *g, bool all)
{
	struct view v = {.cli = cli, .g = g, .all = all};
	AUTO(free) uint32_t *first_edge = must_calloc(g->node_count + 2, sizeof(*first_edge));
	AUTO(free) uint8_t *state = must_calloc(g->node_count + 1, 1);

	v.first_edge = first_edge;
	v.state = state;
	index_edges(&v);
	add_roots(&v);
	add_alone(&v);
	tree_print(&cli->out, &v.root);
}
