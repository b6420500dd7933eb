/*
 * attempt_test - real commands against a real kernel: sh, python3 and curl where they are installed.
 * Tests that need an exact answer skip without the rights for BPF.
 */
#include "run/attempt.h"

#include "base/must.h"
#include "base/str.h"
#include "sys/attempt_trace.h"
#include "tree.h"
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct trial {
	struct arena *arena;
	struct attempt_run run;
	struct err err;
	struct buf passed[3]; /* by stream */
	int result;
};

static void collect(void *data, int stream, const char *bytes, size_t len)
{
	struct trial *t = data;

	CHECK(stream == 1 || stream == 2);
	if (stream == 1 || stream == 2)
		buf_add(&t->passed[stream], bytes, len);
}

static void trial_fini(struct trial *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->passed); i++)
		buf_fini(&t->passed[i]);
	arena_free(t->arena);
}

AUTO_DEFINE_FINI(trial, struct trial)

static void go(struct trial *t, const char *const *argv, unsigned timeout_ms, bool no_bpf)
{
	struct host host;

	*t = (struct trial){.arena = arena_new(),
		.run = {.argv = (char *const *)argv,
			.timeout_ms = timeout_ms,
			.output = collect,
			.data = t,
			.no_bpf = no_bpf}};
	for (size_t i = 0; i < ARRAY_SIZE(t->passed); i++)
		buf_init(&t->passed[i], 1 << 20);
	must(host_open(NULL, &host, NULL) == 0);
	t->result = attempt_run(&host, t->arena, &t->run, &t->err);
	host_close(&host);
}

static void sh(struct trial *t, const char *script, unsigned timeout_ms, bool no_bpf)
{
	const char *argv[] = {"sh", "-c", script, NULL};

	go(t, argv, timeout_ms, no_bpf);
}

static bool have(const char *program)
{
	const char *argv[] = {program, "--version", NULL};
	AUTO(trial) struct trial t = {0};

	go(&t, argv, 20000, true);
	return t.result == 0;
}

/* Whether BPF is to be had; says so when not. */
static bool have_bpf(void)
{
	AUTO(trial) struct trial t = {0};

	sh(&t, "true", 20000, false);
	if (t.run.why_not_bpf)
		fprintf(stderr, "skipped: %s\n", t.run.why_not_bpf);
	return !t.run.why_not_bpf;
}

/* A bound socket of 127.0.0.1; its port refuses until somebody listens. */
static int bound(uint16_t *out_port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(bind(fd, (struct sockaddr *)&in, len) == 0);
	must(getsockname(fd, (struct sockaddr *)&in, &len) == 0);
	*out_port = ntohs(in.sin_port);
	return fd;
}

static const struct attempt *find(const struct trial *t, int kind, int error, const char *endpoint)
{
	for (size_t i = 0; i < t->run.attempt_count; i++) {
		const struct attempt *a = &t->run.attempts[i];
		AUTO(buf) struct buf text = BUF_INIT(300);
		endpoint_format(&text, &a->endpoint);
		if (a->kind == kind && a->error == error && str_eq(text.data, endpoint))
			return a;
	}
	return NULL;
}

static const char *format(const char *pattern, ...) PRINTF(1, 2);
static const char *format(const char *pattern, ...)
{
	static char texts[16][2048];
	static size_t next;
	char *text = texts[next++ % ARRAY_SIZE(texts)];
	va_list args;

	va_start(args, pattern);
	vsnprintf(text, sizeof(texts[0]), pattern, args);
	va_end(args);
	return text;
}

