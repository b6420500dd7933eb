/*
 * http - HTTP/1.x: a status line and headers in answer to GET / (RFC 9112 sections 4 and 5).
 *
 *	HTTP/1.1 200 OK CRLF  { Name: value CRLF }  CRLF  body
 *
 * The request names itself in User-Agent and asks for the connection to be closed. Two servers
 * answer HTTP although they speak something else: MongoDB's wire protocol port (a fixed text, known
 * by its length), and HTTPS ports, which say 400 and ask for TLS in the body.
 */
#include "decode/line.h"

#include "base/str.h"
#include <ctype.h>

#define STATUS_MAX     1024
#define HEADERS_MAX    (8u << 10) /* more is HTTP as well, but tells nothing more */
#define TITLE_WITHIN   (8u << 10)
#define MONGODB_TEXT   "It looks like you are trying to access MongoDB"
#define MONGODB_LENGTH "85"

struct head {
	struct line status; /* without "HTTP/1.x " */
	char minor;
	bool short_enough; /* no more than HEADERS_MAX bytes */
	struct line server, location, type, length, powered_by;
};

/* 1.x SP three digits, then the end or SP and a reason. */
static bool read_status(struct line l, struct head *out)
{
	if (!line_drop(&l, "HTTP/1.") || l.len < 5 || !isdigit((unsigned char)l.text[0]) ||
		l.text[1] != ' ')
		return false;
	for (int i = 2; i < 5; i++) {
		if (!isdigit((unsigned char)l.text[i]))
			return false;
	}
	if (l.len > 5 && l.text[5] != ' ')
		return false;
	out->minor = l.text[0];
	out->status = (struct line){l.text + 2, l.len - 2};
	return true;
}

static void read_header(struct line l, struct head *out)
{
	const struct {
		const char *name;
		struct line *into;
	} rows[] = {{"server:", &out->server}, {"location:", &out->location},
		{"content-type:", &out->type}, {"content-length:", &out->length},
		{"x-powered-by:", &out->powered_by}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = strlen(rows[i].name);
		if (line_find(&l, rows[i].name) != l.text)
			continue;
		while (n < l.len && (l.text[n] == ' ' || l.text[n] == '\t'))
			n++;
		*rows[i].into = (struct line){l.text + n, l.len - n};
	}
}

/* The text between <title> and </title>, white space as it stands; len 0 when there is none. */
static struct line find_title(struct line body)
{
	struct line none = {0};
	const char *open = line_find(&body, "<title");

	if (!open)
		return none;
	body.len -= (size_t)(open - body.text);
	body.text = open;
	const char *start = memchr(body.text, '>', body.len);
	const char *end = line_find(&body, "</title");
	if (!start || !end || end < start)
		return none;
	return (struct line){start + 1, (size_t)(end - start - 1)};
}

static void add(struct arena *arena, struct buf *b, const char *before, struct line l, size_t max)
{
	const char *text = line_copy(arena, l.text, l.len, max);

	if (text)
		buf_printf(b, "%s%s", before, text);
}

static void describe(struct arena *arena, const struct head *h, struct line body,
	struct decoded *out)
{
	AUTO(buf) struct buf b = BUF_INIT(DECODED_DETAIL_MAX);
	struct line title = find_title(body);

	buf_printf(&b, "HTTP/1.%c ", h->minor);
	add(arena, &b, "", h->status, 40);
	add(arena, &b, ", Server: ", h->server, 60);
	add(arena, &b, ", X-Powered-By: ", h->powered_by, 40);
	add(arena, &b, ", Location: ", h->location, 80);
	add(arena, &b, ", title: ", title, 80);
	out->detail = arena_strndup(arena, b.data, b.len);

	struct line product = h->server.len ? h->server : h->powered_by;
	const char *slash = product.len ? memchr(product.text, '/', product.len) : NULL;
	const char *space = product.len ? memchr(product.text, ' ', product.len) : NULL;
	if (slash && (!space || slash < space)) {
		slash++;
		out->version =
			line_version(arena, slash, product.len - (size_t)(slash - product.text));
	}
}

static bool body_is_whole(const struct head *h, struct line body)
{
	char digits[16];
	uint64_t length;

	if (!h->length.len || h->length.len >= sizeof(digits))
		return false;
	memcpy(digits, h->length.text, h->length.len);
	digits[h->length.len] = '\0';
	return str_u64(digits, UINT64_MAX, &length) && body.len >= length;
}

static bool wants_tls(const struct head *h, struct line body)
{
	static const char *const words[] = {"https", "ssl-enabled", "requires tls"};

	for (size_t i = 0; line_starts(&h->status, "400") && i < ARRAY_SIZE(words); i++) {
		if (line_find(&body, words[i]))
			return true;
	}
	return false;
}

static enum decode_result with_body(struct arena *arena, const struct head *h, struct reader r,
	struct decoded *out)
{
	struct reader rest = r;
	struct line body = {.len = r.left};

	body.text = (const char *)reader_bytes(&rest, r.left);
	bool whole = body_is_whole(h, body);

	if (h->minor == '0' && h->short_enough && h->length.len == 2 &&
		line_starts(&h->length, MONGODB_LENGTH)) {
		enum decode_result mongodb = line_begins(r, MONGODB_TEXT);
		if (mongodb != DECODE_NO)
			return mongodb == DECODE_YES ? DECODE_NO : DECODE_NEED_MORE;
	}
	describe(arena, h, body, out);
	if (wants_tls(h, body))
		out->rather = "tls";
	else if (!whole && body.len < TITLE_WITHIN)
		out->more = line_starts(&h->status, "400") ||
			(line_find(&h->type, "html") && !find_title(body).len);
	return DECODE_YES;
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result begins = line_begins(r, "HTTP/1.");
	size_t total = r.left;
	struct head h = {0};
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	if (!line_next(&r, &l))
		return total > STATUS_MAX ? DECODE_NO : DECODE_NEED_MORE;
	if (l.len >= STATUS_MAX || !read_status(l, &h))
		return DECODE_NO;
	while (line_next(&r, &l)) {
		h.short_enough = total - r.left <= HEADERS_MAX;
		if (l.len == 0)
			return with_body(arena, &h, r, out);
		read_header(l, &h);
	}
	if (total <= HEADERS_MAX)
		return DECODE_NEED_MORE;
	describe(arena, &h, (struct line){0}, out);
	return DECODE_YES;
}

static void write_hello(struct buf *out, uint16_t port)
{
	buf_str(out, "GET / HTTP/1.1\r\nHost: localhost");
	if (port && port != 80)
		buf_printf(out, ":%u", port);
	buf_str(out,
		"\r\nUser-Agent: loopscope/" LOOPSCOPE_VERSION "\r\nAccept: */*\r\n"
		"Connection: close\r\n\r\n");
}

const struct decoder decoder_http = {
	.name = "http",
	.title = "HTTP",
	.summary = "web servers and HTTP APIs",
	.ports = (const uint16_t[]){80, 1313, 3000, 3001, 3002, 3003, 3100, 4000, 4173, 4200, 4321,
		5000, 5001, 5173, 5174, 5500, 6006, 7860, 8000, 8001, 8008, 8080, 8081, 8082, 8088,
		8123, 8200, 8384, 8500, 8888, 9090, 9200, 9222, 9229, 11434, 15672, 19000, 62893,
		0},
	.write_hello = write_hello,
	.recognise = recognise,
};
