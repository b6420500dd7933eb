/*
 * layers_assign - which column each node stands in.
 *
 * An edge that leads back to where a walk came from is turned around, so that no cycle is left; then
 * every node stands one column right of the last that leads to it. Nodes that nothing leads to move
 * right, next to what they lead to: short edges are easy to follow.
 */
#include "render/layers_part.h"

#include "base/auto.h"

struct adjacency {
	uint32_t *first; /* by node, and one more */
	uint32_t *edges;
};

/* The edges by their left end, in order. */
static struct adjacency list_edges(const struct layers_part *p)
{
	struct adjacency a = {arena_array(p->arena, uint32_t, p->node_count + 1),
		arena_array(p->arena, uint32_t, p->edge_count)};
	uint32_t *used = arena_array(p->arena, uint32_t, p->node_count);

	for (uint32_t e = 0; e < p->edge_count; e++)
		a.first[layers_left_end(p, e) + 1]++;
	for (uint32_t i = 0; i < p->node_count; i++)
		a.first[i + 1] += a.first[i];
	for (uint32_t e = 0; e < p->edge_count; e++) {
		uint32_t from = layers_left_end(p, e);
		a.edges[a.first[from] + used[from]++] = e;
	}
	return a;
}

enum { NEW, OPEN, DONE };

/* A walk in depth from one node; edges to nodes that are still open close a cycle. */
static void walk(struct layers_part *p, const struct adjacency *a, uint32_t start, uint8_t *state,
	uint32_t *stack, uint32_t *next)
{
	uint32_t depth = 0;

	stack[depth++] = start;
	state[start] = OPEN;
	while (depth) {
		uint32_t node = stack[depth - 1];
		if (a->first[node] + next[node] == a->first[node + 1]) {
			state[node] = DONE;
			depth--;
			continue;
		}
		uint32_t e = a->edges[a->first[node] + next[node]++], to = p->edges[e].to;
		if (state[to] == OPEN) {
			p->flipped[e] = true;
		} else if (state[to] == NEW) {
			state[to] = OPEN;
			stack[depth++] = to;
		}
	}
}

static void break_cycles(struct layers_part *p)
{
	struct adjacency a = list_edges(p);
	uint8_t *state = arena_array(p->arena, uint8_t, p->node_count);
	uint32_t *stack = arena_array(p->arena, uint32_t, p->node_count + 1);
	uint32_t *next = arena_array(p->arena, uint32_t, p->node_count);
	int *balance = arena_array(p->arena, int, p->node_count);
	bool *reached = arena_array(p->arena, bool, p->node_count);

	for (uint32_t e = 0; e < p->edge_count; e++) {
		balance[p->edges[e].from]++;
		balance[p->edges[e].to]--;
		reached[p->edges[e].to] = true;
	}
	for (uint32_t i = 0; i < p->node_count; i++)
		if (!reached[i])
			walk(p, &a, i, state, stack, next);
	for (;;) { /* what is left are cycles that nothing leads to: begin where most leaves */
		uint32_t best = UINT32_MAX;
		for (uint32_t i = 0; i < p->node_count; i++)
			if (state[i] == NEW && (best == UINT32_MAX || balance[i] > balance[best]))
				best = i;
		if (best == UINT32_MAX)
			break;
		walk(p, &a, best, state, stack, next);
	}
}

static void longest_paths(struct layers_part *p, const struct adjacency *a)
{
	uint32_t *waits_for = arena_array(p->arena, uint32_t, p->node_count);
	uint32_t *queue = arena_array(p->arena, uint32_t, p->node_count + 1);
	uint32_t head = 0, tail = 0;

	for (uint32_t e = 0; e < p->edge_count; e++)
		waits_for[layers_right_end(p, e)]++;
	for (uint32_t i = 0; i < p->node_count; i++)
		if (waits_for[i] == 0)
			queue[tail++] = i;
	while (head < tail) {
		uint32_t node = queue[head++];
		for (uint32_t k = a->first[node]; k < a->first[node + 1]; k++) {
			uint32_t to = layers_right_end(p, a->edges[k]);
			p->layer[to] = MAX(p->layer[to], p->layer[node] + 1);
			if (--waits_for[to] == 0)
				queue[tail++] = to;
		}
	}
}

static void pull_sources(struct layers_part *p, const struct adjacency *a)
{
	bool *reached = arena_array(p->arena, bool, p->node_count);

	for (uint32_t e = 0; e < p->edge_count; e++)
		reached[layers_right_end(p, e)] = true;
	for (uint32_t i = 0; i < p->node_count; i++) {
		int nearest = INT32_MAX;
		for (uint32_t k = a->first[i]; k < a->first[i + 1]; k++)
			nearest = MIN(nearest, p->layer[layers_right_end(p, a->edges[k])]);
		if (!reached[i] && nearest != INT32_MAX)
			p->layer[i] = nearest - 1;
	}
}

void layers_assign(struct layers_part *p)
{
	p->flipped = arena_array(p->arena, bool, p->edge_count);
	p->layer = arena_array(p->arena, int, p->node_count);
	break_cycles(p);

	struct adjacency a = list_edges(p);
	longest_paths(p, &a);
	pull_sources(p, &a);
	for (uint32_t i = 0; i < p->node_count; i++)
		p->layer_count = MAX(p->layer_count, p->layer[i] + 1);
}
