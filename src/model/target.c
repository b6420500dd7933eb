/*
 * target - see target.h.
 *
 * The order of the questions is what keeps the forms apart: prefixes (pid:, unix:, container:),
 * URLs, a protocol in front or behind, paths, then ports, addresses and hosts by their letters;
 * what is left is the name of a service. Nothing is looked up, so a name may turn out to name nobody.
 */
#include "model/target.h"

#include "base/str.h"
#include "base/text.h"
#include "model/scheme.h"
#include "model/target_part.h"
#include <errno.h>

#define UNIX_PATH_MAX 107 /* sun_path without its NUL */
#define NAME_MAX_LEN  255

static const char examples[] = "a port, an address, a URL or the name of a service";

/*
 * ASCII for characters that are made to look like it: full-width forms and the digits of other
 * scripts, which input methods produce and eyes do not tell apart. 0 when there is none.
 */
static char look_alike(uint32_t cp)
{
	static const uint32_t zeros[] = {0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66,
		0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0x1d7ce,
		0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6};

	if (cp >= 0xff01 && cp <= 0xff5e)
		return (char)(cp - 0xff01 + '!');
	if (cp == 0x3002 || cp == 0xff61) /* ideographic full stop */
		return '.';
	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
		if (cp >= zeros[i] && cp < zeros[i] + 10)
			return (char)('0' + (cp - zeros[i]));
	return 0;
}

/* Refuses bytes that could lie on a terminal, and text written wholly in look-alikes of ASCII. */
static int check_letters(struct parse *p, const char *s)
{
	AUTO(buf) struct buf escaped = BUF_INIT(4 * TARGET_TEXT_MAX);
	AUTO(buf) struct buf plain = BUF_INIT(TARGET_TEXT_MAX);
	size_t len = strlen(s);
	bool changed = false, ascii = true;

	text_escape(&escaped, s, len);
	if (!str_eq(escaped.data, s))
		return err_set(p->err, -EINVAL,
			"'%s' has control characters or invalid UTF-8 in it", part_quote(p, s));
	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		i += text_decode(s + i, len - i, &cp);
		char c = cp < 0x80 ? (char)cp : look_alike(cp);
		ascii = ascii && c;
		changed = changed || cp >= 0x80;
		buf_char(&plain, c ? c : '?');
	}
	if (!changed || !ascii)
		return 0;
	err_set(p->err, -EINVAL, "'%s' is written with characters that only look like plain ones",
		part_quote(p, s));
	err_fix(p->err, "write %s", part_quote(p, plain.data));
	return -EINVAL;
}

static int parse_pid(struct parse *p, const char *s)
{
	uint64_t pid;

	if (!str_u64(s, INT32_MAX, &pid) || pid == 0)
		return err_set(p->err, -EINVAL,
			"'%s' is not a process id: it is a number, like pid:123", part_quote(p, s));
	p->t.kind = TARGET_PID;
	p->t.pid = (pid_t)pid;
	return 0;
}

static int parse_unix(struct parse *p, const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || str_eq(s, "@"))
		return err_set(p->err, -EINVAL,
			"'%s' names no socket path; write unix:/run/name.sock",
			part_quote(p, p->t.text));
	if (len > UNIX_PATH_MAX)
		return err_set(p->err, -EINVAL,
			"the socket path '%s' is %zu bytes long; at most %d fit", part_quote(p, s),
			len, UNIX_PATH_MAX);
	p->t.kind = TARGET_UNIX;
	p->t.proto = PROTO_UNIX_STREAM;
	p->t.path = s;
	return 0;
}

static int parse_container(struct parse *p, const char *s)
{
	if (str_empty(s) || strchr(s, ' ') || strlen(s) > NAME_MAX_LEN)
		return err_set(p->err, -EINVAL,
			"'%s' is not the name of a container; write container:web",
			part_quote(p, s));
	p->t.kind = TARGET_CONTAINER;
	p->t.name = s;
	return 0;
}

