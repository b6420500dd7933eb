/*
 * probe_test - probes against real listeners. Each is a forked child with one way to behave; the
 * parent binds the socket first, so that there is nothing to wait for.
 */
#include "inventory/probe.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "unit.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

/* How a server behaves on one accepted connection. */
struct manner {
	const char *banner;	 /* sent at once */
	const char *on_get;	 /* sent when an HTTP request comes */
	const char *on_redis;	 /* sent when PING comes */
	const char *on_tls_file; /* the golden that is sent when a ClientHello comes */
	const char *on_any;	 /* sent when anything else comes */
	bool drip;		 /* send in small pieces with pauses */
	size_t flood;		 /* that many 'x' as a banner */
	bool close, reset, echo; /* at once, without reading */
	bool asleep;		 /* never accepts: the kernel connects, nobody reads */
	bool serial;		 /* one connection after the other */
};

struct server {
	pid_t pid;
	struct endpoint endpoint;
};

static void speak(int fd, const struct manner *m, const char *bytes, size_t len)
{
	size_t piece = m->drip ? len / 4 + 1 : len;

	for (size_t i = 0; i < len; i += piece) {
		if (i)
			usleep(10000);
		if (send(fd, bytes + i, MIN(piece, len - i), MSG_NOSIGNAL) < 0)
			return;
	}
}

static void speak_golden(int fd, const struct manner *m)
{
	AUTO(buf) struct buf path = BUF_INIT(4096);
	AUTO(buf) struct buf bytes = BUF_INIT(64 << 10);

	buf_printf(&path, "%s/golden/decode/%s", getenv("LOOPSCOPE_TESTS"), m->on_tls_file);
	must(fs_read_at(AT_FDCWD, path.data, &bytes) == 0);
	speak(fd, m, bytes.data, bytes.len);
}

/* Answers what comes; an unknown question closes the connection, as most servers do. */
static void converse(int fd, const struct manner *m)
{
	char in[4096];

	for (;;) {
		ssize_t n = recv(fd, in, sizeof(in) - 1, 0);
		if (n <= 0)
			return;
		in[n] = '\0';
		const char *answer = m->on_any;
		if (m->echo) {
			(void)!send(fd, in, (size_t)n, MSG_NOSIGNAL);
			continue;
		}
		if (in[0] == 22 && m->on_tls_file) {
			speak_golden(fd, m);
			continue;
		}
		if (str_starts(in, "GET ") && m->on_get)
			answer = m->on_get;
		else if (str_starts(in, "PING") && m->on_redis)
			answer = m->on_redis;
		if (!answer)
			return;
		speak(fd, m, answer, strlen(answer));
		if (answer == m->on_get)
			return;
	}
}

static void serve_one(int fd, const struct manner *m)
{
	if (m->reset) {
		struct linger now = {.l_onoff = 1};
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		return;
	}
	if (m->close)
		return;
	if (m->banner)
		speak(fd, m, m->banner, strlen(m->banner));
	if (m->flood) {
		AUTO(free) char *x = must_malloc(m->flood);
		memset(x, 'x', m->flood);
		(void)!send(fd, x, m->flood, MSG_NOSIGNAL);
	}
	converse(fd, m);
}

static void serve(int listener, const struct manner *m)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	while (m->asleep)
		pause();
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			_exit(1);
		if (m->serial || fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve_one(fd, m);
			close(fd);
			if (!m->serial)
				_exit(0);
		} else {
			close(fd);
		}
	}
}

static struct server start(const struct manner *m, const struct address *a, const char *path)
{
	struct server s = {
		.endpoint = {.proto = path ? PROTO_UNIX_STREAM : PROTO_TCP, .path = path}};
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(struct sockaddr_un);

	if (path)
		memcpy(&sa, &(struct sockaddr_un){.sun_family = AF_UNIX}, sizeof(sa.ss_family));
	else
		len = address_to_sockaddr(a, 0, &sa);
	if (path)
		str_copy(((struct sockaddr_un *)&sa)->sun_path, 100, path);
	AUTO(close) int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(fd, (struct sockaddr *)&sa, len) == 0 && listen(fd, 256) == 0);
	len = sizeof(sa);
	must(getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
	if (!path)
		must(address_from_sockaddr((struct sockaddr *)&sa, &s.endpoint.address,
			&s.endpoint.port));
	s.pid = fork();
	if (s.pid == 0)
		serve(fd, m);
	return s;
}

