/*
 * mention_name - host names in running text, for mention_piece.h.
 *
 * localhost is known by its letters. Any other word is a host only where the text says so: in front
 * of a port on a line about connections, or behind the words of a failed look-up. Files with a line
 * number (server.js:10) and stack frames look the same and are kept out.
 */
#include "base/auto.h"
#include "base/str.h"
#include "model/mention_piece.h"
#include "model/target_part.h"

#define NAME_TEXT_MAX 253

bool name_is_local(const char *host)
{
	static const char *const ends[] = {".localhost", ".local", ".test", ".internal", ".lan",
		".localdomain", ".home.arpa", ".example", ".invalid"};

	if (!strchr(host, '.'))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_ends(host, ends[i]))
			return true;
	return false;
}

static bool is_localhost(const char *host)
{
	return str_eq(host, "localhost") || str_ends(host, ".localhost") ||
		str_starts(host, "localhost.") || str_eq(host, "ip6-localhost") ||
		str_eq(host, "ip6-loopback");
}

/* Names with a colon and a number behind them that are no hosts: files, and keys of log lines. */
static bool is_file_or_key(const char *name)
{
	static const char *const endings[] = {"c", "cc", "cfg", "cjs", "clj", "conf", "cpp", "cs",
		"css", "cts", "cxx", "dart", "env", "erl", "ex", "exs", "go", "groovy", "h", "hpp",
		"hs", "htm", "html", "ini", "java", "js", "json", "jsx", "kt", "kts", "less",
		"lock", "log", "lua", "m", "md", "mjs", "ml", "mm", "mts", "nix", "php", "pl", "pm",
		"properties", "ps1", "py", "pyx", "r", "rb", "rs", "sass", "scala", "scss", "sh",
		"sql", "svelte", "swift", "tf", "toml", "ts", "tsx", "txt", "vue", "xml", "yaml",
		"yml", "zig", NULL};
	static const char *const keys[] = {"at", "char", "code", "col", "column", "errno", "error",
		"exit", "id", "index", "line", "lineno", "offset", "pid", "port", "pos", "row",
		"signal", "status", "step", "tid", "uid", "version", NULL};
	const char *dot = strrchr(name, '.');

	return dot ? word_in(dot + 1, endings) : word_in(name, keys);
}

/* A stack frame: a line whose first word is "at". */
static bool in_stack_frame(const struct span *s, size_t at)
{
	size_t start = at;

	while (start > 0 && s->text[start - 1] != '\n' && at - start < 400)
		start--;
	while (char_is_blank(span_at(s, start)))
		start++;
	return span_starts(s, start, "at ");
}

static const char *const name_words[] = {"address", "at", "bind", "connect", "connecting", "dial",
	"for", "host", "hostname", "listen", "on", "reach", "reaching", "server", "tcp", "tcp4",
	"tcp6", "to", "udp", "upstream", "with", NULL};

static const char *const about_connections[] = {"address", "bind", "connect", "dial", "host",
	"listen", "not known", "proxy", "reach", "refused", "resolv", "server", "socket", "tcp",
	"timed out", "timeout", "upstream", NULL};

/* ECONNREFUSED and the like */
static bool is_constant(const struct span *s, size_t at)
{
	for (int i = 0; i < 3; i++)
		if (span_at(s, at + (size_t)i) < 'A' || span_at(s, at + (size_t)i) > 'Z')
			return false;
	return true;
}

/* NAME:PORT and ('NAME', PORT) of a name that is not localhost. */
static bool is_named_endpoint(const struct span *s, size_t at, const char *name)
{
	struct word w = word_before(s, at);
	char previous = span_before(s, at);

	if (is_file_or_key(name) || in_stack_frame(s, at) || is_constant(s, at))
		return false;
	if (strchr(name, '.') && name_is_local(name))
		return true;
	if (!line_has(s, at, about_connections))
		return false;
	bool led = word_leads_to(s, &w, at) &&
		(word_in(w.text, name_words) || span_at(s, w.start) == 'E');
	return led || char_is_quote(previous) || previous == '(' || previous == '=';
}

