/*
 * symptom - see symptom.h.
 *
 * Three questions to a text, each with its own table: where (mention_find), what happened
 * (symptoms.def) and who says so (clients.def). This file puts the answers together: the default
 * port of a client that names none, the name that was not found, what only a browser says.
 */
#include "diagnose/symptom.h"

#include "base/str.h"
#include "diagnose/symptom_part.h"
#include "model/mention.h"
#include "model/scheme.h"

#define SAID_MAX 400

const char *operation_name(int op)
{
	static const char *const names[] = {"", "connect", "bind", "resolve", "read", "tls", "http",
		"protocol", "auth", "proxy", "url"};

	return op >= 0 && op < (int)ARRAY_SIZE(names) ? names[op] : "";
}

const char *symptom_without_secrets(struct arena *arena, const char *text, size_t len)
{
	AUTO(buf) struct buf b = BUF_INIT(2 * MENTION_TEXT_MAX);

	for (size_t i = 0; i < len;) {
		size_t start = i + 3, at = start, colon = 0;
		if (len - i < 3 || memcmp(text + i, "://", 3) != 0) {
			buf_char(&b, text[i++]);
			continue;
		}
		/* user:password@: the last '@' in front of the path, or of a blank */
		size_t last = 0;
		for (; at < len && !strchr(" \t\r\n\"'`<>", text[at]); at++)
			if (text[at] == '@')
				last = at;
			else if (text[at] == ':' && !colon)
				colon = at;
			else if (text[at] == '/' && last)
				break;
		bool secret = last && colon && colon < last;
		size_t end = secret ? colon + 1 : start;
		buf_add(&b, text + i, end - i);
		if (secret)
			buf_str(&b, "***");
		i = secret ? last : end;
	}
	return arena_strndup(arena, b.data, b.len);
}

static struct words words_of(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_strndup(arena, text, len);

	for (size_t i = 0; i < len; i++) {
		char c = copy[i];
		if (c >= 'A' && c <= 'Z')
			copy[i] = (char)(c - 'A' + 'a');
		else if (!c)
			copy[i] = ' ';
	}
	return (struct words){.text = copy, .len = len};
}

static const char *host_of(struct arena *arena, const struct target *t)
{
	AUTO(buf) struct buf b = BUF_INIT(128);

	if (t->host)
		return t->host;
	if (t->kind == TARGET_PORT || t->address.family == AF_UNSPEC)
		return NULL;
	address_format(&b, &t->address);
	return arena_strndup(arena, b.data, b.len);
}

static bool same_host(const char *a, const char *b)
{
	return a == b || (a && b && str_eq(a, b));
}

void symptom_add(struct arena *arena, struct symptom *s, const struct target *t)
{
	if (t->kind == TARGET_UNIX) {
		if (!s->path)
			s->path = t->path;
		return;
	}
	struct symptom_endpoint e = {.host = host_of(arena, t),
		.port = t->port,
		.has_port = t->has_port,
		.scheme = t->scheme,
		.path = t->kind == TARGET_URL ? t->path : NULL,
		.proto = t->proto};
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct symptom_endpoint *o = &s->endpoints[i];
		if (same_host(o->host, e.host) && o->has_port == e.has_port && o->port == e.port &&
			o->proto == e.proto)
			return;
	}
	if (s->endpoint_count < SYMPTOM_ENDPOINTS_MAX)
		s->endpoints[s->endpoint_count++] = e;
}

static bool is_browser(const struct client *c)
{
	return c &&
		(str_eq(c->name, "chrome") || str_eq(c->name, "firefox") ||
			str_eq(c->name, "safari"));
}

