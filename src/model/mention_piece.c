/*
 * mention_piece - see mention_piece.h.
 *
 * Every reader looks at one position and either takes a piece or says how far the text certainly
 * holds none, so that a path, a time or a position such as "server.js:10:15" is passed over whole
 * and its tail is not read as something else.
 */
#include "model/mention_piece.h"

#include "base/auto.h"
#include "base/str.h"
#include "model/target_part.h"

#define IPV6_TEXT_MAX 50
#define NAME_TEXT_MAX 253
#define SCHEME_MAX    32

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static char *copy(const struct span *s, size_t start, size_t end)
{
	return arena_strndup(s->arena, s->text + start, end - start);
}

static char before(const struct span *s, size_t at)
{
	return at ? s->text[at - 1] : '\0';
}

static void nothing_until(struct piece *out, size_t end)
{
	out->kind = PIECE_NONE;
	out->end = end;
}

/* ":3000", "|:3000", "\":3000" and "', 3000)" straight after a host. Moves *end over it. */
static bool port_after(const struct span *s, size_t *end, uint16_t *out)
{
	static const char *const dialers[] = {"$ nc ", "nc -", "ncat ", "netcat ", "telnet ", NULL};
	size_t at = *end, n;

	if ((is_quote(span_at(s, at)) || span_at(s, at) == '|' || span_at(s, at) == ')') &&
		span_at(s, at + 1) == ':')
		at++;
	if (span_at(s, at) == ':' && (n = digits_of_port(s, at + 1, out))) {
		*end = at + 1 + n;
		return true;
	}
	/* nc localhost 3000 */
	at = *end;
	if (span_at(s, at) == ' ' && line_has(s, at, dialers) &&
		(n = digits_of_port(s, at + 1, out))) {
		*end = at + 1 + n;
		return true;
	}
	/* a tuple: ('::1', 4000, 0, 0), {"localhost",5432}, ["127.0.0.1", 80] */
	at = *end;
	if (!is_quote(span_at(s, at)))
		return false;
	for (at++; is_blank(span_at(s, at)); at++)
		;
	if (span_at(s, at) != ',')
		return false;
	for (at++; is_blank(span_at(s, at)); at++)
		;
	n = digits_of_port(s, at, out);
	if (!n || !strchr(",)}]", span_at(s, at + n)) || !span_at(s, at + n))
		return false;
	*end = at + n;
	return true;
}

static void host_piece(const struct span *s, struct piece *out, size_t start, size_t end)
{
	struct target *t = &out->target;

	out->kind = PIECE_HOST;
	out->start = start;
	t->has_port = port_after(s, &end, &t->port);
	out->end = end;
	t->kind = t->host ? TARGET_HOST : t->has_port ? TARGET_ENDPOINT : TARGET_ADDRESS;
}

/* Names that only this machine, or its own network, can mean. */
static bool is_local_name(const char *host)
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

/* The end of a URL in running text: a quote, a blank or a bracket that was not opened inside. */
static size_t url_end(const struct span *s, size_t at)
{
	int round = 0, square = 0, curly = 0;
	size_t end = at;

	for (; end < s->len; end++) {
		char c = s->text[end];
		if ((unsigned char)c <= 0x20 || c == 0x7f || is_quote(c) || strchr("<>|\\", c))
			break;
		round += c == '(' ? 1 : c == ')' ? -1 : 0;
		square += c == '[' ? 1 : c == ']' ? -1 : 0;
		curly += c == '{' ? 1 : c == '}' ? -1 : 0;
		if (round < 0 || square < 0 || curly < 0)
			break;
	}
	while (end > at && strchr(".,;:!?", s->text[end - 1]))
		end--;
	return end;
}

/* Cuts ":10:15" off the path of a script's URL in a stack trace. */
static size_t without_position(const struct span *s, size_t path, size_t end)
{
	for (int i = 0; i < 2; i++) {
		size_t at = end;
		while (at > path && is_digit(s->text[at - 1]))
			at--;
		if (at == end || at == path || s->text[at - 1] != ':')
			break;
		end = at - 1;
	}
	return end;
}

