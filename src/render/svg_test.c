/* svg_test - what a picture must not be; how whole pictures look is in cli/map_view_test.c. */
#include "render/dot.h"
#include "render/svg.h"
#include "unit.h"

static const char evil[] = "</text><script>alert(1)</script>\x1b\"&\xff";

static struct picture picture(void)
{
	static const struct picture_node nodes[] = {
		{evil, evil, evil, evil, LOOK_SERVICE, true, true, true},
		{"plain", NULL, NULL, NULL, LOOK_OUTSIDE, false, false, false},
	};
	static const struct picture_edge edges[] = {
		{0, 1, UINT64_MAX, evil, evil, true},
		{1, 1, 1, NULL, NULL, false},
	};
	static const char *const remarks[] = {evil, ""};

	return (struct picture){evil, evil, nodes, 2, edges, 2, remarks, 2, evil};
}

TEST(holds_no_markup_of_others)
{
	struct picture p = picture();
	AUTO(buf) struct buf out;

	buf_init(&out, 1 << 20);
	svg_write(&out, &p);
	CHECK(!strstr(out.data, "<script"));
	CHECK(!strstr(out.data, "</script"));
	CHECK(!strchr(out.data, '\x1b'));
	CHECK(strstr(out.data, "&lt;script&gt;"));
	CHECK(strstr(out.data, "\\x1b&quot;&amp;\\xff"));
	CHECK(!out.overflow);
}

TEST(loads_nothing)
{
	struct picture p = picture();
	AUTO(buf) struct buf out;

	buf_init(&out, 1 << 20);
	svg_write(&out, &p);
	CHECK(!strstr(out.data, "href"));
	CHECK(!strstr(out.data, "@import"));
	CHECK(!strstr(out.data, "@font-face"));
	CHECK(!strstr(out.data, " on")); /* no handler, and no words that look like one */
	CHECK(strstr(out.data, "prefers-color-scheme:dark"));
	CHECK(strstr(out.data, "<title id="));
	CHECK(strstr(out.data, "<desc id="));
}

TEST(quotes_for_graphviz)
{
	struct picture p = picture();
	AUTO(buf) struct buf out;

	buf_init(&out, 1 << 20);
	dot_write(&out, &p);
	CHECK(strstr(out.data, "label=\"</text><script>alert(1)</script>\\\\x1b\\\"&amp;\\\\xff"));
	CHECK(strstr(out.data, "n1 -> n1 [penwidth=1.0];"));
	CHECK(strstr(out.data, "n0 -> n1 [penwidth=5.0,"));
}

TEST(draws_an_empty_picture)
{
	struct picture p = {.title = "Who talks to whom", .subtitle = "Nobody."};
	AUTO(buf) struct buf out;

	buf_init(&out, 1 << 20);
	svg_write(&out, &p);
	CHECK(strstr(out.data, "Nobody."));
	CHECK(strstr(out.data, "</svg>\n"));
	buf_clear(&out);
	dot_write(&out, &p);
	CHECK(strstr(out.data, "}\n"));
}

TESTS(holds_no_markup_of_others, loads_nothing, quotes_for_graphviz, draws_an_empty_picture)
