/*
 * mention - see mention.h.
 *
 * Three passes. Collect: read the text piece by piece and give each piece a role by the words in
 * front of it. Join: "port 3000" belongs to the host before it, "localhost (::1)" and
 * "localhost/127.0.0.1" are one host of which the address is the exact half. Choose: the client's
 * own end, the name server and repetitions go; a host without a port goes when another has one.
 */
#include "model/mention.h"

#include "base/str.h"
#include "model/mention_piece.h"

#define JOIN_MAX 64 /* bytes between a host and "port 3000" */

enum role {
	ROLE_TARGET,
	ROLE_ASIDE,  /* nginx' own name next to the upstream that failed */
	ROLE_SOURCE, /* the client's end, a page's origin: never the target */
};

struct found {
	struct piece piece;
	enum role role;
	bool upstream;
};

struct search {
	struct span span;
	struct found found[MENTION_MAX];
	size_t count;
};

static bool gap_is_short(const struct search *s, size_t from, size_t to, size_t max)
{
	if (to < from || to - from > max)
		return false;
	/* the next line still counts when it follows at once: address: '::1',\n  port: 3000 */
	return !memchr(s->span.text + from, '\n', to - from) || to - from <= 16;
}

static bool has_no_proxy_before(const struct span *s, size_t at)
{
	size_t start = at;

	while (start > 0 && at - start < 200 && s->text[start - 1] != ' ' &&
		s->text[start - 1] != '\n')
		start--;
	return at - start > 9 && strncasecmp(s->text + start, "no_proxy=", 9) == 0;
}

/* "from X": the client, unless something came from there: "response from X". */
static bool is_from_client(const struct span *s, struct word from)
{
	static const char *const things[] = {"answer", "body", "bytes", "data", "download",
		"downloading", "error", "errors", "fetch", "fetching", "get", "header", "headers",
		"import", "load", "loading", "message", "pull", "pulling", "read", "reading",
		"reply", "response", "result", "status", NULL};

	return !word_in(word_before(s, from.start).text, things);
}

/* Go: "lookup db.test on 127.0.0.1:53" names the name server behind "on". */
static bool is_name_server(const struct span *s, struct word on)
{
	size_t at = on.start;

	while (at > 0 && s->text[at - 1] == ' ')
		at--;
	while (at > 0 && on.start - at < 260 && s->text[at - 1] != ' ' && s->text[at - 1] != '\n')
		at--;
	return str_eq(on.text, "on") && str_eq(word_before(s, at).text, "lookup");
}

/* root@localhost, 'root'@'localhost': where a user comes from. */
static bool is_users_host(const struct span *s, const struct piece *p)
{
	size_t at = p->start;

	if (at > 1 && (s->text[at - 1] == '\'' || s->text[at - 1] == '"'))
		at--;
	return at > 0 && s->text[at - 1] == '@' && p->kind == PIECE_HOST && !p->target.has_port;
}

static enum role role_of(const struct search *s, const struct piece *p)
{
	static const char *const sources[] = {"client", "client_ip", "localaddress", "origin",
		"peer", "referer", "referrer", "remote_addr", "remote_ip", "source", "src", NULL};
	static const char *const asides[] = {"host", "server", NULL};
	const struct span *t = &s->span;
	struct word w = word_before(t, p->start), w2 = word_before(t, w.start);
	struct word w3 = word_before(t, w2.start);
	bool listed = p->kind == PIECE_PORT_WORD; /* "local port 3000" may well be the server's */

	if (word_in(w.text, sources))
		return ROLE_SOURCE;
	if (str_eq(w.text, "from") && p->kind != PIECE_URL && is_from_client(t, w))
		return ROLE_SOURCE;
	if (!listed && str_eq(w.text, "local") && span_at(t, p->start - 1) == '(')
		return ROLE_SOURCE; /* node: - Local (0.0.0.0:0) */
	if (str_eq(w.text, "request") && str_eq(w2.text, "proxying"))
		return ROLE_SOURCE; /* proxying request localhost:3000/api to http://... */
	if (str_eq(w.text, "host") && str_eq(w2.text, "for") && str_eq(w3.text, "entry"))
		return ROLE_SOURCE; /* PostgreSQL: no pg_hba.conf entry for host "127.0.0.1" */
	if (is_name_server(t, w) || is_users_host(t, p))
		return ROLE_SOURCE;
	if (p->kind == PIECE_HOST && span_starts(t, p->end, " - - ["))
		return ROLE_SOURCE; /* access log */
	if (has_no_proxy_before(t, p->start))
		return ROLE_SOURCE;
	return word_in(w.text, asides) ? ROLE_ASIDE : ROLE_TARGET;
}

