#include "base/text.h"
#include "unit.h"

static const char *escape(const char *s, size_t len)
{
	static char out[256];
	AUTO(buf) struct buf b = BUF_INIT(sizeof(out) - 1);

	text_escape(&b, s, len);
	memcpy(out, b.data, b.len + 1);
	return out;
}

#define ESCAPE(literal) escape(literal, sizeof(literal) - 1)

TEST(escapes_what_could_lie)
{
	CHECK_STR(ESCAPE("plain text"), "plain text");
	CHECK_STR(ESCAPE("caf\xc3\xa9 \xe2\x9c\x93"), "caf\xc3\xa9 \xe2\x9c\x93");
	CHECK_STR(ESCAPE("\x1b[31mred\x1b[0m\n"), "\\x1b[31mred\\x1b[0m\\n");
	CHECK_STR(ESCAPE("a\0b"), "a\\x00b");
	CHECK_STR(ESCAPE("x\xe2\x80\xaey"), "x\\u202ey");
	CHECK_STR(ESCAPE("\xc2\x9b"
			 "31m"),
		"\\x9b31m");
	CHECK_STR(ESCAPE("\xff\xfe"), "\\xff\\xfe");
}

TEST(refuses_invalid_utf8)
{
	CHECK_STR(ESCAPE("\xc0\xaf"), "\\xc0\\xaf");		       /* overlong */
	CHECK_STR(ESCAPE("\xed\xa0\x80"), "\\xed\\xa0\\x80");	       /* surrogate */
	CHECK_STR(ESCAPE("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	CHECK_STR(ESCAPE("\xe2\x82"), "\\xe2\\x82");		       /* cut short */
}

TEST(cuts_in_the_middle)
{
	AUTO(buf) struct buf b = BUF_INIT(100);

	text_cut_middle(&b, "0123456789", 7, true);
	CHECK_STR(b.data,
		"012\xe2\x80\xa6"
		"789");
	buf_clear(&b);
	text_cut_middle(&b, "0123456789", 8, false);
	CHECK_STR(b.data, "012...89");
	buf_clear(&b);
	text_cut_middle(&b, "short", 8, true);
	CHECK_STR(b.data, "short");
}

TESTS(escapes_what_could_lie, refuses_invalid_utf8, cuts_in_the_middle)