static bool is_socket_path(const struct span *s, size_t at, const char *path)
{
	static const char *const endings[] = {".sock", ".socket", ".sck", ".ipc"};
	static const char *const words[] = {"unix", "socket", NULL};
	const char *base = str_basename(path);
	const char *pg = str_after(base, ".s.PGSQL.");
	const struct word w = word_before(s, at);
	uint64_t port;

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (str_ends(base, endings[i]))
			return true;
	return (pg && str_u64(pg, UINT16_MAX, &port)) || str_starts(path, "/tmp/.X11-unix/X") ||
		(word_in(w.text, words) && word_leads_to(s, &w, at) && is_word_char(path[1]));
}

static bool read_path(const struct span *s, size_t at, struct piece *out)
{
	char previous = before(s, at), next = span_at(s, at + 1);
	size_t end = at;

	if (s->text[at] != '/' ||
		(previous && !is_blank(previous) && !strchr("\"'`(=:[,@", previous)))
		return false;
	if (is_digit(next) || next == '[') /* Java: /127.0.0.1:9999 */
		return false;
	while (end < s->len && !is_blank(s->text[end]) && !is_quote(s->text[end]) &&
		!strchr(",;()<>|", s->text[end]))
		end++;
	size_t run = end;
	while (end > at && strchr(".:", s->text[end - 1]))
		end--;
	nothing_until(out, run > at ? run : at + 1);
	char *path = copy(s, previous == '@' ? at - 1 : at, end);
	if (end - at < 2 || !is_socket_path(s, at, path))
		return true;
	if (target_parse(s->arena, arena_printf(s->arena, "unix:%s", path), &out->target, NULL) < 0)
		return true;
	out->target.text = path;
	out->kind = PIECE_PATH;
	out->start = at;
	out->end = end;
	return true;
}

static bool read_url(const struct span *s, size_t at, struct piece *out)
{
	size_t mark = at;

	while (mark - at <= SCHEME_MAX &&
		(is_word_char(span_at(s, mark)) ||
			(mark > at && span_at(s, mark) && strchr("+.-", span_at(s, mark)))))
		mark++;
	if (mark == at || !span_starts(s, mark, "://"))
		return false;
	size_t after = mark + 3;
	if (span_starts(s, at, "dns:///") || span_starts(s, at, "passthrough:///")) {
		nothing_until(out, after + 1); /* gRPC: the host comes next */
		return true;
	}
	if (span_starts(s, after, "unix:/")) { /* nginx: fastcgi://unix:/run/x.sock: */
		read_path(s, after + strlen("unix:"), out);
		out->start = at;
		return true;
	}
	size_t end = url_end(s, after), path = after;
	while (path < end && !strchr("/?#", s->text[path]))
		path++;
	end = without_position(s, path, end);
	nothing_until(out, end > at ? end : at + 1);

	struct target t;
	if (target_parse(s->arena, copy(s, at, end), &t, NULL) < 0 &&
		target_parse(s->arena, copy(s, at, path), &t, NULL) < 0)
		return true;
	bool port_shown = path > after && is_digit(s->text[path - 1]) &&
		memrchr(s->text + after, ':', path - after) != NULL;
	if (t.host && !port_shown && (!is_local_name(t.host) || !t.has_port))
		return true; /* a link to some page, or chrome://settings */
	out->kind = t.kind == TARGET_UNIX ? PIECE_PATH : PIECE_URL;
	out->start = at;
	out->target = t;
	return true;
}

/* Over "%eth0": a zone of whatever machine printed this, so it is not looked up. */
static size_t zone_end(const struct span *s, size_t at)
{
	if (span_at(s, at) != '%' || span_starts(s, at, "%5d"))
		return at;
	for (at++; is_word_char(span_at(s, at)) || span_at(s, at) == '-'; at++)
		;
	return at;
}

