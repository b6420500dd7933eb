/* map - who talks to whom on this machine: as a tree, as JSON, as a picture. */
#include "cli/command.h"
#include "cli/common.h"
#include "cli/map_view.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "render/dot.h"
#include "render/record.h"
#include "render/svg.h"
#include <errno.h>

#define PICTURE_MAX (64u << 20)
#define HOPS	    2

struct options {
	bool all;
	const char *svg, *dot;
	int owners;
};

struct answer {
	struct cli *cli;
	const struct options *o;
	const struct snapshot *s;
	const struct graph *g;
	const struct host *host;
	const struct target *target; /* NULL = the whole machine */
};

static bool to_stdout(const char *file)
{
	return file && (file[0] == '\0' || str_eq(file, "-"));
}

/* The part of the graph that is asked for; NULL when it is not there. */
static const struct graph *cut_out(struct cli *cli, const struct answer *a, struct err *err)
{
	struct selection selected;
	AUTO(buf) struct buf shown = BUF_INIT(400);

	if (select_services(a->host, a->s, a->target, &selected, err) < 0)
		return NULL;
	const struct graph *part = graph_around(cli->arena, a->g, a->target, &selected, HOPS);
	if (part)
		return part;
	text_escape(&shown, a->target->text, strlen(a->target->text));
	err_set(err, -ENOENT, "nothing on the map listens on '%s' or is called that", shown.data);
	err_fix(err, "loopscope map");
	return NULL;
}

static const struct graph *fold(const struct answer *a, bool picture)
{
	struct graph_limits limits = {.computers = 5, .alike = 5, .nodes = picture ? 60 : 0};

	if (a->o->all)
		limits = (struct graph_limits){.nodes = picture ? 400 : 0};
	return graph_fold(a->cli->arena, a->g, &limits);
}

static const char *taken_text(const struct answer *a)
{
	time_t seconds = a->s->taken_ms / 1000;
	struct tm tm;
	char text[64];

	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%e %b %Y, %H:%M", &tm))
		return "";
	return arena_strdup(a->cli->arena, text + strspn(text, " "));
}

static void make_picture(const struct answer *a, struct picture *out)
{
	struct arena *arena = a->cli->arena;
	const struct graph *g = fold(a, true);
	struct map_remarks remarks;
	const char **texts =
		arena_array(arena, const char *, ARRAY_SIZE(remarks.texts) + a->s->blind_count);

	map_picture(arena, g, out);
	map_remarks(arena, g, &remarks);
	memcpy(texts, remarks.texts, remarks.count * sizeof(*texts));
	out->remark_count = remarks.count;
	for (size_t i = 0; i < a->s->blind_count; i++)
		texts[out->remark_count++] = arena_printf(arena, "Not seen: %s, because %s.",
			a->s->blind[i].what, a->s->blind[i].why);
	out->remarks = texts;
	out->title = a->target ? arena_printf(arena, "Who talks to %s", a->target->text)
			       : "Who talks to whom";
	out->subtitle =
		arena_printf(arena, "%s Seen on %s.", map_headline(arena, a->g), taken_text(a));
}

/* Prints or writes one picture; 0 or the exit code of a failure. */
static int put(const struct answer *a, const char *file, const char *kind,
	void (*write)(struct buf *, const struct picture *))
{
	struct picture picture;
	struct err err = {0};
	AUTO(buf) struct buf text;

	buf_init(&text, PICTURE_MAX);
	make_picture(a, &picture);
	write(&text, &picture);
	if (to_stdout(file)) {
		a->cli->out.page = false;
		buf_add(&a->cli->out.text, text.data, text.len);
		return 0;
	}
	if (fs_write_atomic(file, text.data, text.len, &err) < 0)
		return cli_fail(a->cli, EXIT_FAULT, "fault", &err);
	if (a->cli->format == FORMAT_TEXT) {
		out_printf(&a->cli->out, "Wrote the map as %s to ", kind);
		out_foreign(&a->cli->out, file);
		out_str(&a->cli->out, ".\n");
	}
	return 0;
}

static void print_json(const struct answer *a)
{
	const struct graph *g = a->g;
	struct json j;

	cli_json_begin(a->cli, &j);
	json_str(&j, "target", a->target ? a->target->text : NULL);
	json_u64(&j, "connections", g->connections);
	records_json(&j, "nodes", &graph_node_type, g->nodes, g->node_count);
	records_json(&j, "edges", &graph_edge_type, g->edges, g->edge_count);
	json_u64(&j, "left_out_connections", g->left_out);
	json_u64(&j, "left_out_services", g->left_out_services);
	json_u64(&j, "socket_pairs", g->pairs);
	json_u64(&j, "beyond", g->beyond);
	common_blind_json(&j, a->s);
	cli_json_end(a->cli, &j);
}