/* Nothing but " (", "/" or ")|" between the host and `p`: two names of one thing. */
static bool names_the_same(const struct search *s, const struct piece *host, const struct piece *p)
{
	const char *gap = s->span.text + host->end;
	size_t len = p->start - host->end;

	if (p->start < host->end || len > 4 || len == 0 || !host->target.host)
		return false;
	bool opens = false;
	for (size_t i = 0; i < len; i++) {
		if (!strchr(" \"'()|/", gap[i]))
			return false;
		opens = opens || strchr("(|/", gap[i]);
	}
	return opens;
}

/* The index of a host that "port N" at `at` may belong to, or -1. */
static int host_for_port(const struct search *s, size_t at)
{
	if (s->count == 0)
		return -1;
	const struct piece *last = &s->found[s->count - 1].piece;
	bool free_host = last->kind == PIECE_HOST && !last->target.has_port;
	return free_host && gap_is_short(s, last->end, at, JOIN_MAX) ? (int)s->count - 1 : -1;
}

static void set_port(struct piece *p, const struct piece *port)
{
	p->target.port = port->target.port;
	p->target.has_port = true;
	if (p->target.kind == TARGET_ADDRESS)
		p->target.kind = TARGET_ENDPOINT;
}

static const char *text_between(const struct search *s, size_t start, size_t end)
{
	return arena_strndup(s->span.arena, s->span.text + start, end - start);
}

/* "port 3000 on localhost", "-p 5432 -h db" */
static bool joins_port_before(const struct search *s, const struct piece *p)
{
	static const char *const words[] = {"at", "h", "host", "hostname", "of", "on", NULL};
	const struct piece *last = s->count ? &s->found[s->count - 1].piece : NULL;

	return last && last->kind == PIECE_PORT_WORD && p->kind == PIECE_HOST &&
		!p->target.has_port && gap_is_short(s, last->end, p->start, 24) &&
		word_in(word_before(&s->span, p->start).text, words);
}

static void add(struct search *s, const struct piece *p)
{
	if (p->kind == PIECE_PORT_WORD) {
		int host = host_for_port(s, p->start);
		if (host >= 0) {
			struct piece *h = &s->found[host].piece;
			set_port(h, p);
			h->end = p->end;
			h->target.text = text_between(s, h->start, h->end);
			return;
		}
	}
	if (joins_port_before(s, p)) {
		struct found *f = &s->found[s->count - 1];
		struct piece joined = *p;
		set_port(&joined, &f->piece);
		joined.start = f->piece.start;
		joined.target.text = text_between(s, joined.start, joined.end);
		f->piece = joined;
		return;
	}
	if (s->count == MENTION_MAX)
		return;
	struct found *f = &s->found[s->count];
	f->piece = *p;
	f->role = role_of(s, p);
	f->upstream = str_eq(word_before(&s->span, p->start).text, "upstream");
	struct found *before = s->count ? f - 1 : NULL;
	if (before && before->piece.kind == PIECE_HOST && p->kind == PIECE_HOST &&
		!before->piece.target.has_port && names_the_same(s, &before->piece, p)) {
		f->role = before->role;
		*before = *f;
		return;
	}
	s->count++;
}

/* "A->B": the kernel's or Go's way to name a connection; Docker's "0.0.0.0:80 -> 0.0.0.0:0" too. */
static void judge_arrows(struct search *s)
{
	for (size_t i = 0; i + 1 < s->count; i++) {
		struct piece *a = &s->found[i].piece, *b = &s->found[i + 1].piece;
		size_t at = a->end;
		while (at < b->start && s->span.text[at] == ' ')
			at++;
		bool arrow = span_starts(&s->span, at, "->");
		for (at += 2; at < b->start && s->span.text[at] == ' ';)
			at++;
		if (b->start == a->end + 1 && s->span.text[a->end] == ':' && a->target.has_port)
			s->found[i + 1].role = ROLE_SOURCE; /* 127.0.0.1:8080:172.17.0.2:80 */
		if (arrow && at == b->start && b->target.has_port && b->target.port)
			s->found[i].role = ROLE_SOURCE;
	}
}