static bool read_bracket(const struct span *s, size_t at, struct piece *out)
{
	bool encoded = span_starts(s, at, "%5b"); /* grpc: ipv6:%5B::1%5D:19530 */
	size_t open = encoded ? 3 : 1, end = at + open, limit = at + IPV6_TEXT_MAX;

	if (!encoded && s->text[at] != '[')
		return false;
	while (end < s->len && end < limit && (is_hex(s->text[end]) || strchr(":.", s->text[end])))
		end++;
	size_t address_end = end;
	end = zone_end(s, end);
	if (!(encoded ? span_starts(s, end, "%5d") : span_at(s, end) == ']'))
		return false;
	if (!address_parse(copy(s, at + open, address_end), &out->target.address))
		return false;
	host_piece(s, out, at, end + open);
	return true;
}

/* Eight groups of two hexadecimal digits are a hardware identifier. */
static bool is_hardware_id(const char *text)
{
	if (strlen(text) != 23)
		return false;
	for (size_t i = 2; i < 23; i += 3)
		if (text[i] != ':')
			return false;
	return true;
}

/* "::1:3000" as node prints it; text is the whole run. */
static bool split_ipv6_port(const struct span *s, size_t at, const char *text, struct target *t)
{
	const char *last = strrchr(text, ':');
	struct address whole, front;
	uint64_t port;

	if (str_starts(text, ":::")) {
		t->address = ADDRESS_ANY6;
		last = text + 2;
	} else if (address_parse(arena_strndup(s->arena, text, (size_t)(last - text)), &front)) {
		bool errno_before = span_at(s, word_before(s, at).start) == 'E';
		if (address_parse(text, &whole) && !address_is_loopback(&front) && !errno_before)
			return false;
		t->address = front;
	} else {
		return false;
	}
	if (strlen(last + 1) > 5 || !str_u64(last + 1, UINT16_MAX, &port))
		return false;
	t->port = (uint16_t)port;
	t->has_port = true;
	return true;
}

static bool read_ipv6(const struct span *s, size_t at, struct piece *out)
{
	char previous = before(s, at);
	size_t end = at, colons = 0, digits = 0;

	if (!is_hex(s->text[at]) && s->text[at] != ':')
		return false;
	if (is_word_char(previous) || (previous && strchr(":.%", previous)))
		return false;
	for (; is_hex(span_at(s, end)) || span_at(s, end) == ':' || span_at(s, end) == '.'; end++) {
		colons += s->text[end] == ':';
		digits += is_digit(s->text[end]);
	}
	if (colons < 2 || is_word_char(span_at(s, end)))
		return false;
	size_t run = end;
	while (end > at + 2 &&
		(s->text[end - 1] == '.' || (s->text[end - 1] == ':' && s->text[end - 2] != ':')))
		end--;
	nothing_until(out, run);
	if (end - at > IPV6_TEXT_MAX || (!digits && !(end - at == 2 && is_quote(previous))))
		return colons >= 2 && digits > 0;

	const char *text = copy(s, at, end);
	struct target *t = &out->target;
	if (split_ipv6_port(s, at, text, t)) {
		out->kind = PIECE_HOST;
		out->start = at;
		out->end = end;
		t->kind = TARGET_ENDPOINT;
		return true;
	}
	if (is_hardware_id(text) || !address_parse(text, &t->address))
		return true;
	host_piece(s, out, at, zone_end(s, end));
	return true;
}

static bool is_version(const struct span *s, size_t at)
{
	static const char *const words[] = {"v", "version", "ver", "release", "build", "revision",
		NULL};

	return word_in(word_before(s, at).text, words);
}

/* "Chrome/120.0.0.0", unlike "localhost/127.0.0.1" and "/127.0.0.1" */
static bool is_product(const struct span *s, size_t at)
{
	char c = at > 1 ? s->text[at - 2] : ' ';

	return before(s, at) == '/' && is_alpha(c) && !str_eq(word_before(s, at).text, "localhost");
}

