/*
 * layers - places the nodes of a directed graph in columns, edges running from left to right, with
 * few crossings (Sugiyama, Tagawa, Toda 1981: break cycles, assign layers, order, place).
 *
 * Parts that are not connected with each other are laid out alone and packed side by side. All
 * arithmetic is in whole pixels, so that the same graph looks the same on every machine.
 */
#pragma once

#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>

struct layers_edge {
	uint32_t from, to;
};

struct layers_size {
	int node_width, node_height;
	int column_gap; /* between columns: where edges run; grows with their number */
	int row_gap;	/* between nodes of a column */
	int lane;	/* height of an edge that passes through a column */
};

struct layers_point {
	int x, y;
};

/*
 * From the border of one node to that of the other: a curve from points[0] to points[1], a straight
 * line to points[2], a curve to points[3], and so on; the count is even. 0: an edge from a node to
 * itself, which is the caller's to draw. An edge against the direction runs from right to left.
 */
struct layers_route {
	const struct layers_point *points;
	size_t count;
};

struct layers {
	int width, height;
	const struct layers_point *nodes;  /* their top left corners */
	const struct layers_route *routes; /* by edge */
};

/* Everything is allocated in the arena. Edges must name nodes below node_count. */
void layers_make(struct arena *arena, size_t node_count, const struct layers_edge *edges,
	size_t edge_count, const struct layers_size *size, struct layers *out);
