/*
 * svg - see svg.h. The colours are those of the console, written out: programs that draw SVG
 * outside of browsers know no custom properties. "prefers-color-scheme" turns them dark.
 */
#include "render/svg.h"

#include "base/must.h"
#include "base/vec.h"
#include "render/layers.h"
#include "render/svg_text.h"
#include <string.h>

#define MARGIN	     28
#define HEAD	     92	 /* from the top to the first node */
#define PAD	     12	 /* inside a node */
#define WIDTH_MIN    620 /* of the text below */
#define ARROW	     6	 /* an edge ends that far before a node */
#define LABEL_HEIGHT 16
#define FAN	     4	/* edges on one side of a node that are a fan */
#define DESC_MAX     80 /* sentences for screen readers */
#define LABELS_MAX   2000

static const struct layers_size size = {
	.node_width = 200,
	.node_height = 46,
	.column_gap = 104,
	.row_gap = 24,
	.lane = 14,
};

static const char style[] =
	".loopscope-map{color-scheme:light dark;font-family:system-ui,sans-serif;"
	"font-variant-numeric:tabular-nums}\n"
	".loopscope-map .paper{fill:#fbfbf9}\n"
	".loopscope-map text{font-size:12px;fill:#666b6f}\n"
	".loopscope-map .title{font-size:22px;font-weight:600;fill:#191c1e}\n"
	".loopscope-map .subtitle{font-size:14px;fill:#51565a}\n"
	".loopscope-map .remark{font-size:13px;fill:#51565a}\n"
	".loopscope-map .rule{stroke:#e5e6e1}\n"
	".loopscope-map .box{fill:#fff;stroke:#cfd1ca}\n"
	".loopscope-map .client .box{fill:#fbfbf9}\n"
	".loopscope-map .unseen .box{fill:#fbfbf9;stroke:#85897f;stroke-dasharray:3 3}\n"
	".loopscope-map .outside .box{fill:#f3f4f1}\n"
	".loopscope-map .name{font-size:13px;font-weight:500;fill:#191c1e}\n"
	".loopscope-map .detail{font-size:11.5px;fill:#51565a}\n"
	".loopscope-map .endpoint{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:11px;"
	"font-variant-ligatures:none}\n"
	".loopscope-map .note{font-size:11px;text-anchor:end}\n"
	".loopscope-map .mark{fill:none;stroke:#666b6f;stroke-width:1.4;stroke-linecap:round;"
	"stroke-linejoin:round}\n"
	".loopscope-map .edge{fill:none;stroke:#4f9897}\n"
	".loopscope-map .unsure{stroke:#7c8285;stroke-dasharray:6 4}\n"
	".loopscope-map .arrow{fill:#15888a}\n"
	".loopscope-map .back{fill:#fbfbf9}\n"
	".loopscope-map .label{font-size:11.5px;fill:#191c1e;text-anchor:middle}\n"
	"@media (prefers-color-scheme:dark){\n"
	".loopscope-map .paper,.loopscope-map .back,.loopscope-map .client .box,"
	".loopscope-map .unseen .box{fill:#101315}\n"
	".loopscope-map text{fill:#8c949a}\n"
	".loopscope-map .title,.loopscope-map .name,.loopscope-map .label{fill:#e8eaeb}\n"
	".loopscope-map .subtitle,.loopscope-map .remark,.loopscope-map .detail{fill:#a7aeb3}\n"
	".loopscope-map .rule{stroke:#23282c}\n"
	".loopscope-map .box{fill:#171b1e;stroke:#363d42}\n"
	".loopscope-map .unseen .box{stroke:#6c757c}\n"
	".loopscope-map .outside .box{fill:#0b0e0f}\n"
	".loopscope-map .mark{stroke:#8c949a}\n"
	".loopscope-map .edge{stroke:#36796f}\n"
	".loopscope-map .unsure{stroke:#798187}\n"
	".loopscope-map .arrow{fill:#4fb5ac}\n"
	"}\n";

struct box {
	int x, y, width, height;
};

