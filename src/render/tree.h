/*
 * tree - labelled nodes as a text tree, with columns to its right that line up over the whole tree.
 *
 *   nginx                127.0.0.1:8080  4 connections
 *   ├─ shop web          127.0.0.1:5173  2 connections
 *   └─ shop api (above)  127.0.0.1:3000  3 connections
 *
 * Labels and cells may be foreign text: both are escaped. On a terminal nothing is wider than it:
 * labels and cells are cut in the middle, branches drawn closer; to a pipe nothing is cut. Without
 * UTF-8 the branches are ASCII.
 */
#pragma once

#include "base/arena.h"
#include "render/out.h"

#define TREE_CELLS     3
#define TREE_DEPTH_MAX 64 /* what is deeper is shown as "…" */

struct tree_node {
	const char *label;
	const char *note; /* behind the label, dim, never cut: "(above)"; NULL = none */
	const char *cells[TREE_CELLS]; /* NULL = empty */
	bool strong;		       /* printed like an answer */
	bool apart;		       /* an empty line before it; for roots */
	struct tree_node *first, *last, *next;
};

/* A new last child of `parent`; all strings are borrowed. */
struct tree_node *tree_add(struct arena *arena, struct tree_node *parent, const char *label);

/* Prints the children of `root`, each with its branches; the root itself is only the list. */
void tree_print(struct out *out, const struct tree_node *root);
