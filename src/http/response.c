/*
 * response - see response.h. RFC 9112:
 *
 *	HTTP/1.1 SP status SP reason CRLF  { name ":" blanks value blanks CRLF }  CRLF  body
 *
 * The body's end (section 6.3): none after HEAD, 1xx, 204 and 304; else chunked, else
 * Content-Length, else the end of the connection. A chunk (section 7.1):
 *
 *	size in hex [ ";" extension ] CRLF  data CRLF  ...  0 CRLF  { trailer CRLF }  CRLF
 */
#include "http/response.h"

#include "base/str.h"
#include "base/vec.h"
#include "decode/line.h"
#include <ctype.h>
#include <strings.h>

#define NAME_MAX_  256
#define VALUE_MAX_ (8 << 10)
#define CHUNK_MIN  5 /* "0", two line ends: nothing shorter ends a chunked body */

struct parse {
	struct arena *arena;
	struct reader r;
	size_t total;
	bool closed, head;
	VEC(struct response_header) headers;
	struct response *out;
};

/* The first defect is the one that is told: those that follow are often its consequences. */
static void defect(struct parse *p, const char *what)
{
	if (!p->out->defect)
		p->out->defect = what;
}

static size_t offset(const struct parse *p)
{
	return p->total - p->r.left;
}

/* A line that is there as a whole; the reader stays where it is when it is not. */
static bool take_line(struct parse *p, struct line *out)
{
	struct reader r = p->r;

	if (!line_next(&r, out))
		return false;
	p->r = r;
	if (out->text[out->len] != '\r')
		defect(p, "a line ends with a bare LF");
	return true;
}

/* --- the status line --- */

static bool digits(const char *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
	}
	return true;
}

/* "HTTP/1.1 200 OK"; a missing reason and blanks are borne with. */
static bool read_status(struct parse *p, struct line l)
{
	struct response *out = p->out;

	if (!line_drop(&l, "HTTP/") || l.len < 7 || !isdigit((unsigned char)l.text[0]) ||
		l.text[1] != '.' || !isdigit((unsigned char)l.text[2]) || l.text[3] != ' ')
		return false;
	char major = l.text[0];
	out->minor = (uint8_t)(l.text[2] - '0');
	l.text += 3;
	l.len -= 3;
	while (l.len && *l.text == ' ') {
		l.text++;
		l.len--;
	}
	if (l.len < 3 || !digits(l.text, 3) || l.text[0] == '0' || (l.len > 3 && l.text[3] != ' '))
		return false;
	out->status =
		(uint16_t)((l.text[0] - '0') * 100 + (l.text[1] - '0') * 10 + l.text[2] - '0');
	out->reason = line_copy(p->arena, l.text + 3, l.len - 3, NAME_MAX_);
	if (major != '1')
		defect(p, "the status line is not of HTTP/1");
	if (out->status < 100 || out->status > 599)
		defect(p, "a status that does not exist");
	return true;
}

/* --- headers --- */

