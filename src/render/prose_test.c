#include "render/prose.h"
#include "unit.h"

static struct out make(unsigned columns, bool utf8)
{
	struct out out = {.fd = -1, .columns = columns, .utf8 = utf8};

	buf_init(&out.text, 1 << 16);
	return out;
}

TEST(wraps_with_an_indent)
{
	struct out out = make(30, true);

	out_str(&out, "ab  ");
	prose_wrap(&out, "one two three four five six seven eight", 4, 4);
	CHECK_STR(out.text.data, "ab  one two three four five\n    six seven eight\n");
	buf_fini(&out.text);
}

TEST(keeps_paragraphs_and_samples)
{
	struct out out = make(0, true);

	prose_wrap(&out, "one\ntwo\n\nthree:\n  $ a   b\nfour\n\n  x\n", 0, 0);
	CHECK_STR(out.text.data, "one two\n\nthree:\n  $ a   b\nfour\n\n  x\n");
	buf_fini(&out.text);
}

TEST(never_splits_a_word)
{
	struct out out = make(10, true);

	prose_wrap(&out, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 0, 0);
	CHECK_STR(out.text.data, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nb\n");
	buf_fini(&out.text);
}

TEST(rows_go_below_when_the_left_is_long)
{
	struct out out = make(80, true);

	prose_row(&out, "-a", 6, "says a");
	prose_row(&out, "--long-one", 6, "says b");
	CHECK_STR(out.text.data, "  -a      says a\n  --long-one\n          says b\n");
	buf_fini(&out.text);
}

TEST(writes_ascii_where_the_locale_wants_it)
{
	struct out out = make(80, false);

	prose_row(&out, "TARGET…", 10, "a · b");
	CHECK_STR(out.text.data, "  TARGET...   a - b\n");
	buf_fini(&out.text);
}

TEST(takes_a_style_up_again)
{
	struct out out = make(24, true);

	out.color = true;
	out_style(&out, STYLE_ANSWER);
	prose_wrap(&out, "one two three four five six seven", 0, 2);
	out_plain(&out);
	CHECK_STR(out.text.data,
		"\x1b[1mone two three four five\x1b[0m\n"
		"  \x1b[1msix seven\x1b[0m\n\x1b[0m");
	buf_fini(&out.text);
}

TESTS(wraps_with_an_indent, keeps_paragraphs_and_samples, never_splits_a_word,
	rows_go_below_when_the_left_is_long, takes_a_style_up_again,
	writes_ascii_where_the_locale_wants_it)
