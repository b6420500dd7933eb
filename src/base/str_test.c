#include "base/str.h"
#include "unit.h"

TEST(compares_ends)
{
	CHECK(str_starts("loopscope", "loop"));
	CHECK(str_starts("loop", ""));
	CHECK(!str_starts("loo", "loop"));
	CHECK(str_ends("a.sock", ".sock"));
	CHECK(!str_ends("sock", ".sock"));
	CHECK_STR(str_after("pid:12", "pid:"), "12");
	CHECK_STR(str_after("pid", "pid:"), NULL);
	CHECK(str_empty(NULL) && str_empty("") && !str_empty(" "));
	CHECK_STR(str_basename("/usr/bin/node"), "node");
	CHECK_STR(str_basename("node"), "node");
	CHECK_STR(str_basename("/usr/"), "");
}

TEST(copies_what_fits)
{
	char out[4] = "xxx";

	CHECK_INT(str_copy(out, sizeof(out), "abcdef"), 6);
	CHECK_STR(out, "abc");
	CHECK_INT(str_copy(out, sizeof(out), ""), 0);
	CHECK_STR(out, "");
	out[0] = 'x';
	CHECK_INT(str_copy(out, 0, "abc"), 3);
	CHECK_INT(out[0], 'x');
}

TEST(reads_whole_numbers_only)
{
	uint64_t n = 7;

	CHECK(str_u64("0", 10, &n) && n == 0);
	CHECK(str_u64("007", 10, &n) && n == 7);
	CHECK(str_u64("18446744073709551615", UINT64_MAX, &n) && n == UINT64_MAX);
	n = 7;
	CHECK(!str_u64("18446744073709551616", UINT64_MAX, &n));
	CHECK(!str_u64("99999999999999999999999", UINT64_MAX, &n));
	CHECK(!str_u64("11", 10, &n));
	CHECK(!str_u64("", 10, &n) && !str_u64(" 1", 10, &n) && !str_u64("1 ", 10, &n));
	CHECK(!str_u64("-1", 10, &n) && !str_u64("+1", 10, &n) && !str_u64("0x1", 10, &n));
	CHECK_INT(n, 7);
}

TEST(reads_durations)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1 = refused */
	} rows[] = {
		{"3", 3000},
		{"500ms", 500},
		{"3s", 3000},
		{"2m", 120000},
		{"1h", 3600000},
		{"1d", 86400000},
		{"1.5s", 1500},
		{"0.25", 250},
		{"0", 0},
		{"", -1},
		{"s", -1},
		{"-1s", -1},
		{"1 s", -1},
		{"1S", -1},
		{"1.5.5s", -1},
		{"1.", -1},
		{".5s", -1},
		{"0x10s", -1},
		{"1e3s", -1},
		{"inf", -1},
		{"nan", -1},
		{"1,5s", -1},
		{"3sx", -1},
		{"99999999999999999999d", -1},
		{"999999999999d", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t ms = 42;
		bool ok = str_duration_ms(rows[i].text, &ms);
		if (ok != (rows[i].ms >= 0))
			fprintf(stderr, "duration '%s'\n", rows[i].text);
		CHECK_INT(ok, rows[i].ms >= 0);
		CHECK_INT(ms, rows[i].ms >= 0 ? rows[i].ms : 42);
	}
}

TEST(measures_typing_mistakes)
{
	CHECK_INT(str_distance("ls", "ls"), 0);
	CHECK_INT(str_distance("lss", "ls"), 1);
	CHECK_INT(str_distance("explian", "explain"), 1); /* two swapped letters */
	CHECK_INT(str_distance("", "abc"), 3);
	CHECK_INT(str_distance("kitten", "sitting"), 3);
	CHECK(str_distance("a",
		      "a234567890123456789012345678901234567890123456789012345678901234567890") >
		10);
}

TEST(quotes_for_the_shell)
{
	AUTO(buf) struct buf b = BUF_INIT(100);

	str_shell_quote(&b, "plain-1.0/x");
	buf_char(&b, ' ');
	str_shell_quote(&b, "");
	buf_char(&b, ' ');
	str_shell_quote(&b, "a b");
	buf_char(&b, ' ');
	str_shell_quote(&b, "it's $HOME");
	CHECK_STR(b.data, "plain-1.0/x '' 'a b' 'it'\\''s $HOME'");
}

TESTS(compares_ends, copies_what_fits, reads_whole_numbers_only, reads_durations,
	measures_typing_mistakes, quotes_for_the_shell)
