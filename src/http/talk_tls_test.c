/*
 * talk_tls_test - TLS with `openssl s_server` children on port 0. The certificates are made by the
 * `openssl` program; without it these tests say so and leave themselves out.
 */
#include "http/talk.h"

#include "base/clock.h"
#include "toy_server.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>

#define GET "GET / HTTP/1.0\r\n\r\n"

static char folder[] = "/tmp/talk-tls-test-XXXXXX";
static bool no_openssl;

/* Runs a command in the folder; its noise goes to a file there. */
static int run(const char *format, ...) PRINTF(1, 2);

static int run(const char *format, ...)
{
	AUTO(buf) struct buf b = BUF_INIT(8192);
	va_list args;

	buf_printf(&b, "cd %s && exec >>log 2>&1 && ", folder);
	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	return system(b.data);
}

/* A certificate NAME.pem with its key, signed by the test's own authority. */
static void make_certificate(const char *name, const char *subject, const char *names,
	const char *dates)
{
	must(run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key"
		 " -out %s.csr -subj '%s'",
		     name, name, subject) == 0);
	must(run("printf '%s%s\\n' >%s.ext",
		     *names ? "subjectAltName=" : "basicConstraints=CA:FALSE", names, name) == 0);
	must(run("openssl ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in %s.csr"
		 " -out %s.pem -notext -extfile %s.ext %s",
		     name, name, name, dates) == 0);
}

static void make_ca(void)
{
	must(run("printf '[ca]\\ndefault_ca=c\\n[c]\\nnew_certs_dir=.\\ndatabase=index\\n"
		 "rand_serial=yes\\ndefault_md=sha256\\npolicy=p\\nunique_subject=no\\n[p]\\n"
		 "commonName=supplied\\n' >ca.conf && : >index") == 0);
	must(run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout"
		 " ca.key -out ca.pem -subj /CN=test-authority -days 3650") == 0);
}

static void make_all(void)
{
	const char *years = "-startdate 20200101000000Z -enddate 20600101000000Z";
	const char *past = "-startdate 20200101000000Z -enddate 20210101000000Z";
	const char *future = "-startdate 20500101000000Z -enddate 20600101000000Z";

	make_ca();
	make_certificate("good", "/CN=shop", "DNS:localhost,DNS:*.shop.test,IP:127.0.0.1,IP:::1",
		years);
	make_certificate("expired", "/CN=shop", "DNS:localhost", past);
	make_certificate("early", "/CN=shop", "DNS:localhost", future);
	make_certificate("only-cn", "/CN=localhost", "", years);
	must(run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout"
		 " self.key -out self.pem -subj '/CN=localhost' -days 1 -addext"
		 " subjectAltName=DNS:localhost") == 0);
	must(run("cat good.pem ca.pem >chain.pem") == 0);
}

static void set_up(void)
{
	if (system("openssl version >/dev/null 2>&1") != 0) {
		fprintf(stderr, "skipped: there is no openssl program\n");
		no_openssl = true;
		return;
	}
	must(mkdtemp(folder));
	make_all();
}

struct tls_server {
	pid_t pid;
	struct endpoint endpoint;
	int in;
};

/* "ACCEPT 127.0.0.1:41234" is what it prints when it listens. */
static uint16_t read_port(int fd)
{
	char text[4096];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		const char *accept = strstr(text, "ACCEPT 127.0.0.1:");
		if (accept && strchr(accept, '\n'))
			return (uint16_t)strtoul(accept + 17, NULL, 10);
	}
	return 0;
}

static struct tls_server start(const char *options)
{
	int to[2], from[2];
	struct tls_server s = {0};

	must(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	s.pid = fork();
	if (s.pid == 0) {
		AUTO(buf) struct buf b = BUF_INIT(8192);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(to[0], 0);
		dup2(from[1], 1);
		buf_printf(&b, "cd %s && exec openssl s_server -accept 127.0.0.1:0 %s 2>>log",
			folder, options);
		execl("/bin/sh", "sh", "-c", b.data, (char *)NULL);
		_exit(1);
	}
	close(to[0]);
	close(from[1]);
	s.in = to[1];
	s.endpoint = (struct endpoint){.proto = PROTO_TCP, .address = ADDRESS_LOOPBACK4};
	s.endpoint.port = read_port(from[0]);
	close(from[0]);
	must(s.endpoint.port);
	return s;
}

static void stop(struct tls_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->in);
}

/* One conversation with a server; `host` as in the job. */
static struct talk_job converse(struct arena *arena, const char *options, const char *host,
	bool connect_only)
{
	struct tls_server s = start(options);
	struct talk_job job = {.endpoint = s.endpoint,
		.tls = true,
		.host = host,
		.hello = connect_only ? NULL : GET,
		.hello_len = connect_only ? 0 : strlen(GET),
		.http = !connect_only,
		.connect_only = connect_only};

	talk_run(arena, &job, 1, 10000);
	stop(&s);
	return job;
}