static void print_text(const struct answer *a)
{
	struct out *out = &a->cli->out;
	struct map_remarks remarks;
	const struct graph *g = fold(a, false);

	out_style(out, STYLE_ANSWER);
	out_foreign(out, map_headline(a->cli->arena, a->g));
	out_plain(out);
	out_str(out, "\n");
	if (g->node_count) {
		unsigned columns = out->columns;
		out_str(out, "\n");
		out->columns = a->cli->wide ? 0 : columns;
		map_tree(a->cli, g, a->o->all);
		out->columns = columns;
	}
	map_remarks(a->cli->arena, g, &remarks);
	size_t first = g->alone && g->connections; /* those are in the tree */
	if (remarks.count > first || a->s->blind_count)
		out_str(out, "\n");
	for (size_t i = first; i < remarks.count; i++) {
		out_styled(out, STYLE_DIM, remarks.texts[i]);
		out_str(out, "\n");
	}
	cli_blind(a->cli, a->s->blind, a->s->blind_count);
}

static bool anybody_listens(const struct graph *g)
{
	for (size_t i = 0; i < g->node_count; i++)
		if (g->nodes[i].kind == GRAPH_SERVICE)
			return true;
	return g->left_out_services > 0;
}

static int check(struct cli *cli, const struct options *o)
{
	struct err err = {0};

	if (to_stdout(o->svg) + to_stdout(o->dot) + (cli->format != FORMAT_TEXT) <= 1)
		return 0;
	err_set(&err, -EINVAL, "only one of --svg, --dot and --json can go to standard output");
	err_fix(&err, "loopscope map --svg=map.svg");
	return cli_fail_errno(cli, &err);
}

static int answer(struct cli *cli, struct answer *a)
{
	struct err err = {0};
	int code = 0;

	a->g = graph_build(cli->arena, a->s, a->o->all);
	bool listens = anybody_listens(a->g);
	if (a->target)
		a->g = cut_out(cli, a, &err);
	if (!a->g)
		return cli_fail_errno(cli, &err);
	if (a->o->svg)
		code = put(a, a->o->svg, "SVG", svg_write);
	if (code == 0 && a->o->dot)
		code = put(a, a->o->dot, "Graphviz text", dot_write);
	if (code)
		return code;
	if (cli->format != FORMAT_TEXT)
		print_json(a);
	else if (!a->o->svg && !a->o->dot)
		print_text(a);
	return listens ? EXIT_YES : EXIT_NOBODY;
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct options *o = options;
	AUTO(snapshot) struct snapshot *s = NULL;
	struct host host;
	struct target target;
	const struct inventory_query query = {
		.protos = PROTO_BIT(PROTO_TCP) | PROTO_BITS_UNIX,
		.all_states = true,
		.full_owners = true,
		.rung = o->owners,
	};

	int code = check(cli, o);
	if (code)
		return code;
	code = argc ? common_target(cli, argv[0], &target) : -1;
	if (code < 0)
		code = common_snapshot(cli, &query, &host, &s);
	if (code >= 0)
		return code;
	struct answer a = {cli, o, s, NULL, &host, argc ? &target : NULL};
	code = answer(cli, &a);
	host_close(&host);
	return code;
}

static const struct option_row rows[] = {
	OPTION(struct options, svg, "svg", OPTION_OPTIONAL, "FILE",
		"a picture for browsers and documents, to FILE or standard output"),
	OPTION(struct options, dot, "dot", OPTION_OPTIONAL, "FILE",
		"text for Graphviz, to FILE or standard output"),
	OPTION(struct options, all, "all", OPTION_FLAG, NULL,
		"everything: D-Bus, the journal and their like, nothing folded or cut"),
	OPTION(struct options, owners, "owners", OPTION_CHOICE, "RUNG", COMMON_OWNERS_HELP,
		.choices = common_rungs),
};

static const struct example examples[] = {
	{"map", "who talks to whom on this machine"},
	{"map shop", "what the project shop is connected to"},
	{"map 5432 --svg=db.svg", "who uses the database, as a picture"},
	{"map --dot | dot -Tpng >map.png", "drawn by Graphviz"},
	{"map --json", "nodes and edges for programs"},
};

const struct command command_map = {
	.name = "map",
	.group = GROUP_LOOK,
	.arguments = "[TARGET]",
	.summary = "show who talks to whom",
	.about = "Every established connection that can be seen, between the programs at its two "
		 "ends: over loopback, unix sockets, between containers and with other computers. "
		 "At the left stands who is talked to by nobody; below it what it talks to.\n\n"
		 "With a TARGET: who reaches it, and what it reaches, over up to two steps.\n\n"
		 "Programs that only connect are one line for each program, project, container and "
		 "user. Many services of one name with the same clients are one line as well.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits = "0 somebody listens; 3 nobody does, or the target is not there",
	.see_also = "ls explain targets",
	.completes = COMPLETES_TARGETS,
	.max_arguments = 1,
	.run = run,
};