static void show(const struct trial *t)
{
	static const char *const kinds[] = {"connect", "bind", "listen"};

	fprintf(stderr, "%d %s, status %x, %s:\n", t->result, t->err.text, (unsigned)t->run.status,
		t->run.rung);
	for (size_t i = 0; i < t->run.attempt_count; i++) {
		const struct attempt *a = &t->run.attempts[i];
		AUTO(buf) struct buf text = BUF_INIT(300);
		endpoint_format(&text, &a->endpoint);
		fprintf(stderr, "  %s %s %s: %s (%s %d)\n", kinds[a->kind],
			proto_name(a->endpoint.proto), text.data, strerror(a->error), a->program,
			a->pid);
	}
	fprintf(stderr, "  folded %zu; output: %s\n", t->run.folded, t->run.text);
}

static const struct attempt *expect(const struct trial *t, int kind, int error,
	const char *endpoint)
{
	const struct attempt *a = find(t, kind, error, endpoint);

	if (!a) {
		fprintf(stderr, "expected kind %d, error %d, %s in\n", kind, error, endpoint);
		show(t);
	}
	CHECK(a);
	return a;
}

TEST(keeps_and_passes_output)
{
	for (int no_bpf = 0; no_bpf < 2; no_bpf++) {
		AUTO(trial) struct trial t = {0};
		sh(&t, "echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three; exit 7", 20000,
			no_bpf);
		CHECK_INT(t.result, 0);
		CHECK(WIFEXITED(t.run.status));
		CHECK_INT(WEXITSTATUS(t.run.status), 7);
		CHECK_STR(t.run.text, "one\ntwo\nthree\n");
		CHECK_INT(t.run.text_len, 14);
		CHECK_STR(t.passed[1].data, "one\nthree\n");
		CHECK_STR(t.passed[2].data, "two\n");
		CHECK(!t.run.timed_out && !t.run.interrupted);
		CHECK(t.run.took_ns > 200000000);
		CHECK_INT(t.run.attempt_count, 0);
	}
}

TEST(keeps_the_end_of_much_output)
{
	AUTO(trial) struct trial t = {0};

	sh(&t, "i=0; while [ $i -lt 20000 ]; do echo line $i 0123456789; i=$((i+1)); done", 60000,
		true);
	CHECK_INT(t.result, 0);
	CHECK_INT(t.run.text_len, ATTEMPT_TEXT_MAX);
	CHECK(str_ends(t.run.text, "line 19999 0123456789\n"));
	CHECK(t.passed[1].len > 400000);
}

TEST(says_why_it_cannot_start)
{
	AUTO(tree) struct tree tree = tree_new();
	AUTO(trial) struct trial none = {0}, path = {0}, plain = {0};
	const char *missing[] = {"loopscope-no-such-command", NULL};

	go(&none, missing, 1000, false);
	CHECK_INT(none.result, -ENOENT);
	CHECK_STR(none.err.text, "there is no command 'loopscope-no-such-command' in PATH");
	missing[0] = "/nowhere/x";
	go(&path, missing, 1000, true);
	CHECK_INT(path.result, -ENOENT);
	CHECK_STR(path.err.text, "there is no program '/nowhere/x'");
	tree_text(&tree, "plain", "x");
	missing[0] = format("%s/plain", tree.path);
	go(&plain, missing, 1000, true);
	CHECK_INT(plain.result, -EACCES);
	CHECK(strstr(plain.err.text, "may not be executed"));
}

TEST(tells_the_signal_that_ended_it)
{
	AUTO(trial) struct trial t = {0};

	sh(&t, "kill -9 $$", 20000, true);
	CHECK(WIFSIGNALED(t.run.status));
	CHECK_INT(WTERMSIG(t.run.status), SIGKILL);
	CHECK(!t.run.timed_out);
}

TEST(ends_it_in_time)
{
	for (int no_bpf = 0; no_bpf < 2; no_bpf++) {
		AUTO(trial) struct trial polite = {0}, stubborn = {0};
		sh(&polite, "sleep 60 & sleep 60", 100, no_bpf);
		CHECK(polite.run.timed_out);
		CHECK(WIFSIGNALED(polite.run.status));
		CHECK_INT(WTERMSIG(polite.run.status), SIGTERM);
		CHECK(polite.run.took_ns < 30000000000ull);
		sh(&stubborn, "trap '' TERM; echo up; sleep 60; sleep 60", 300, no_bpf);
		CHECK(stubborn.run.timed_out);
		CHECK_INT(WTERMSIG(stubborn.run.status), SIGKILL);
		CHECK_STR(stubborn.run.text, "up\n");
	}
}