static void stop(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

/* Probes one manner with one guess; "speaks|version|detail|why not", "-" for what is absent. */
static const char *probe(const struct manner *m, const char *guess, unsigned deadline_ms)
{
	static char out[600];
	AUTO(arena) struct arena *arena = arena_new();
	struct server s = start(m, &ADDRESS_LOOPBACK4, NULL);
	struct service service = {.proto = PROTO_TCP, .speaks = guess, .port = s.endpoint.port};
	struct probe_job job = {.endpoint = s.endpoint, .service = &service};

	probe_run(arena, &job, 1, deadline_ms);
	stop(&s);
	snprintf(out, sizeof(out), "%s|%s|%s|%s", job.speaks ? job.speaks : "-",
		job.version ? job.version : "-", job.detail ? job.detail : "-",
		job.why_not ? job.why_not : "-");
	CHECK(!job.speaks == !!job.why_not);
	CHECK(job.took_ns > 0);
	return out;
}

#define OK_PAGE                                                                                    \
	"HTTP/1.1 200 OK\r\nServer: toy/1.5\r\nContent-Type: text/html\r\n\r\n<title>Toy</title>"
#define OK_DETAIL "HTTP/1.1 200 OK, Server: toy/1.5, title: Toy"
#define SSH	  "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
#define SSH_SAYS  "ssh|9.2p1|SSH-2.0-OpenSSH_9.2p1 Debian-2|-"

TEST(banners_need_no_question)
{
	CHECK_STR(probe(&(struct manner){.banner = SSH}, NULL, 3000), SSH_SAYS);
	CHECK_STR(probe(&(struct manner){.banner = SSH}, "ssh", 3000), SSH_SAYS);
	CHECK_STR(probe(&(struct manner){.banner = SSH}, "redis", 3000), SSH_SAYS);
	CHECK_STR(probe(&(struct manner){.banner = SSH, .drip = true}, NULL, 3000), SSH_SAYS);
	CHECK_STR(probe(&(struct manner){.banner = "HELLO 1\r\n", .on_any = OK_PAGE}, NULL, 3000),
		"-|-|HELLO 1|not recognised"); /* it spoke first: it is not asked */
}

TEST(web_servers_are_asked)
{
	struct manner page = {.on_get = OK_PAGE}, drip = {.on_get = OK_PAGE, .drip = true};

	CHECK_STR(probe(&page, NULL, 3000), "http|1.5|" OK_DETAIL "|-");
	CHECK_STR(probe(&page, "http", 3000), "http|1.5|" OK_DETAIL "|-");
	CHECK_STR(probe(&page, "redis", 3000), "http|1.5|" OK_DETAIL "|-");
	CHECK_STR(probe(&page, "ssh", 3000), "http|1.5|" OK_DETAIL "|-");
	CHECK(str_starts(probe(&drip, "http", 3000), "http|1.5|HTTP/1.1 200 OK, Server: toy/1.5"));
	/* 100 ms after its headers the page has still no title */
	struct manner stream = {.on_get = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
		.on_any = ""};
	CHECK_STR(probe(&stream, "http", 3000), "http|-|HTTP/1.1 200 OK|-");
}

TEST(tls_is_found_behind_a_refusal)
{
	struct manner nginx = {.on_tls_file = "tls/nginx-http1.in",
		.on_get = "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n"
			  "The plain HTTP request was sent to HTTPS port"};
	struct manner alert = {.on_tls_file = "tls/only13.in"};
	struct manner old = {.on_tls_file = "tls/no-extensions-10.in"};

	CHECK_STR(probe(&nginx, NULL, 3000), "https|-|TLS 1.2, ALPN http/1.1|-");
	CHECK_STR(probe(&nginx, "https", 3000), "https|-|TLS 1.2, ALPN http/1.1|-");
	CHECK_STR(probe(&alert, "http", 3000),
		"https|-|TLS alert: protocol version, so probably TLS 1.3 only|-");
	CHECK_STR(probe(&old, NULL, 3000), "tls|-|TLS 1.0|-");
}

TEST(others_are_tried_in_turn)
{
	const char *info = "+PONG\r\n$40\r\nredis_version:7.0.15\r\nos:Linux\r\n\r\n";
	struct manner closes = {.on_redis = info};
	struct manner says_err = {.on_redis = info,
		.on_get = "-ERR wrong number of arguments for 'get' command\r\n"};
	struct manner one_byte = {.on_any = "N"}, more_bytes = {.on_any = "NO\r\n"};

	CHECK_STR(probe(&closes, "redis", 3000), "redis|7.0.15|Redis|-");
	CHECK_STR(probe(&closes, NULL, 3000), "redis|7.0.15|Redis|-");
	CHECK_STR(probe(&says_err, NULL, 3000), "redis|7.0.15|Redis|-");
	CHECK_STR(probe(&one_byte, "postgres", 3000), "postgres|-|no TLS|-");
	CHECK_STR(probe(&more_bytes, "postgres", 3000), "-|-|NO|not recognised");
}

TEST(bad_company)
{
	struct manner flood = {.flood = 1 << 20}, garbage = {.on_any = "\x01\x02\xff"};

	CHECK_STR(probe(&(struct manner){.close = true}, NULL, 3000), "-|-|-|closed at once");
	CHECK_STR(probe(&(struct manner){.reset = true}, NULL, 3000), "-|-|-|closed at once");
	CHECK_STR(probe(&garbage, NULL, 3000), "-|-|3 bytes that are no text|not recognised");
	CHECK_STR(probe(&(struct manner){.echo = true}, "amqp", 3000), "-|-|AMQP|not recognised");
	CHECK(str_starts(probe(&flood, NULL, 3000), "-|-|xxxxxx"));
}

TEST(the_silent_end_with_their_time)
{
	struct manner silent = {.on_any = ""};

	/* a job's own time ends it, or the runner's limit would end this test */
	CHECK_STR(probe(&silent, NULL, 600000), "-|-|-|silent");
	CHECK_STR(probe(&silent, "http", 20), "-|-|-|silent");
}

TEST(some_are_not_asked)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *argv[] = {"dlv", "dap"};
	struct owner dlv = {.argv = argv, .argc = 2};
	const struct owner *owners[] = {&dlv};
	struct service debugger = {.port = 1, .owners = owners, .owner_count = 1};
	struct service elsewhere = {.netns = 1}, mysql = {.speaks = "mysql"};
	struct address foreign = {.family = AF_INET, .bytes = {192, 0, 2, 1}};
	struct endpoint loopback = {.proto = PROTO_TCP, .address = ADDRESS_LOOPBACK4, .port = 1};
	struct probe_job jobs[] = {
		{.endpoint = loopback, .service = &debugger},
		{.endpoint = loopback, .service = &elsewhere},
		{.endpoint = {.proto = PROTO_TCP, .address = foreign, .port = 80}},
		{.endpoint = {.proto = PROTO_UDP, .address = ADDRESS_LOOPBACK4, .port = 53}},
		{.endpoint = {.proto = PROTO_UNIX_STREAM}},
		{.endpoint = loopback},
		{.endpoint = {.proto = PROTO_UNIX_STREAM, .path = "/nonexistent/sock"}},
		{.endpoint = {.proto = PROTO_TCP, .address = foreign, .port = 80},
			.service = &mysql},
	};

	probe_run(arena, jobs, ARRAY_SIZE(jobs), 1000);
	CHECK_STR(jobs[0].why_not, "left alone: delve ends with its first client");
	CHECK_STR(jobs[1].why_not, "in another network namespace");
	CHECK_STR(jobs[2].why_not, "not an address of this computer");
	CHECK_STR(jobs[3].why_not, "not a stream that can be connected to");
	CHECK_STR(jobs[4].why_not, "not a stream that can be connected to");
	CHECK_STR(jobs[5].why_not, "refused");
	CHECK_STR(jobs[6].why_not, "gone");
	CHECK_STR(jobs[7].why_not, "not an address of this computer");
	probe_run(arena, jobs, 0, 1000);
	probe_run(arena, jobs + 5, 1, 0);
	CHECK_STR(jobs[5].why_not, "no time was left for it");
}