TEST(a_page_through_tls)
{
	AUTO(arena) struct arena *arena = arena_new();

	if (no_openssl)
		return;
	struct talk_job job = converse(arena, "-cert good.pem -key good.key -www", NULL, false);
	const struct talk_tls *seen = &job.tls_seen;
	CHECK_STR(talk_end_name(job.end), "answered");
	CHECK(seen->tried && seen->done && seen->has_leaf && !seen->plain && !seen->alert);
	CHECK_STR(seen->error, NULL);
	CHECK_STR(seen->version, "TLSv1.3");
	CHECK_STR(seen->cipher, "TLS_AES_256_GCM_SHA384");
	CHECK_INT(job.response.status, 200);
	CHECK(job.response.body && strstr(job.response.body, "s_server"));
	CHECK_STR(job.found ? job.found->name : NULL, "http");
	CHECK(job.tls_ns >= job.connect_ns && job.first_byte_ns >= job.tls_ns);
	CHECK(!seen->asks_client_certificate);
	CHECK_STR(seen->leaf.subject, "CN=shop");
	CHECK_STR(seen->leaf.issuer, "CN=test-authority");
	CHECK_INT(seen->leaf.name_count, 4);
	CHECK_STR(seen->leaf.names[0], "localhost");
	CHECK_STR(seen->leaf.names[2], "127.0.0.1");
	CHECK_STR(seen->leaf.names[3], "::1");
	CHECK_INT(strlen(seen->leaf.sha256), 64);
	CHECK(strlen(seen->leaf.serial) >= 16 && !seen->leaf.self_signed);
	CHECK_INT(seen->chain_length, 1);
	CHECK(seen->name_fits); /* 127.0.0.1 was dialled */
	CHECK(!seen->trusted);
	CHECK_STR(seen->untrusted, "unable to get local issuer certificate");
}

/* Dials one server by many names, which are to fit or not. */
static void dial_names(const char *certificate, const char *const *hosts, size_t count, bool fit)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct tls_server s =
		start(arena_printf(arena, "-cert %s.pem -key %s.key", certificate, certificate));
	struct talk_job jobs[8] = {0};

	must(count <= ARRAY_SIZE(jobs));
	for (size_t i = 0; i < count; i++)
		jobs[i] = (struct talk_job){.endpoint = s.endpoint,
			.tls = true,
			.connect_only = true,
			.host = hosts[i]};
	talk_run(arena, jobs, count, 10000);
	stop(&s);
	for (size_t i = 0; i < count; i++) {
		CHECK_STR(talk_end_name(jobs[i].end), "connected");
		CHECK_STR(jobs[i].tls_seen.error, NULL);
		if (jobs[i].tls_seen.name_fits != fit)
			unit_fail(__FILE__, __LINE__, hosts[i] ? hosts[i] : "(none)");
	}
}

TEST(names)
{
	static const char *const good[] = {"localhost", "LOCALHOST", "localhost.", "127.0.0.1",
		"::1", "a.shop.test", NULL};
	/* shop is only in the subject */
	static const char *const bad[] = {"127.0.0.2", "a.b.shop.test", "shop", ""};
	static const char *const of_other[] = {"localhost", NULL}; /* NULL: 127.0.0.1 */

	if (no_openssl)
		return;
	dial_names("good", good, ARRAY_SIZE(good), true);
	dial_names("good", bad, ARRAY_SIZE(bad), false);
	dial_names("expired", of_other, 1, true);
	dial_names("expired", of_other + 1, 1, false);
	dial_names("only-cn", of_other, 1, false);
}

TEST(trust_is_about_the_chain_only)
{
	AUTO(arena) struct arena *arena = arena_new();

	if (no_openssl)
		return;
	int64_t now = clock_real_ms();
	struct talk_job job = converse(arena, "-cert self.pem -key self.key", "localhost", true);
	CHECK(job.tls_seen.leaf.self_signed && job.tls_seen.name_fits && !job.tls_seen.trusted);
	CHECK_STR(job.tls_seen.untrusted, "self-signed certificate");
	CHECK(job.tls_seen.leaf.not_before_ms <= now && job.tls_seen.leaf.not_after_ms > now);
	CHECK(job.tls_seen.leaf.not_after_ms < now + 2 * 86400000ll);

	const char *store = arena_printf(arena, "%s/ca.pem", folder);
	setenv("SSL_CERT_FILE", store, 1);
	job = converse(arena, "-cert expired.pem -key expired.key", "other.test", true);
	CHECK(job.tls_seen.trusted && !job.tls_seen.name_fits);
	CHECK_STR(job.tls_seen.untrusted, NULL);
	CHECK_INT(job.tls_seen.leaf.not_before_ms, 1577836800000ll);
	CHECK_INT(job.tls_seen.leaf.not_after_ms, 1609459200000ll);
	job = converse(arena, "-cert early.pem -key early.key", "localhost", true);
	CHECK(job.tls_seen.trusted);
	CHECK_INT(job.tls_seen.leaf.not_before_ms, 2524608000000ll);
	job = converse(arena, "-cert good.pem -key good.key -cert_chain ca.pem", "localhost", true);
	CHECK(job.tls_seen.trusted && job.tls_seen.name_fits);
	CHECK_INT(job.tls_seen.chain_length, 2);
	unsetenv("SSL_CERT_FILE");
}

