/*
 * picture - nodes and the edges between them, as svg.h and dot.h draw them. All strings may be
 * foreign; the renderers escape.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum picture_look {
	LOOK_SERVICE, /* a box */
	LOOK_CLIENT,  /* a box without ground */
	LOOK_UNSEEN,  /* a dashed box */
	LOOK_OUTSIDE, /* a round box */
};

struct picture_node {
	const char *name;
	const char *detail; /* the second line; NULL = none */
	const char *note;   /* small, right of the detail: where it runs; NULL = none */
	const char *tip;    /* all of it in one sentence, for pointers and screen readers */
	int look;
	bool endpoint; /* detail is an endpoint: monospace */
	bool stack;    /* stands for several */
	bool exposed;  /* other computers can reach it */
};

struct picture_edge {
	uint32_t from, to;
	uint64_t weight;   /* thicker is more; 1 and up */
	const char *label; /* "4 open" */
	const char *tip;
	bool unsure;
};

struct picture {
	const char *title, *subtitle;
	const struct picture_node *nodes;
	size_t node_count;
	const struct picture_edge *edges;
	size_t edge_count;
	const char *const *remarks; /* sentences below the picture */
	size_t remark_count;
	const char *weight_word; /* legend: "thicker is more connections" */
};
