#include "base/must.h"
#include "base/str.h"
#include "run/ready.h"
#include "tree.h"
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static struct ready_place place;
static bool known;

static size_t find_place(void *data, struct ready_place *out, const char **why)
{
	*why = "nobody knows it";
	*out = place;
	return known;
}

static struct ready_query query(enum ready_want want, uint64_t timeout_ms)
{
	struct ready_query q = {.want = want,
		.timeout_ms = timeout_ms,
		.path = "/",
		.host = "localhost",
		.find = find_place};

	CHECK_INT(ready_parse_statuses("", &q, NULL), 0);
	return q;
}

/* A bound socket on a free port of 127.0.0.1; `place` is where it is. */
static int bound(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
	must(bind(fd, (struct sockaddr *)&in, len) == 0);
	must(getsockname(fd, (struct sockaddr *)&in, &len) == 0);
	place = (struct ready_place){.endpoint = {.proto = PROTO_TCP,
					     .address = ADDRESS_LOOPBACK4,
					     .port = ntohs(in.sin_port)}};
	known = true;
	return fd;
}

static void wait_ms(long ms)
{
	struct timespec t = {.tv_nsec = ms * 1000000};

	nanosleep(&t, NULL);
}

/* A child that listens after a while and gives one answer to each connection, the last one for ever. */
static pid_t server(int fd, long after_ms, const char *const *answers)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	wait_ms(after_ms);
	must(listen(fd, 8) == 0);
	for (;;) {
		char request[1024];
		int client = accept(fd, NULL, NULL);
		if (client < 0)
			_exit(1);
		if (answers[0] && recv(client, request, sizeof(request), 0) > 0)
			send(client, answers[0], strlen(answers[0]), MSG_NOSIGNAL);
		if (answers[0] && answers[1])
			answers++;
		close(client);
	}
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const char *saw(const struct ready_result *r)
{
	static char text[200];
	AUTO(buf) struct buf words = BUF_INIT(200);

	ready_text(r, &words);
	str_copy(text, sizeof(text), words.data);
	return text;
}

TEST(waits_until_it_accepts)
{
	static const char *const silent[] = {NULL};
	int fd = bound();
	pid_t pid = server(fd, 60, silent);
	struct ready_query q = query(READY_ACCEPTS, 20000);
	struct ready_result r;

	close(fd);
	CHECK_INT(ready_wait(&q, &r, NULL), 0);
	CHECK_STR(saw(&r), "accepts connections");
	CHECK_INT(r.endpoint.port, place.endpoint.port);
	CHECK(r.tries > 1);
	end(pid);
}

TEST(says_that_it_was_refused)
{
	int fd = bound();
	struct ready_query q = query(READY_ACCEPTS, 50);
	struct ready_result r;

	close(fd);
	CHECK_INT(ready_wait(&q, &r, NULL), -ETIMEDOUT);
	CHECK_STR(saw(&r), "refused");
	CHECK(r.took_ns >= 50 * 1000000ull);
	known = false;
	CHECK_INT(ready_wait(&q, &r, NULL), -ETIMEDOUT);
	CHECK_STR(saw(&r), "nobody knows it");
}

TEST(waits_for_the_status)
{
	static const char *const answers[] = {"HTTP/1.1 503 Busy\r\n\r\n",
		"HTTP/1.1 404 No\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", NULL};
	int fd = bound();
	pid_t pid = server(fd, 0, answers);
	struct ready_query q = query(READY_ANSWERS, 20000);
	struct ready_result r;

	close(fd);
	CHECK_INT(ready_wait(&q, &r, NULL), 0);
	CHECK_STR(saw(&r), "HTTP 204");
	CHECK(r.tries >= 3);
	CHECK_INT(ready_parse_statuses("500-599", &q, NULL), 0);
	q.timeout_ms = 100;
	CHECK_INT(ready_wait(&q, &r, NULL), -ETIMEDOUT);
	CHECK_STR(saw(&r), "HTTP 204");
	end(pid);
}

static void answer_is(const char *answer, const char *want)
{
	const char *const answers[] = {answer, NULL};
	int fd = bound();
	pid_t pid = server(fd, 0, answers);
	struct ready_query q = query(READY_ANSWERS, 150);
	struct ready_result r;

	close(fd);
	CHECK_INT(ready_wait(&q, &r, NULL), -ETIMEDOUT);
	CHECK_STR(saw(&r), want);
	end(pid);
}