static bool same_place(const struct target *a, const struct target *b)
{
	if (a->kind == TARGET_UNIX || b->kind == TARGET_UNIX)
		return a->kind == b->kind && str_eq(a->path, b->path);
	if (a->proto != b->proto || a->has_port != b->has_port ||
		(a->has_port && a->port != b->port))
		return false;
	if (!a->host != !b->host)
		return false;
	return a->host ? str_eq(a->host, b->host) : address_eq(&a->address, &b->address);
}

/* A name server that was asked: its address may be repeated further on in the same message. */
static void drop_name_servers(struct search *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct target *server = &s->found[i].piece.target;
		if (s->found[i].role != ROLE_SOURCE || server->port != 53)
			continue;
		for (size_t k = 0; k < s->count; k++)
			if (same_place(&s->found[k].piece.target, server))
				s->found[k].role = ROLE_SOURCE;
	}
}

/*
 * A text with one port number and hosts without any: "could not listen on 127.0.0.1 ... is another
 * server running on port 5432?"
 */
static void join_lone_port(struct search *s)
{
	const struct piece *port = NULL;

	for (size_t i = 0; i < s->count; i++) {
		const struct piece *p = &s->found[i].piece;
		if (s->found[i].role == ROLE_SOURCE || !p->target.has_port || !p->target.port)
			continue;
		if (p->kind != PIECE_PORT_WORD || (port && port->target.port != p->target.port))
			return;
		port = p;
	}
	for (size_t i = 0; port && i < s->count; i++) {
		struct found *f = &s->found[i];
		if (f->role != ROLE_SOURCE && f->piece.kind == PIECE_HOST)
			set_port(&f->piece, port);
	}
}

static bool is_wanted(const struct search *s, const struct found *f)
{
	const struct target *t = &f->piece.target;
	bool any_port = false, any_upstream = false, same_port = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct found *o = &s->found[i];
		const struct target *other = &o->piece.target;
		if (o->role == ROLE_SOURCE || (other->has_port && other->port == 0))
			continue;
		any_upstream |= o->upstream;
		any_port |= other->has_port;
		same_port |=
			other->kind != TARGET_PORT && other->has_port && other->port == t->port;
	}
	if (f->role == ROLE_SOURCE || (t->has_port && t->port == 0))
		return false;
	if (t->kind == TARGET_UNIX)
		return true;
	if (f->role == ROLE_ASIDE && any_upstream)
		return false;
	if (t->kind == TARGET_PORT)
		return !same_port;
	return t->has_port || !any_port;
}

static size_t choose(const struct search *s, struct target *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct target *t = &s->found[i].piece.target;
		size_t k = 0;
		if (!is_wanted(s, &s->found[i]))
			continue;
		while (k < count && !same_place(&out[k], t))
			k++;
		if (k == count && count < max)
			out[count++] = *t;
		else if (k < count && t->kind == TARGET_URL && out[k].kind != TARGET_URL)
			out[k] = *t; /* the same place, and it says which scheme */
	}
	return count;
}

/* A text that is one number: the port itself. */
static bool is_bare_port(struct arena *arena, const char *text, size_t len, struct target *out)
{
	size_t start = 0;

	while (start < len && strchr(" \t\r\n", text[start]))
		start++;
	while (len > start && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len - start < 1 || len - start > 5 || !memchr("123456789", text[start], 9))
		return false;
	const char *number = arena_strndup(arena, text + start, len - start);
	return target_parse(arena, number, out, NULL) == 0 && out->kind == TARGET_PORT;
}

size_t mention_find(struct arena *arena, const char *text, size_t len, struct target *out,
	size_t max)
{
	struct search s = {.span = {arena, text, MIN(len, (size_t)MENTION_TEXT_MAX)}};
	struct piece p;

	if (max && is_bare_port(arena, text, len, out))
		return 1;
	for (size_t i = 0; i < s.span.len && s.count < MENTION_MAX; i = p.end) {
		piece_read(&s.span, i, &p);
		if (p.kind != PIECE_NONE)
			add(&s, &p);
	}
	judge_arrows(&s);
	drop_name_servers(&s);
	join_lone_port(&s);
	return choose(&s, out, max);
}