TEST(unix_sockets_are_asked_only_what_is_guessed)
{
	AUTO(arena) struct arena *arena = arena_new();
	char folder[] = "/tmp/probe-test-XXXXXX";
	struct manner page = {.on_any = OK_PAGE};
	struct service docker = {.proto = PROTO_UNIX_STREAM, .speaks = "http"};
	struct service bus = {.proto = PROTO_UNIX_STREAM, .speaks = "dbus"};

	must(mkdtemp(folder));
	const char *path = arena_printf(arena, "%s/sock", folder);
	struct server s = start(&page, NULL, path);
	struct probe_job jobs[] = {{.endpoint = s.endpoint},
		{.endpoint = s.endpoint, .service = &bus},
		{.endpoint = s.endpoint, .service = &docker}};
	probe_run(arena, jobs, ARRAY_SIZE(jobs), 3000);
	CHECK_STR(jobs[0].why_not, "silent");
	CHECK_STR(jobs[1].why_not, "silent");
	CHECK_STR(jobs[2].speaks, "http");
	stop(&s);
	unlink(path);
	rmdir(folder);
}

TEST(many_at_once)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct manner page = {.on_get = OK_PAGE, .serial = true}, silent = {.asleep = true};
	struct server a = start(&page, &ADDRESS_LOOPBACK6, NULL);
	struct server b = start(&silent, &ADDRESS_ANY4, NULL);
	struct service web = {.speaks = "http"};
	struct probe_job jobs[90] = {0};
	size_t http = 0, silent_ones = 0;

	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		bool wildcard = i % 3 == 0;
		jobs[i].endpoint = wildcard ? b.endpoint : a.endpoint;
		jobs[i].service = wildcard ? NULL : &web;
	}
	probe_run(arena, jobs, ARRAY_SIZE(jobs), 10000); /* one after the other would take 30 s */
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		http += jobs[i].speaks && str_eq(jobs[i].speaks, "http");
		silent_ones += jobs[i].why_not != NULL; /* silent, or slow on a busy machine */
	}
	CHECK_INT(http, 60);
	CHECK_INT(silent_ones, 30);
	stop(&a);
	stop(&b);
}

TESTS(banners_need_no_question, web_servers_are_asked, tls_is_found_behind_a_refusal,
	others_are_tried_in_turn, bad_company, the_silent_end_with_their_time, some_are_not_asked,
	unix_sockets_are_asked_only_what_is_guessed, many_at_once)
