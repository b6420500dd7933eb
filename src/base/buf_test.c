#include "base/buf.h"
#include "unit.h"

TEST(starts_empty)
{
	AUTO(buf) struct buf b = BUF_INIT(10);

	CHECK_STR(b.data, "");
	CHECK_INT(b.len, 0);
	buf_add(&b, "", 0);
	CHECK_STR(b.data, "");
	buf_clear(&b);
	CHECK_STR(b.data, "");
}

TEST(appends)
{
	AUTO(buf) struct buf b = BUF_INIT(1000);

	buf_str(&b, "ab");
	buf_char(&b, 'c');
	buf_pad(&b, '-', 3);
	buf_printf(&b, "%d%s", 42, "!");
	buf_add(&b, "x\0y", 3);
	CHECK_INT(b.len, 12);
	CHECK_STR(b.data, "abc---42!x");
	CHECK_INT(b.data[11], 'y');
	CHECK_INT(b.data[12], '\0');
	CHECK(!b.overflow);
}

TEST(keeps_what_fits)
{
	AUTO(buf) struct buf b = BUF_INIT(5);

	buf_str(&b, "abc");
	buf_str(&b, "defg");
	CHECK_STR(b.data, "abcde");
	CHECK(b.overflow);
	buf_char(&b, 'x');
	buf_printf(&b, "%s", "y");
	buf_pad(&b, 'z', 1);
	CHECK_STR(b.data, "abcde");
	CHECK(!buf_reserve(&b, 1));
	buf_clear(&b);
	CHECK(!b.overflow);
	buf_pad(&b, '.', 9);
	CHECK_STR(b.data, ".....");
	CHECK(b.overflow);
}

TEST(prints_long_text)
{
	AUTO(buf) struct buf b = BUF_INIT(10000);

	buf_printf(&b, "%0255d", 1);
	CHECK_INT(b.len, 255);
	buf_printf(&b, "%0256d", 1);
	CHECK_INT(b.len, 511);
	buf_printf(&b, "%05000d", 7);
	CHECK_INT(b.len, 5511);
	CHECK_INT(b.data[5510], '7');
}

TEST(hands_over)
{
	AUTO(buf) struct buf b = BUF_INIT(10);

	AUTO(free) char *empty = buf_steal(&b);
	CHECK_STR(empty, "");
	buf_str(&b, "abc");
	AUTO(free) char *text = buf_steal(&b);
	CHECK_STR(text, "abc");
	CHECK_INT(b.len, 0);
	buf_str(&b, "de");
	CHECK_STR(b.data, "de");
	CHECK_INT(b.max, 10);
}

TEST(takes_any_maximum)
{
	AUTO(buf) struct buf none = BUF_INIT(0);
	AUTO(buf) struct buf huge = BUF_INIT(SIZE_MAX);

	buf_char(&none, 'x');
	CHECK(none.overflow && none.len == 0);
	buf_str(&huge, "abc");
	CHECK_STR(huge.data, "abc");
}

TESTS(starts_empty, appends, keeps_what_fits, prints_long_text, hands_over, takes_any_maximum)