static bool is_token(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void check_value(struct parse *p, struct line l)
{
	for (size_t i = 0; i < l.len; i++) {
		unsigned char c = (unsigned char)l.text[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			defect(p, "a control character in a header");
	}
}

static void fold(struct parse *p, struct line l)
{
	defect(p, "a folded header line");
	if (!p->headers.count)
		return;
	struct response_header *h = &p->headers.items[p->headers.count - 1];
	const char *more = line_copy(p->arena, l.text, l.len, VALUE_MAX_);
	if (more && strlen(h->value) + strlen(more) < VALUE_MAX_)
		h->value = arena_printf(p->arena, "%s %s", h->value, more);
}

static void read_header(struct parse *p, struct line l)
{
	const char *colon = memchr(l.text, ':', l.len), *value;

	if (*l.text == ' ' || *l.text == '\t') {
		fold(p, l);
		return;
	}
	if (!colon) {
		defect(p, "header line without a colon");
		return;
	}
	size_t name = (size_t)(colon - l.text);
	if (name && (colon[-1] == ' ' || colon[-1] == '\t'))
		defect(p, "a blank before the colon of a header");
	for (size_t i = 0; i < name; i++) {
		if (!is_token(l.text[i]))
			defect(p, "a character that no header name may have");
	}
	check_value(p, (struct line){colon + 1, l.len - name - 1});
	const char *text = line_copy(p->arena, l.text, name, NAME_MAX_);
	if (!text) {
		defect(p, "a header without a name");
		return;
	}
	struct response_header *h = vec_push(&p->headers);
	if (!h) {
		defect(p, "more than 100 headers");
		return;
	}
	value = line_copy(p->arena, colon + 1, l.len - name - 1, VALUE_MAX_);
	*h = (struct response_header){text, value ? value : ""};
}

static void read_length(struct parse *p, const char *value)
{
	struct response *out = p->out;
	uint64_t length;

	if (!str_u64(value, UINT64_MAX, &length)) {
		defect(p, "Content-Length is not a number");
		return;
	}
	if (out->has_length && out->length != length)
		defect(p, "two different Content-Length headers");
	out->has_length = true;
	out->length = length;
}

/* The last coding must be chunked; others before it only change what the body is. */
static void read_coding(struct parse *p, const char *value)
{
	const char *last = strrchr(value, ',');

	last = last ? last + 1 : value;
	while (*last == ' ' || *last == '\t')
		last++;
	p->out->chunked = strcasecmp(last, "chunked") == 0;
	if (!p->out->chunked && strcasecmp(last, "identity") != 0)
		defect(p, "a Transfer-Encoding that does not end with chunked");
}

static void read_framing(struct parse *p)
{
	for (size_t i = 0; i < p->headers.count; i++) {
		const struct response_header *h = &p->headers.items[i];
		if (strcasecmp(h->name, "Content-Length") == 0)
			read_length(p, h->value);
		else if (strcasecmp(h->name, "Transfer-Encoding") == 0)
			read_coding(p, h->value);
	}
	if (p->out->chunked && p->out->has_length)
		defect(p, "Content-Length and Transfer-Encoding together");
}

/* Reads headers up to the empty line; false when that has not come yet. */
static bool read_headers(struct parse *p)
{
	struct line l;

	while (take_line(p, &l)) {
		if (!l.len)
			return true;
		read_header(p, l);
	}
	return false;
}

static void no_status(struct parse *p)
{
	bool could_be = line_begins(p->r, "HTTP/") == DECODE_NEED_MORE ||
		(line_begins(p->r, "HTTP/") == DECODE_YES && !memchr(p->r.p, '\n', p->r.left));

	if (!p->r.left)
		return;
	if (!could_be || p->closed)
		defect(p, "no status line");
	p->out->broken = !could_be;
}

/* The head of the final answer; false when it is not there as a whole. */
static bool read_head(struct parse *p)
{
	struct response *out = p->out;
	struct parse before;
	struct line l;

	for (;;) {
		before = *p;
		bool any = take_line(p, &l);
		while (any && !l.len && offset(p) <= 4) {
			defect(p, "an empty line before the status line");
			before = *p;
			any = take_line(p, &l);
		}
		if (!any || !read_status(p, l)) {
			p->r = before.r;
			out->minor = 0;
			no_status(p);
			return false;
		}
		if (!read_headers(p)) {
			if (p->closed)
				defect(p, "the headers have no end");
			return false;
		}
		if (out->status < 100 || out->status > 199 || out->status == 101)
			return true;
		out->interim = out->status;
		out->status = 0;
		out->reason = NULL;
		p->headers.count = 0;
	}
}

/* --- the body --- */

static void keep(struct parse *p, struct buf *body, size_t len)
{
	size_t n = MIN(len, p->r.left);
	const uint8_t *bytes = reader_bytes(&p->r, n);

	buf_add(body, bytes, n);
	p->out->body_bytes += n;
}

/* False when the line is no chunk size. A size of more than 15 digits is one nobody can mean. */
static bool read_chunk_size(struct line l, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < l.len && isxdigit((unsigned char)l.text[i]); i++) {
		int c = tolower((unsigned char)l.text[i]);
		if (i == 15)
			return false;
		*out = *out << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return i && (i == l.len || strchr("; \t", l.text[i]));
}

static bool broken(struct parse *p, const char *what)
{
	defect(p, what);
	p->out->broken = true;
	return false;
}

/* One chunk with its data; false when that is the end of what can be read. */
static bool read_chunk(struct parse *p, struct buf *body)
{
	struct line l;
	uint64_t size;

	if (!take_line(p, &l)) {
		if (p->r.left > VALUE_MAX_)
			return broken(p, "a chunk size is not a hexadecimal number");
		return false;
	}
	if (!read_chunk_size(l, &size))
		return broken(p, "a chunk size is not a hexadecimal number");
	if (!size) {
		while (take_line(p, &l)) { /* trailers */
			if (!l.len) {
				p->out->complete = true;
				break;
			}
		}
		return false;
	}
	bool whole = size <= p->r.left;
	if (!whole)
		p->out->wanted = p->total + (size_t)MIN(size - p->r.left, SIZE_MAX / 4);
	keep(p, body, (size_t)MIN(size, p->r.left));
	if (!whole || !take_line(p, &l))
		return false;
	if (l.len)
		return broken(p, "a chunk is longer than its size");
	return true;
}

static void read_chunks(struct parse *p, struct buf *body)
{
	p->out->wanted = p->total + 1;
	while (read_chunk(p, body))
		p->out->wanted = offset(p) + CHUNK_MIN;
	if (!p->out->complete && p->closed)
		defect(p, "the body ends before its last chunk");
	if (p->out->complete && p->r.left)
		defect(p, "bytes after the end of the body");
}

static void read_body(struct parse *p, struct buf *body)
{
	struct response *out = p->out;

	if (out->status == 101) {
		out->complete = true;
	} else if (p->head || out->status == 204 || out->status == 304) {
		out->complete = true;
		if (p->r.left)
			defect(p, "a body where none may be");
	} else if (out->chunked) {
		read_chunks(p, body);
	} else if (out->has_length) {
		size_t at = offset(p);
		keep(p, body, (size_t)MIN(out->length, p->r.left));
		out->complete = out->body_bytes == out->length;
		out->wanted = out->length < SIZE_MAX - at ? at + (size_t)out->length : SIZE_MAX;
		if (out->complete && p->r.left)
			defect(p, "the body is longer than Content-Length");
		else if (!out->complete && p->closed)
			defect(p, "the body is shorter than Content-Length");
	} else {
		keep(p, body, p->r.left);
		out->complete = p->closed;
		out->wanted = SIZE_MAX;
	}
}

void response_parse(struct arena *arena, const char *bytes, size_t len, bool closed, bool head,
	struct response *out)
{
	AUTO(buf) struct buf body = BUF_INIT(RESPONSE_BODY_MAX);
	struct parse p = {.arena = arena,
		.r = reader_init(bytes, len),
		.total = len,
		.closed = closed,
		.head = head,
		.headers = VEC_INIT(RESPONSE_HEADERS_MAX),
		.out = out};

	*out = (struct response){.wanted = len + 1};
	out->head_complete = read_head(&p);
	if (out->head_complete) {
		read_framing(&p);
		read_body(&p, &body);
	}
	out->wanted = out->complete ? 0 : MAX(out->wanted, len + 1);
	if (body.len)
		out->body = arena_strndup(arena, body.data, body.len);
	out->body_len = body.len;
	out->headers =
		arena_memdup(arena, p.headers.items, p.headers.count * sizeof(*p.headers.items));
	out->header_count = p.headers.count;
	vec_fini(&p.headers);
}

const char *response_header(const struct response *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++) {
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	}
	return NULL;
}
