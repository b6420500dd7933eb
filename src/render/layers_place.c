/*
 * layers_place - how far down each item stands.
 *
 * Every item wants to be level with its neighbours, and the long edges want to be straight. Given
 * the order of a column and the least distances, the places with the least sum of squares are found
 * by pooling items that push each other (pool adjacent violators); columns take turns until it is
 * calm. Whole numbers only.
 */
#include "render/layers_part.h"

#include "base/auto.h"

#define ROUNDS 12

static bool is_lane(const struct layers_item *item)
{
	return item->node == UINT32_MAX;
}

/* The least distance between the middles of two items that stand next to each other. */
static int distance(const struct layers_part *p, const struct layers_item *a,
	const struct layers_item *b)
{
	int node = p->size->node_height, lane = p->size->lane;
	int sum = (is_lane(a) ? lane : node) / 2 + (is_lane(b) ? lane : node) / 2;

	if (!is_lane(a) && !is_lane(b))
		return sum + p->size->row_gap;
	return sum + (is_lane(a) && is_lane(b) ? 2 : p->size->row_gap / 2);
}

/* Gansner et al. 1993: an edge inside its lanes should be straight before all. */
static int weight(const struct layers_item *a, const struct layers_item *b)
{
	return is_lane(a) && is_lane(b) ? 8 : is_lane(a) || is_lane(b) ? 2 : 1;
}

static void wish(const struct layers_part *p, const struct layers_item *item, const uint32_t *list,
	uint32_t count, int64_t *sum, int64_t *weights)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct layers_item *other = &p->items[list[i]];
		int w = weight(item, other);
		*sum += (int64_t)w * other->y;
		*weights += w;
	}
}

struct pool {
	int64_t sum, weights;
	uint32_t count;
};

static int64_t mean(const struct pool *pool)
{
	int64_t half = pool->weights / 2;

	return (pool->sum + (pool->sum < 0 ? -half : half)) / pool->weights;
}

/* Places one column by the neighbours on its left, its right, or both. */
static void settle(struct layers_part *p, int layer, bool left, bool right, struct pool *pools)
{
	const uint32_t *row = p->rows[layer];
	uint32_t count = 0;
	int offset = 0;

	for (uint32_t i = 0; i < p->row_count[layer]; i++) {
		const struct layers_item *item = &p->items[row[i]];
		int64_t sum = 0, weights = 0;
		if (left)
			wish(p, item, p->left + item->left_first, item->left_count, &sum, &weights);
		if (right)
			wish(p, item, p->right + item->right_first, item->right_count, &sum,
				&weights);
		if (weights == 0) {
			sum = item->y;
			weights = 1;
		}
		if (i)
			offset += distance(p, &p->items[row[i - 1]], item);
		pools[count++] = (struct pool){sum - weights * offset, weights, 1};
		while (count > 1 && mean(&pools[count - 2]) >= mean(&pools[count - 1])) {
			pools[count - 2].sum += pools[count - 1].sum;
			pools[count - 2].weights += pools[count - 1].weights;
			pools[count - 2].count += pools[count - 1].count;
			count--;
		}
	}

	uint32_t at = 0;
	offset = 0;
	for (uint32_t i = 0; i < count; i++) {
		int64_t y = mean(&pools[i]);
		for (uint32_t k = 0; k < pools[i].count; k++, at++) {
			if (at)
				offset += distance(p, &p->items[row[at - 1]], &p->items[row[at]]);
			p->items[row[at]].y = (int)(y + offset);
		}
	}
}

static void stack_up(struct layers_part *p)
{
	for (int l = 0; l < p->layer_count; l++) {
		for (uint32_t i = 1; i < p->row_count[l]; i++) {
			struct layers_item *above = &p->items[p->rows[l][i - 1]];
			struct layers_item *item = &p->items[p->rows[l][i]];
			item->y = above->y + distance(p, above, item);
		}
	}
}

void layers_place(struct layers_part *p)
{
	struct pool *pools = arena_array(p->arena, struct pool, p->item_count);
	int top = INT32_MAX, bottom = INT32_MIN;

	stack_up(p);
	for (int round = 0; round < ROUNDS; round++) {
		bool last = round >= ROUNDS / 2; /* first each side alone, then both together */
		for (int l = 1; l < p->layer_count; l++)
			settle(p, l, true, last, pools);
		for (int l = p->layer_count - 2; l >= 0; l--)
			settle(p, l, last, true, pools);
	}
	for (uint32_t i = 0; i < p->item_count; i++) {
		int half = (is_lane(&p->items[i]) ? p->size->lane : p->size->node_height) / 2;
		top = MIN(top, p->items[i].y - half);
		bottom = MAX(bottom, p->items[i].y + half);
	}
	for (uint32_t i = 0; i < p->item_count; i++)
		p->items[i].y -= top;
	p->height = MAX(bottom - top, p->size->node_height);
}
