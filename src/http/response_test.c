/* response_test - answers of servers, good and bad; each is parsed at every length it can be cut to. */
#include "http/response.h"

#include "base/str.h"
#include "unit.h"

#define H "HTTP/1.1 200 OK\r\n"

static struct response parse(struct arena *arena, const char *text, bool closed, bool head)
{
	struct response r;

	response_parse(arena, text, strlen(text), closed, head, &r);
	return r;
}

TEST(a_plain_answer)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct response r = parse(arena,
		"HTTP/1.1 404 Not Found\r\nServer:  toy/1 \r\ncontent-LENGTH: 5\r\nX:\r\n\r\nhello",
		false, false);

	CHECK_INT(r.status, 404);
	CHECK_INT(r.minor, 1);
	CHECK_STR(r.reason, "Not Found");
	CHECK_INT(r.header_count, 3);
	CHECK_STR(r.headers[0].name, "Server");
	CHECK_STR(response_header(&r, "server"), "toy/1");
	CHECK_STR(response_header(&r, "x"), "");
	CHECK_STR(response_header(&r, "y"), NULL);
	CHECK(r.head_complete && r.complete && r.has_length && !r.chunked && !r.broken);
	CHECK_INT(r.length, 5);
	CHECK_INT(r.body_bytes, 5);
	CHECK_INT(r.body_len, 5);
	CHECK_STR(r.body, "hello");
	CHECK_STR(r.defect, NULL);
	CHECK_INT(r.wanted, 0);
}

TEST(bodies_end_by_their_framing)
{
	static const struct {
		const char *text;
		bool closed, head, complete;
		const char *body;
	} rows[] = {
		{H "\r\nabc", false, false, false, "abc"},
		{H "\r\nabc", true, false, true, "abc"},
		{H "Content-Length: 3\r\n\r\nab", false, false, false, "ab"},
		{H "Content-Length: 0\r\n\r\n", false, false, true, NULL},
		{H "Content-Length: 3\r\n\r\n", false, true, true, NULL},
		{"HTTP/1.1 204 No Content\r\n\r\n", false, false, true, NULL},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", false, false, true,
			NULL},
		{"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05hello", false, false, true, NULL},
		{H "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
			false, false, true, "abc0123456789"},
		{H "Transfer-Encoding: gzip, Chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", false, false,
			true, NULL},
		{H "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", false, false, false,
			"abc"},
		{H "Transfer-Encoding: chunked\r\n\r\n3\r\nab", false, false, false, "ab"},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" H
		 "Content-Length: 1\r\n\r\nx",
			false, false, true, "x"},
		{"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false, false, true, NULL},
		{"HTTP/1.0 200 \r\nContent-Length: 0\r\n\r\n", false, false, true, NULL},
	};
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct response r = parse(arena, rows[i].text, rows[i].closed, rows[i].head);
		CHECK_INT(r.complete, rows[i].complete);
		CHECK_STR(r.body, rows[i].body);
		CHECK_STR(r.defect, NULL);
		CHECK(r.status >= 101 && r.head_complete);
		CHECK(r.complete ? r.wanted == 0 : r.wanted > strlen(rows[i].text));
	}
}

