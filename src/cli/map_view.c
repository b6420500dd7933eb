/*
 * map_view - sentences about a graph, and the graph as a picture; see map_view.h. The tree is in
 * map_tree.c.
 */
#include "cli/map_view.h"

#include "base/str.h"
#include "base/vec.h"
#include <string.h>

#define NAMES_MAX 12

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

struct tally {
	uint64_t programs, computers, services;
	uint64_t center_in, center_out;
	size_t centers;
	const char *center;
};

static struct tally tally(const struct graph *g)
{
	struct tally t = {0};

	for (size_t i = 0; i < g->node_count; i++) {
		const struct graph_node *n = &g->nodes[i];
		bool connected = n->in + n->out > 0;
		bool computer = n->kind == GRAPH_NETWORK_IN || n->kind == GRAPH_NETWORK_OUT;
		t.services += n->kind == GRAPH_SERVICE ? n->alike : 0;
		t.computers += connected && computer ? n->alike : 0;
		t.programs += connected && !computer ? n->alike : 0;
		if (n->center) {
			t.center_in += n->accepted;
			t.center_out += n->opened;
			t.centers += n->alike;
			t.center = n->name;
		}
	}
	return t;
}

static const char *headline_of_center(struct arena *arena, const struct tally *t)
{
	const char *who =
		t->centers == 1 ? t->center : arena_printf(arena, "these %zu programs", t->centers);

	if (t->center_in && t->center_out)
		return arena_printf(arena, "%llu connection%s to %s, %llu from %s.",
			(unsigned long long)t->center_in, plural(t->center_in), who,
			(unsigned long long)t->center_out, t->centers == 1 ? "it" : "them");
	if (t->center_in)
		return arena_printf(arena, "%llu connection%s to %s, none from %s.",
			(unsigned long long)t->center_in, plural(t->center_in), who,
			t->centers == 1 ? "it" : "them");
	if (t->center_out)
		return arena_printf(arena, "%llu connection%s from %s, none to %s.",
			(unsigned long long)t->center_out, plural(t->center_out), who,
			t->centers == 1 ? "it" : "them");
	return arena_printf(arena, "Nobody is connected to %s, and %s connected to nobody.", who,
		t->centers == 1 ? "it is" : "they are");
}

const char *map_headline(struct arena *arena, const struct graph *g)
{
	struct tally t = tally(g);
	unsigned long long n = g->connections;

	if (t.centers)
		return headline_of_center(arena, &t);
	if (n == 0 && t.services == 0)
		return "Nobody listens on this computer, and nobody is connected.";
	if (n == 0)
		return arena_printf(arena, "%llu service%s, and nobody is connected to %s.",
			(unsigned long long)t.services, t.services == 1 ? " listens" : "s listen",
			t.services == 1 ? "it" : "any of them");
	if (t.programs == 1 && t.computers == 0)
		return arena_printf(arena, "%llu connection%s of one program with itself.", n,
			plural(n));
	if (t.computers == 0)
		return arena_printf(arena, "%llu connection%s between %llu programs.", n, plural(n),
			(unsigned long long)t.programs);
	return arena_printf(arena,
		"%llu connection%s between %llu program%s and %llu other computer%s.", n, plural(n),
		(unsigned long long)t.programs, plural(t.programs), (unsigned long long)t.computers,
		plural(t.computers));
}

static bool is_alone(const struct graph_node *n)
{
	return n->in + n->out == 0;
}

static void add_name(struct arena *arena, struct buf *b, const struct graph_node *n, size_t index,
	size_t count)
{
	if (index)
		buf_str(b, index + 1 == count ? " and " : ", ");
	buf_str(b, map_node_name(arena, n, true));
	if (n->alike > 1 && n->detail)
		buf_printf(b, " (%s)", n->detail);
	else
		buf_printf(b, " (%u)", n->port);
}

/* Services with a port by name, as far as that is readable; the rest as a number. */
static const char *name_alone(struct arena *arena, const struct graph *g)
{
	AUTO(buf) struct buf b;
	size_t named = 0, shown = 0, rest = g->alone;

	buf_init(&b, 64 << 10);
	for (size_t i = 0; i < g->node_count && named < NAMES_MAX; i++) {
		if (!is_alone(&g->nodes[i]) || !g->nodes[i].port)
			continue;
		named++;
		rest -= g->nodes[i].alike;
	}
	buf_str(&b, "Nobody is connected to ");
	for (size_t i = 0; i < g->node_count && shown < named; i++)
		if (is_alone(&g->nodes[i]) && g->nodes[i].port)
			add_name(arena, &b, &g->nodes[i], shown++, named + (rest > 0));
	if (rest)
		buf_printf(&b, "%s%zu %s%s", shown ? " and " : "", rest, shown ? "more" : "service",
			shown ? "" : plural(rest));
	buf_char(&b, '.');
	return arena_strdup(arena, b.data);
}

void map_remarks(struct arena *arena, const struct graph *g, struct map_remarks *out)
{
	*out = (struct map_remarks){0};
	if (g->alone && g->connections)
		out->texts[out->count++] = name_alone(arena, g);
	if (g->left_out)
		out->texts[out->count++] = arena_printf(arena,
			"%llu connection%s to D-Bus, the journal and their like %s left out; --all "
			"shows %s.",
			(unsigned long long)g->left_out, plural(g->left_out),
			g->left_out == 1 ? "is" : "are", g->left_out == 1 ? "it" : "them");
	if (g->beyond)
		out->texts[out->count++] =
			arena_printf(arena, "%llu more connection%s do not fit on a map.",
				(unsigned long long)g->beyond, plural(g->beyond));
}

