/*
 * layers - see layers.h. Cuts the graph into connected parts, has each laid out, packs them into as
 * many columns as look well together, and turns lanes into routes.
 */
#include "render/layers.h"

#include "base/auto.h"
#include "render/layers_part.h"
#include <string.h>

#define COLUMNS_MAX   6 /* that many small parts stand side by side, unless one part is wider */
#define EDGES_NARROW  8 /* edges between two columns that the plain gap is enough for */
#define GAP_PER_EDGE  3
#define FAN_FROM      4 /* so many edges on one side of a node need room to spread */
#define GAP_FAN	      36
#define GAP_EXTRA_MAX 120
#define PORT_MARGIN   11 /* from a node's corner to its first edge */

struct part {
	struct layers_part p;
	const uint32_t *nodes; /* index in the whole graph */
	const uint32_t *edges;
	int column, y; /* where it was packed */
};

struct plan {
	struct arena *arena;
	const struct layers_edge *edges;
	size_t node_count, edge_count;
	const struct layers_size *size;
	uint32_t *part_of, *local; /* by node */
	struct part *parts;
	uint32_t part_count;
	int gap, columns, height;
	struct layers_point *nodes;
	struct layers_route *routes;
};

static uint32_t find(uint32_t *parent, uint32_t i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

static void cut_into_parts(struct plan *plan)
{
	uint32_t *parent = arena_array(plan->arena, uint32_t, plan->node_count);
	uint32_t *number = arena_array(plan->arena, uint32_t, plan->node_count);

	for (uint32_t i = 0; i < plan->node_count; i++)
		parent[i] = i;
	for (size_t e = 0; e < plan->edge_count; e++) {
		uint32_t a = find(parent, plan->edges[e].from), b = find(parent, plan->edges[e].to);
		parent[MAX(a, b)] = MIN(a, b);
	}
	plan->part_of = arena_array(plan->arena, uint32_t, plan->node_count);
	plan->local = arena_array(plan->arena, uint32_t, plan->node_count);
	for (uint32_t i = 0; i < plan->node_count; i++) {
		if (find(parent, i) == i)
			number[i] = plan->part_count++;
		plan->part_of[i] = number[find(parent, i)];
	}
}

static void fill_parts(struct plan *plan)
{
	plan->parts = arena_array(plan->arena, struct part, plan->part_count);
	for (uint32_t i = 0; i < plan->node_count; i++)
		plan->local[i] = plan->parts[plan->part_of[i]].p.node_count++;
	for (size_t e = 0; e < plan->edge_count; e++)
		if (plan->edges[e].from != plan->edges[e].to)
			plan->parts[plan->part_of[plan->edges[e].from]].p.edge_count++;
	for (uint32_t i = 0; i < plan->part_count; i++) {
		struct part *part = &plan->parts[i];
		part->nodes = arena_array(plan->arena, uint32_t, part->p.node_count);
		part->edges = arena_array(plan->arena, uint32_t, part->p.edge_count);
		part->p.edges = arena_array(plan->arena, struct layers_edge, part->p.edge_count);
		part->p.arena = plan->arena;
		part->p.size = plan->size;
		part->p.edge_count = 0;
	}
	for (uint32_t i = 0; i < plan->node_count; i++)
		((uint32_t *)plan->parts[plan->part_of[i]].nodes)[plan->local[i]] = i;
	for (size_t e = 0; e < plan->edge_count; e++) {
		const struct layers_edge *edge = &plan->edges[e];
		struct part *part = &plan->parts[plan->part_of[edge->from]];
		if (edge->from == edge->to)
			continue;
		part->p.edges[part->p.edge_count] =
			(struct layers_edge){plan->local[edge->from], plan->local[edge->to]};
		((uint32_t *)part->edges)[part->p.edge_count++] = (uint32_t)e;
	}
}

/* The gap grows with the fullest space between two columns, and with fans. */
static int wanted_gap(const struct plan *plan)
{
	uint32_t most = 0, fan = 0;

	for (uint32_t i = 0; i < plan->part_count; i++) {
		const struct layers_part *p = &plan->parts[i].p;
		for (int l = 0; l + 1 < p->layer_count; l++) {
			uint32_t links = 0;
			for (uint32_t k = 0; k < p->row_count[l]; k++) {
				const struct layers_item *item = &p->items[p->rows[l][k]];
				links += item->right_count;
				fan = MAX(fan, MAX(item->left_count, item->right_count));
			}
			most = MAX(most, links);
		}
	}
	int extra = most > EDGES_NARROW ? (int)MIN(most - EDGES_NARROW, 1000u) * GAP_PER_EDGE : 0;
	return plan->size->column_gap + MIN(extra, GAP_EXTRA_MAX) + (fan < FAN_FROM ? 0 : GAP_FAN);
}

static int by_size(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;

	if (a->p.node_count != b->p.node_count)
		return a->p.node_count > b->p.node_count ? -1 : 1;
	return (a->nodes[0] > b->nodes[0]) - (a->nodes[0] < b->nodes[0]);
}

/* Puts every part where it is highest, then where it is leftmost. Returns the height of all. */
static int pack(struct plan *plan, int columns, int *bottoms)
{
	int height = 0;

	memset(bottoms, 0, sizeof(*bottoms) * (size_t)columns);
	for (uint32_t i = 0; i < plan->part_count; i++) {
		struct part *part = &plan->parts[i];
		int best_y = INT32_MAX, wide = part->p.layer_count;
		for (int c = 0; c + wide <= columns; c++) {
			int y = 0;
			for (int k = c; k < c + wide; k++)
				y = MAX(y, bottoms[k]);
			if (y < best_y) {
				best_y = y;
				part->column = c;
			}
		}
		part->y = best_y;
		for (int k = part->column; k < part->column + wide; k++)
			bottoms[k] = best_y + part->p.height + plan->size->row_gap;
		height = MAX(height, best_y + part->p.height);
	}
	return height;
}

static int width_of(const struct plan *plan, int columns)
{
	return columns * plan->size->node_width + (columns - 1) * plan->gap;
}

/* As few columns as give a picture that is not higher than wide. */
static void pack_all(struct plan *plan)
{
	int widest = 1, used = 0;

	qsort(plan->parts, plan->part_count, sizeof(*plan->parts), by_size);
	for (uint32_t i = 0; i < plan->part_count; i++) {
		widest = MAX(widest, plan->parts[i].p.layer_count);
		used += plan->parts[i].p.layer_count;
	}
	int most = MIN(MAX(COLUMNS_MAX, widest), MAX(used, widest));
	int *bottoms = arena_array(plan->arena, int, (size_t)most + 1);
	for (plan->columns = widest;; plan->columns++) {
		plan->height = pack(plan, plan->columns, bottoms);
		if (plan->columns >= most || width_of(plan, plan->columns) * 2 >= plan->height * 3)
			break;
	}
}

static int column_x(const struct plan *plan, const struct part *part, int layer)
{
	return (part->column + layer) * (plan->size->node_width + plan->gap);
}

struct port {
	uint32_t edge;
	int towards; /* how far down the edge goes to */
	int tie;
};

static int by_direction(const void *pa, const void *pb)
{
	const struct port *a = pa, *b = pb;

	if (a->towards != b->towards)
		return a->towards < b->towards ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	return (a->edge > b->edge) - (a->edge < b->edge);
}

/* Spreads the edges of one side of a node over its height; sets their y by edge. */
static void spread_ports(const struct part *part, uint32_t node, bool right, struct port *ports,
	int *y_of)
{
	const struct layers_part *p = &part->p;
	uint32_t count = 0;

	for (uint32_t e = 0; e < p->edge_count; e++) {
		uint32_t left_end = layers_left_end(p, e), right_end = layers_right_end(p, e);
		if ((right ? left_end : right_end) != node)
			continue;
		bool lanes = p->layer[right_end] - p->layer[left_end] > 1;
		uint32_t last =
			p->lane_first[e] + (uint32_t)(p->layer[right_end] - p->layer[left_end]) - 2;
		uint32_t next = !lanes ? (right ? right_end : left_end)
			: right	       ? p->lane_first[e]
				       : last;
		ports[count++] = (struct port){e, p->items[next].y, p->flipped[e]};
	}
	qsort(ports, count, sizeof(*ports), by_direction);
	int top = p->items[node].y - p->size->node_height / 2 + PORT_MARGIN;
	int room = p->size->node_height - 2 * PORT_MARGIN;
	for (uint32_t i = 0; i < count; i++)
		y_of[ports[i].edge] =
			count == 1 ? p->items[node].y : top + room * (int)i / (int)(count - 1);
}

static void draw_edge(struct plan *plan, const struct part *part, uint32_t e, int from_y, int to_y)
{
	const struct layers_part *p = &part->p;
	int first = p->layer[layers_left_end(p, e)], last = p->layer[layers_right_end(p, e)];
	size_t count = 2 * (size_t)(last - first), at = 0;
	struct layers_point *points = arena_array(plan->arena, struct layers_point, count);
	int width = plan->size->node_width;

	points[at++] = (struct layers_point){column_x(plan, part, first) + width, part->y + from_y};
	for (int l = first + 1; l < last; l++) {
		int y = part->y + p->items[p->lane_first[e] + (uint32_t)(l - first) - 1].y;
		points[at++] = (struct layers_point){column_x(plan, part, l), y};
		points[at++] = (struct layers_point){column_x(plan, part, l) + width, y};
	}
	points[at] = (struct layers_point){column_x(plan, part, last), part->y + to_y};
	for (size_t i = 0; p->flipped[e] && i < count / 2; i++) {
		struct layers_point swap = points[i];
		points[i] = points[count - 1 - i];
		points[count - 1 - i] = swap;
	}
	plan->routes[part->edges[e]] = (struct layers_route){points, count};
}

static void draw(struct plan *plan, const struct part *part)
{
	const struct layers_part *p = &part->p;
	struct port *ports = arena_array(plan->arena, struct port, p->edge_count);
	int *from_y = arena_array(plan->arena, int, p->edge_count);
	int *to_y = arena_array(plan->arena, int, p->edge_count);

	for (uint32_t i = 0; i < p->node_count; i++) {
		plan->nodes[part->nodes[i]] = (struct layers_point){
			column_x(plan, part, p->layer[i]),
			part->y + p->items[i].y - plan->size->node_height / 2,
		};
		spread_ports(part, i, true, ports, from_y);
		spread_ports(part, i, false, ports, to_y);
	}
	for (uint32_t e = 0; e < p->edge_count; e++)
		draw_edge(plan, part, e, from_y[e], to_y[e]);
}

void layers_make(struct arena *arena, size_t node_count, const struct layers_edge *edges,
	size_t edge_count, const struct layers_size *size, struct layers *out)
{
	struct plan plan = {.arena = arena,
		.edges = edges,
		.node_count = node_count,
		.edge_count = edge_count,
		.size = size};

	plan.nodes = arena_array(arena, struct layers_point, node_count);
	plan.routes = arena_array(arena, struct layers_route, edge_count);
	*out = (struct layers){.nodes = plan.nodes, .routes = plan.routes};
	if (node_count == 0)
		return;
	cut_into_parts(&plan);
	fill_parts(&plan);
	for (uint32_t i = 0; i < plan.part_count; i++) {
		layers_assign(&plan.parts[i].p);
		layers_order(&plan.parts[i].p);
		layers_place(&plan.parts[i].p);
	}
	plan.gap = wanted_gap(&plan);
	pack_all(&plan);
	for (uint32_t i = 0; i < plan.part_count; i++)
		draw(&plan, &plan.parts[i]);
	out->width = width_of(&plan, plan.columns);
	out->height = plan.height;
}
