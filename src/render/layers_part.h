/*
 * layers_part - one connected part of a graph on its way to a layout; private to layers*.c.
 *
 * Items are the nodes and, for every layer that an edge crosses, a lane (a node of no size), so that
 * links only run between neighbouring layers.
 */
#pragma once

#include "render/layers.h"

struct layers_item {
	uint32_t node; /* of the part; UINT32_MAX for a lane */
	int layer;
	int place;			   /* in its layer, from above */
	int y;				   /* of its middle */
	uint32_t left_first, left_count;   /* in part.left: items of the layer before */
	uint32_t right_first, right_count; /* in part.right */
};

struct layers_part {
	struct arena *arena;
	const struct layers_size *size;
	uint32_t node_count, edge_count;
	struct layers_edge *edges; /* indexes of this part; none from a node to itself */
	bool *flipped;		   /* by edge: drawn against its direction */
	int *layer;		   /* by node */
	int layer_count;
	struct layers_item *items; /* the nodes first */
	uint32_t item_count;
	uint32_t *lane_first;	/* by edge: its first lane; they stand together, left to right */
	uint32_t *left, *right; /* neighbours of all items */
	uint32_t **rows;	/* by layer: its items from above */
	uint32_t *row_count;
	int height;
};

/* The ends of an edge as it is drawn, left to right. */
static inline uint32_t layers_left_end(const struct layers_part *p, uint32_t edge)
{
	return p->flipped[edge] ? p->edges[edge].to : p->edges[edge].from;
}

static inline uint32_t layers_right_end(const struct layers_part *p, uint32_t edge)
{
	return p->flipped[edge] ? p->edges[edge].from : p->edges[edge].to;
}

/* Step by step, in this order. */
void layers_assign(struct layers_part *p); /* flips edges of cycles; sets layers */
void layers_order(struct layers_part *p);  /* makes items and rows, with few crossings */
void layers_place(struct layers_part *p);  /* sets y */