/* The port a client uses where the text shows none. */
static void fill_ports(struct symptom *s, const struct client *client)
{
	uint16_t port = client ? client->port : 0;

	if (s->op == OPERATION_RESOLVE || s->op == OPERATION_URL)
		return;
	if (is_browser(client))
		port = s->op == OPERATION_TLS ? 443 : 80;
	for (size_t i = 0; i < s->endpoint_count; i++) {
		struct symptom_endpoint *e = &s->endpoints[i];
		if (e->has_port || !port)
			continue;
		e->port = port;
		e->has_port = e->default_port = true;
	}
}

/* Words that only a browser says, next to its codes. */
static const struct {
	const char *words, *name;
} browser_words[] = {
	{"mixed content", "mixed content"},
	{"mixed active content", "mixed content"},
	{"strict-transport-security", "HSTS"},
	{"hsts", "HSTS"},
	{"private address space", "private network access"},
	{"private network access", "private network access"},
	{"local network access", "private network access"},
	{"content security policy", "CSP"},
	{"blocked by cors policy", "CORS"},
	{"cross-origin request blocked", "CORS"},
	{"access-control-allow-origin", "CORS"},
	{"this address is restricted", "this address is restricted"},
};

static const char *code_at(struct arena *arena, const char *text, const struct words *w, size_t at)
{
	size_t end = at;

	while (end < w->len && end - at < 64 &&
		(w->text[end] == '_' || (w->text[end] >= 'a' && w->text[end] <= 'z') ||
			(w->text[end] >= '0' && w->text[end] <= '9')))
		end++;
	return text[at] >= 'A' && text[at] <= 'Z' ? arena_strndup(arena, text + at, end - at)
						  : NULL;
}

static const char *browser_of(struct arena *arena, const char *text, const struct words *w)
{
	static const char *const codes[] = {"err_unsafe_port", "err_connection_", "err_ssl_",
		"err_cert_", "err_name_", "err_empty_", "err_address_", "err_blocked_by_",
		"err_too_many_redirects", "err_invalid_http", "err_proxy_", "err_tunnel_",
		"err_internet_", "err_network_", "err_timed_out", "err_content_length",
		"err_incomplete_", "err_response_headers", "err_http2_", "err_http_response",
		"err_bad_ssl", "dns_probe_", "ns_error_", "sec_error_", "ssl_error_rx",
		"ssl_error_bad", "ssl_error_no_cypher", "ssl_error_unsupported", "mozilla_pkix_",
		"pr_connect_reset", "pr_end_of_file"};
	size_t end;

	for (size_t i = 0; i < ARRAY_SIZE(browser_words); i++)
		if (words_find(w, browser_words[i].words, 0, &end) >= 0)
			return browser_words[i].name;
	long at = words_find(w, "net::err_", 0, &end);
	if (at >= 0)
		return code_at(arena, text, w, (size_t)at + 5);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if ((at = words_find(w, codes[i], 0, &end)) >= 0)
			return code_at(arena, text, w, (size_t)at);
	return NULL;
}

static const char *line_at(struct arena *arena, const char *text, size_t len, size_t at)
{
	size_t start = at, end = at;

	while (start > 0 && text[start - 1] != '\n' && at - start < SAID_MAX)
		start--;
	while (end < len && text[end] != '\n' && end - start < SAID_MAX)
		end++;
	while (start < end && strchr(" \t\r", text[start]) && text[start])
		start++;
	while (end > start && strchr(" \t\r", text[end - 1]) && text[end - 1])
		end--;
	return end > start ? symptom_without_secrets(arena, text + start, end - start) : NULL;
}

static bool is_intermittent(const struct words *w)
{
	static const char *const says[] = {"intermittent", "sometimes", "occasional", "sporadic",
		"now and then", "every now and", "once in a while", "from time to time", "randomly",
		"at random", "flaky", "every few", "not always", "half of the time",
		"half the time", "every other request", "works most of the time",
		"one in * requests", NULL};

	return words_any(w, says);
}