TEST(leaves_daemons_alone)
{
	AUTO(trial) struct trial t = {0};

	sh(&t, "setsid sleep 60 & echo $!", 50000, true);
	CHECK_INT(WEXITSTATUS(t.run.status), 0);
	CHECK(!t.run.timed_out);
	CHECK(t.run.took_ns < 30000000000ull);
	pid_t pid = (pid_t)strtol(t.run.text, NULL, 10);
	CHECK(pid > 1 && kill(pid, SIGKILL) == 0);
}

TEST(passes_an_interrupt_on)
{
	AUTO(trial) struct trial t = {0};

	sh(&t, "trap 'echo caught; exit 3' INT; kill -INT $PPID; while :; do sleep 0.05; done",
		50000, true);
	CHECK(t.run.interrupted);
	CHECK(!t.run.timed_out);
	CHECK_INT(WEXITSTATUS(t.run.status), 3);
	CHECK_STR(t.run.text, "caught\n");
}

TEST(sees_refused_connections)
{
	uint16_t port;
	AUTO(close) int fd = bound(&port);
	AUTO(trial) struct trial t = {0};

	if (!have_bpf() || !have("curl"))
		return;
	sh(&t, format("(curl -s http://localhost:%u/; exit 5)", port), 20000, false);
	CHECK_STR(t.run.rung, "bpf");
	CHECK_INT(WEXITSTATUS(t.run.status), 5);
	const struct attempt *a =
		expect(&t, ATTEMPT_CONNECT, ECONNREFUSED, format("127.0.0.1:%u", port));
	if (a) {
		CHECK_STR(a->program, "curl");
		CHECK(a->pid > 1 && a->pid != getpid());
		CHECK(a->at_ns > 0 && a->at_ns < t.run.took_ns && a->took_ns < t.run.took_ns);
		CHECK_INT(a->endpoint.proto, PROTO_TCP);
	}
	expect(&t, ATTEMPT_CONNECT, ECONNREFUSED, format("[::1]:%u", port));
	CHECK_INT(t.run.attempt_count, 2);
}

#define PYTHON_CONNECT                                                                             \
	"import socket,errno,select\n"                                                             \
	"s=socket.socket(); s.setblocking(False)\n"                                                \
	"r=s.connect_ex(('127.0.0.1',%u)); print(errno.errorcode.get(r,r))\n"                      \
	"select.select([],[s],[],5); s.connect_ex(('127.0.0.1',%u))\n"

TEST(follows_connections_that_do_not_block)
{
	uint16_t port;
	AUTO(close) int fd = bound(&port);
	AUTO(trial) struct trial refused = {0}, accepted = {0}, again = {0};

	if (!have_bpf() || !have("python3"))
		return;
	const char *argv[] = {"python3", "-c", format(PYTHON_CONNECT, port, port), NULL};
	go(&refused, argv, 20000, false);
	CHECK_STR(refused.run.text, "EINPROGRESS\n");
	expect(&refused, ATTEMPT_CONNECT, ECONNREFUSED, format("127.0.0.1:%u", port));
	CHECK_INT(refused.run.attempt_count, 1);
	CHECK_INT(refused.run.folded, 0);
	argv[2] = format("import asyncio\n"
			 "async def f():\n"
			 " for i in range(5):\n"
			 "  try: await asyncio.open_connection('127.0.0.1',%u)\n"
			 "  except OSError: pass\n"
			 "asyncio.run(f())",
		port);
	go(&again, argv, 20000, false);
	expect(&again, ATTEMPT_CONNECT, ECONNREFUSED, format("127.0.0.1:%u", port));
	CHECK_INT(again.run.attempt_count, 1);
	CHECK_INT(again.run.folded, 4);
	must(listen(fd, 8) == 0);
	argv[2] = format(PYTHON_CONNECT, port, port);
	go(&accepted, argv, 20000, false);
	expect(&accepted, ATTEMPT_CONNECT, 0, format("127.0.0.1:%u", port));
	CHECK_INT(accepted.run.attempt_count, 1);
}

