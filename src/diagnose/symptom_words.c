/*
 * symptom_words - words of errors found in a text, and which of them decides.
 *
 * Every row of symptoms.def that stands in the text is a vote with a weight. The heaviest wins, the last of
 * equals: programs print the cause last. The operation of an errno that both connect() and bind()
 * know is told by the word in front of it on its line, then by the one behind it, then by any.
 */
#include "base/str.h"
#include "diagnose/symptom_part.h"

#define GAP_MAX	    80
#define PLACES_MAX_ 200 /* of one row in one text: what comes later says the same */

enum weight { WEAK = 1, PLAIN, SOCKET, CLASS, CAUSE, CERTAIN, DECISIVE };

struct row {
	const char *words;
	int op;
	const char *error;
	int weight;
	bool near;
};

/* clang-format off */
#define SAYS(words, op, error, weight) {words, OPERATION_##op, error, weight, false},
#define NEAR(words, op, error, weight) {words, OPERATION_##op, error, weight, true},
/* clang-format on */
static const struct row rows[] = {
#include "diagnose/symptoms.def"
};

#define CLIENT(...) {__VA_ARGS__},
static const struct client clients[] = {
#include "diagnose/clients.def"
};

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the pattern ends when it stands at `at`, or NULL. Recursion is as deep as it has stars. */
static const char *match(const char *at, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '|' && !pattern[1])
			return is_alnum(*at) || *at == '_' ? NULL : at;
		if (*pattern == '#') {
			if (!is_digit(*at))
				return NULL;
			while (is_digit(*at))
				at++;
			continue;
		}
		if (*pattern == '*') {
			for (int gap = 0; gap <= GAP_MAX; gap++, at++) {
				const char *end = match(at, pattern + 1);
				if (end)
					return end;
				if (!*at || *at == '\n')
					return NULL;
			}
			return NULL;
		}
		if (*at != *pattern)
			return NULL;
		at++;
	}
	return at;
}

/* The next place where the pattern could stand: its letters up to the first '*' or '#'. */
static const char *candidate(const struct words *w, const char *pattern, const char *from)
{
	size_t plain = strcspn(pattern, "*#|");

	if (plain)
		return memmem(from, w->len - (size_t)(from - w->text), pattern, plain);
	from += strcspn(from, "0123456789");
	return *from ? from : NULL;
}

long words_find(const struct words *w, const char *pattern, size_t from, size_t *out_end)
{
	size_t last = strlen(pattern) - 1;

	for (const char *p = w->text + from; p < w->text + w->len; p++) {
		p = candidate(w, pattern, p);
		if (!p)
			break;
		if (p > w->text && is_alnum(*p) && is_alnum(p[-1]))
			continue;
		const char *end = match(p, pattern);
		if (!end || (is_digit(pattern[last]) && is_digit(*end)))
			continue;
		*out_end = (size_t)(end - w->text);
		return p - w->text;
	}
	return -1;
}

bool words_any(const struct words *w, const char *const *patterns)
{
	size_t end;

	for (; *patterns; patterns++)
		if (words_find(w, *patterns, 0, &end) >= 0)
			return true;
	return false;
}

const struct client *client_of_text(const struct words *w)
{
	size_t end;

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		if (words_find(w, clients[i].words, 0, &end) >= 0)
			return &clients[i];
	return NULL;
}

const struct client *client_of_command(const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		if (clients[i].command && str_eq(clients[i].command, program))
			return &clients[i];
	return NULL;
}

/* Words that say which call failed; what is no word of its own in a stack frame counts as well. */
static const struct {
	const char *word;
	int op;
} calls[] = {
	{"connect(", OPERATION_CONNECT},
	{"connect|", OPERATION_CONNECT},
	{"connectto", OPERATION_CONNECT},
	{"connectionto", OPERATION_CONNECT},
	{"connect_", OPERATION_CONNECT},
	{"connecting", OPERATION_CONNECT},
	{"connection to", OPERATION_CONNECT},
	{"create_connection", OPERATION_CONNECT},
	{"connectex", OPERATION_CONNECT},
	{"tcpconnect", OPERATION_CONNECT},
	{"dial|", OPERATION_CONNECT},
	{"dialing", OPERATION_CONNECT},
	{"bind|", OPERATION_BIND},
	{"binding", OPERATION_BIND},
	{"bindexception", OPERATION_BIND},
	{"server_bind", OPERATION_BIND},
	{"listen|", OPERATION_BIND},
	{"listen_", OPERATION_BIND},
	{"listenand", OPERATION_BIND},
	{"listening socket", OPERATION_BIND},
	{"listener", OPERATION_BIND},
	{"make_sock", OPERATION_BIND},
	{"exposing port", OPERATION_BIND},
	{"serve|", OPERATION_BIND},
	{"read|", OPERATION_READ},
	{"reading", OPERATION_READ},
	{"recv", OPERATION_READ},
	{"receive", OPERATION_READ},
	{"receiving", OPERATION_READ},
	{"response", OPERATION_READ},
	{"write|", OPERATION_READ},
	{"writev|", OPERATION_READ},
	{"sending", OPERATION_READ},
	{"sendto|", OPERATION_CONNECT},
};