TEST(old_versions_and_alpn)
{
	AUTO(arena) struct arena *arena = arena_new();

	if (no_openssl)
		return;
	struct talk_job job =
		converse(arena, "-cert good.pem -key good.key -tls1_2", "localhost", true);
	CHECK_STR(job.tls_seen.version, "TLSv1.2");
	job = converse(arena, "-cert good.pem -key good.key -tls1 -cipher ALL:@SECLEVEL=0",
		"localhost", true);
	CHECK_STR(job.tls_seen.version, "TLSv1");
	CHECK(job.tls_seen.done);

	struct tls_server s = start("-cert good.pem -key good.key -alpn http/1.1,h2");
	struct talk_job alpn = {.endpoint = s.endpoint,
		.tls = true,
		.connect_only = true,
		.alpn = "h2,http/1.1"};
	talk_run(arena, &alpn, 1, 10000);
	CHECK_STR(alpn.tls_seen.alpn, "http/1.1");
	alpn.alpn = NULL;
	talk_run(arena, &alpn, 1, 10000);
	CHECK_STR(alpn.tls_seen.alpn, NULL);
	alpn.alpn = "mqtt"; /* nothing in common */
	talk_run(arena, &alpn, 1, 10000);
	CHECK_STR(talk_end_name(alpn.end), "tls");
	CHECK_INT(alpn.tls_seen.alert, 120);
	CHECK_STR(alpn.tls_seen.alert_name, "no application protocol");
	stop(&s);
}

TEST(client_certificates)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *twelve = "-cert good.pem -key good.key -Verify 1 -verify_return_error -tls1_2";
	const char *thirteen =
		"-cert good.pem -key good.key -Verify 1 -verify_return_error -tls1_3";

	if (no_openssl)
		return;
	struct talk_job job = converse(arena, twelve, "localhost", false);
	CHECK_STR(talk_end_name(job.end), "tls");
	CHECK(job.tls_seen.asks_client_certificate && !job.tls_seen.done);
	CHECK_INT(job.tls_seen.alert, 40);
	CHECK_STR(job.tls_seen.error, "sslv3 alert handshake failure");
	CHECK(job.tls_seen.has_leaf && job.tls_seen.name_fits);
	CHECK_STR(job.tls_seen.version, "TLSv1.2");
	for (int i = 0; i < 2; i++) {
		job = converse(arena, thirteen, "localhost", i == 1);
		CHECK_STR(talk_end_name(job.end), "tls");
		CHECK(job.tls_seen.asks_client_certificate && job.tls_seen.done);
		CHECK_INT(job.tls_seen.alert, 116);
		CHECK_STR(job.tls_seen.alert_name, "certificate required");
		CHECK_STR(job.tls_seen.error, "tlsv13 alert certificate required");
	}
	/* only asked for, not insisted on */
	job = converse(arena, "-cert good.pem -key good.key -verify 1 -www", "localhost", false);
	CHECK_INT(job.response.status, 200);
	CHECK(job.tls_seen.asks_client_certificate && !job.tls_seen.alert);
	job = converse(arena, "-cert good.pem -key good.key -verify 1", "localhost", true);
	CHECK_STR(talk_end_name(job.end), "connected");
}

/* What is written to a server's input, it says to its client. */
static void say(const struct tls_server *s, const char *text, unsigned after_ms)
{
	pid_t pid = fork();

	if (pid == 0) {
		usleep(after_ms * 1000);
		_exit(write(s->in, text, strlen(text)) < 0);
	}
	if (!after_ms)
		waitpid(pid, NULL, 0);
}

