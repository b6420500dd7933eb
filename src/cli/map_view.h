/* map_view - a graph of services as a tree for terminals, and as a picture. */
#pragma once

#include "cli/cli.h"
#include "map/graph.h"
#include "render/picture.h"

/* The answer in one sentence: "33 connections between 12 programs and 2 other computers." */
const char *map_headline(struct arena *arena, const struct graph *g);

/* "shop api", or "worker ×80" ("x80" without UTF-8) for a node that stands for several. */
const char *map_node_name(struct arena *arena, const struct graph_node *n, bool utf8);

/* "Nobody is connected to sshd (22) and cups (631)." and what else is not in the picture. */
struct map_remarks {
	const char *texts[8];
	size_t count;
};

void map_remarks(struct arena *arena, const struct graph *g, struct map_remarks *out);

/* The tree below the headline. `all` prints everything, however long. */
void map_tree(struct cli *cli, const struct graph *g, bool all);

/* Nodes and edges; title, subtitle and remarks are the caller's. */
void map_picture(struct arena *arena, const struct graph *g, struct picture *out);