static int refuse_name(struct parse *p, const char *s)
{
	const char *blank = strchr(s, ' ');
	uint64_t port;
	struct address a;

	if (s[0] == '-')
		return err_set(p->err, -EINVAL, "'%s' looks like an option; expected %s",
			part_quote(p, s), examples);
	if (strlen(s) > NAME_MAX_LEN)
		return err_set(p->err, -EINVAL, "'%s' is %zu bytes long; names have at most %d",
			part_quote(p, s), strlen(s), NAME_MAX_LEN);
	if (blank && str_u64(blank + 1, UINT16_MAX, &port)) {
		const char *host = arena_strndup(p->arena, s, (size_t)(blank - s));
		if (address_parse(host, &a) || str_eq(host, "localhost")) {
			int r = err_set(p->err, -EINVAL, "'%s' has a blank between host and port",
				part_quote(p, s));
			err_fix(p->err,
				a.family == AF_INET6 && host[0] != 'l' ? "write [%s]:%s"
								       : "write %s:%s",
				host, blank + 1);
			return r;
		}
	}
	return 0;
}

static int parse_name(struct parse *p, const char *s)
{
	int r = refuse_name(p, s);

	if (r < 0)
		return r;
	p->t.kind = TARGET_NAME;
	p->t.name = s;
	return 0;
}

/* 0x50 */
static int refuse_hex(struct parse *p, const char *s)
{
	char *end;
	unsigned long value = strtoul(s, &end, 16);
	int r = err_set(p->err, -EINVAL, "'%s' is not a port: ports are decimal numbers",
		part_quote(p, s));

	if (!*end && value <= UINT16_MAX)
		err_fix(p->err, "write %lu", value);
	return r;
}

/* No colon, no bracket: an address, a host by its dots, or a name. */
static int parse_word(struct parse *p, const char *s)
{
	if (str_eq(s, "*")) {
		int r = err_set(p->err, -EINVAL, "'*' names no port");
		err_fix(p->err, "write *:3000");
		return r;
	}
	bool dotted = strchr(s, '.') != NULL || strchr(s, '%') != NULL;
	bool is_hex = (str_starts(s, "0x") || str_starts(s, "0X")) && part_ends_in_number(s);
	if (is_hex && !dotted && strlen(s) <= strlen("0xffff"))
		return refuse_hex(p, s);
	bool is_host = strcasecmp(s, "localhost") == 0 || (dotted && part_is_host_name(s));
	if (!is_host && !is_hex && !(dotted && part_ends_in_number(s)))
		return parse_name(p, s);
	int r = part_host(p, s, s);
	p->t.kind = p->t.host ? TARGET_HOST : TARGET_ADDRESS;
	return r;
}

/* Digits alone, with or without a sign; also the mistakes that start like a port. */
static int parse_number(struct parse *p, const char *s)
{
	uint64_t number;

	if (!strchr(s, '-') || s[0] == '-') {
		p->t.kind = TARGET_PORT;
		int r = part_port(p, s, false);
		if (r < 0 && str_u64(s, UINT32_MAX, &number) && number >> 24 == 127)
			err_fix(p->err, "write %u.%u.%u.%u if you mean that address",
				(unsigned)(number >> 24), (unsigned)(number >> 16 & 255),
				(unsigned)(number >> 8 & 255), (unsigned)(number & 255));
		return r;
	}
	int r = err_set(p->err, -EINVAL, "'%s' is a range; expected one port", part_quote(p, s));
	err_fix(p->err, "write %.*s", (int)strcspn(s, "-"), s);
	return r;
}

/* Cuts the protocol off "3000/udp"; anything else behind a slash is a URL's path. */
static bool cut_proto(struct parse *p, char *s)
{
	static const struct {
		const char *word;
		enum proto proto;
	} protos[] = {{"tcp", PROTO_TCP}, {"udp", PROTO_UDP}, {"sctp", PROTO_SCTP},
		{"udplite", PROTO_UDPLITE}};
	char *slash = strrchr(s, '/');

	for (size_t i = 0; slash && i < ARRAY_SIZE(protos); i++) {
		if (strcasecmp(slash + 1, protos[i].word) == 0) {
			p->t.proto = protos[i].proto;
			*slash = '\0';
			return true;
		}
	}
	return false;
}

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "+-0123456789")] == '\0';
}