const char *map_node_name(struct arena *arena, const struct graph_node *n, bool utf8)
{
	/* "the network" and "88 more services" say themselves that they are several */
	if (n->alike == 1 || n->kind > GRAPH_CLIENT || str_starts(n->id, "more:"))
		return n->name;
	return arena_printf(arena, utf8 ? "%s ×%u" : "%s x%u", n->name, n->alike);
}

static bool is_exposed(const struct graph_node *n)
{
	for (size_t i = 0; i < n->service_count; i++)
		if (n->services[i]->problems & PROBLEM_EXPOSED)
			return true;
	return false;
}

static const char *node_tip(struct arena *arena, const struct graph_node *n)
{
	AUTO(buf) struct buf b;

	buf_init(&b, 4096);
	buf_str(&b, n->name);
	for (size_t i = 0; i < n->endpoint_count && i < NAMES_MAX; i++)
		buf_printf(&b, "%s%s", i ? " " : " on ", n->endpoints[i]);
	if (n->endpoint_count > NAMES_MAX)
		buf_printf(&b, " and %zu more", n->endpoint_count - NAMES_MAX);
	if (n->endpoint_count == 0 && n->detail)
		buf_printf(&b, ", %s", n->detail);
	if (n->context)
		buf_printf(&b, ", %s", n->context);
	if (n->kind == GRAPH_SERVICE && n->pid > 0)
		buf_printf(&b, ", pid %d", n->pid);
	if (n->accepted)
		buf_printf(&b, "; %llu connection%s to it", (unsigned long long)n->accepted,
			plural(n->accepted));
	if (n->opened)
		buf_printf(&b, "; %llu connection%s from it", (unsigned long long)n->opened,
			plural(n->opened));
	return arena_strdup(arena, b.data);
}

static struct picture_node draw_node(struct arena *arena, const struct graph_node *n)
{
	static const int looks[] = {LOOK_SERVICE, LOOK_CLIENT, LOOK_UNSEEN, LOOK_OUTSIDE,
		LOOK_OUTSIDE};

	return (struct picture_node){
		.name = map_node_name(arena, n, true),
		.detail = n->detail,
		.note = n->context,
		.tip = node_tip(arena, n),
		.look = looks[n->kind],
		.endpoint = n->kind == GRAPH_SERVICE,
		.stack = n->alike > 1,
		.exposed = is_exposed(n),
	};
}

static const char *edge_label(struct arena *arena, uint64_t connections, uint64_t waiting)
{
	if (waiting == 0)
		return arena_printf(arena, "%llu open", (unsigned long long)connections);
	if (waiting == connections)
		return arena_printf(arena, "%llu waiting", (unsigned long long)waiting);
	return arena_printf(arena, "%llu + %llu waiting",
		(unsigned long long)(connections - waiting), (unsigned long long)waiting);
}

static struct picture_edge draw_edge(struct arena *arena, const struct graph *g,
	const struct graph_edge *e, size_t count)
{
	struct picture_edge out = {.from = e->from, .to = e->to};
	uint64_t waiting = 0;
	AUTO(buf) struct buf b;

	for (size_t i = 0; i < count; i++) {
		out.weight += e[i].connections;
		waiting += e[i].waiting;
		out.unsure = out.unsure || e[i].guessed;
	}
	out.label = edge_label(arena, out.weight, waiting);
	buf_init(&b, 8192);
	buf_printf(&b, "%s has %llu connection%s to %s", g->nodes[e->from].name,
		(unsigned long long)out.weight, plural(out.weight), g->nodes[e->to].name);
	if (count == 1 && e->endpoint)
		buf_printf(&b, " (%s)", e->endpoint);
	if (waiting == out.weight)
		buf_str(&b, ", not yet accepted");
	else if (waiting)
		buf_printf(&b, ", %llu of them not yet accepted", (unsigned long long)waiting);
	buf_char(&b, '.');
	out.tip = arena_strdup(arena, b.data);
	return out;
}

void map_picture(struct arena *arena, const struct graph *g, struct picture *out)
{
	struct picture_node *nodes = arena_array(arena, struct picture_node, g->node_count);
	struct picture_edge *edges = arena_array(arena, struct picture_edge, g->edge_count);
	uint32_t *place = arena_array(arena, uint32_t, g->node_count);

	*out = (struct picture){.nodes = nodes,
		.edges = edges,
		.weight_word = "thicker is more connections"};
	for (size_t i = 0; i < g->node_count; i++) {
		/* what nobody is connected to is a remark; only when there is nothing else, a box */
		if (is_alone(&g->nodes[i]) && g->connections)
			continue;
		place[i] = (uint32_t)out->node_count;
		nodes[out->node_count++] = draw_node(arena, &g->nodes[i]);
	}
	for (size_t i = 0, next; i < g->edge_count; i = next) {
		const struct graph_edge *e = &g->edges[i];
		for (next = i + 1; next < g->edge_count && e->from == g->edges[next].from &&
			e->to == g->edges[next].to;
			next++)
			;
		struct picture_edge *edge = &edges[out->edge_count++];
		*edge = draw_edge(arena, g, e, next - i);
		edge->from = place[edge->from];
		edge->to = place[edge->to];
	}
}
