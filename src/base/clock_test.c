#include "base/clock.h"
#include "unit.h"

static const char *text_of(void (*write)(struct buf *, int64_t), int64_t value)
{
	static char out[64];
	AUTO(buf) struct buf b = BUF_INIT(sizeof(out) - 1);

	write(&b, value);
	memcpy(out, b.data, b.len + 1);
	return out;
}

static void duration(struct buf *out, int64_t ns)
{
	clock_duration(out, (uint64_t)ns);
}

TEST(runs_forward)
{
	uint64_t a = clock_mono_ns(), b = clock_mono_ns();

	CHECK(b >= a);
	CHECK(clock_mono_ms() >= a / 1000000);
	CHECK(clock_real_ms() > 1700000000000LL);
}

TEST(writes_iso)
{
	CHECK_STR(text_of(clock_iso, 0), "1970-01-01T00:00:00.000Z");
	CHECK_STR(text_of(clock_iso, 1700000000123), "2023-11-14T22:13:20.123Z");
	CHECK_STR(text_of(clock_iso, 951782400000), "2000-02-29T00:00:00.000Z");
	CHECK_STR(text_of(clock_iso, -1), "1969-12-31T23:59:59.999Z");
}

TEST(writes_ages)
{
	CHECK_STR(text_of(clock_age, 0), "0 s");
	CHECK_STR(text_of(clock_age, 59999), "59 s");
	CHECK_STR(text_of(clock_age, 60000), "1 min");
	CHECK_STR(text_of(clock_age, 3599999), "59 min");
	CHECK_STR(text_of(clock_age, 2 * 3600000), "2 h");
	CHECK_STR(text_of(clock_age, 47 * 3600000LL), "47 h");
	CHECK_STR(text_of(clock_age, 3 * 86400000LL), "3 d");
	CHECK_STR(text_of(clock_age, -5), "0 s"); /* the clock was set back */
}

TEST(writes_durations)
{
	CHECK_STR(text_of(duration, 0), "0.00 ms");
	CHECK_STR(text_of(duration, 40000), "0.04 ms");
	CHECK_STR(text_of(duration, 3000000), "3 ms");
	CHECK_STR(text_of(duration, 99000000), "99 ms");
	CHECK_STR(text_of(duration, 400000000), "0.4 s");
	CHECK_STR(text_of(duration, 12000000000), "12 s");
}

TEST(writes_local_time)
{
	AUTO(buf) struct buf b = BUF_INIT(200);
	const int64_t noon = 1700049600000; /* 2023-11-15T12:00Z */

	setenv("TZ", "UTC", 1);
	tzset();
	clock_local(&b, noon, noon + 3600000);
	CHECK_STR(b.data, "12:00");
	buf_clear(&b);
	clock_local(&b, noon, noon + 86400000);
	CHECK_STR(b.data, "15 Nov 12:00");
	buf_clear(&b);
	clock_local(&b, noon, noon + 60 * 86400000LL);
	CHECK_STR(b.data, "15 Nov 2023 12:00");
}

TESTS(runs_forward, writes_iso, writes_ages, writes_durations, writes_local_time)