/* An HTTP status decides where no errno stands next to it. */
static void judge_status(const struct words *w, struct symptom *s, struct verdict *v)
{
	size_t at = 0;

	s->http_status = words_http_status(w, &at);
	if (v->op == OPERATION_PROXY)
		return;
	if (s->http_status < 400 || (v->found && v->weight > 2 && v->op != OPERATION_HTTP))
		return;
	if (!v->found)
		v->at = at;
	if (!v->found || v->op != OPERATION_HTTP)
		v->error = NULL;
	v->found = true;
	v->op = OPERATION_HTTP;
	if (s->http_status == 401 || s->http_status == 407) {
		v->op = s->http_status == 401 ? OPERATION_AUTH : OPERATION_PROXY;
		v->error = "AUTH";
	}
}

/* Typographic quotes made plain: browsers and wget print them where others print ' and ". */
static const char *plain_quotes(struct arena *arena, const char *text, size_t *len)
{
	char *copy = arena_strndup(arena, text, *len);
	size_t n = 0;

	for (size_t i = 0; i < *len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool quote = c == 0xe2 && *len - i > 2 && (unsigned char)text[i + 1] == 0x80;
		unsigned char last = quote ? (unsigned char)text[i + 2] : 0;
		if (last == 0x98 || last == 0x99 || last == 0x9c || last == 0x9d) {
			copy[n++] = last < 0x9c ? '\'' : '"';
			i += 2;
		} else {
			copy[n++] = text[i];
		}
	}
	copy[n] = '\0';
	*len = n;
	return copy;
}

#define SHELL_WORDS 64

/* "$ redis-cli -p 6380 ping": the port stands in the command that was typed above the message. */
static void read_shell_line(struct arena *arena, char *line, struct symptom *out)
{
	struct symptom *typed = arena_new_of(arena, struct symptom);
	char *words[SHELL_WORDS + 1], *save = NULL;
	int count = 0;

	for (char *w = strtok_r(line, " \t\r", &save); w && count < SHELL_WORDS;
		w = strtok_r(NULL, " \t\r", &save))
		words[count++] = w;
	words[count] = NULL;
	if (!count)
		return;
	symptom_parse_command(arena, count, words, typed);
	for (size_t i = 0; typed->client && i < typed->endpoint_count; i++)
		if (typed->endpoints[i].has_port && !typed->endpoints[i].default_port &&
			out->endpoint_count < SYMPTOM_ENDPOINTS_MAX)
			out->endpoints[out->endpoint_count++] = typed->endpoints[i];
}

static void read_shell(struct arena *arena, const char *text, size_t len, struct symptom *out)
{
	char *copy = arena_strndup(arena, text, len), *next;

	for (char *line = copy; line && !out->endpoint_count; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (str_starts(line, "$ ") || str_starts(line, "% ") || str_starts(line, "# "))
			read_shell_line(arena, line + 2, out);
	}
}

/* "dial udp", "listen udp4", dig: what the text names is a port of UDP. */
static void mark_udp(struct symptom *s, const struct words *w)
{
	static const char *const words[] = {"udp|", "udp4|", "udp6|", "communications error to",
		"no servers could be reached", "quic|", NULL};

	if (!words_any(w, words))
		return;
	for (size_t i = 0; i < s->endpoint_count; i++)
		s->endpoints[i].proto = PROTO_UDP;
}

/* The first word that names a pid file; the ends of a sentence do not belong to it. */
static const char *pid_file_of(struct arena *arena, const char *text, size_t len)
{
	static const char ends[] = " \t\r\n\"'`(),;:<>[]{}";
	const char *at = text;

	while ((at = memmem(at, len - (size_t)(at - text), ".pid", 4))) {
		const char *start = at, *end = at + 4;
		while (start > text && !strchr(ends, start[-1]))
			start--;
		if (start < at && (end == text + len || strchr(ends, *end) || *end == '.'))
			return arena_strndup(arena, start, (size_t)(end - start));
		at = end;
	}
	return NULL;
}

