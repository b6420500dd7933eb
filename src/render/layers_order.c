/*
 * layers_order - who stands above whom in each column.
 *
 * Items move to the mean place of their neighbours, column by column, to and fro; then neighbours in
 * a column change places while that removes crossings. The best order of all rounds is kept.
 */
#include "render/layers_part.h"

#include "base/auto.h"
#include <string.h>

#define SWEEPS	  16
#define EXCHANGES 8

static uint32_t add_item(struct layers_part *p, uint32_t node, int layer)
{
	p->items[p->item_count] = (struct layers_item){.node = node, .layer = layer};
	return p->item_count++;
}

static void make_items(struct layers_part *p)
{
	size_t lanes = 0;

	for (uint32_t e = 0; e < p->edge_count; e++)
		lanes += (size_t)(p->layer[layers_right_end(p, e)] -
				 p->layer[layers_left_end(p, e)]) -
			1;
	p->items = arena_array(p->arena, struct layers_item, p->node_count + lanes);
	p->lane_first = arena_array(p->arena, uint32_t, p->edge_count);
	for (uint32_t i = 0; i < p->node_count; i++)
		add_item(p, i, p->layer[i]);
	for (uint32_t e = 0; e < p->edge_count; e++) {
		p->lane_first[e] = p->item_count;
		for (int l = p->layer[layers_left_end(p, e)] + 1;
			l < p->layer[layers_right_end(p, e)]; l++)
			add_item(p, UINT32_MAX, l);
	}
}

/* Calls `each` for every link of an edge, from left to right. */
static void each_link(struct layers_part *p, void (*each)(struct layers_part *, uint32_t, uint32_t))
{
	for (uint32_t e = 0; e < p->edge_count; e++) {
		uint32_t at = layers_left_end(p, e), end = layers_right_end(p, e);
		for (uint32_t lane = p->lane_first[e]; p->items[at].layer + 1 < p->layer[end];
			lane++) {
			each(p, at, lane);
			at = lane;
		}
		each(p, at, end);
	}
}

static void count_link(struct layers_part *p, uint32_t left, uint32_t right)
{
	p->items[left].right_count++;
	p->items[right].left_count++;
}

static void store_link(struct layers_part *p, uint32_t left, uint32_t right)
{
	struct layers_item *l = &p->items[left], *r = &p->items[right];

	p->right[l->right_first + l->right_count++] = right;
	p->left[r->left_first + r->left_count++] = left;
}

static void make_links(struct layers_part *p)
{
	uint32_t left = 0, right = 0;

	each_link(p, count_link);
	for (uint32_t i = 0; i < p->item_count; i++) {
		struct layers_item *item = &p->items[i];
		item->left_first = left;
		item->right_first = right;
		left += item->left_count;
		right += item->right_count;
		item->left_count = item->right_count = 0;
	}
	p->left = arena_array(p->arena, uint32_t, left);
	p->right = arena_array(p->arena, uint32_t, right);
	each_link(p, store_link);
}

static void make_rows(struct layers_part *p)
{
	p->rows = arena_array(p->arena, uint32_t *, (size_t)p->layer_count);
	p->row_count = arena_array(p->arena, uint32_t, (size_t)p->layer_count);
	for (uint32_t i = 0; i < p->item_count; i++)
		p->row_count[p->items[i].layer]++;
	for (int l = 0; l < p->layer_count; l++) {
		p->rows[l] = arena_array(p->arena, uint32_t, p->row_count[l]);
		p->row_count[l] = 0;
	}
	for (uint32_t i = 0; i < p->item_count; i++) {
		struct layers_item *item = &p->items[i];
		item->place = (int)p->row_count[item->layer];
		p->rows[item->layer][p->row_count[item->layer]++] = i;
	}
}

static const uint32_t *neighbours(const struct layers_part *p, uint32_t item, bool left,
	uint32_t *out_count)
{
	const struct layers_item *i = &p->items[item];

	*out_count = left ? i->left_count : i->right_count;
	return left ? p->left + i->left_first : p->right + i->right_first;
}

