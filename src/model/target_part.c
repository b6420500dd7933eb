/*
 * target_part - see target_part.h.
 *
 * Only one spelling of each address is taken. Old short, octal and hexadecimal forms of IPv4 mean
 * different hosts to different programs, which is a way to slip past a check; so they are refused
 * with what they would mean.
 */
#include "model/target_part.h"

#include "base/str.h"
#include "base/text.h"
#include "model/address_lax.h"
#include "model/scheme.h"
#include <errno.h>

#define QUOTE_COLUMNS 60
#define HOST_MAX      253 /* RFC 1035, without the dot at the end */
#define LABEL_MAX     63

const char *part_quote(struct parse *p, const char *s)
{
	AUTO(buf) struct buf escaped = BUF_INIT(4 * TARGET_TEXT_MAX);
	AUTO(buf) struct buf cut = BUF_INIT(4 * TARGET_TEXT_MAX);

	text_escape(&escaped, s, strlen(s));
	text_cut_middle(&cut, escaped.data, QUOTE_COLUMNS, false);
	return arena_strdup(p->arena, cut.data);
}

int part_port(struct parse *p, const char *s, bool names)
{
	uint64_t port;

	if (!str_u64(s, UINT16_MAX, &port)) {
		port = names ? scheme_port(s) : 0;
		if (!port)
			return err_set(p->err, -EINVAL,
				"'%s' is not a port: ports go from 0 to 65535", part_quote(p, s));
	}
	p->t.port = (uint16_t)port;
	p->t.has_port = true;
	return 0;
}

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '_';
}

bool part_ends_in_number(const char *s)
{
	size_t len = strlen(s), hex = 0;

	if (len > 1 && s[len - 1] == '.')
		len--;
	const char *dot = memrchr(s, '.', len);
	const char *last = dot ? dot + 1 : s;
	size_t last_len = len - (size_t)(last - s);
	if (str_starts(last, "0x") || str_starts(last, "0X"))
		hex = 2 + strspn(last + 2, "0123456789abcdefABCDEF");
	return last_len && (hex == last_len || strspn(last, "0123456789") == last_len);
}

bool part_is_host_name(const char *s)
{
	size_t len = strlen(s), label = 0;

	if (len > HOST_MAX + 1 || part_ends_in_number(s))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (label == 0 || s[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!is_label_char(s[i]) || (label == 0 && s[i] == '-') || ++label > LABEL_MAX)
			return false;
	}
	return len > 0 && s[len - 1] != '-' && (label > 0 || len > 1);
}

static const char *address_text(struct parse *p, const struct address *a)
{
	AUTO(buf) struct buf b = BUF_INIT(100);

	address_format(&b, a);
	return arena_strdup(p->arena, b.data);
}

/* All of "0177.0.0.1" read as decimal, as other programs do; NULL when that is no address. */
static const char *read_as_decimal(struct parse *p, const char *s)
{
	AUTO(buf) struct buf b = BUF_INIT(100);
	struct address a;

	for (const char *c = s; *c; c++) {
		bool first = c == s || c[-1] == '.';
		if (first && *c == '0')
			while (c[0] == '0' && c[1] >= '0' && c[1] <= '9')
				c++;
		buf_char(&b, *c);
	}
	return address_parse(b.data, &a) ? address_text(p, &a) : NULL;
}

static int refuse_number(struct parse *p, const char *s)
{
	struct address a;
	enum lax_form form = address_parse_lax(s, &a);
	const char *text = form == LAX_NONE ? NULL : address_text(p, &a);
	const char *decimal = form == LAX_OCTAL ? read_as_decimal(p, s) : NULL;
	int r = -EINVAL;

	if (form == LAX_NONE) {
		err_set(p->err, r,
			"'%s' is not an address: IPv4 has four numbers from 0 to 255, like "
			"127.0.0.1",
			part_quote(p, s));
	} else if (decimal) {
		err_set(p->err, r,
			"'%s' has a leading zero: it means %s to some programs and %s to others",
			part_quote(p, s), text, decimal);
		err_fix(p->err, "write %s or %s", text, decimal);
	} else {
		err_set(p->err, r,
			"'%s' is an old spelling that programs read differently; most take it for "
			"%s",
			part_quote(p, s), text);
		err_fix(p->err, "write %s", text);
	}
	return r;
}

static int refuse_host(struct parse *p, const char *s, const char *whole)
{
	const char *q = part_quote(p, s);

	for (const char *c = s; *c; c++) {
		if ((unsigned char)*c >= 0x80) {
			int r = err_set(p->err, -EINVAL, "the host '%s' has letters beyond a to z",
				q);
			err_fix(p->err, "write its ASCII form, which starts with xn--");
			return r;
		}
	}
	if (strchr(s, '%'))
		return err_set(p->err, -EINVAL,
			"the host '%s' has a percent sign; hosts are never encoded", q);
	if (strchr(s, '@'))
		return err_set(p->err, -EINVAL, "'%s' names a user; a target is a host and a port",
			part_quote(p, whole));
	if (strlen(s) > HOST_MAX)
		return err_set(p->err, -EINVAL,
			"the host '%s' is %zu bytes long; at most %d are allowed", q, strlen(s),
			HOST_MAX);
	return err_set(p->err, -EINVAL, "'%s' is not a host name or address", q);
}

