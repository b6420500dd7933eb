/* answer_test - when an answer is at its end, and whose it is. */
#include "http/answer.h"

#include "base/str.h"
#include "unit.h"

#define GET "GET / HTTP/1.1\r\n\r\n"
#define SSE "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

static unsigned judge(struct answer *a, const char *bytes)
{
	return answer_judge(a, bytes, strlen(bytes));
}

TEST(answers_of_http)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct answer a = {.arena = arena, .http = true, .hello = GET, .hello_len = strlen(GET)};

	CHECK(judge(&a, "HTTP/1.1 2") == ANSWER_PATIENT);
	CHECK(judge(&a, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh") == ANSWER_PATIENT);
	CHECK(judge(&a, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") == ANSWER_WHOLE);
	a.wanted = 0;
	CHECK(judge(&a, SSE) < ANSWER_PATIENT);
	CHECK(judge(&a, SSE "data: 1\n\n") < ANSWER_PATIENT);
	CHECK(judge(&a, "+PONG\r\n") < ANSWER_PATIENT);
	CHECK(!a.echo && !a.found);
	CHECK(judge(&a, "GET / HT") < ANSWER_PATIENT);
	CHECK(a.echo);
	answer_end(&a, "GET / HT", 8);
	CHECK(!a.found);
	a.echo = false;
	answer_end(&a, "HTTP/1.1 200 OK\r\n\r\n", 19);
	CHECK_STR(a.found ? a.found->name : NULL, "http");
}

TEST(answers_of_others)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct answer a = {.arena = arena};

	CHECK(judge(&a, "SSH-2.0-x\r\n") == ANSWER_WHOLE);
	CHECK_STR(a.found ? a.found->name : NULL, "ssh");
	CHECK(judge(&a, "what\r\n") < ANSWER_PATIENT);
	CHECK(!a.found);
	answer_end(&a, "what\r\n", 6);
	CHECK(!a.found && !a.decoded.version);
	CHECK(judge(&a, "N") < ANSWER_PATIENT); /* PostgreSQL's, but nobody asked it */
	CHECK(!a.found);
}

TEST(whose_hello_it_is)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);

	decoder_hello(decoder_find("http"), 3000, &b);
	CHECK(answer_asked(b.data, b.len, 3000) == decoder_find("http"));
	CHECK(answer_asked(b.data, b.len, 3001) == NULL);
	const struct decoder *postgres = decoder_find("postgres");
	CHECK(answer_asked(postgres->hello, postgres->hello_len, 5432) == postgres);
	CHECK(answer_asked(NULL, 0, 5432) == NULL);
}

TESTS(answers_of_http, answers_of_others, whose_hello_it_is)