static bool read_ipv4(const struct span *s, size_t at, struct piece *out)
{
	char previous = before(s, at);
	size_t end = at;

	if (!is_digit(s->text[at]) || is_word_char(previous) || previous == '.' || previous == '-')
		return false;
	while (is_digit(span_at(s, end)) ||
		(span_at(s, end) == '.' && is_digit(span_at(s, end + 1))))
		end++;
	struct address a;
	if (end - at > 15 || !address_parse(copy(s, at, end), &a))
		return false;
	nothing_until(out, end);
	if (is_word_char(span_at(s, end)))
		return true;
	uint16_t bits;
	size_t n = span_at(s, end) == '/' ? digits_of_port(s, end + 1, &bits) : 0;
	if (n && bits <= 32) {
		nothing_until(out, end + 1 + n); /* a network: 10.0.0.0/8 */
		return true;
	}
	out->target.address = a;
	host_piece(s, out, at, end);
	enum address_class class = address_class(&a);
	bool far = class == ADDRESS_PUBLIC || class == ADDRESS_RESERVED;
	if (!out->target.has_port && (far || is_version(s, at) || is_product(s, at)))
		nothing_until(out, end);
	return true;
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
	while (is_blank(span_at(s, start)))
		start++;
	return span_starts(s, start, "at ");
}

static const char *const name_words[] = {"address", "at", "bind", "connect", "connecting", "dial",
	"for", "host", "hostname", "listen", "on", "reach", "reaching", "server", "tcp", "tcp4",
	"tcp6", "to", "udp", "upstream", "with", NULL};

static const char *const about_connections[] = {"address", "bind", "connect", "dial", "host",
	"listen", "proxy", "reach", "refused", "resolv", "server", "socket", "tcp", "timed out",
	"timeout", "upstream", NULL};

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
	char previous = before(s, at);

	if (is_file_or_key(name) || in_stack_frame(s, at) || is_constant(s, at))
		return false;
	if (strchr(name, '.') && is_local_name(name))
		return true;
	if (!line_has(s, at, about_connections))
		return false;
	bool led = word_leads_to(s, &w, at) &&
		(word_in(w.text, name_words) || span_at(s, w.start) == 'E');
	return led || is_quote(previous) || previous == '(' || previous == '=';
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
	static const char *const no_names[] = {"and", "for", "getaddrinfo", "is", "name", "not",
		"the", NULL};
	struct word w = word_before(s, at), w2 = word_before(s, w.start);
	char previous = before(s, at);

	if (is_file_or_key(name) || word_in(name, no_names) || !word_leads_to(s, &w, at))
		return false;
	if (word_in(w.text, resolver_words))
		return true;
	if (str_eq(w.text, "lookup"))
		return span_starts(s, end, " on ") || span_starts(s, end, ": ");
	if (str_eq(w.text, "for") && str_eq(w2.text, "getaddrinfo"))
		return true;
	if (str_eq(w.text, "name") && str_eq(w2.text, "host"))
		return is_quote(previous);
	if (!word_in(w.text, host_words))
		return false;
	bool marked = is_quote(previous) || (previous == '=' && port_follows(s, end)) ||
		(previous == '(' && strchr(name, '.'));
	return marked || word_in(w2.text, asking) || (strchr(name, '.') && is_local_name(name));
}

static bool read_name(const struct span *s, size_t at, struct piece *out)
{
	char previous = before(s, at);
	size_t end = at;

	if (!is_alpha(s->text[at]) || is_word_char(previous) ||
		(previous && strchr(".-$\\", previous)))
		return false;
	while (is_word_char(span_at(s, end)) || span_at(s, end) == '.' || span_at(s, end) == '-')
		end++;
	size_t run = end;
	while (end > at && !is_word_char(s->text[end - 1]))
		end--;
	if (end - at > 5 && span_starts(s, end - 4, "port") && strchr("._-", s->text[end - 5]))
		run = end - 4; /* server.port=8080 */
	nothing_until(out, run);

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
	host_piece(s, out, at, end);
	bool has_port = out->target.has_port;
	bool position =
		has_port && span_at(s, out->end) == ':' && is_digit(span_at(s, out->end + 1));
	bool good = local  ? has_port || previous != '@'
		: has_port ? !position && is_named_endpoint(s, at, name)
			   : is_named_host(s, at, end, name);
	out->target.host = good ? arena_strdup(s->arena, name) : NULL;
	if (!good)
		nothing_until(out, has_port ? out->end : run);
	return true;
}