TEST(defects_are_named)
{
	static const struct {
		const char *text;
		bool closed;
		const char *defect;
	} rows[] = {
		{"hello\r\n", false, "no status line"},
		{"\x16\x03\x01", false, "no status line"},
		{"HTTP/1.1", true, "no status line"},
		{"HTTP/1.1 2x0 OK\r\n", false, "no status line"},
		{"HTTP/1.1 2000 OK\r\n", false, "no status line"},
		{"\r\n" H "Content-Length: 0\r\n\r\n", false,
			"an empty line before the status line"},
		{"HTTP/2.0 200 OK\r\n\r\n", true, "the status line is not of HTTP/1"},
		{"HTTP/1.1 999 Odd\r\n\r\n", true, "a status that does not exist"},
		{H "Server: x\r\n", true, "the headers have no end"},
		{H "no colon here\r\n\r\n", true, "header line without a colon"},
		{H "Name : x\r\n\r\n", true, "a blank before the colon of a header"},
		{H ": x\r\n\r\n", true, "a header without a name"},
		{H "Na(me: x\r\n\r\n", true, "a character that no header name may have"},
		{H "A: x\x01y\r\n\r\n", true, "a control character in a header"},
		{H "A: x\r\n y\r\n\r\n", true, "a folded header line"},
		{"HTTP/1.1 200 OK\nA: x\n\n", true, "a line ends with a bare LF"},
		{H "Content-Length: 5x\r\n\r\n", true, "Content-Length is not a number"},
		{H "Content-Length: -1\r\n\r\n", true, "Content-Length is not a number"},
		{H "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", true,
			"two different Content-Length headers"},
		{H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false,
			"Content-Length and Transfer-Encoding together"},
		{H "Transfer-Encoding: gzip\r\n\r\n", true,
			"a Transfer-Encoding that does not end with chunked"},
		{H "Content-Length: 3\r\n\r\nab", true, "the body is shorter than Content-Length"},
		{H "Content-Length: 1\r\n\r\nab", false, "the body is longer than Content-Length"},
		{"HTTP/1.1 204 No Content\r\n\r\nx", false, "a body where none may be"},
		{H "Transfer-Encoding: chunked\r\n\r\n3\r\nab", true,
			"the body ends before its last chunk"},
		{H "Transfer-Encoding: chunked\r\n\r\nhello\r\n", false,
			"a chunk size is not a hexadecimal number"},
		{H "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", false,
			"a chunk size is not a hexadecimal number"},
		{H "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", false,
			"a chunk is longer than its size"},
		{H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nx", false,
			"bytes after the end of the body"},
	};
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_STR(parse(arena, rows[i].text, rows[i].closed, false).defect, rows[i].defect);
}

TEST(a_folded_value_is_joined)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct response r = parse(arena, H " lost\r\nA: x\r\n\ty  \r\n\r\n", true, false);

	CHECK_STR(response_header(&r, "A"), "x y");
	CHECK_INT(r.header_count, 1);
}

TEST(interim_answers_are_not_the_answer)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct response r = parse(arena, "HTTP/1.1 100 Continue\r\nA: x\r\n\r\n", false, false);

	CHECK_INT(r.status, 0);
	CHECK_INT(r.interim, 100);
	CHECK_INT(r.header_count, 0);
	CHECK(!r.head_complete && !r.complete);
	CHECK_STR(r.defect, NULL);
}

TEST(an_answer_that_is_still_coming_has_no_defect)
{
	static const char *const texts[] = {
		H "Content-Length: 5\r\nServer: toy\r\n\r\nhello",
		"HTTP/1.1 100 Continue\r\n\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
		"5;a\r\nhello\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
	};
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t wanted = 0, len = strlen(texts[i]);
		for (size_t cut = 0; cut <= len; cut++) {
			struct response r;
			response_parse(arena, texts[i], cut, false, false, &r);
			CHECK_STR(r.defect, NULL);
			CHECK_INT(r.complete, cut == len);
			CHECK(wanted <= len); /* whoever waits for it does not wait too long */
			wanted = r.wanted;
			CHECK(r.complete || r.wanted > cut);
			response_parse(arena, texts[i], cut, true, false, &r);
			CHECK(cut == 0 || cut == len || r.defect || !r.complete);
		}
	}
}

TEST(everything_is_bounded)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf b = BUF_INIT(1 << 20);
	struct response r;

	buf_str(&b, H);
	for (int i = 0; i < 300; i++)
		buf_printf(&b, "X-%d: y\r\n", i);
	buf_str(&b, "Content-Length: 100000\r\n\r\n"); /* beyond the limit: not looked at */
	for (int i = 0; i < 100000; i++)
		buf_char(&b, 'x');
	response_parse(arena, b.data, b.len, true, false, &r);
	CHECK_INT(r.header_count, RESPONSE_HEADERS_MAX);
	CHECK_STR(r.defect, "more than 100 headers");
	CHECK_INT(r.body_len, RESPONSE_BODY_MAX);
	CHECK_INT(strlen(r.body), RESPONSE_BODY_MAX);
	CHECK_INT(r.body_bytes, 100000);
	r = parse(arena, H "Content-Length: 18446744073709551615\r\n\r\nx", false, false);
	CHECK(!r.complete && r.wanted == SIZE_MAX);
	r = parse(arena, H "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nx", false, false);
	CHECK(!r.complete && r.body_bytes == 1);
	response_parse(arena, "", 0, true, false, &r);
	CHECK(!r.status && !r.defect && !r.complete && !r.body);
}

TESTS(a_plain_answer, bodies_end_by_their_framing, defects_are_named, a_folded_value_is_joined,
	interim_answers_are_not_the_answer, an_answer_that_is_still_coming_has_no_defect,
	everything_is_bounded)
