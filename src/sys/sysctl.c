/*
 * sysctl - see sysctl.h.
 *
 * The kernel writes ip_local_port_range as two numbers with a tab and ip_local_reserved_ports as a
 * bitmap list (Documentation/networking/ip-sysctl): single ports and inclusive ranges with commas,
 * an empty line when nothing is reserved. The list may be as long as 32768 elements.
 */
#include "sys/sysctl.h"

#include "base/fs.h"
#include <string.h>

#define LIST_MAX (256 << 10)

static bool read_port(const char **cursor, uint16_t *out)
{
	uint32_t value = 0;
	const char *s = *cursor;

	for (; *s >= '0' && *s <= '9'; s++) {
		value = value * 10 + (uint32_t)(*s - '0');
		if (value > UINT16_MAX)
			return false;
	}
	if (s == *cursor)
		return false;
	*out = (uint16_t)value;
	*cursor = s;
	return true;
}

bool sysctl_parse_range(const char *text, struct port_range *out)
{
	struct port_range r;

	text += strspn(text, " \t");
	if (!read_port(&text, &r.low))
		return false;
	size_t gap = strspn(text, " \t");
	text += gap;
	if (!gap || !read_port(&text, &r.high) || text[strspn(text, " \t\n")] || r.low > r.high)
		return false;
	*out = r;
	return true;
}

bool sysctl_next_range(const char **cursor, struct port_range *out)
{
	const char *s = *cursor;
	struct port_range r;

	s += strspn(s, " \t,\n");
	if (!read_port(&s, &r.low))
		return false;
	r.high = r.low;
	if (*s == '-') {
		s++;
		if (!read_port(&s, &r.high) || r.low > r.high)
			return false;
	}
	if (*s && !strchr(" \t,\n", *s))
		return false;
	*cursor = s;
	*out = r;
	return true;
}

bool sysctl_local_range(const struct host *host, struct port_range *out)
{
	char text[64];

	*out = SYSCTL_LOCAL_RANGE_DEFAULT;
	return fs_read_small(host->root, "proc/sys/net/ipv4/ip_local_port_range", text,
		       sizeof(text)) >= 0 &&
		sysctl_parse_range(text, out);
}

bool sysctl_is_reserved(const struct host *host, uint16_t port)
{
	AUTO(buf) struct buf text = BUF_INIT(LIST_MAX);
	struct port_range r;

	if (fs_read_at(host->root, "proc/sys/net/ipv4/ip_local_reserved_ports", &text) < 0)
		return false;
	for (const char *cursor = text.data; sysctl_next_range(&cursor, &r);)
		if (port >= r.low && port <= r.high)
			return true;
	return false;
}

bool sysctl_unprivileged_start(const struct host *host, uint16_t *out)
{
	uint64_t start;

	*out = SYSCTL_UNPRIVILEGED_DEFAULT;
	if (!host_read_u64(host, "proc/sys/net/ipv4/ip_unprivileged_port_start", &start) ||
		start > UINT16_MAX)
		return false;
	*out = (uint16_t)start;
	return true;
}