/* "localhost:3000/health": what curl and browsers take for http://. */
static int parse_slash(struct parse *p, const char *s)
{
	const char *head = arena_strndup(p->arena, s, strcspn(s, "/?#"));
	const char *bare = head[0] == ':' ? head + 1 : head;
	struct address a;

	if (is_number(bare)) {
		int r = err_set(p->err, -EINVAL,
			"'%s' is not a protocol: expected /tcp or /udp after a port",
			part_quote(p, s + strlen(head) + (s[strlen(head)] == '/')));
		err_fix(p->err, "write http://localhost:%s%s for a web page", bare,
			part_quote(p, s + strlen(head)));
		return r;
	}
	bool host = strchr(head, ':') || head[0] == '[' || address_parse(head, &a) ||
		strcasecmp(head, "localhost") == 0 ||
		(strchr(head, '.') && part_is_host_name(head));
	if (!host)
		return parse_name(p, s);
	return target_parse_url(p, arena_printf(p->arena, "http://%s", s));
}

/* "http:3000", "https:/localhost": a URL whose slashes are missing. */
static int refuse_scheme(struct parse *p, const char *s)
{
	const char *colon = strchr(s, ':');
	const char *rest = colon + 1 + strspn(colon + 1, "/");
	const char *scheme = arena_strndup(p->arena, s, (size_t)(colon - s));

	int r = err_set(p->err, -EINVAL, "'%s' is not a URL: '//' is missing", part_quote(p, s));
	err_fix(p->err, is_number(rest) ? "write %s://localhost:%s" : "write %s://%s", scheme,
		part_quote(p, rest));
	return r;
}

