/*
 * net_counters - the kernel's counters of refused and dropped connections, see vitals.h.
 *
 * /proc/net means the namespace of the process's main thread; thread-self is the one that asks, which
 * may have entered another (netns_run). netstat and snmp are pairs of lines, names and numbers, whose
 * columns differ between kernels (net/ipv4/proc.c). rt_cache has a row in hexadecimal for each CPU.
 */
#include "base/fs.h"
#include "base/str.h"
#include "sys/vitals_part.h"
#include <stdlib.h>

enum { TEXT_MAX = 1 << 20 };

/* The index of a word in a line that ends at '\n'; -1 = not there. */
static int column_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; *line && *line != '\n'; i++) {
		line += strspn(line, " ");
		size_t n = strcspn(line, " \n");
		if (n == len && n && memcmp(line, name, n) == 0)
			return i;
		line += n;
	}
	return -1;
}

static uint64_t column_value(const char *line, int column, int base)
{
	for (int i = 0; *line && *line != '\n'; i++) {
		line += strspn(line, " ");
		if (i == column)
			return *line >= '0' && *line <= 'f' ? strtoull(line, NULL, base) : 0;
		line += strcspn(line, " \n");
	}
	return 0;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end && end[1] ? end + 1 : NULL;
}

uint64_t net_counters_parse(const char *text, const char *group, const char *name)
{
	for (const char *line = text; line; line = next_line(line)) {
		if (!str_starts(line, group))
			continue;
		const char *values = next_line(line);
		int column = column_of(line, name);
		if (column < 0 || !values || !str_starts(values, group))
			return 0;
		return column_value(values, column, 10);
	}
	return 0;
}

/* The sum over all CPUs of what was dropped for an impossible address. */
static uint64_t sum_martians(const char *text)
{
	int from = column_of(text, "in_martian_src"), to = column_of(text, "in_martian_dst");
	uint64_t sum = 0;

	for (const char *line = next_line(text); line; line = next_line(line))
		sum += (from < 0 ? 0 : column_value(line, from, 16)) +
			(to < 0 ? 0 : column_value(line, to, 16));
	return sum;
}

static bool read_text(const struct host *host, const char *name, struct buf *out)
{
	char path[64];

	buf_clear(out);
	snprintf(path, sizeof(path), "thread-self/net/%s", name);
	if (fs_read_at(host->proc, path, out) == 0)
		return true;
	buf_clear(out);
	snprintf(path, sizeof(path), "net/%s", name); /* a fixture */
	return fs_read_at(host->proc, path, out) == 0;
}

bool net_counters_read(const struct host *host, struct net_counters *out)
{
	AUTO(buf) struct buf text = BUF_INIT(TEXT_MAX);
	struct net_counters c = {0};

	if (!read_text(host, "netstat", &text))
		return false;
	c.listen_overflows = net_counters_parse(text.data, "TcpExt:", "ListenOverflows");
	c.listen_drops = net_counters_parse(text.data, "TcpExt:", "ListenDrops");
	c.syn_retransmits = net_counters_parse(text.data, "TcpExt:", "TCPSynRetrans");
	c.martians = net_counters_parse(text.data, "TcpExt:", "IPReversePathFilter");
	if (!read_text(host, "snmp", &text))
		return false;
	c.out_resets = net_counters_parse(text.data, "Tcp:", "OutRsts");
	if (read_text(host, "stat/rt_cache", &text))
		c.martians += sum_martians(text.data);
	*out = c;
	return true;
}