/* ::1%eth0, where no interface has that name */
static bool has_unknown_zone(const char *s)
{
	AUTO(buf) struct buf plain = BUF_INIT(100);
	const char *zone = strchr(s, '%');
	struct address a;

	if (!zone)
		return false;
	buf_add(&plain, s, (size_t)(zone - s));
	return address_parse(plain.data, &a) && a.family == AF_INET6;
}

int part_host(struct parse *p, const char *s, const char *whole)
{
	if (address_parse(s, &p->t.address))
		return 0;
	if (has_unknown_zone(s))
		return err_set(p->err, -EINVAL, "'%s' is no network interface of this machine",
			part_quote(p, strchr(s, '%') + 1));
	if (part_ends_in_number(s))
		return refuse_number(p, s);
	if (!part_is_host_name(s))
		return refuse_host(p, s, whole);

	char *host = arena_strdup(p->arena, s);
	for (char *c = host; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	size_t len = strlen(host);
	if (host[len - 1] == '.')
		host[len - 1] = '\0';
	p->t.host = host;
	return 0;
}

static int bracketed(struct parse *p, const char *s, const char *whole)
{
	const char *end = strchr(s, ']');

	if (!end)
		return err_set(p->err, -EINVAL, "'%s' has no ']'", part_quote(p, whole));
	const char *inside = arena_strndup(p->arena, s + 1, (size_t)(end - s - 1));
	if (!address_parse(inside, &p->t.address)) {
		if (has_unknown_zone(inside))
			return part_host(p, inside, whole);
		return err_set(p->err, -EINVAL, "'%s' is not an IPv6 address",
			part_quote(p, inside));
	}
	if (end[1] == '\0')
		return 0;
	if (end[1] == ':' && end[2])
		return part_port(p, end + 2, true);
	int r = err_set(p->err, -EINVAL, "'%s' has '%s' where a port should be",
		part_quote(p, whole), part_quote(p, end + 1));
	if (end[1] >= '0' && end[1] <= '9')
		err_fix(p->err, "write [%s]:%s", part_quote(p, inside), part_quote(p, end + 1));
	return r;
}

/* More than one colon and no brackets: an IPv6 address, perhaps with a port stuck to it. */
static int many_colons(struct parse *p, const char *s, const char *whole)
{
	const char *last = strrchr(s, ':');
	char *head = arena_strndup(p->arena, s, (size_t)(last - s));
	struct address a, front;
	uint64_t port;
	bool ends_in_port = str_u64(last + 1, UINT16_MAX, &port);
	bool front_is_v6 = address_parse(head, &front);
	bool is_v6 = address_parse(s, &a);

	if (str_starts(s, ":::")) { /* as netstat and node print the port of [::] */
		p->t.address = ADDRESS_ANY6;
		return part_port(p, s + 3, false);
	}
	if (is_v6 && front_is_v6 && ends_in_port && address_is_loopback(&front)) {
		int r = err_set(p->err, -EINVAL,
			"'%s' can be read in two ways: as port %s of %s, or as one long address",
			part_quote(p, whole), last + 1, head);
		err_fix(p->err, "write [%s]:%s for the port, [%s] for the address", head, last + 1,
			s);
		return r;
	}
	if (is_v6) {
		p->t.address = a;
		return 0;
	}
	if (front_is_v6) {
		int r = err_set(p->err, -EINVAL, "'%s' needs brackets around the IPv6 address",
			part_quote(p, whole));
		if (ends_in_port)
			err_fix(p->err, "write [%s]:%s", head, last + 1);
		return r;
	}
	if (has_unknown_zone(s))
		return part_host(p, s, whole);

	/* 8080:80 and 127.0.0.1:8080:80, as a container's ports are published */
	const char *before = strrchr(head, ':');
	if (ends_in_port && before && str_u64(before + 1, UINT16_MAX, &port)) {
		int r = err_set(p->err, -EINVAL, "'%s' has two ports", part_quote(p, whole));
		err_fix(p->err, "write %s; the last number is the port inside a container",
			part_quote(p, head));
		return r;
	}
	return err_set(p->err, -EINVAL, "'%s' has too many colons", part_quote(p, whole));
}

int part_host_port(struct parse *p, const char *s, const char *whole)
{
	const char *colon = strchr(s, ':');

	if (s[0] == '[')
		return bracketed(p, s, whole);
	if (!colon)
		return part_host(p, s, whole);
	if (strchr(colon + 1, ':'))
		return many_colons(p, s, whole);

	const char *host = arena_strndup(p->arena, s, (size_t)(colon - s));
	uint64_t number;
	if (colon[1] == '\0') {
		int r = err_set(p->err, -EINVAL, "'%s' ends without a port", part_quote(p, whole));
		err_fix(p->err, "write %s:3000 or %s alone", part_quote(p, host),
			part_quote(p, host));
		return r;
	}
	if (str_u64(host, UINT16_MAX, &number) && str_u64(colon + 1, UINT16_MAX, &number)) {
		int r = err_set(p->err, -EINVAL, "'%s' has two ports and no host",
			part_quote(p, whole));
		err_fix(p->err, "write %s, the port on this machine", host);
		return r;
	}
	int r = part_host(p, host, whole);
	return r < 0 ? r : part_port(p, colon + 1, true);
}
