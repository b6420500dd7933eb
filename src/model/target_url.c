/*
 * target_url - the URL half of target.h.
 *
 * The split is RFC 3986's: scheme, authority, path and query; the fragment is dropped, since it
 * never leaves the client. A name and password in front of '@' are dropped too and never shown:
 * connection strings of databases carry them. The path is made ready to be sent: bytes that may not
 * stand in a request line are percent-encoded, so that nothing can be smuggled in by a line end.
 */
#include "base/str.h"
#include "model/scheme.h"
#include "model/target_part.h"
#include <errno.h>

static const char *lower(struct parse *p, const char *s, size_t len)
{
	char *copy = arena_strndup(p->arena, s, len);

	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'    ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : -1;
}

/* Undoes %XX; NULL when it is broken or holds a NUL. */
static const char *decode(struct parse *p, const char *s)
{
	char *out = arena_strdup(p->arena, s), *to = out;

	for (; *s; s++) {
		if (*s != '%') {
			*to++ = *s;
			continue;
		}
		int high = hex_digit(s[1]), low = high < 0 ? -1 : hex_digit(s[2]);
		if (low < 0 || high * 16 + low == 0)
			return NULL;
		*to++ = (char)(high * 16 + low);
		s += 2;
	}
	*to = '\0';
	return out;
}

static const char *request_path(struct parse *p, const char *s)
{
	AUTO(buf) struct buf b = BUF_INIT(4 * TARGET_TEXT_MAX);
	size_t len = strcspn(s, "#");

	if (s[0] != '/')
		buf_char(&b, '/');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}", c))
			buf_printf(&b, "%%%02X", c);
		else
			buf_char(&b, (char)c);
	}
	return arena_strndup(p->arena, b.data, b.len);
}

/* "user:secret@host" -> the part after '@'; the password in `text` becomes "***". */
static const char *without_user(struct parse *p, const char *authority)
{
	const char *at = strrchr(authority, '@');
	const char *colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;

	if (!at)
		return authority;
	const char *in_text = strstr(p->t.text, authority);
	if (colon && in_text)
		p->t.text = arena_printf(p->arena, "%.*s:***%s",
			(int)(in_text - p->t.text + (colon - authority)), p->t.text,
			in_text + (at - authority));
	return at + 1;
}

/* Quotes p->t.text, in which the password is hidden. */
static int refuse_url(struct parse *p, const char *fix, const char *why)
{
	int r = err_set(p->err, -EINVAL, "'%s' %s", part_quote(p, p->t.text), why);

	if (fix)
		err_fix(p->err, "write %s", part_quote(p, fix));
	return r;
}

static int unix_url(struct parse *p, const char *path)
{
	if (!path || (path[0] != '/' && path[0] != '@'))
		return refuse_url(p, NULL, "names no socket path; write unix:/run/name.sock");
	p->t.kind = TARGET_UNIX;
	p->t.proto = PROTO_UNIX_STREAM;
	p->t.path = path;
	return 0;
}

/* tcp://HOST:PORT and udp://HOST:PORT are endpoints; they have no path. */
static int transport_url(struct parse *p, const char *authority, const char *rest)
{
	if (rest[0] && !str_eq(rest, "/"))
		return refuse_url(p, NULL, "has a path, which a TCP or UDP endpoint has not");
	if (authority[0] == ':') {
		p->t.kind = TARGET_PORT;
		return part_port(p, authority + 1, false);
	}
	int r = part_host_port(p, authority, p->t.text);
	if (r < 0)
		return r;
	p->t.kind = p->t.host ? TARGET_HOST : p->t.has_port ? TARGET_ENDPOINT : TARGET_ADDRESS;
	return 0;
}