/* The call nearest to `at` between start and end: in front of it, else behind it. */
static int call_within(const struct words *w, size_t start, size_t end, size_t at)
{
	size_t before = 0, behind = SIZE_MAX, stop;
	int op_before = OPERATION_UNKNOWN, op_behind = OPERATION_UNKNOWN;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		size_t from = start;
		for (int n = 0; n < PLACES_MAX_; n++) {
			long found = words_find(w, calls[i].word, from, &stop);
			if (found < 0 || (size_t)found >= end)
				break;
			if ((size_t)found < at && (size_t)found + 1 > before) {
				before = (size_t)found + 1;
				op_before = calls[i].op;
			} else if ((size_t)found >= at && (size_t)found < behind) {
				behind = (size_t)found;
				op_behind = calls[i].op;
			}
			from = (size_t)found + 1;
		}
	}
	return op_before ? op_before : op_behind;
}

static int call_near(const struct words *w, size_t at, int otherwise)
{
	size_t start = at, end = at;

	while (start > 0 && w->text[start - 1] != '\n')
		start--;
	while (end < w->len && w->text[end] != '\n')
		end++;
	int op = call_within(w, start, end, at);
	if (!op)
		op = call_within(w, 0, w->len, at);
	return op ? op : otherwise;
}

/* A missing file or a forbidden one is about a connection only when the text speaks of one. */
static bool counts(const struct words *w, const struct row *row)
{
	static const char *const talk[] = {"connect", "dial", "bind", "listen", "socket",
		"sqlstate[", NULL};
	static const char *const forbidden[] = {"EACCES", "EPERM", "ENOENT", "EINVAL", NULL};

	for (const char *const *p = forbidden; row->error && *p; p++)
		if (str_eq(*p, row->error))
			return w->has_path || words_any(w, talk);
	return true;
}

static bool is_about_proxy(const struct words *w)
{
	static const char *const says[] = {"proxyconnect", "connect to proxy",
		"connecting to proxy", "connection to proxy", "proxyerror",
		"from proxy after connect", "err_proxy_", "err_tunnel_connection_failed",
		"proxy connect aborted", "connect tunnel failed",
		"tunneling socket could not be established", "tunnel connection failed",
		"proxy authentication required", "proxy server is refusing", "proxy refused",
		"ns_error_proxy", "http error 407", "proxy responded with",
		"proxy connection failed", "complete socks", "socks5", "socks: ", "sockshttp",
		"unable to tunnel through proxy", "http code # from proxy", "proxy tunnel", NULL};

	return words_any(w, says);
}

uint16_t words_http_status(const struct words *w, size_t *out_at)
{
	static const char *const says[] = {"http/1.1 #", "http/1.0 #", "http/2 #", "http/2.0 #",
		"http/1.1\" #", "http/2.0\" #", "status code #", "status code: #",
		"status code of #", "status code = #", "status: #", "status=#", "statuscode=#",
		"statuscode: #", "status #", "http error #", "http error: #", "http status #",
		"http code #", "http #", "error code #", "returned error: #", "error: #",
		"server response: #", "response code: #", "response code #", "unexpected status: #",
		"# bad gateway", "# gateway time", "# service ", "# not found", "# internal server",
		"# unauthorized", "# forbidden", "# misdirected", "# bad request", "# proxy auth",
		"# method not", "# request header", "# upgrade required", "# too many requests",
		"# (bad gateway", "# (service", "# (not found", "# (internal", "# (gateway",
		"error #", NULL};
	size_t end;

	for (const char *const *p = says; *p; p++) {
		long at = words_find(w, *p, 0, &end);
		if (at < 0)
			continue;
		size_t digit = (size_t)at + (size_t)(strchr(*p, '#') - *p), n = 0;
		uint16_t status = 0;
		for (; is_digit(w->text[digit + n]) && n < 4; n++)
			status = (uint16_t)(status * 10 + w->text[digit + n] - '0');
		if (n != 3 || status < 100 || status > 599)
			continue;
		if ((*p)[0] == 'e' && status < 400) /* "error 111" is no answer */
			continue;
		*out_at = (size_t)at;
		return status;
	}
	return 0;
}

struct verdict words_judge(const struct words *w)
{
	struct verdict v = {0};
	const struct row *best = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		size_t from = 0, end;
		if (best && row->weight < best->weight)
			continue;
		for (int n = 0; n < PLACES_MAX_; n++) {
			long at = words_find(w, row->words, from, &end);
			if (at < 0 || (n == 0 && !counts(w, row)))
				break;
			if (!best || row->weight > best->weight || (size_t)at >= v.at) {
				best = row;
				v.at = (size_t)at;
			}
			from = (size_t)at + 1;
		}
	}
	if (best) {
		v.found = true;
		v.error = best->error;
		v.weight = best->weight;
		v.op = best->near ? call_near(w, v.at, best->op) : best->op;
	}
	if (v.op != OPERATION_BIND && v.op != OPERATION_RESOLVE && v.op != OPERATION_URL &&
		is_about_proxy(w))
		v.op = OPERATION_PROXY;
	return v;
}
