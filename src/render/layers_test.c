#include "render/layers.h"
#include "unit.h"

static const struct layers_size size = {100, 40, 80, 20, 14};

static struct layers make(struct arena *arena, size_t nodes, const struct layers_edge *edges,
	size_t count)
{
	struct layers out;

	layers_make(arena, nodes, edges, count, &size, &out);
	return out;
}

#define MAKE(arena, nodes, ...)                                                                    \
	make((arena), (nodes), (const struct layers_edge[]){__VA_ARGS__},                          \
		ARRAY_SIZE(((const struct layers_edge[]){__VA_ARGS__})))

TEST(places_a_chain_on_a_line)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct layers l = MAKE(arena, 3, {0, 1}, {1, 2});

	CHECK_INT(l.width, 3 * 100 + 2 * 80);
	CHECK_INT(l.height, 40);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(l.nodes[i].x, 180 * i);
		CHECK_INT(l.nodes[i].y, 0);
	}
	CHECK_INT(l.routes[0].count, 2);
	CHECK_INT(l.routes[0].points[0].x, 100);
	CHECK_INT(l.routes[0].points[0].y, 20);
	CHECK_INT(l.routes[0].points[1].x, 180);
}

TEST(puts_one_between_two)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct layers l = MAKE(arena, 3, {0, 1}, {0, 2});

	CHECK_INT(l.nodes[1].y, 0);
	CHECK_INT(l.nodes[2].y, 60);
	CHECK_INT(l.nodes[0].y, 30);
	CHECK(l.routes[0].points[0].y < l.routes[1].points[0].y);
}

TEST(takes_long_edges_around_nodes)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct layers l = MAKE(arena, 3, {0, 1}, {1, 2}, {0, 2});
	const struct layers_route *r = &l.routes[2];

	CHECK_INT(r->count, 4);
	CHECK_INT(r->points[1].x, l.nodes[1].x);
	CHECK_INT(r->points[2].x, l.nodes[1].x + 100);
	CHECK_INT(r->points[1].y, r->points[2].y);
	CHECK(r->points[1].y < l.nodes[1].y || r->points[1].y > l.nodes[1].y + 40);
}

TEST(moves_sources_to_what_they_lead_to)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct layers l = MAKE(arena, 4, {0, 1}, {1, 2}, {3, 2});

	CHECK_INT(l.nodes[3].x, l.nodes[1].x);
}

TEST(draws_cycles)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct layers l = MAKE(arena, 3, {0, 1}, {1, 2}, {2, 0}, {1, 1});
	const struct layers_route *back = &l.routes[2];

	CHECK_INT(l.nodes[2].x, 360);
	CHECK_INT(back->points[0].x, l.nodes[2].x); /* leaves on the left, arrives on the right */
	CHECK_INT(back->points[back->count - 1].x, l.nodes[0].x + 100);
	CHECK_INT(l.routes[3].count, 0);
}

TEST(untangles_what_can_be)
{
	AUTO(arena) struct arena *arena = arena_new();
	/* 0-3 lead to 7-4: drawn as listed, every edge would cross every other */
	struct layers l =
		MAKE(arena, 9, {8, 0}, {8, 1}, {8, 2}, {8, 3}, {0, 7}, {1, 6}, {2, 5}, {3, 4});

	for (int i = 0; i < 4; i++)
		CHECK_INT(l.nodes[i].y, l.nodes[7 - i].y);
}

TEST(packs_parts_side_by_side)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct layers_edge edges[12];

	for (uint32_t i = 0; i < ARRAY_SIZE(edges); i++)
		edges[i] = (struct layers_edge){2 * i, 2 * i + 1};
	struct layers l = make(arena, 24, edges, ARRAY_SIZE(edges));
	CHECK(l.width > l.height);
	CHECK_INT(l.width, 4 * 100 + 3 * 80);
	CHECK_INT(l.height, 6 * 40 + 5 * 20);
}

static bool overlap(const struct layers *l, size_t a, size_t b)
{
	return abs(l->nodes[a].x - l->nodes[b].x) < size.node_width &&
		abs(l->nodes[a].y - l->nodes[b].y) < size.node_height + size.row_gap / 2;
}

/* Any graph: nothing overlaps, nothing stands outside, edges begin and end at their nodes. */
static void check_sound(const struct layers *l, size_t nodes, const struct layers_edge *edges,
	size_t count)
{
	for (size_t i = 0; i < nodes; i++) {
		CHECK(l->nodes[i].x >= 0 && l->nodes[i].x + size.node_width <= l->width);
		CHECK(l->nodes[i].y >= 0 && l->nodes[i].y + size.node_height <= l->height);
		for (size_t k = i + 1; k < nodes; k++)
			CHECK(!overlap(l, i, k));
	}
	for (size_t i = 0; i < count; i++) {
		const struct layers_route *r = &l->routes[i];
		struct layers_point from = l->nodes[edges[i].from], to = l->nodes[edges[i].to];
		if (edges[i].from == edges[i].to) {
			CHECK_INT(r->count, 0);
			continue;
		}
		struct layers_point first = r->points[0], last = r->points[r->count - 1];
		CHECK(r->count >= 2 && r->count % 2 == 0);
		CHECK(first.x == from.x || first.x == from.x + size.node_width);
		CHECK(last.x == to.x || last.x == to.x + size.node_width);
		CHECK(first.y > from.y && first.y < from.y + size.node_height);
		CHECK(last.y > to.y && last.y < to.y + size.node_height);
	}
}

TEST(is_sound_for_any_graph)
{
	unsigned seed = 7;

	for (unsigned round = 0; round < 60; round++) {
		AUTO(arena) struct arena *arena = arena_new();
		struct layers_edge edges[120];
		size_t nodes = 1 + round, count = (round * 7) % ARRAY_SIZE(edges);
		for (size_t i = 0; i < count; i++) {
			seed = seed * 1103515245 + 12345;
			edges[i].from = (seed >> 8) % nodes;
			edges[i].to = (seed >> 18) % nodes;
		}
		struct layers l = make(arena, nodes, edges, count);
		check_sound(&l, nodes, edges, count);
	}
}

TEST(accepts_nothing)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct layers l = make(arena, 0, NULL, 0);

	CHECK_INT(l.width, 0);
	l = make(arena, 1, NULL, 0);
	CHECK_INT(l.width, 100);
	CHECK_INT(l.height, 40);
}

TESTS(places_a_chain_on_a_line, puts_one_between_two, takes_long_edges_around_nodes,
	moves_sources_to_what_they_lead_to, draws_cycles, untangles_what_can_be,
	packs_parts_side_by_side, is_sound_for_any_graph, accepts_nothing)
