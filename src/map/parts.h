/*
 * parts - what building and folding a graph share: parts that are put together into a graph
 * with the right sums and the fixed order. Private to graph*.c.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "map/graph.h"

#define NODE_NONE UINT32_MAX

struct graph_parts {
	struct arena *arena;
	VEC(struct graph_node) nodes;
	VEC(struct graph_edge) edges; /* from and to index nodes; connections add up when equal */
	struct map edge_keys;
	uint64_t beyond;
};

void graph_parts_init(struct graph_parts *p, struct arena *arena);
void graph_parts_fini(struct graph_parts *p);

/* A new node, zeroed but for address, pid and alike; NODE_NONE when there are too many. */
uint32_t graph_parts_node(struct graph_parts *p, int kind);

/* Adds connections to the edge with these ends, service, port and way, which is made when new.
 * The endpoint is copied. */
void graph_parts_edge(struct graph_parts *p, const struct graph_edge *edge);

/* Sorts, sums up, makes ids unique. The other sums of `out` are the caller's. */
void graph_parts_finish(struct graph_parts *p, struct graph *out);

AUTO_DEFINE_FINI(graph_parts, struct graph_parts)