/* "host=db port=5432", unlike "host=self.host, port=port" */
static bool port_follows(const struct span *s, size_t at)
{
	uint16_t port;

	while (span_at(s, at) == ' ' || span_at(s, at) == ',' || span_at(s, at) == '&')
		at++;
	return span_starts(s, at, "port=") && digits_of_port(s, at + 5, &port);
}

/* A name that could not be found, or that stands where only a host can. */
static bool is_named_host(const struct span *s, size_t at, size_t end, const char *name)
{
	static const char *const resolver_words[] = {"enotfound", "eai_again", "eai_noname",
		"eai_fail", "unknownhostexception", NULL};
	static const char *const host_words[] = {"host", "hostname", NULL};
	static const char *const asking[] = {"resolve", "unknown", "resolving", NULL};
	static const char *const no_names[] = {"address", "and", "for", "getaddrinfo", "is", "name",
		"not", "the", NULL};
	struct word w = word_before(s, at), w2 = word_before(s, w.start);
	char previous = span_before(s, at);

	if (span_starts(s, end, "'s server ip address"))
		return true; /* Chrome: myapp.test's server IP address could not be found. */
	if (is_file_or_key(name) || word_in(name, no_names) || !word_leads_to(s, &w, at))
		return false;
	if (str_eq(w.text, "address") && (str_eq(w2.text, "host") || str_eq(w2.text, "bad")))
		return char_is_quote(previous); /* wget: unable to resolve host address 'db' */
	if (word_in(w.text, resolver_words))
		return true;
	if (str_eq(w.text, "lookup"))
		return span_starts(s, end, " on ") || span_starts(s, end, ": ");
	if (str_eq(w.text, "for") && str_eq(w2.text, "getaddrinfo"))
		return true;
	if (str_eq(w.text, "name") && str_eq(w2.text, "host"))
		return char_is_quote(previous);
	if (str_eq(w.text, "proxy") && str_eq(w2.text, "resolve"))
		return true;
	if (!word_in(w.text, host_words))
		return false;
	bool marked = char_is_quote(previous) || (previous == '=' && port_follows(s, end)) ||
		(previous == '(' && strchr(name, '.'));
	return marked || word_in(w2.text, asking) || (strchr(name, '.') && name_is_local(name));
}

bool piece_read_name(const struct span *s, size_t at, struct piece *out)
{
	char previous = span_before(s, at);
	size_t end = at;

	if (!char_is_alpha(s->text[at]) || char_is_word(previous) ||
		(previous && strchr(".-$\\", previous)))
		return false;
	while (char_is_word(span_at(s, end)) || span_at(s, end) == '.' || span_at(s, end) == '-')
		end++;
	size_t run = end;
	while (end > at && !char_is_word(s->text[end - 1]))
		end--;
	if (end - at > 5 && span_starts(s, end - 4, "port") && strchr("._-", s->text[end - 5]))
		run = end - 4; /* server.port=8080 */
	piece_nothing(out, run);

	char name[NAME_TEXT_MAX + 1];
	if (end - at > NAME_TEXT_MAX)
		return true;
	for (size_t i = at; i <= end; i++) {
		char c = i < end ? s->text[i] : '\0';
		name[i - at] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	bool local = is_localhost(name);
	if (!part_is_host_name(name) || (!local && previous && strchr("/:@", previous)))
		return true;
	out->target.host = name; /* for host_piece; replaced when it is taken */
	piece_host(s, out, at, end);
	bool has_port = out->target.has_port;
	bool position =
		has_port && span_at(s, out->end) == ':' && char_is_digit(span_at(s, out->end + 1));
	bool good = local  ? has_port || previous != '@'
		: has_port ? !position && is_named_endpoint(s, at, name)
			   : is_named_host(s, at, end, name);
	out->target.host = good ? arena_strdup(s->arena, name) : NULL;
	if (!good)
		piece_nothing(out, has_port ? out->end : run);
	return true;
}
