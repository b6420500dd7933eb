#include "decode/line.h"

#include "unit.h"

#define LINE(s) ((struct line){(s), sizeof(s) - 1})

static enum decode_result begins(const char *bytes, const char *prefix)
{
	return line_begins(reader_init(bytes, strlen(bytes)), prefix);
}

TEST(prefixes_in_parts)
{
	CHECK_INT(begins("", "SSH-"), DECODE_NEED_MORE);
	CHECK_INT(begins("SS", "SSH-"), DECODE_NEED_MORE);
	CHECK_INT(begins("ST", "SSH-"), DECODE_NO);
	CHECK_INT(begins("SSH-2", "SSH-"), DECODE_YES);
}

TEST(lines_lose_their_ends)
{
	struct reader r = reader_init("one\r\n\ntwo", 9);
	struct line l;

	CHECK(line_next(&r, &l) && l.len == 3);
	CHECK(line_next(&r, &l) && l.len == 0);
	CHECK(!line_next(&r, &l));
	CHECK(!reader_ok(&r));
}

TEST(finds_words_in_any_case)
{
	struct line l = LINE("220 mail ESmtp ready");

	CHECK(line_find(&l, "SMTP") == l.text + 10);
	CHECK(line_find(&l, "readyy") == NULL);
	CHECK(line_drop(&l, "220 ") && l.len == 16);
	CHECK(!line_drop(&l, "220 "));
}

TEST(copies_within_bounds)
{
	AUTO(arena) struct arena *a = arena_new();

	CHECK_STR(line_copy(a, "  title\n ", 9, 80), "title");
	CHECK_STR(line_copy(a, " \n", 2, 80), NULL);
	CHECK_STR(line_copy(a, "abcdef", 6, 4), "abcd");
	CHECK_STR(line_copy(a, "ab\xe2\x82\xac", 5, 4), "ab"); /* no half character */
	CHECK_STR(line_version(a, "1.22.1 (Debian)", 15), "1.22.1");
	CHECK_STR(line_version(a, "v20.1", 5), "20.1");
	CHECK_STR(line_version(a,
			  "1\0"
			  "2",
			  3),
		"1");
	CHECK_STR(line_version(a, "nginx", 5), NULL);
	CHECK_STR(line_version(a, "v", 1), NULL);
	CHECK_STR(line_version(a, "", 0), NULL);
}

TESTS(prefixes_in_parts, lines_lose_their_ends, finds_words_in_any_case, copies_within_bounds)
