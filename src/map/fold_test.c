#include "map/lab.h"
#include "unit.h"

static const struct graph *fold(struct lab *lab, struct graph_limits limits)
{
	return graph_fold(lab->arena, lab_graph(lab), &limits);
}

/* One client connected to `count` servers, twice to each. */
static struct lab *fan(unsigned count)
{
	struct lab *lab = lab_new();
	struct owner *client = lab_owner(lab, 1, "client");

	for (unsigned i = 0; i < count; i++) {
		struct owner *o = lab_owner(lab, (pid_t)(10 + i), "server");
		lab_service(lab, o, "server", "127.0.0.1", (uint16_t)(3000 + i));
		lab_pair(lab, client, o, "127.0.0.1", (uint16_t)(40000 + i), (uint16_t)(3000 + i));
		lab_pair(lab, client, o, "127.0.0.1", (uint16_t)(50000 + i), (uint16_t)(3000 + i));
	}
	return lab;
}

TEST(makes_alike_nodes_one)
{
	struct lab *lab = fan(6);
	const struct graph *g = fold(lab, (struct graph_limits){.alike = 5});

	CHECK_STR(lab_text(lab, g), "client > server 12 ...\n");
	CHECK_STR(g->nodes[0].detail, "3000 to 3005");
	CHECK_STR(g->nodes[0].id, "127.0.0.1:3000+5");
	CHECK_INT(g->nodes[0].alike, 6);
	CHECK_INT(g->nodes[0].processes, 6);
	CHECK_INT(g->nodes[0].accepted, 12);
	CHECK_INT(fold(lab, (struct graph_limits){.alike = 6})->node_count, 7);
	CHECK_INT(fold(lab, (struct graph_limits){0})->edge_count, 6);
	lab_free(lab);
}

TEST(keeps_those_with_other_neighbours)
{
	struct lab *lab = fan(4);

	lab_pair(lab, lab_owner(lab, 99, "psql"), lab->owners.items[2], "127.0.0.1", 60000, 3001);
	CHECK_STR(lab_text(lab, fold(lab, (struct graph_limits){.alike = 2})),
		"client > server 2 127.0.0.1:3001\n"
		"client > server 6 ...\n"
		"psql > server 1 127.0.0.1:3001\n");
	lab_free(lab);
}

TEST(folds_what_nobody_talks_to)
{
	struct lab *lab = fan(2);

	for (int i = 0; i < 6; i++)
		lab_service(lab, lab_owner(lab, 50 + i, "x"), "spare", "127.0.0.1",
			(uint16_t)(7000 + i));
	const struct graph *g = fold(lab, (struct graph_limits){.alike = 5});
	CHECK_INT(g->alone, 6);
	CHECK_INT(g->node_count, 4);
	CHECK_STR(g->nodes[2].detail, "7000 to 7005");
	lab_free(lab);
}

TEST(counts_other_computers)
{
	struct lab *lab = lab_new();
	struct owner *sshd = lab_owner(lab, 1, "sshd");

	lab_service(lab, sshd, "sshd", "0.0.0.0", 22);
	for (unsigned i = 0; i < 9; i++) {
		const char *from = arena_printf(lab->arena, "203.0.113.%u", i);
		for (unsigned k = 0; k <= i; k++)
			lab_end(lab, sshd, "192.0.2.10", 22, from, (uint16_t)(1000 + k));
	}
	const struct graph *g = fold(lab, (struct graph_limits){.computers = 2});
	CHECK_STR(lab_text(lab, g),
		"203.0.113.7 > sshd 8 192.0.2.10:22\n"
		"203.0.113.8 > sshd 9 192.0.2.10:22\n"
		"the network > sshd 28 192.0.2.10:22\n");
	CHECK_STR(g->nodes[3].detail, "7 other addresses");
	CHECK_INT(g->connections, 45);
	/* one left over is shown itself */
	CHECK_INT(fold(lab, (struct graph_limits){.computers = 8})->node_count, 10);
	lab_free(lab);
}

TEST(says_how_many_more)
{
	struct lab *lab = fan(100);

	for (uint32_t i = 1; i < lab->owners.count; i++)
		((struct service *)lab->services.items[i - 1])->name =
			arena_printf(lab->arena, "server %u", i);
	lab_pair(lab, lab->owners.items[0], lab->owners.items[50], "127.0.0.1", 60000, 3049);
	const struct graph *g = fold(lab, (struct graph_limits){.alike = 5, .nodes = 3});
	CHECK_STR(lab_text(lab, g),
		"client > server 1 2 127.0.0.1:3000\n"
		"client > server 50 3 127.0.0.1:3049\n"
		"client > 98 more services 196 ...\n");
	CHECK_STR(g->nodes[2].id, "more:service");
	CHECK(g->nodes[2].detail == NULL);
	lab_free(lab);
}

TEST(never_loses_a_connection)
{
	struct lab *lab = lab_new();
	unsigned seed = 1;

	for (int i = 0; i < 40; i++) {
		struct owner *o = lab_owner(lab, 10 + i, i % 3 ? "a" : "b");
		lab_service(lab, o, i % 2 ? "x" : "y", "127.0.0.1", (uint16_t)(3000 + i));
	}
	for (int i = 0; i < 400; i++) {
		seed = seed * 1103515245 + 12345;
		unsigned a = (seed >> 8) % 40, b = (seed >> 16) % 40;
		lab_pair(lab, lab->owners.items[a], lab->owners.items[b], "127.0.0.1",
			(uint16_t)(40000 + i), (uint16_t)(3000 + b));
	}
	for (size_t alike = 0; alike < 4; alike++)
		for (size_t nodes = 0; nodes < 12; nodes++) {
			const struct graph *g = fold(lab, (struct graph_limits){1, alike, nodes});
			uint64_t sum = 0;
			for (size_t i = 0; i < g->edge_count; i++)
				sum += g->edges[i].connections;
			CHECK_INT(sum, 400);
			CHECK_INT(g->connections, 400);
			CHECK(nodes == 0 || g->node_count <= nodes + 1);
		}
	lab_free(lab);
}

TESTS(makes_alike_nodes_one, keeps_those_with_other_neighbours, folds_what_nobody_talks_to,
	counts_other_computers, says_how_many_more, never_loses_a_connection)