/* "http://::1:3000/" as it should be written, NULL when brackets are not what is missing. */
static const char *missing_brackets(struct parse *p, const char *authority, const char *rest)
{
	const char *last = strrchr(authority, ':');
	struct address a;

	if (authority[0] == '[' || !last || last == strchr(authority, ':'))
		return NULL;
	const char *front = arena_strndup(p->arena, authority, (size_t)(last - authority));
	if (address_parse(front, &a))
		return arena_printf(p->arena, "%s://[%s]%s%s", p->t.scheme, front, last, rest);
	if (address_parse(authority, &a))
		return arena_printf(p->arena, "%s://[%s]%s", p->t.scheme, authority, rest);
	return NULL;
}

static int host_of_url(struct parse *p, const char *authority, const char *rest)
{
	const char *fix = missing_brackets(p, authority, rest);

	if (fix)
		return refuse_url(p, fix, "needs brackets around the IPv6 address");
	if (str_empty(authority) || authority[0] == ':') {
		fix = arena_printf(p->arena, "%s://localhost%s%s", p->t.scheme, authority, rest);
		return refuse_url(p, fix, "names no host");
	}
	uint64_t port;
	if (str_u64(authority, UINT16_MAX, &port))
		return refuse_url(p,
			arena_printf(p->arena, "%s://localhost:%s%s", p->t.scheme, authority, rest),
			"names a port and no host");
	if (strchr(authority, '\\'))
		return refuse_url(p, NULL, "has a backslash, which programs read differently");
	if (strchr(authority, ',')) /* mongodb://a,b,c */
		return refuse_url(p, NULL, "names several hosts; name one of them");
	if (strncasecmp(authority, "%2f", 3) == 0)
		return refuse_url(p, NULL,
			"is a socket path in place of a host; write unix:/run/name.sock");

	const char *zone = authority[0] == '[' ? strstr(authority, "%25") : NULL;
	if (zone) /* RFC 6874 */
		authority = arena_printf(p->arena, "%.*s%s", (int)(zone - authority) + 1, authority,
			zone + 3);
	size_t len = strlen(authority);
	if (authority[len - 1] == ':') /* RFC 3986: an empty port is no port */
		authority = arena_strndup(p->arena, authority, len - 1);
	return part_host_port(p, authority, p->t.text);
}

int target_parse_url(struct parse *p, const char *s)
{
	const char *mark = strstr(s, "://");
	const char *after = mark + 3;
	size_t authority_len = strcspn(after, "/?#");
	const char *authority = arena_strndup(p->arena, after, authority_len);
	const char *rest = after + authority_len;
	const char *scheme = lower(p, s, (size_t)(mark - s));

	if (str_starts(scheme, "jdbc:"))
		scheme += strlen("jdbc:");
	size_t letters = strspn(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
	if (!letters || scheme[letters] || scheme[0] < 'a' || scheme[0] > 'z')
		return refuse_url(p, NULL, "does not start with a scheme such as http://");
	p->t.scheme = scheme;
	authority = without_user(p, authority);
	if (str_eq(scheme, "file"))
		return refuse_url(p, NULL, "names a file, not an endpoint");
	if (str_eq(scheme, "unix") || str_eq(scheme, "unixgram")) {
		p->t.scheme = NULL;
		return unix_url(p, after[0] == '@' ? after : authority_len ? NULL : rest);
	}
	if (str_ends(scheme, "+unix"))
		return unix_url(p, decode(p, authority));
	if (str_eq(scheme, "tcp") || str_eq(scheme, "udp")) {
		p->t.proto = scheme[0] == 'u' ? PROTO_UDP : PROTO_TCP;
		p->t.scheme = NULL;
		return transport_url(p, authority, rest);
	}

	int r = host_of_url(p, authority, rest);
	if (r < 0)
		return r;
	p->t.kind = TARGET_URL;
	p->t.path = request_path(p, rest);
	if (!p->t.has_port) {
		p->t.port = scheme_port(scheme);
		p->t.has_port = p->t.port != 0;
	}
	if (str_eq(scheme, "coap") || str_eq(scheme, "dns") || str_eq(scheme, "stun"))
		p->t.proto = PROTO_UDP;
	return 0;
}