static bool starts_with_web_scheme(const char *s)
{
	static const char *const schemes[] = {"http:", "https:", "ws:", "wss:"};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strncasecmp(s, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

static int parse_host_port(struct parse *p, char *s)
{
	bool proto_said = false;

	if (strncasecmp(s, "udp:", 4) == 0 || strncasecmp(s, "tcp:", 4) == 0) {
		p->t.proto = s[0] == 'u' || s[0] == 'U' ? PROTO_UDP : PROTO_TCP;
		s += 4;
	} else {
		proto_said = cut_proto(p, s);
	}
	if (!proto_said && s[strcspn(s, "/?#")])
		return parse_slash(p, s);
	if (is_number(s))
		return parse_number(p, s);
	if (s[0] != '[' && !strchr(s, ':'))
		return parse_word(p, s);

	const char *bare = s[0] == ':' ? s + 1 : str_after(s, "*:");
	if (bare && !strchr(bare, ':')) {
		p->t.kind = TARGET_PORT;
		if (*bare)
			return part_port(p, bare, false);
		int r = err_set(p->err, -EINVAL, "'%s' names no port", part_quote(p, s));
		err_fix(p->err, "write :3000");
		return r;
	}
	int r = part_host_port(p, s, s);
	p->t.kind = p->t.host ? TARGET_HOST : p->t.has_port ? TARGET_ENDPOINT : TARGET_ADDRESS;
	return r;
}

static int parse_any(struct parse *p, char *s)
{
	const char *rest;

	if ((rest = str_after(s, "pid:")))
		return parse_pid(p, rest);
	if (strstr(s, "://"))
		return target_parse_url(p, s);
	if ((rest = str_after(s, "unix:")))
		return parse_unix(p, rest);
	if ((rest = str_after(s, "container:")))
		return parse_container(p, rest);
	if (s[0] == '/' || str_starts(s, "./") || str_starts(s, "../"))
		return parse_unix(p, s);
	if (starts_with_web_scheme(s))
		return refuse_scheme(p, s);
	return parse_host_port(p, s);
}

int target_parse(struct arena *arena, const char *text, struct target *out, struct err *err)
{
	static const char blanks[] = " \t\r\n";
	struct parse p = {.arena = arena, .err = err};

	text += strspn(text, blanks);
	size_t len = strlen(text);
	while (len && strchr(blanks, text[len - 1]))
		len--;
	if (len == 0) {
		err_set(err, -EINVAL, "no target: expected %s", examples);
		err_fix(err, "loopscope 3000");
		return -EINVAL;
	}
	if (len > TARGET_TEXT_MAX)
		return err_set(err, -EINVAL, "the target is %zu bytes long; at most %d are read",
			len, TARGET_TEXT_MAX);
	char *s = arena_strndup(arena, text, len);
	p.t.text = arena_strdup(arena, s);
	int r = check_letters(&p, s);
	if (r == 0)
		r = parse_any(&p, s);
	if (r == 0)
		*out = p.t;
	return r;
}

int target_parse_range(const char *text, uint16_t *out_low, uint16_t *out_high, struct err *err)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct parse p = {.arena = arena, .err = err};
	size_t head =
		text[0] == '-' ? strlen(text) : strcspn(text, "-"); /* -1 is a number, a bad one */
	const char *dash = text[head] ? text + head : NULL;
	const char *low = arena_strndup(arena, text, head);

	if (str_empty(text))
		return err_set(err, -EINVAL,
			"no port: expected one like 3000, or a range like 3000-3999");
	int r = part_port(&p, low, false);
	if (r < 0)
		return r;
	uint16_t first = p.t.port;
	if (dash && (r = part_port(&p, dash + 1, false)) < 0)
		return r;
	if (first > p.t.port) {
		r = err_set(err, -EINVAL, "the range '%s' ends before it starts",
			part_quote(&p, text));
		err_fix(err, "write %u-%u", p.t.port, first);
		return r;
	}
	*out_low = first;
	*out_high = p.t.port;
	return 0;
}

const char *target_kind_name(int kind)
{
	static const char *const names[] = {
		[TARGET_PORT] = "port",
		[TARGET_ENDPOINT] = "endpoint",
		[TARGET_ADDRESS] = "address",
		[TARGET_HOST] = "host",
		[TARGET_URL] = "url",
		[TARGET_NAME] = "name",
		[TARGET_PID] = "pid",
		[TARGET_UNIX] = "unix",
		[TARGET_CONTAINER] = "container",
	};

	return names[kind];
}

static const char *name_of_proto(int proto)
{
	return proto_name((enum proto)proto);
}

static bool has_port(const void *record)
{
	return ((const struct target *)record)->has_port;
}

static bool has_pid(const void *record)
{
	return ((const struct target *)record)->kind == TARGET_PID;
}

static bool has_proto(const void *record)
{
	enum target_kind kind = ((const struct target *)record)->kind;

	return kind <= TARGET_URL || kind == TARGET_UNIX;
}

static const struct field fields[] = {
	FIELD(struct target, text, FIELD_TEXT, "TARGET", "as typed; a password is shown as ***"),
	FIELD(struct target, kind, FIELD_ENUM, "KIND",
		"port, endpoint, address, host, url, name, pid, unix or container",
		.name_of = target_kind_name),
	FIELD(struct target, proto, FIELD_ENUM, "PROTO", "tcp unless udp was said",
		.has = has_proto, .name_of = name_of_proto),
	FIELD(struct target, address, FIELD_ADDRESS, "ADDRESS", "the address that was named"),
	FIELD(struct target, host, FIELD_TEXT, "HOST", "the host name, in lower case"),
	FIELD(struct target, port, FIELD_UINT16, "PORT", "the port, or the default of the scheme",
		.has = has_port, .align_right = true),
	FIELD(struct target, scheme, FIELD_TEXT, "SCHEME", "of a URL: http, postgres ..."),
	FIELD(struct target, path, FIELD_TEXT, "PATH",
		"of a URL: path and query; of a socket: its path"),
	FIELD(struct target, name, FIELD_TEXT, "NAME", "of a service, project or container"),
	FIELD(struct target, pid, FIELD_INT32, "PID", "the process id", .has = has_pid,
		.align_right = true),
};

const struct record_type target_type = RECORD_TYPE("target", struct target, fields);