TEST(tells_apart_what_is_no_answer)
{
	answer_is(NULL, "accepts but no HTTP answer");
	answer_is("", "accepts but no HTTP answer");
	answer_is("HTTP/1.", "accepts but no HTTP answer");
	answer_is("SSH-2.0-x\r\n", "what it says is not HTTP");
	answer_is("\x15\x03\x03\x00\x02\x02\x16", "speaks TLS, not plain HTTP");
	answer_is("HTTP/1.1 500 Oops\r\n\r\n", "HTTP 500");
}

TEST(a_full_queue_is_silence)
{
	int fd = bound(), clients[3];
	struct ready_query q = query(READY_ACCEPTS, 150);
	struct ready_result r;
	struct sockaddr_storage to;
	socklen_t len = address_to_sockaddr(&place.endpoint.address, place.endpoint.port, &to);

	must(listen(fd, 0) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(clients[i], (struct sockaddr *)&to, len);
	}
	CHECK_INT(ready_wait(&q, &r, NULL), -ETIMEDOUT);
	CHECK_STR(saw(&r), "does not accept: suspended, or its queue is full");
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
	close(fd);
}

TEST(waits_until_it_is_gone)
{
	int fd = bound();
	struct ready_query q = query(READY_GONE, 20000);
	struct ready_result r;

	must(listen(fd, 1) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		wait_ms(60);
		_exit(0);
	}
	close(fd); /* the child alone holds it now */
	q.watch = pid;
	CHECK_INT(ready_wait(&q, &r, NULL), 0);
	CHECK(r.tries > 1);
	waitpid(pid, NULL, 0);
	q.watch = 0;
	place.listening = true;
	q.timeout_ms = 40;
	CHECK_INT(ready_wait(&q, &r, NULL), -ETIMEDOUT);
	CHECK_STR(saw(&r), "still taken");
}

TEST(ends_with_the_process_it_watches)
{
	int fd = bound();
	struct ready_query q = query(READY_ACCEPTS, 20000);
	struct ready_result r;
	struct err err = {0};

	close(fd);
	q.watch = fork();
	if (q.watch == 0) {
		wait_ms(30);
		_exit(3);
	}
	CHECK_INT(ready_wait(&q, &r, &err), -ESRCH);
	CHECK(r.took_ns < 15000 * 1000000ull);
	CHECK_INT(ready_wait(&q, &r, &err), -ESRCH);
}

TEST(unix_sockets_and_abstract_names)
{
	AUTO(tree) struct tree t = tree_new();
	AUTO(buf) struct buf path = BUF_INIT(200);
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct ready_query q = query(READY_ACCEPTS, 40);
	struct ready_result r;

	tree_path(&t, "x.sock", &path);
	place = (struct ready_place){.endpoint = {.proto = PROTO_UNIX_STREAM, .path = path.data}};
	known = true;
	CHECK_INT(ready_wait(&q, &r, NULL), -ETIMEDOUT);
	CHECK_STR(saw(&r), "refused");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	str_copy(un.sun_path, sizeof(un.sun_path), path.data);
	must(bind(fd, (struct sockaddr *)&un, sizeof(un)) == 0 && listen(fd, 1) == 0);
	CHECK_INT(ready_wait(&q, &r, NULL), 0);
	close(fd);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "loopscope-%d", getpid());
	un.sun_path[0] = '\0';
	socklen_t len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(un.sun_path + 1));
	must(bind(fd, (struct sockaddr *)&un, len) == 0 && listen(fd, 1) == 0);
	buf_clear(&path);
	buf_printf(&path, "@%s", un.sun_path + 1);
	place.endpoint.path = path.data;
	CHECK_INT(ready_wait(&q, &r, NULL), 0);
	close(fd);
}

TEST(statuses_are_ranges)
{
	static const char *const bad[] = {"x", "99", "600", "6xx", "200-", "300-200", "2xx,", ",",
		"200,,201x", "1,2,3"};
	struct ready_query q = {0};
	struct err err = {0};

	CHECK_INT(ready_parse_statuses("200,204,3xx,400-404", &q, NULL), 0);
	CHECK_INT(q.status_count, 4);
	CHECK_INT(q.statuses[2].low, 300);
	CHECK_INT(q.statuses[3].high, 404);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!str_eq(bad[i], "2xx,")) /* a comma at the end is harmless */
			CHECK_INT(ready_parse_statuses(bad[i], &q, &err), -EINVAL);
	CHECK_STR(err.text, "'1,2,3' is not an HTTP status");
}

TESTS(waits_until_it_accepts, says_that_it_was_refused, waits_for_the_status,
	tells_apart_what_is_no_answer, a_full_queue_is_silence, waits_until_it_is_gone,
	ends_with_the_process_it_watches, unix_sockets_and_abstract_names, statuses_are_ranges)