TEST(greetings_and_lingering_inside)
{
	AUTO(arena) struct arena *arena = arena_new();

	if (no_openssl)
		return;
	struct tls_server s = start("-cert good.pem -key good.key");
	struct talk_job job = {.endpoint = s.endpoint, .tls = true, .listen_ms = 5000};
	say(&s, "220 mail ESMTP Postfix\r\n", 0);
	talk_run(arena, &job, 1, 10000);
	CHECK_STR(talk_end_name(job.end), "answered");
	CHECK(job.greeted && job.tls_seen.done);
	CHECK_STR(job.found ? job.found->name : NULL, "smtp");

	job = (struct talk_job){.endpoint = s.endpoint,
		.tls = true,
		.hello = GET,
		.hello_len = strlen(GET),
		.http = true,
		.linger_ms = 5000};
	say(&s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 0);
	say(&s, "Q\n", 500); /* its word for the end */
	talk_run(arena, &job, 1, 10000);
	CHECK_STR(talk_end_name(job.end), "answered");
	CHECK(job.response.complete && job.peer_closed && job.linger_ns);
	CHECK(job.answered_ns && job.answered_ns < job.total_ns);
	CHECK_INT(job.received, 40);
	stop(&s);
	waitpid(-1, NULL, 0);
}

/* A toy that speaks no TLS gets a ClientHello. */
static struct talk_job shake_with(struct arena *arena, const struct toy *m, unsigned deadline_ms)
{
	struct toy_server s = toy_start(m, &ADDRESS_LOOPBACK4, NULL);
	struct talk_job job = {.endpoint = s.endpoint,
		.tls = true,
		.host = "localhost",
		.hello = GET,
		.hello_len = strlen(GET),
		.http = true};

	talk_run(arena, &job, 1, deadline_ms);
	toy_stop(&s);
	return job;
}

TEST(what_is_no_tls)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *bad = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

	struct talk_job job = shake_with(arena, &(struct toy){.answer = bad}, 9000);
	CHECK_STR(talk_end_name(job.end), "tls");
	CHECK_STR(job.tls_seen.plain, bad);
	CHECK_INT(job.tls_seen.plain_len, strlen(bad));
	CHECK_STR(job.tls_seen.error, "wrong version number");
	CHECK_STR(job.found ? job.found->name : NULL, "http");
	CHECK(!job.received && !job.tls_seen.done && !job.tls_seen.version);
	job = shake_with(arena, &(struct toy){.greeting = "220 mail ESMTP Postfix\r\n"}, 9000);
	CHECK_STR(job.tls_seen.plain, "220 mail ESMTP Postfix\r\n");
	job = shake_with(arena, &(struct toy){.answer = "N"}, 9000);
	CHECK_STR(talk_end_name(job.end), "tls");
	CHECK_STR(job.tls_seen.plain, "N");
	CHECK_STR(job.tls_seen.error, "the connection ended in the handshake");
	job = shake_with(arena, &(struct toy){.answer = "N", .hold_ms = 9000}, 800);
	CHECK_STR(talk_end_name(job.end), "tls");
	CHECK_STR(job.tls_seen.plain, "N");
	CHECK_STR(job.tls_seen.error, "the handshake took too long");
	job = shake_with(arena, &(struct toy){.echo = true, .hold_ms = 9000}, 9000);
	CHECK_STR(talk_end_name(job.end), "tls");
	CHECK(!job.tls_seen.plain && job.tls_seen.error);
}

TEST(handshakes_that_get_nowhere)
{
	AUTO(arena) struct arena *arena = arena_new();

	struct talk_job job = shake_with(arena, &(struct toy){.hold_ms = 9000}, 100);
	CHECK_STR(talk_end_name(job.end), "silent");
	CHECK_STR(job.tls_seen.error, "the handshake took too long");
	job = shake_with(arena, &(struct toy){.answer = "", .answer_len = 0}, 9000);
	CHECK_STR(talk_end_name(job.end), "closed");
	job = shake_with(arena, &(struct toy){.reset = true}, 9000);
	CHECK_STR(talk_end_name(job.end), "reset");
	job = shake_with(arena,
		&(struct toy){.answer = "\x15\x03\x01\x00\x02\x02\x28", .answer_len = 7}, 9000);
	CHECK_STR(talk_end_name(job.end), "tls");
	CHECK_INT(job.tls_seen.alert, 40);
	CHECK_STR(job.tls_seen.alert_name, "handshake failure");
	CHECK_STR(job.tls_seen.error, "sslv3 alert handshake failure");
	CHECK(!job.tls_seen.plain);
	job = shake_with(arena,
		&(struct toy){.answer = "\x15\x03\x01\x00\x02\x02\x46", .answer_len = 7}, 9000);
	CHECK_INT(job.tls_seen.alert, 70);
	CHECK_STR(job.tls_seen.error, "tlsv1 alert protocol version");
}

TEST(setting_up)
{
	set_up();
}

TEST(cleaning_up)
{
	if (!no_openssl)
		CHECK_INT(run("cd / && rm -rf %s", folder), 0);
}

TESTS(setting_up, a_page_through_tls, names, trust_is_about_the_chain_only, old_versions_and_alpn,
	client_certificates, greetings_and_lingering_inside, what_is_no_tls,
	handshakes_that_get_nowhere, cleaning_up)
