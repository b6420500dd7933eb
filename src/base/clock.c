/* clock - see clock.h. */
#include "base/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_mono_ms(void)
{
	return clock_mono_ns() / 1000000;
}

int64_t clock_real_ms(void)
{
	return (int64_t)(read_clock(CLOCK_REALTIME) / 1000000);
}

void clock_iso(struct buf *out, int64_t real_ms)
{
	time_t seconds = (time_t)(real_ms / 1000);
	int ms = (int)(real_ms % 1000);
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	if (!gmtime_r(&seconds, &tm))
		return;
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
}

void clock_local(struct buf *out, int64_t real_ms, int64_t now_ms)
{
	time_t then = (time_t)(real_ms / 1000), now = (time_t)(now_ms / 1000);
	struct tm a, b;
	char text[64];

	if (!localtime_r(&then, &a) || !localtime_r(&now, &b))
		return;
	const char *format = "%H:%M";
	if (a.tm_year != b.tm_year)
		format = "%-d %b %Y %H:%M";
	else if (a.tm_yday != b.tm_yday)
		format = "%-d %b %H:%M";
	if (strftime(text, sizeof(text), format, &a))
		buf_str(out, text);
}

void clock_age(struct buf *out, int64_t age_ms)
{
	static const struct {
		int64_t limit_s, unit_s;
		const char *unit;
	} steps[] = {{60, 1, "s"}, {3600, 60, "min"}, {86400 * 2, 3600, "h"},
		{INT64_MAX, 86400, "d"}};
	int64_t seconds = age_ms < 0 ? 0 : age_ms / 1000;
	size_t i = 0;

	while (seconds >= steps[i].limit_s)
		i++;
	buf_printf(out, "%lld %s", (long long)(seconds / steps[i].unit_s), steps[i].unit);
}

void clock_duration(struct buf *out, uint64_t ns)
{
	double ms = (double)ns / 1e6;

	if (ms < 1)
		buf_printf(out, "%.2f ms", ms);
	else if (ms < 100)
		buf_printf(out, "%.0f ms", ms);
	else if (ms < 10000)
		buf_printf(out, "%.1f s", ms / 1000);
	else
		buf_printf(out, "%.0f s", ms / 1000);
}