TEST(sees_a_busy_port)
{
	uint16_t port;
	AUTO(close) int fd = bound(&port);
	AUTO(trial) struct trial t = {0};

	must(listen(fd, 1) == 0);
	if (!have_bpf() || !have("python3"))
		return;
	sh(&t, format("python3 -m http.server --bind 127.0.0.1 %u; false", port), 30000, false);
	CHECK(strstr(t.run.text, "Address already in use"));
	const struct attempt *a =
		expect(&t, ATTEMPT_BIND, EADDRINUSE, format("127.0.0.1:%u", port));
	CHECK(a && str_starts(a->program, "python3"));
	CHECK_INT(t.run.attempt_count, 1);
}

TEST(sees_a_listener)
{
	for (int no_bpf = 0; no_bpf < 2; no_bpf++) {
		uint16_t port;
		AUTO(close) int fd = bound(&port);
		AUTO(trial) struct trial t = {0};
		if ((!no_bpf && !have_bpf()) || !have("python3"))
			continue;
		close(steal_fd(&fd));
		sh(&t, format("python3 -m http.server --bind 127.0.0.1 %u & wait", port), 3000,
			no_bpf);
		CHECK(t.run.timed_out);
		CHECK_STR(t.run.rung, no_bpf ? "sockets" : "bpf");
		const struct attempt *a =
			expect(&t, ATTEMPT_LISTEN, 0, format("127.0.0.1:%u", port));
		CHECK(a && str_starts(a->program, "python3"));
		if (!no_bpf)
			expect(&t, ATTEMPT_BIND, 0, format("127.0.0.1:%u", port));
	}
}

TEST(sees_unix_sockets)
{
	AUTO(tree) struct tree tree = tree_new();
	AUTO(trial) struct trial missing = {0}, abstract = {0};

	if (!have_bpf() || !have("curl") || !have("python3"))
		return;
	sh(&missing, format("curl -s --unix-socket %s/none.sock http://x/", tree.path), 20000,
		false);
	const struct attempt *a =
		expect(&missing, ATTEMPT_CONNECT, ENOENT, format("unix:%s/none.sock", tree.path));
	CHECK(a && a->endpoint.proto == PROTO_UNIX_STREAM);
	CHECK_INT(missing.run.attempt_count, 1);
	const char *argv[] = {"python3", "-c",
		format("import socket\n"
		       "l=socket.socket(socket.AF_UNIX)\n"
		       "l.bind('\\0loopscope-%d'); l.listen(1)\n"
		       "c=socket.socket(socket.AF_UNIX)\n"
		       "c.connect('\\0loopscope-%d')\n",
			getpid(), getpid()),
		NULL};
	go(&abstract, argv, 20000, false);
	expect(&abstract, ATTEMPT_BIND, 0, format("unix:@loopscope-%d", getpid()));
	expect(&abstract, ATTEMPT_LISTEN, 0, format("unix:@loopscope-%d", getpid()));
	expect(&abstract, ATTEMPT_CONNECT, 0, format("unix:@loopscope-%d", getpid()));
}