/* "*:3000", "listen tcp :3000" */
static bool read_colon_port(const struct span *s, size_t at, struct piece *out)
{
	static const char *const words[] = {"address", "addr", "at", "bind", "listen", "listening",
		"on", "port", "tcp", "tcp4", "tcp6", "to", "udp", "udp4", "udp6", NULL};
	size_t start = at;
	char previous = before(s, at);

	if (previous && !is_blank(previous) && !is_quote(previous) && previous != '(' &&
		previous != '=')
		return false;
	bool star = s->text[at] == '*';
	if (star)
		at++;
	struct target *t = &out->target;
	size_t n = span_at(s, at) == ':' ? digits_of_port(s, at + 1, &t->port) : 0;
	if (n == 0 || span_at(s, at + 1 + n) == ':')
		if (n == 0 || is_digit(span_at(s, at + 2 + n)))
			return false;
	if (!star && !(n > 1 && word_in(word_before(s, start).text, words)))
		return false;
	out->kind = PIECE_PORT;
	out->start = start;
	out->end = at + 1 + n;
	t->kind = TARGET_PORT;
	t->has_port = true;
	return true;
}

/* "port 3000", "PORT=3000", "'port': 5432", "port number 80", "-p 5432" */
static bool read_port_word(const struct span *s, size_t at, struct piece *out)
{
	static const char *const fillers[] = {"number", "no", "is", NULL};
	static const char *const clients[] = {" -h ", "--host", "ssh ", "docker ", "podman ", "nc ",
		NULL};
	char previous = before(s, at);
	size_t i = at;

	if (span_starts(s, at, "-p ") && is_blank(previous) && line_has(s, at, clients)) {
		i += 3;
	} else {
		if (!span_starts(s, at, "port") || is_alpha(previous) || is_digit(previous))
			return false;
		i += 4;
		if (is_word_char(span_at(s, i)))
			return false;
	}
	for (int gap = 0; gap < 6 && span_at(s, i) && strchr(" \t:='\"#(", span_at(s, i)); gap++)
		i++;
	size_t word_end = i;
	while (is_alpha(span_at(s, word_end)))
		word_end++;
	if (word_end > i && word_in(copy(s, i, word_end), fillers))
		for (i = word_end; span_at(s, i) == ' ' || span_at(s, i) == ':'; i++)
			;
	struct target *t = &out->target;
	size_t n = digits_of_port(s, i, &t->port);
	if (n == 0)
		return false;
	out->kind = PIECE_PORT_WORD;
	out->start = at;
	out->end = i + n;
	t->kind = TARGET_PORT;
	t->has_port = true;
	return true;
}

void piece_read(const struct span *s, size_t at, struct piece *out)
{
	static bool (*const readers[])(const struct span *, size_t, struct piece *) = {read_url,
		read_bracket, read_colon_port, read_ipv6, read_ipv4, read_port_word, read_path,
		read_name};

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		*out = (struct piece){.end = at + 1};
		if (i == 0 && is_word_char(before(s, at)))
			continue;
		if (readers[i](s, at, out)) {
			if (out->kind != PIECE_NONE && !out->target.text)
				out->target.text = copy(s, out->start, out->end);
			if (out->target.has_port && span_starts(s, out->end, "/udp"))
				out->target.proto = PROTO_UDP;
			return;
		}
	}
	*out = (struct piece){.end = at + 1};
}