struct wish {
	uint32_t item;
	int64_t sum, count; /* the mean place of its neighbours */
};

static int by_wish(const void *pa, const void *pb, void *arg)
{
	const struct wish *a = pa, *b = pb;
	const struct layers_part *p = arg;
	int64_t order = a->sum * b->count - b->sum * a->count;

	if (order == 0)
		order = p->items[a->item].place - p->items[b->item].place;
	return (order > 0) - (order < 0);
}

static void sort_row(struct layers_part *p, int layer, bool by_left, struct wish *wishes)
{
	uint32_t count = p->row_count[layer], near;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t item = p->rows[layer][i];
		const uint32_t *list = neighbours(p, item, by_left, &near);
		wishes[i] = (struct wish){item, near ? 0 : p->items[item].place, near ? near : 1};
		for (uint32_t k = 0; k < near; k++)
			wishes[i].sum += p->items[list[k]].place;
	}
	qsort_r(wishes, count, sizeof(*wishes), by_wish, p);
	for (uint32_t i = 0; i < count; i++) {
		p->rows[layer][i] = wishes[i].item;
		p->items[wishes[i].item].place = (int)i;
	}
}

/* How often the links of two items cross on one side, the first standing above the second. */
static int64_t crossings_of_two(const struct layers_part *p, uint32_t above, uint32_t below,
	bool left)
{
	uint32_t a_count, b_count;
	const uint32_t *a = neighbours(p, above, left, &a_count);
	const uint32_t *b = neighbours(p, below, left, &b_count);
	int64_t crossings = 0;

	for (uint32_t i = 0; i < a_count; i++)
		for (uint32_t k = 0; k < b_count; k++)
			crossings += p->items[a[i]].place > p->items[b[k]].place;
	return crossings;
}

static int64_t count_crossings(const struct layers_part *p)
{
	int64_t sum = 0;

	for (int l = 0; l + 1 < p->layer_count; l++)
		for (uint32_t i = 0; i < p->row_count[l]; i++)
			for (uint32_t k = i + 1; k < p->row_count[l]; k++)
				sum += crossings_of_two(p, p->rows[l][i], p->rows[l][k], false);
	return sum;
}

static bool exchange(struct layers_part *p)
{
	bool better = false;

	for (int l = 0; l < p->layer_count; l++) {
		uint32_t *row = p->rows[l];
		for (uint32_t i = 0; i + 1 < p->row_count[l]; i++) {
			uint32_t a = row[i], b = row[i + 1];
			int64_t now =
				crossings_of_two(p, a, b, true) + crossings_of_two(p, a, b, false);
			int64_t then =
				crossings_of_two(p, b, a, true) + crossings_of_two(p, b, a, false);
			if (then >= now)
				continue;
			row[i] = b;
			row[i + 1] = a;
			p->items[b].place = (int)i;
			p->items[a].place = (int)i + 1;
			better = true;
		}
	}
	return better;
}

static void keep(struct layers_part *p, int *best)
{
	for (uint32_t i = 0; i < p->item_count; i++)
		best[i] = p->items[i].place;
}

static void restore(struct layers_part *p, const int *best)
{
	for (uint32_t i = 0; i < p->item_count; i++) {
		p->items[i].place = best[i];
		p->rows[p->items[i].layer][best[i]] = i;
	}
}

void layers_order(struct layers_part *p)
{
	make_items(p);
	make_links(p);
	make_rows(p);

	struct wish *wishes = arena_array(p->arena, struct wish, p->item_count);
	int *best = arena_array(p->arena, int, p->item_count);
	int64_t least = count_crossings(p);
	keep(p, best);
	for (int sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
		for (int l = 1; l < p->layer_count; l++)
			sort_row(p, sweep % 2 ? p->layer_count - 1 - l : l, sweep % 2 == 0, wishes);
		for (int i = 0; i < EXCHANGES && exchange(p); i++)
			;
		int64_t crossings = count_crossings(p);
		if (crossings < least) {
			least = crossings;
			keep(p, best);
		}
	}
	restore(p, best);
}
