/* talk_test - conversations with real listeners of every manner; see toy_server.h. */
#include "http/talk.h"

#include "base/clock.h"
#include "toy_server.h"
#include "unit.h"
#include <errno.h>
#include <netinet/in.h>

#define GET    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define OK_TWO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static struct talk_job http_job(void)
{
	return (struct talk_job){.hello = GET, .hello_len = strlen(GET), .http = true};
}

static struct talk_job hello_job(const char *hello)
{
	return (struct talk_job){.hello = hello, .hello_len = strlen(hello)};
}

/* One job with one server. */
static void converse(struct arena *arena, const struct toy *m, struct talk_job *job,
	unsigned deadline_ms)
{
	struct toy_server s = toy_start(m, &ADDRESS_LOOPBACK4, NULL);

	job->endpoint = s.endpoint;
	talk_run(arena, job, 1, deadline_ms);
	toy_stop(&s);
}

static uint16_t closed_port(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(in);
	AUTO(close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(bind(fd, (struct sockaddr *)&in, len) == 0);
	must(getsockname(fd, (struct sockaddr *)&in, &len) == 0);
	return ntohs(in.sin_port);
}

TEST(an_answer_of_http)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct talk_job job = http_job();

	converse(arena, &(struct toy){.answer = OK_TWO, .hold_ms = 9000}, &job, 5000);
	CHECK_STR(talk_end_name(job.end), "answered");
	CHECK_INT(job.response.status, 200);
	CHECK_STR(job.response.body, "hi");
	CHECK(job.response.complete && !job.response.defect);
	CHECK(job.connected && job.connect_ns && job.first_byte_ns >= job.connect_ns);
	CHECK(job.total_ns >= job.first_byte_ns && job.total_ns < 3000 * 1000000ull);
	CHECK(!job.peer_closed && !job.greeted && !job.echo);
	CHECK_INT(job.received, strlen(OK_TWO));
	CHECK_STR(job.bytes, OK_TWO);
	CHECK_STR(job.found ? job.found->name : NULL, "http");
	CHECK(job.local.port && address_is_loopback(&job.local.address));
}

TEST(answers_that_take_their_time)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct talk_job job = http_job();

	converse(arena, &(struct toy){.answer = OK_TWO, .drip = true, .hold_ms = 9000}, &job, 9000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(job.response.complete);
	converse(arena,
		&(struct toy){.answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
					"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
			.later = "0\r\n\r\n",
			.hold_ms = 9000},
		&job, 9000);
	CHECK(job.response.complete);
	CHECK_INT(job.response.interim, 100);
	CHECK_STR(job.response.body, "abc");
	converse(arena,
		&(struct toy){.answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n",
			.hold_ms = 9000},
		&job, 9000);
	CHECK_INT(job.response.status, 101);
	CHECK(job.response.complete);
	/* a stream of events has no end that one could wait for */
	converse(arena,
		&(struct toy){.answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
					"data: 1\n\n",
			.hold_ms = 9000},
		&job, 9000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(job.total_ns < 8000 * 1000000ull && !job.response.complete);
}

TEST(answers_that_break_off)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct talk_job job = http_job();
	const char *cut = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi";

	converse(arena, &(struct toy){.answer = cut}, &job, 5000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(job.peer_closed && !job.response.complete);
	CHECK_STR(job.response.defect, "the body is shorter than Content-Length");
	converse(arena, &(struct toy){.answer = cut, .hold_ms = 30, .reset_after = true}, &job,
		5000);
	CHECK_INT(job.end, TALK_RESET);
	CHECK_INT(job.received, strlen(cut));
	converse(arena, &(struct toy){.answer = cut, .hold_ms = 9000}, &job, 800);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(!job.peer_closed && !job.response.complete && !job.response.defect);
	converse(arena, &(struct toy){.answer = "HTTP/1.0 200 OK\r\n\r\nto the end"}, &job, 5000);
	CHECK(job.response.complete && job.peer_closed);
	CHECK_STR(job.response.body, "to the end");
}

TEST(those_who_do_not_answer)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct talk_job job = http_job();

	converse(arena, &(struct toy){.hold_ms = 9000}, &job, 100);
	CHECK_STR(talk_end_name(job.end), "silent");
	CHECK(job.connected && !job.first_byte_ns && !job.error);
	converse(arena, &(struct toy){.close = true}, &job, 5000);
	CHECK_INT(job.received, 0);
	/* it closes with our question unread, and then the kernel may send a reset as well */
	CHECK(job.end == TALK_CLOSED || job.end == TALK_RESET);
	struct talk_job listening = {0};
	converse(arena, &(struct toy){.close = true}, &listening, 5000);
	CHECK_STR(talk_end_name(listening.end), "closed");
	converse(arena, &(struct toy){.reset = true}, &job, 5000);
	CHECK_STR(talk_end_name(job.end), "reset");
	CHECK(job.connected && !job.received && job.peer_closed && !job.error);
	converse(arena, &(struct toy){.deaf = true}, &job, 100);
	CHECK_STR(talk_end_name(job.end), "unanswered");
	CHECK_INT(job.error, ETIMEDOUT);
	CHECK(!job.connected && !job.icmp);
}

