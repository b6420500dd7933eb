/*
 * tree - see tree.h. Two walks: one measures the columns, one prints. The label's column is as wide
 * as the widest branch and label together.
 */
#include "render/tree.h"

#include "base/str.h"
#include "base/text.h"

#define LINE_MAX_BYTES (64u << 10)
#define LABEL_FLOOR    8u  /* a label is never cut below this */
#define CELL_FLOOR     12u /* nor a cell below this */

struct branches {
	const char *on, *last, *through, *none;
	size_t width;
};

struct walk {
	struct out *out;
	struct branches b;
	struct buf text;		 /* one label or cell, escaped */
	size_t depth;			 /* of the node at hand; roots are 0 */
	size_t deepest, fixed;		 /* of all: depth, and width of branches and note */
	bool more[TREE_DEPTH_MAX + 1];	 /* by depth: a sibling follows */
	size_t label, cells[TREE_CELLS]; /* widths of the columns; label with branches */
};

struct tree_node *tree_add(struct arena *arena, struct tree_node *parent, const char *label)
{
	struct tree_node *n = arena_new_of(arena, struct tree_node);

	n->label = label;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	return n;
}

static struct branches choose_branches(bool utf8, bool close)
{
	if (utf8)
		return close ? (struct branches){"├", "└", "│", " ", 1}
			     : (struct branches){"├─ ", "└─ ", "│  ", "   ", 3};
	return close ? (struct branches){"|", "`", "|", " ", 1}
		     : (struct branches){"|- ", "`- ", "|  ", "   ", 3};
}

static size_t measured(struct walk *w, const char *s)
{
	if (!s)
		return 0;
	buf_clear(&w->text);
	text_escape(&w->text, s, strlen(s));
	return text_width(w->text.data, w->text.len);
}

static size_t note_width(const struct tree_node *n)
{
	return n->note ? 1 + text_width(n->note, strlen(n->note)) : 0;
}

static void measure(struct walk *w, const struct tree_node *n)
{
	size_t fixed = w->depth * w->b.width + note_width(n);

	w->fixed = MAX(w->fixed, fixed);
	w->label = MAX(w->label, fixed + measured(w, n->label));
	w->deepest = MAX(w->deepest, w->depth);
	for (size_t i = 0; i < TREE_CELLS; i++)
		w->cells[i] = MAX(w->cells[i], measured(w, n->cells[i]));
}

static void print_cell(struct walk *w, const char *s, size_t room)
{
	size_t width = measured(w, s);

	if (width > room && w->out->columns)
		text_cut_middle(&w->out->text, w->text.data, room, w->out->utf8);
	else if (s)
		buf_add(&w->out->text, w->text.data, w->text.len);
	buf_pad(&w->out->text, ' ', width < room ? room - width : 0);
}

static void print_branches(struct walk *w)
{
	if (w->depth == 0)
		return;
	out_style(w->out, STYLE_DIM);
	for (size_t d = 1; d < w->depth; d++)
		out_str(w->out, w->more[d] ? w->b.through : w->b.none);
	out_str(w->out, w->more[w->depth] ? w->b.on : w->b.last);
	out_plain(w->out);
}

static void print_label(struct walk *w, const struct tree_node *n)
{
	size_t taken = w->depth * w->b.width + note_width(n);
	size_t room = w->label - taken, width = measured(w, n->label);

	print_branches(w);
	if (n->strong)
		out_style(w->out, STYLE_ANSWER);
	if (width > room && w->out->columns)
		text_cut_middle(&w->out->text, w->text.data, room, w->out->utf8);
	else
		buf_add(&w->out->text, w->text.data, w->text.len);
	if (n->strong)
		out_plain(w->out);
	if (n->note) {
		out_str(w->out, " ");
		out_styled(w->out, STYLE_DIM, n->note);
	}
	buf_pad(&w->out->text, ' ', width < room ? room - width : 0);
}

static void print(struct walk *w, const struct tree_node *n)
{
	struct buf *line = &w->out->text;

	if (n->apart)
		buf_char(line, '\n');
	print_label(w, n);
	for (size_t i = 0; i < TREE_CELLS; i++) {
		if (!w->cells[i])
			continue;
		buf_str(line, "  ");
		print_cell(w, n->cells[i], w->cells[i]);
	}
	while (line->len && line->data[line->len - 1] == ' ')
		line->data[--line->len] = '\0';
	buf_char(line, '\n');
	out_breathe(w->out);
}

static void each(struct walk *w, const struct tree_node *parent,
	void (*visit)(struct walk *, const struct tree_node *))
{
	static const struct tree_node deeper = {.label = "…"}, deeper_ascii = {.label = "..."};

	for (const struct tree_node *n = parent->first; n; n = n->next) {
		w->more[w->depth] = n->next != NULL;
		visit(w, n);
		if (!n->first)
			continue;
		w->depth++;
		if (w->depth < TREE_DEPTH_MAX) {
			each(w, n, visit);
		} else {
			w->more[w->depth] = false;
			visit(w, w->out->utf8 ? &deeper : &deeper_ascii);
		}
		w->depth--;
	}
}

static void measure_all(struct walk *w, const struct tree_node *root, bool close)
{
	w->b = choose_branches(w->out->utf8, close);
	w->label = w->fixed = 0;
	memset(w->cells, 0, sizeof(w->cells));
	each(w, root, measure);
}

static size_t total(const struct walk *w)
{
	size_t sum = w->label;

	for (size_t i = 0; i < TREE_CELLS; i++)
		sum += w->cells[i] ? w->cells[i] + 2 : 0;
	return sum;
}

/* Takes from the widest column until the lines fit; then cells go, the last first. */
static void fit(struct walk *w)
{
	size_t floor = w->fixed + LABEL_FLOOR, columns = w->out->columns;

	for (size_t over; total(w) > columns;) {
		size_t *widest = NULL, least = CELL_FLOOR;
		over = total(w) - columns;
		for (size_t i = 0; i < TREE_CELLS; i++)
			if (w->cells[i] > CELL_FLOOR && (!widest || w->cells[i] > *widest))
				widest = &w->cells[i];
		if (w->label > floor && (!widest || w->label - floor > *widest - CELL_FLOOR)) {
			widest = &w->label;
			least = floor;
		}
		if (widest) {
			*widest -= MIN(over, MIN(*widest - least, (size_t)8));
			continue;
		}
		size_t i = TREE_CELLS;
		while (i > 0 && !w->cells[i - 1])
			i--;
		if (i == 0)
			break;
		w->cells[i - 1] = 0;
	}
}

void tree_print(struct out *out, const struct tree_node *root)
{
	struct walk w = {.out = out};

	buf_init(&w.text, LINE_MAX_BYTES);
	measure_all(&w, root, false);
	if (out->columns) {
		if (w.deepest * w.b.width > out->columns / 3)
			measure_all(&w, root, true);
		fit(&w);
	}
	each(&w, root, print);
	buf_fini(&w.text);
}