TEST(datagrams_count_when_something_is_sent)
{
	AUTO(trial) struct trial t = {0};
	const char *argv[] = {"python3", "-c",
		"import socket\n"
		"socket.getaddrinfo('localhost',4321,type=socket.SOCK_DGRAM)\n"
		"a=socket.socket(type=socket.SOCK_DGRAM); a.connect(('127.0.0.1',4322))\n"
		"b=socket.socket(type=socket.SOCK_DGRAM); b.connect(('127.0.0.1',4323))\n"
		"b.send(b'x')\n"
		"c=socket.socket(type=socket.SOCK_DGRAM); c.connect(('127.0.0.1',53))\n"
		"c.send(b'x')\n"
		"d=socket.socket(type=socket.SOCK_DGRAM); d.bind(('127.0.0.1',0))\n",
		NULL};

	if (!have_bpf() || !have("python3"))
		return;
	go(&t, argv, 20000, false);
	const struct attempt *a = expect(&t, ATTEMPT_CONNECT, 0, "127.0.0.1:4323");
	CHECK(a && a->endpoint.proto == PROTO_UDP);
	CHECK_INT(t.run.attempt_count, 2);
	if (t.run.attempt_count == 2) {
		CHECK_INT(t.run.attempts[1].kind, ATTEMPT_BIND);
		CHECK(t.run.attempts[1].endpoint.port > 0);
	} else {
		show(&t);
	}
}

/* A full accept queue drops the SYN: whoever connects gets no answer. */
TEST(sees_a_connection_that_hangs)
{
	uint16_t port;
	int clients[3];
	AUTO(close) int fd = bound(&port);
	struct sockaddr_storage to;
	socklen_t len = address_to_sockaddr(&ADDRESS_LOOPBACK4, port, &to);

	must(listen(fd, 0) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(clients[i], (struct sockaddr *)&to, len);
	}
	const char *endpoint = format("127.0.0.1:%u", port);
	for (int no_bpf = 0; no_bpf < 2 && have("curl") && have("python3"); no_bpf++) {
		AUTO(trial) struct trial late = {0}, given_up = {0}, blocked = {0};
		if (!no_bpf && !have_bpf())
			continue;
		sh(&late, format("curl -s http://127.0.0.1:%u/; true", port), 1500, no_bpf);
		CHECK(late.run.timed_out);
		const struct attempt *a = expect(&late, ATTEMPT_CONNECT, EINPROGRESS, endpoint);
		CHECK(no_bpf || (a && a->took_ns > 100000000));
		sh(&given_up, format("curl -s -m 0.5 http://127.0.0.1:%u/", port), 20000, no_bpf);
		CHECK_INT(WEXITSTATUS(given_up.run.status), 28);
		expect(&given_up, ATTEMPT_CONNECT, EINPROGRESS, endpoint);
		const char *argv[] = {"python3", "-c",
			format("import socket; socket.create_connection(('127.0.0.1',%u))", port),
			NULL};
		go(&blocked, argv, 1500, no_bpf);
		expect(&blocked, ATTEMPT_CONNECT, EINPROGRESS, endpoint);
		CHECK_INT(blocked.run.attempt_count, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
}

TEST(samples_connections)
{
	uint16_t port;
	AUTO(close) int fd = bound(&port);
	AUTO(trial) struct trial t = {0};

	if (!have("python3"))
		return;
	must(listen(fd, 8) == 0);
	sh(&t,
		format("python3 -c \"import socket,time\n"
		       "s=socket.create_connection(('127.0.0.1',%u)); time.sleep(0.5)\"; true",
			port),
		30000, true);
	CHECK_STR(t.run.why_not_bpf, "it was not wanted");
	expect(&t, ATTEMPT_CONNECT, 0, format("127.0.0.1:%u", port));
	CHECK_INT(t.run.attempt_count, 1);
}

TESTS(keeps_and_passes_output, keeps_the_end_of_much_output, says_why_it_cannot_start,
	tells_the_signal_that_ended_it, ends_it_in_time, leaves_daemons_alone,
	passes_an_interrupt_on, sees_refused_connections, follows_connections_that_do_not_block,
	sees_a_busy_port, sees_a_listener, sees_unix_sockets,
	datagrams_count_when_something_is_sent, sees_a_connection_that_hangs, samples_connections)
