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

#define SCHEME_MAX 32

void piece_nothing(struct piece *out, size_t end)
{
	out->kind = PIECE_NONE;
	out->end = end;
}

/* ":3000", "|:3000", "\":3000" and "', 3000)" straight after a host. Moves *end over it. */
static bool port_after(const struct span *s, size_t *end, uint16_t *out)
{
	static const char *const dialers[] = {"$ nc ", "nc -", "ncat ", "netcat ", "telnet ", NULL};
	size_t at = *end, n;

	if ((char_is_quote(span_at(s, at)) || span_at(s, at) == '|' || span_at(s, at) == ')') &&
		span_at(s, at + 1) == ':')
		at++;
	/* BIND and its tools write 127.0.0.1#53 */
	bool separated =
		span_at(s, at) == ':' || (span_at(s, at) == '#' && char_is_digit(s->text[at - 1]));
	if (separated && (n = digits_of_port(s, at + 1, out))) {
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
	if (!char_is_quote(span_at(s, at)))
		return false;
	for (at++; char_is_blank(span_at(s, at)); at++)
		;
	if (span_at(s, at) != ',')
		return false;
	for (at++; char_is_blank(span_at(s, at)); at++)
		;
	n = digits_of_port(s, at, out);
	if (!n || !strchr(",)}]", span_at(s, at + n)) || !span_at(s, at + n))
		return false;
	*end = at + n;
	return true;
}

void piece_host(const struct span *s, struct piece *out, size_t start, size_t end)
{
	struct target *t = &out->target;

	out->kind = PIECE_HOST;
	out->start = start;
	t->has_port = port_after(s, &end, &t->port);
	out->end = end;
	t->kind = t->host ? TARGET_HOST : t->has_port ? TARGET_ENDPOINT : TARGET_ADDRESS;
}

/* The end of a URL in running text: a quote, a blank or a bracket that was not opened inside. */
static size_t url_end(const struct span *s, size_t at)
{
	int round = 0, square = 0, curly = 0;
	size_t end = at;

	for (; end < s->len; end++) {
		char c = s->text[end];
		if ((unsigned char)c <= 0x20 || c == 0x7f || char_is_quote(c) || strchr("<>|\\", c))
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
		while (at > path && char_is_digit(s->text[at - 1]))
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
		(word_in(w.text, words) && word_leads_to(s, &w, at) && char_is_word(path[1]));
}

static bool read_path(const struct span *s, size_t at, struct piece *out)
{
	char previous = span_before(s, at), next = span_at(s, at + 1);
	size_t end = at;

	if (s->text[at] != '/' ||
		(previous && !char_is_blank(previous) && !strchr("\"'`(=:[,@", previous)))
		return false;
	if (char_is_digit(next) || next == '[') /* Java: /127.0.0.1:9999 */
		return false;
	while (end < s->len && !char_is_blank(s->text[end]) && !char_is_quote(s->text[end]) &&
		!strchr(",;()<>|", s->text[end]))
		end++;
	size_t run = end;
	while (end > at && strchr(".:", s->text[end - 1]))
		end--;
	piece_nothing(out, run > at ? run : at + 1);
	char *path = span_copy(s, previous == '@' ? at - 1 : at, end);
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
		(char_is_word(span_at(s, mark)) ||
			(mark > at && span_at(s, mark) && strchr("+.-", span_at(s, mark)))))
		mark++;
	if (mark == at || !span_starts(s, mark, "://"))
		return false;
	size_t after = mark + 3;
	if (span_starts(s, at, "dns:///") || span_starts(s, at, "passthrough:///")) {
		piece_nothing(out, after + 1); /* gRPC: the host comes next */
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
	piece_nothing(out, end > at ? end : at + 1);

	struct target t;
	if (target_parse(s->arena, span_copy(s, at, end), &t, NULL) < 0 &&
		target_parse(s->arena, span_copy(s, at, path), &t, NULL) < 0)
		return true;
	bool port_shown = path > after && char_is_digit(s->text[path - 1]) &&
		memrchr(s->text + after, ':', path - after) != NULL;
	if (t.host && !port_shown && (!name_is_local(t.host) || !t.has_port))
		return true; /* a link to some page, or chrome://settings */
	out->kind = t.kind == TARGET_UNIX ? PIECE_PATH : PIECE_URL;
	out->start = at;
	out->target = t;
	return true;
}

/* "*:3000", "listen tcp :3000" */
static bool read_colon_port(const struct span *s, size_t at, struct piece *out)
{
	static const char *const words[] = {"address", "addr", "at", "bind", "listen", "listening",
		"on", "port", "tcp", "tcp4", "tcp6", "to", "udp", "udp4", "udp6", NULL};
	size_t start = at;
	char previous = span_before(s, at);

	if (previous && !char_is_blank(previous) && !char_is_quote(previous) && previous != '(' &&
		previous != '=')
		return false;
	bool star = s->text[at] == '*';
	if (star)
		at++;
	struct target *t = &out->target;
	size_t n = span_at(s, at) == ':' ? digits_of_port(s, at + 1, &t->port) : 0;
	if (n == 0 || span_at(s, at + 1 + n) == ':')
		if (n == 0 || char_is_digit(span_at(s, at + 2 + n)))
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
	char previous = span_before(s, at);
	size_t i = at;

	if (span_starts(s, at, "-p ") && char_is_blank(previous) && line_has(s, at, clients)) {
		i += 3;
	} else {
		size_t word = span_starts(s, at, "remoteport") ? 10 : 4; /* undici, of the server */
		if ((word == 4 && !span_starts(s, at, "port")) || char_is_alpha(previous) ||
			char_is_digit(previous))
			return false;
		if (at >= 7 && previous == '_' &&
			(span_starts(s, at - 7, "remote_") || span_starts(s, at - 7, "client_")))
			return false;
		i += word;
		if (char_is_word(span_at(s, i)))
			return false;
	}
	for (int gap = 0; gap < 6 && span_at(s, i) && strchr(" \t:='\"#(", span_at(s, i)); gap++)
		i++;
	size_t word_end = i;
	while (char_is_alpha(span_at(s, word_end)))
		word_end++;
	if (word_end > i && word_in(span_copy(s, i, word_end), fillers))
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
		piece_read_bracket, read_colon_port, piece_read_ipv6, piece_read_ipv4,
		read_port_word, read_path, piece_read_name};

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		*out = (struct piece){.end = at + 1};
		if (i == 0 && char_is_word(span_before(s, at)))
			continue;
		if (readers[i](s, at, out)) {
			if (out->kind != PIECE_NONE && !out->target.text)
				out->target.text = span_copy(s, out->start, out->end);
			if (out->target.has_port && span_starts(s, out->end, "/udp"))
				out->target.proto = PROTO_UDP;
			return;
		}
	}
	*out = (struct piece){.end = at + 1};
}