void symptom_parse(struct arena *arena, const char *text, size_t len, struct symptom *out)
{
	struct target found[MENTION_MAX];

	*out = (struct symptom){0};
	len = MIN(len, (size_t)MENTION_TEXT_MAX);
	text = plain_quotes(arena, text, &len);
	size_t count = mention_find(arena, text, len, found, MENTION_MAX);
	for (size_t i = 0; i < count; i++)
		symptom_add(arena, out, &found[i]);
	if (!out->endpoint_count)
		read_shell(arena, text, len, out);

	struct words w = words_of(arena, text, len);
	w.has_path = out->path != NULL;
	struct verdict v = words_judge(&w);
	judge_status(&w, out, &v);
	out->op = v.op;
	out->error = v.error;
	out->said = v.found ? line_at(arena, text, len, v.at) : NULL;

	const struct client *client = client_of_text(&w);
	if (client) {
		out->client = client->name;
		out->expects = client->expects;
	}
	fill_ports(out, client);
	mark_udp(out, &w);
	out->browser = browser_of(arena, text, &w);
	out->intermittent = is_intermittent(&w);
	out->pid_file = pid_file_of(arena, text, len);
	for (size_t i = 0; out->op == OPERATION_RESOLVE && i < out->endpoint_count; i++)
		out->name = out->endpoints[i].host;
}

static bool has_port(const void *record)
{
	return ((const struct symptom_endpoint *)record)->has_port;
}

static bool has_op(const void *record)
{
	return ((const struct symptom *)record)->op != OPERATION_UNKNOWN;
}

static bool has_status(const void *record)
{
	return ((const struct symptom *)record)->http_status != 0;
}

static const struct field endpoint_fields[] = {
	FIELD(struct symptom_endpoint, host, FIELD_TEXT, "HOST",
		"as the text names it; absent: any"),
	FIELD(struct symptom_endpoint, port, FIELD_UINT16, "PORT", "the port", .has = has_port),
	FIELD(struct symptom_endpoint, default_port, FIELD_BOOL, NULL,
		"the text does not name the port: it is the client's default"),
	FIELD(struct symptom_endpoint, scheme, FIELD_TEXT, NULL, "of a URL"),
};

static const struct record_type endpoint_type =
	RECORD_TYPE("symptom_endpoint", struct symptom_endpoint, endpoint_fields);

static const struct field fields[] = {
	FIELD(struct symptom, op, FIELD_ENUM, "OP",
		"what failed: connect, bind, resolve, read, tls, http, protocol, auth, proxy, url",
		.name_of = operation_name, .has = has_op),
	FIELD_OF(struct symptom, error, "errno", FIELD_TEXT, "ERROR",
		"how it failed, as far as the text says it: ECONNREFUSED, EAI_AGAIN, TLS_NAME ..."),
	FIELD(struct symptom, path, FIELD_TEXT, "PATH", "of a unix socket"),
	FIELD(struct symptom, endpoints, FIELD_ARRAY, NULL, "the places the text names",
		.type = &endpoint_type, .count_offset = offsetof(struct symptom, endpoint_count)),
	FIELD(struct symptom, client, FIELD_TEXT, "CLIENT", "the program that printed it"),
	FIELD(struct symptom, expects, FIELD_TEXT, NULL, "the protocol the client speaks"),
	FIELD(struct symptom, http_status, FIELD_UINT16, NULL, "of an HTTP answer",
		.has = has_status),
	FIELD(struct symptom, name, FIELD_TEXT, NULL, "the name that was not found"),
	FIELD(struct symptom, browser, FIELD_TEXT, NULL, "what only a browser says"),
	FIELD(struct symptom, intermittent, FIELD_BOOL, NULL, "it happens now and then"),
	FIELD(struct symptom, said, FIELD_TEXT, NULL, "the line that says it"),
};

const struct record_type symptom_type = RECORD_TYPE("symptom", struct symptom, fields);
