/*
 * dot - see dot.h.
 *
 * A quoted string of the language knows \" only, but labels and tooltips are "escStrings": a
 * backslash starts \N, \l and others there, so each one of the text is doubled. Graphviz also reads
 * entities in them, so an ampersand is one.
 */
#include "render/dot.h"

#include "base/text.h"
#include <string.h>

static void quoted(struct buf *out, const char *s)
{
	AUTO(buf) struct buf plain;

	buf_init(&plain, 64 << 10);
	text_escape(&plain, s, strlen(s));
	for (size_t i = 0; i < plain.len; i++) {
		if (plain.data[i] == '"' || plain.data[i] == '\\')
			buf_char(out, '\\');
		if (plain.data[i] == '&')
			buf_str(out, "&amp;");
		else
			buf_char(out, plain.data[i]);
	}
}

static void attribute(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, ", %s=\"", name);
	quoted(out, value);
	buf_char(out, '"');
}

static void write_node(struct buf *out, size_t index, const struct picture_node *n)
{
	static const char *const styles[] = {
		[LOOK_SERVICE] = "rounded,filled",
		[LOOK_CLIENT] = "rounded",
		[LOOK_UNSEEN] = "rounded,dashed",
		[LOOK_OUTSIDE] = "rounded,dotted",
	};

	buf_printf(out, "\tn%zu [label=\"", index);
	quoted(out, n->name);
	if (n->note) {
		buf_str(out, "  ");
		quoted(out, n->note);
	}
	if (n->detail) {
		buf_str(out, "\\n");
		quoted(out, n->detail);
	}
	buf_printf(out, "\", style=\"%s\"", styles[n->look]);
	if (n->stack)
		buf_str(out, ", peripheries=2");
	attribute(out, "tooltip", n->tip);
	buf_str(out, "];\n");
}

static void write_edge(struct buf *out, const struct picture_edge *e)
{
	unsigned tenths = 10;

	for (uint64_t w = e->weight; w > 1 && tenths < 50; w /= 2)
		tenths += 5;
	buf_printf(out, "\tn%u -> n%u [penwidth=%u.%u", e->from, e->to, tenths / 10, tenths % 10);
	attribute(out, "label", e->label);
	attribute(out, "tooltip", e->tip);
	buf_str(out, e->unsure ? ", style=dashed];\n" : "];\n");
}

void dot_write(struct buf *out, const struct picture *p)
{
	buf_str(out,
		"digraph loopscope {\n\tgraph [rankdir=LR, fontname=\"sans-serif\", "
		"labelloc=t, label=\"");
	quoted(out, p->title);
	buf_str(out, "\\n");
	quoted(out, p->subtitle);
	buf_str(out,
		"\"];\n"
		"\tnode [shape=box, fillcolor=\"#e9f2f1\", color=\"#666b6f\", fontsize=11, "
		"fontname=\"sans-serif\"];\n"
		"\tedge [color=\"#15888a\", fontcolor=\"#51565a\", fontsize=10, "
		"fontname=\"sans-serif\"];\n");
	for (size_t i = 0; i < p->node_count; i++)
		write_node(out, i, &p->nodes[i]);
	for (size_t i = 0; i < p->edge_count; i++)
		write_edge(out, &p->edges[i]);
	buf_str(out, "}\n");
}
