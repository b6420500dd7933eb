#include "render/svg_text.h"
#include "unit.h"

static struct buf out;

static const char *escaped(const char *s)
{
	buf_clear(&out);
	svg_text_escape(&out, s);
	return out.data;
}

static const char *fitted(const char *s, enum svg_face face, int room)
{
	buf_clear(&out);
	svg_text_fit(&out, s, face, 10, room);
	return out.data;
}

TEST(makes_foreign_text_harmless)
{
	buf_init(&out, 1 << 20);
	CHECK_STR(escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
	CHECK_STR(escaped("x\x1b[2J\n\x01"), "x\\x1b[2J\\n\\x01");
	CHECK_STR(escaped("\xe2\x80\xae\xff"), "\\u202e\\xff");
	CHECK_STR(escaped("\xef\xbf\xbe\xef\xbf\xbf"), "\\ufffe\\uffff"); /* no XML characters */
	CHECK_STR(escaped("caf\xc3\xa9 \xe7\xbd\x91"), "caf\xc3\xa9 \xe7\xbd\x91");
	CHECK_STR(escaped("]]>"), "]]&gt;");
	buf_fini(&out);
}

TEST(cuts_in_the_middle)
{
	buf_init(&out, 1 << 20);
	CHECK_STR(fitted("0123456789", SVG_MONO, 61), "0123456789");
	CHECK_STR(fitted("0123456789", SVG_MONO, 60), "0123…6789");
	CHECK_STR(fitted("<<<<<<>>>>>>", SVG_MONO, 31), "&lt;&lt;…&gt;&gt;");
	CHECK_STR(fitted("\xe7\xbd\x91\xe7\xbd\x91\xe7\xbd\x91\xe7\xbd\x91", SVG_MONO, 32),
		"\xe7\xbd\x91…\xe7\xbd\x91");
	CHECK_STR(fitted("anything", SVG_MONO, 0), "…");
	CHECK_STR(fitted("", SVG_UI, 0), "");
	for (int room = 0; room < 300; room++) {
		fitted("the quick br\xc3\xb6wn fox jumps over \xe7\xbd\x91", SVG_UI, room);
		CHECK(room < 20 || svg_text_width(out.data, SVG_UI, 10) <= room + 2);
	}
	buf_fini(&out);
}

TEST(measures_what_is_wide)
{
	CHECK_INT(svg_text_width("", SVG_UI, 13), 0);
	CHECK_INT(svg_text_width("iiii", SVG_MONO, 10), 25);
	CHECK(svg_text_width("MMMM", SVG_UI, 13) > svg_text_width("iiii", SVG_UI, 13));
	CHECK(svg_text_width("\xe7\xbd\x91", SVG_UI, 10) >= 10);
}

TESTS(makes_foreign_text_harmless, cuts_in_the_middle, measures_what_is_wide)