TEST(connections_that_are_not_made)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct address foreign = {.family = AF_INET, .bytes = {192, 0, 2, 1}};
	uint16_t closed = closed_port();
	struct talk_job jobs[] = {
		{.endpoint = {PROTO_TCP, ADDRESS_LOOPBACK4, closed}},
		{.endpoint = {PROTO_TCP, foreign, 80}},
		{.endpoint = {PROTO_TCP, ADDRESS_ANY4, closed}},
		{.endpoint = {.proto = PROTO_UNIX_STREAM, .path = "/proc/self/nobody-here"}},
		{.endpoint = {.proto = PROTO_UNIX_STREAM}},
		{.endpoint = {PROTO_UDP, ADDRESS_LOOPBACK4, 53}},
	};
	const struct {
		int end, error;
	} rows[] = {{TALK_FAILED, ECONNREFUSED}, {TALK_NOT_OURS, 0}, {TALK_FAILED, ECONNREFUSED},
		{TALK_FAILED, ENOENT}, {TALK_FAILED, EINVAL}, {TALK_FAILED, EPROTOTYPE}};

	talk_run(arena, jobs, ARRAY_SIZE(jobs), 5000);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		CHECK_INT(jobs[i].end, rows[i].end);
		CHECK_INT(jobs[i].error, rows[i].error);
		CHECK(!jobs[i].connected && !jobs[i].icmp && !jobs[i].received);
	}
	talk_run(arena, jobs, ARRAY_SIZE(jobs), 0);
	CHECK_STR(talk_end_name(jobs[0].end), "not done");
	talk_run(arena, NULL, 0, 100);
}

TEST(wildcards_are_asked_at_loopback)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct toy page = {.answer = OK_TWO};
	struct toy_server four = toy_start(&page, &ADDRESS_ANY4, NULL);
	struct toy_server six = toy_start(&page, &ADDRESS_LOOPBACK6, NULL);
	struct talk_job jobs[] = {http_job(), http_job()};

	jobs[0].endpoint = four.endpoint;
	jobs[1].endpoint = six.endpoint;
	jobs[1].endpoint.address = ADDRESS_ANY6;
	talk_run(arena, jobs, 2, 5000);
	CHECK_INT(jobs[0].response.status, 200);
	CHECK_INT(jobs[0].local.address.family, AF_INET);
	CHECK_INT(jobs[1].response.status, 200);
	CHECK_INT(jobs[1].local.address.family, AF_INET6);
	toy_stop(&four);
	toy_stop(&six);
}