struct drawing {
	struct buf *out;
	const struct picture *p;
	struct arena *arena;
	struct layers layers;
	VEC(struct box) taken;		/* by nodes and labels: no label may cover them */
	uint32_t *out_edges, *in_edges; /* by node */
	int width, height;
};

static void escaped(struct drawing *d, const char *s)
{
	svg_text_escape(d->out, s);
}

static void title(struct drawing *d, const char *s)
{
	if (!s)
		return;
	buf_str(d->out, "<title>");
	escaped(d, s);
	buf_str(d->out, "</title>");
}

static void take(struct drawing *d, struct box b)
{
	struct box *slot = vec_push(&d->taken);

	if (slot)
		*slot = b;
}

static bool is_free(const struct drawing *d, struct box b)
{
	VEC_EACH (&d->taken, t)
		if (b.x < t->x + t->width && t->x < b.x + b.width && b.y < t->y + t->height &&
			t->y < b.y + b.height)
			return false;
	return true;
}

static void text(struct drawing *d, const char *class, int x, int y, const char *s)
{
	buf_printf(d->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	escaped(d, s);
	buf_str(d->out, "</text>\n");
}

static void fitted(struct drawing *d, const char *class, int x, int y, const char *s,
	enum svg_face face, int font, int room)
{
	buf_printf(d->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	svg_text_fit(d->out, s, face, font, room);
	buf_str(d->out, "</text>");
}

/* Two arrows of the console's sign for "reachable from elsewhere". */
static void exposed_mark(struct drawing *d, int x, int y)
{
	buf_printf(d->out,
		"<path class=\"mark\" transform=\"translate(%d %d)\" d=\"M12 8.6A5.4 5.4 0 1 1 5.4 "
		"2"
		"M6.6 7.4L12.6 1.4M8.6 1.2h4.2v4.2\"/>",
		x, y);
}

static int detail_width(const struct picture_node *n)
{
	return n->endpoint ? svg_text_width(n->detail, SVG_MONO, 11)
			   : svg_text_width(n->detail, SVG_UI, 12);
}

static void draw_node(struct drawing *d, const struct picture_node *n, struct layers_point at)
{
	static const char *const looks[] = {
		[LOOK_SERVICE] = "service",
		[LOOK_CLIENT] = "client",
		[LOOK_UNSEEN] = "unseen",
		[LOOK_OUTSIDE] = "outside",
	};
	int x = at.x, y = at.y, radius = n->look == LOOK_OUTSIDE ? size.node_height / 2 : 6;
	int pad = n->look == LOOK_OUTSIDE ? PAD + 6 : PAD;
	int room = size.node_width - 2 * pad - (n->exposed ? 20 : 0);

	buf_printf(d->out, "<g class=\"%s\">", looks[n->look]);
	title(d, n->tip);
	for (int back = n->stack; back >= 0; back--)
		buf_printf(d->out,
			"<rect class=\"box\" x=\"%d.5\" y=\"%d.5\" width=\"%d\" height=\"%d\" "
			"rx=\"%d\"/>",
			x + back * 4, y + back * 4, size.node_width - 1, size.node_height - 1,
			radius);
	fitted(d, "name", x + pad, y + (n->detail || n->note ? 19 : 28), n->name, SVG_UI, 13, room);
	room = size.node_width - 2 * pad;
	int detail = n->detail ? detail_width(n) : 0, note = 0;
	if (n->note) {
		note = MIN(svg_text_width(n->note, SVG_UI, 11), MAX(room - detail - 10, room / 3));
		fitted(d, "note", x + size.node_width - pad, y + 36, n->note, SVG_UI, 11, note);
	}
	if (n->detail)
		fitted(d, n->endpoint ? "detail endpoint" : "detail", x + pad, y + 36, n->detail,
			n->endpoint ? SVG_MONO : SVG_UI, n->endpoint ? 11 : 12,
			room - (note ? note + 10 : 0));
	if (n->exposed)
		exposed_mark(d, x + size.node_width - PAD - 14, y + 8);
	buf_str(d->out, "</g>\n");
}

/* 1.4 pixels for one, and 0.6 more each time the number doubles. */
static unsigned thickness(uint64_t weight)
{
	unsigned tenths = 14;

	for (; weight > 1 && tenths < 50; weight /= 2)
		tenths += 6;
	return tenths;
}

static void open_path(struct drawing *d, const struct picture_edge *e)
{
	buf_str(d->out, "<g>");
	title(d, e->tip);
	unsigned tenths = thickness(e->weight);
	buf_printf(d->out,
		"<path class=\"edge%s\" stroke-width=\"%u.%u\" "
		"marker-end=\"url(#loopscope-arrow)\" d=\"",
		e->unsure ? " unsure" : "", tenths / 10, tenths % 10);
}

static void draw_loop(struct drawing *d, const struct picture_edge *e, struct layers_point at)
{
	int right = at.x + size.node_width - 24, bottom = at.y + size.node_height;

	open_path(d, e);
	buf_printf(d->out, "M%d %dC%d %d %d %d %d %d\"/></g>\n", right - 34, bottom, right - 34,
		bottom + 22, right, bottom + 22, right, bottom + ARROW);
}

static void draw_route(struct drawing *d, const struct picture_edge *e,
	const struct layers_route *route)
{
	size_t count = route->count;

	open_path(d, e);
	buf_printf(d->out, "M%d %d", route->points[0].x, route->points[0].y);
	for (size_t i = 1; i < count; i++) {
		struct layers_point from = route->points[i - 1], to = route->points[i];
		if (i == count - 1)
			to.x += to.x > from.x ? -ARROW : ARROW;
		int bend = (to.x - from.x) / 2;
		if (i % 2 == 0)
			buf_printf(d->out, "H%d", to.x);
		else if (from.y == to.y)
			buf_printf(d->out, "H%d", to.x);
		else
			buf_printf(d->out, "C%d %d %d %d %d %d", from.x + bend, from.y, to.x - bend,
				to.y, to.x, to.y);
	}
	buf_str(d->out, "\"/></g>\n");
}

/* A point of the curve between two points, at sixteenths of its length. */
static struct layers_point on_curve(struct layers_point a, struct layers_point z, int t)
{
	int u = 16 - t, bend = (z.x - a.x) / 2;
	int w0 = u * u * u, w1 = 3 * u * u * t, w2 = 3 * u * t * t, w3 = t * t * t;

	return (struct layers_point){
		(w0 * a.x + w1 * (a.x + bend) + w2 * (z.x - bend) + w3 * z.x) / 4096,
		((w0 + w1) * a.y + (w2 + w3) * z.y) / 4096,
	};
}

static bool place_label(struct drawing *d, const char *label, struct layers_point middle)
{
	int width = svg_text_width(label, SVG_UI, 12) + 6;
	struct box b = {middle.x - width / 2, middle.y - LABEL_HEIGHT / 2, width, LABEL_HEIGHT};

	if (!is_free(d, b))
		return false;
	take(d, b);
	buf_printf(d->out,
		"<rect class=\"back\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"/>", b.x,
		b.y, b.width, b.height);
	text(d, "label", middle.x, middle.y + 4, label);
	return true;
}

/*
 * A label goes where its edge has room for it: in a lane, else along a curve, else nowhere. Where
 * many edges leave one node it stands near their other ends, which are apart.
 */
static void draw_label(struct drawing *d, const struct picture_edge *e,
	const struct layers_route *route)
{
	static const uint8_t places[][7] = {
		{8, 7, 9, 6, 10, 5, 11},
		{11, 10, 12, 9, 8, 7, 6},
		{5, 6, 4, 7, 8, 9, 10},
	};
	uint32_t out = d->out_edges[e->from], in = d->in_edges[e->to];
	const uint8_t *order = places[MAX(in, out) < FAN ? 0 : out > in ? 1 : 2];

	for (size_t i = 2; i < route->count; i += 2) {
		struct layers_point a = route->points[i - 1], z = route->points[i];
		if (place_label(d, e->label, (struct layers_point){(a.x + z.x) / 2, a.y}))
			return;
	}
	for (size_t k = 0; k < ARRAY_SIZE(places[0]); k++)
		for (size_t i = 1; i < route->count; i += 2)
			if (place_label(d, e->label,
				    on_curve(route->points[i - 1], route->points[i], order[k])))
				return;
}

/* Below the node, left of the loop. */
static void label_loop(struct drawing *d, const struct picture_edge *e, struct layers_point at)
{
	int left = at.x + size.node_width - 62 - svg_text_width(e->label, SVG_UI, 12) / 2;

	place_label(d, e->label, (struct layers_point){left, at.y + size.node_height + 11});
}

static void draw_graph(struct drawing *d)
{
	const struct picture *p = d->p;

	buf_printf(d->out, "<g transform=\"translate(%d %d)\">\n", MARGIN, HEAD);
	for (size_t i = 0; i < p->edge_count; i++) {
		const struct picture_edge *e = &p->edges[i];
		if (d->layers.routes[i].count == 0)
			draw_loop(d, e, d->layers.nodes[e->from]);
		else
			draw_route(d, e, &d->layers.routes[i]);
	}
	for (size_t i = 0; i < p->node_count; i++) {
		struct layers_point at = d->layers.nodes[i];
		take(d,
			(struct box){at.x - 4, at.y - 2, size.node_width + 8,
				size.node_height + 4});
		draw_node(d, &p->nodes[i], at);
	}
	for (size_t i = 0; i < p->edge_count && i < LABELS_MAX; i++) {
		const struct picture_edge *e = &p->edges[i];
		if (!e->label)
			continue;
		if (d->layers.routes[i].count == 0)
			label_loop(d, e, d->layers.nodes[e->from]);
		else
			draw_label(d, e, &d->layers.routes[i]);
	}
	buf_str(d->out, "</g>\n");
}

/* Prints words until the line is full; returns what is left, or NULL. */
static const char *line_of(struct buf *line, const char *s, int room)
{
	size_t taken = 0;

	buf_clear(line);
	for (const char *p = s; *p;) {
		size_t word = strcspn(p, " ");
		size_t end = (size_t)(p - s) + word;
		buf_clear(line);
		buf_add(line, s, end);
		if (taken && svg_text_width(line->data, SVG_UI, 13) > room)
			break;
		taken = end;
		p += word + strspn(p + word, " ");
	}
	buf_clear(line);
	buf_add(line, s, taken);
	s += taken;
	s += strspn(s, " ");
	return *s ? s : NULL;
}

static int draw_remark(struct drawing *d, const char *remark, int y)
{
	AUTO(buf) struct buf line;

	buf_init(&line, 64 << 10);
	for (int lines = 0; remark && lines < 12; lines++) {
		remark = line_of(&line, remark, d->width - 2 * MARGIN);
		text(d, "remark", MARGIN, y, line.data);
		y += 19;
	}
	return y;
}

static int legend_text(struct drawing *d, int x, int y, const char *s)
{
	text(d, "legend", x, y, s);
	return x + svg_text_width(s, SVG_UI, 12) + 28;
}

struct legend {
	bool thick, unsure, exposed;
};

static struct legend needed_legend(const struct picture *p)
{
	struct legend l = {0};

	for (size_t i = 0; i < p->edge_count; i++) {
		l.thick = l.thick || (p->weight_word && p->edges[i].weight > 1);
		l.unsure = l.unsure || p->edges[i].unsure;
	}
	for (size_t i = 0; i < p->node_count; i++)
		l.exposed = l.exposed || p->nodes[i].exposed;
	return l;
}

static void draw_legend(struct drawing *d, const struct legend *l, int y)
{
	int x = MARGIN;

	if (l->thick) {
		buf_printf(d->out,
			"<path class=\"edge\" stroke-width=\"1.4\" d=\"M%d %dh36\"/>"
			"<path class=\"edge\" stroke-width=\"4.4\" d=\"M%d %dh36\"/>\n",
			x, y - 8, x, y - 2);
		x = legend_text(d, x + 44, y, d->p->weight_word);
	}
	if (l->unsure) {
		buf_printf(d->out,
			"<path class=\"edge unsure\" stroke-width=\"1.4\" d=\"M%d %dh36\"/>\n", x,
			y - 4);
		x = legend_text(d, x + 44, y, "the direction is a guess");
	}
	if (l->exposed) {
		exposed_mark(d, x, y - 11);
		legend_text(d, x + 22, y, "other computers can reach it");
	}
}

static void describe(struct drawing *d)
{
	const struct picture *p = d->p;
	size_t said = 0;

	buf_str(d->out, "<title id=\"loopscope-title\">");
	escaped(d, p->title);
	buf_str(d->out, "</title>\n<desc id=\"loopscope-desc\">");
	escaped(d, p->subtitle);
	for (size_t i = 0; i < p->edge_count && said < DESC_MAX; i++) {
		if (!p->edges[i].tip)
			continue;
		buf_char(d->out, '\n');
		escaped(d, p->edges[i].tip);
		said++;
	}
	if (p->edge_count > DESC_MAX)
		buf_printf(d->out, "\nAnd %zu more.", p->edge_count - DESC_MAX);
	buf_str(d->out, "</desc>\n");
}

static void lay_out(struct drawing *d)
{
	const struct picture *p = d->p;
	struct layers_edge *edges = arena_array(d->arena, struct layers_edge, p->edge_count);

	d->out_edges = arena_array(d->arena, uint32_t, p->node_count);
	d->in_edges = arena_array(d->arena, uint32_t, p->node_count);
	for (size_t i = 0; i < p->edge_count; i++) {
		edges[i] = (struct layers_edge){p->edges[i].from, p->edges[i].to};
		d->out_edges[edges[i].from]++;
		d->in_edges[edges[i].to]++;
	}
	layers_make(d->arena, p->node_count, edges, p->edge_count, &size, &d->layers);
	d->width = MAX(d->layers.width, WIDTH_MIN) + 2 * MARGIN;
}

/* Everything below the nodes; the height is known only afterwards, so it is drawn first. */
static void draw_foot(struct drawing *d)
{
	const struct legend legend = needed_legend(d->p);
	bool has_legend = legend.thick || legend.unsure || legend.exposed;
	int y = HEAD + d->layers.height;

	if (has_legend || d->p->remark_count) {
		if (d->p->node_count) {
			y += 26;
			buf_printf(d->out, "<path class=\"rule\" d=\"M%d %d.5H%d\"/>\n", MARGIN, y,
				d->width - MARGIN);
			y += 26;
		}
		if (has_legend) {
			draw_legend(d, &legend, y);
			y += 24;
		}
		for (size_t i = 0; i < d->p->remark_count; i++)
			y = draw_remark(d, d->p->remarks[i], y);
		y -= 16;
	}
	d->height = y + MARGIN;
}

void svg_write(struct buf *out, const struct picture *p)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf foot;
	struct drawing d = {.p = p, .arena = arena, .out = &foot};

	buf_init(&foot, 1 << 20);
	d.taken.max = p->node_count + p->edge_count;
	lay_out(&d);
	draw_foot(&d);
	d.out = out;
	buf_printf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"loopscope-map\" role=\"img\" "
		"aria-labelledby=\"loopscope-title loopscope-desc\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n",
		d.width, d.height, d.width, d.height);
	describe(&d);
	buf_printf(out, "<style>\n%s</style>\n", style);
	buf_str(out,
		"<defs><marker id=\"loopscope-arrow\" viewBox=\"0 0 8 8\" refX=\"4\" refY=\"4\" "
		"markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" "
		"orient=\"auto\"><path class=\"arrow\" d=\"M0 0.5L7.5 4L0 "
		"7.5z\"/></marker></defs>\n");
	buf_printf(out, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", d.width, d.height);
	text(&d, "title", MARGIN, MARGIN + 14, p->title);
	text(&d, "subtitle", MARGIN, MARGIN + 38, p->subtitle);
	draw_graph(&d);
	buf_add(out, foot.data, foot.len);
	buf_str(out, "</svg>\n");
	vec_fini(&d.taken);
}