TEST(greetings)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *ssh = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
	struct talk_job job = http_job();

	job.listen_ms = 2000;
	converse(arena, &(struct toy){.greeting = ssh, .hold_ms = 9000}, &job, 5000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(job.greeted);
	CHECK_STR(job.found ? job.found->name : NULL, "ssh");
	CHECK_STR(job.decoded.version, "9.2p1");
	job.listen_ms = 20;
	converse(arena, &(struct toy){.answer = OK_TWO, .hold_ms = 9000}, &job, 5000);
	CHECK_INT(job.response.status, 200);
	CHECK(!job.greeted);

	struct talk_job listening = {.listen_ms = 20};
	converse(arena, &(struct toy){.hold_ms = 9000}, &listening, 9000);
	CHECK_INT(listening.end, TALK_SILENT);
	converse(arena, &(struct toy){.greeting = "what is this\n", .hold_ms = 9000}, &listening,
		9000);
	CHECK_INT(listening.end, TALK_ANSWERED);
	CHECK(listening.greeted && !listening.found);
	CHECK_STR(listening.bytes, "what is this\n");
	CHECK(listening.total_ns < 8000 * 1000000ull);
}

TEST(other_protocols)
{
	AUTO(arena) struct arena *arena = arena_new();
	const struct decoder *postgres = decoder_find("postgres");
	struct talk_job job = {.hello = postgres->hello, .hello_len = postgres->hello_len};

	converse(arena, &(struct toy){.answer = "N", .hold_ms = 9000}, &job, 5000);
	CHECK_STR(job.found ? job.found->name : NULL, "postgres");
	job = hello_job("something else");
	converse(arena, &(struct toy){.answer = "N", .hold_ms = 9000}, &job, 5000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(!job.found);
	job = http_job();
	converse(arena, &(struct toy){.echo = true, .hold_ms = 9000}, &job, 5000);
	CHECK(job.echo && !job.found);
	CHECK_INT(job.response.status, 0);
	converse(arena, &(struct toy){.answer = "-ERR what\r\n", .hold_ms = 9000}, &job, 5000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK_INT(job.response.status, 0);
	CHECK_STR(job.response.defect, "no status line");
	CHECK(job.total_ns < 4000 * 1000000ull);
}

TEST(no_more_is_read_than_the_limit)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct talk_job job = http_job();

	converse(arena, &(struct toy){.answer = "HTTP/1.1 200 OK\r\n\r\n", .flood = 200000}, &job,
		9000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK_INT(job.received, TALK_BYTES_MAX);
	CHECK_INT(job.response.body_len, RESPONSE_BODY_MAX);
}

struct watcher {
	int calls, end;
	unsigned patience_ms; /* to be set */
	bool connected, open;
	uint16_t local_port;
};

static void on_watch(struct talk_job *job, void *data)
{
	struct watcher *w = data;
	AUTO(close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(&job->local.address, job->local.port, &sa);

	w->calls++;
	job->patience_ms = w->patience_ms;
	w->connected = job->connected;
	w->local_port = job->local.port;
	w->end = job->end;
	w->open = bind(fd, (struct sockaddr *)&sa, len) < 0; /* our end still has it */
}

TEST(the_watch_is_called_once_and_again_when_nothing_came)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct watcher w = {0};
	struct talk_job job = http_job();

	job.watch = on_watch;
	job.data = &w;
	job.watch_ms = 4000;
	converse(arena, &(struct toy){.answer = OK_TWO, .hold_ms = 9000}, &job, 3000);
	CHECK_INT(w.calls, 1);
	CHECK(w.connected && w.open);
	CHECK_INT(w.local_port, job.local.port);
	CHECK_INT(w.end, TALK_ANSWERED);
	w = (struct watcher){0};
	job.watch_ms = 20;
	converse(arena, &(struct toy){.hold_ms = 9000}, &job, 200);
	CHECK_INT(w.calls, 2);
	CHECK_INT(w.end, TALK_SILENT);
	CHECK(w.connected && w.open);
	CHECK_INT(job.end, TALK_SILENT);
	w = (struct watcher){0};
	job.watch_ms = 4000;
	converse(arena, &(struct toy){.hold_ms = 9000}, &job, 100);
	CHECK_INT(w.calls, 1);
	w = (struct watcher){0};
	converse(arena, &(struct toy){.deaf = true}, &job, 50);
	CHECK_INT(w.calls, 0);
	w = (struct watcher){0};
	job.connect_only = true;
	job.watch_ms = 0;
	converse(arena, &(struct toy){.hold_ms = 9000}, &job, 3000);
	CHECK_INT(w.calls, 1);
	CHECK_STR(talk_end_name(job.end), "connected");
}

TEST(the_watch_may_cut_the_waiting_short)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct watcher w = {.patience_ms = 20};
	struct talk_job job = http_job();

	job.watch = on_watch;
	job.data = &w;
	job.watch_ms = 20;
	converse(arena, &(struct toy){.hold_ms = 9000}, &job, 30000);
	CHECK_INT(job.end, TALK_SILENT);
	CHECK(job.total_ns < 20000000000ull);
	job.watch = NULL;
	job.limit_ms = 30;
	converse(arena, &(struct toy){.hold_ms = 9000}, &job, 30000);
	CHECK_INT(job.end, TALK_SILENT);
	CHECK(job.total_ns < 20000000000ull);
}

TEST(lingering)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct talk_job job = http_job();

	job.linger_ms = 3000;
	converse(arena, &(struct toy){.answer = OK_TWO, .hold_ms = 100}, &job, 5000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(job.peer_closed);
	CHECK(job.linger_ns >= 50 * 1000000ull && job.linger_ns < 3000 * 1000000ull);
	CHECK(job.response.complete && !job.response.defect);
	converse(arena, &(struct toy){.answer = OK_TWO, .hold_ms = 50, .reset_after = true}, &job,
		5000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(job.peer_closed && job.linger_ns);
	job.linger_ms = 50;
	converse(arena, &(struct toy){.answer = OK_TWO, .hold_ms = 9000}, &job, 5000);
	CHECK_INT(job.end, TALK_ANSWERED);
	CHECK(!job.peer_closed && !job.linger_ns);
	job.linger_ms = 9000;
	converse(arena, &(struct toy){.answer = OK_TWO, .hold_ms = 9000}, &job, 800);
	CHECK_INT(job.end, TALK_ANSWERED); /* the deadline ends it, and the answer stays */
	CHECK(job.response.complete);
}

TEST(unix_sockets)
{
	AUTO(arena) struct arena *arena = arena_new();
	char folder[] = "/tmp/talk-test-XXXXXX";
	struct talk_job job = http_job();

	must(mkdtemp(folder));
	const char *path = arena_printf(arena, "%s/sock", folder);
	struct toy_server s = toy_start(&(struct toy){.answer = OK_TWO}, NULL, path);
	job.endpoint = s.endpoint;
	talk_run(arena, &job, 1, 5000);
	CHECK_INT(job.response.status, 200);
	toy_stop(&s);
	talk_run(arena, &job, 1, 5000);
	CHECK_INT(job.end, TALK_FAILED);
	CHECK_INT(job.error, ECONNREFUSED);
	unlink(path);
	rmdir(folder);
}

TEST(many_side_by_side)
{
	AUTO(arena) struct arena *arena = arena_new();
	enum { MANY = 300 };
	AUTO(free) struct talk_job *jobs = must_calloc(MANY, sizeof(*jobs));
	struct toy_server page =
		toy_start(&(struct toy){.answer = OK_TWO}, &ADDRESS_LOOPBACK4, NULL);
	size_t answers = 0, refused = 0;
	uint16_t closed = closed_port();

	for (size_t i = 0; i < MANY; i++) {
		jobs[i] = http_job();
		jobs[i].endpoint = page.endpoint;
		if (i % 3 == 0)
			jobs[i].endpoint.port = closed;
	}
	talk_run(arena, jobs, MANY, 20000);
	for (size_t i = 0; i < MANY; i++) {
		answers += jobs[i].end == TALK_ANSWERED && jobs[i].response.status == 200;
		refused += jobs[i].error == ECONNREFUSED;
	}
	CHECK_INT(answers, 200);
	CHECK_INT(refused, 100);
	toy_stop(&page);
}

TESTS(an_answer_of_http, answers_that_take_their_time, answers_that_break_off,
	those_who_do_not_answer, connections_that_are_not_made, wildcards_are_asked_at_loopback,
	greetings, other_protocols, no_more_is_read_than_the_limit,
	the_watch_is_called_once_and_again_when_nothing_came, the_watch_may_cut_the_waiting_short,
	lingering, unix_sockets, many_side_by_side)
