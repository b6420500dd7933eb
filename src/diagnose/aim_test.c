#include "diagnose/aim.h"

#include <case_file.h>

static struct case_file *text(const char *words)
{
	struct case_file *k = case_new(NULL, 0);

	k->q.aim = (struct aim){0};
	symptom_parse(k->arena, words, strlen(words), &k->q.symptom);
	return k;
}

static const char *title(const char *words)
{
	static char out[200];
	AUTO(case) struct case_file *k = text(words);

	str_copy(out, sizeof(out), aim_set(&k->q) ? aim_title(&k->q) : "nothing");
	return out;
}

TEST(what_a_text_is_about)
{
	CHECK_STR(title("Error: connect ECONNREFUSED ::1:3000"), "[::1]:3000");
	CHECK_STR(title("listen tcp :8080: bind: address already in use"), "port 8080");
	CHECK_STR(title("connect: /run/docker.sock: no such file or directory"),
		"unix:/run/docker.sock");
	CHECK_STR(title("it does not work"), "nothing");
	/* the name with the same port is what the client was given */
	CHECK_STR(title("request to http://localhost:8000/ failed, connect ECONNREFUSED ::1:8000"),
		"http://localhost:8000/");
}

TEST(a_scheme_says_what_is_spoken)
{
	AUTO(case)
	struct case_file *k = text("curl: (7) Failed to connect to https://localhost:8443/x");

	CHECK(aim_set(&k->q));
	CHECK(k->q.aim.is_text && k->q.aim.tls && k->q.aim.http && k->q.aim.shown_path);
	CHECK_INT(k->q.aim.port, 8443);
	CHECK_STR(k->q.aim.expects, "http");
	CHECK(!k->q.aim.literal);
}

TEST(a_target_comes_before_the_text)
{
	AUTO(case) struct case_file *k = text("Error: connect ECONNREFUSED ::1:3000");
	struct target t = {.kind = TARGET_URL,
		.host = "localhost",
		.port = 5432,
		.has_port = true,
		.scheme = "postgres"};

	k->query.target = &t;
	CHECK(aim_set(&k->q));
	CHECK(!k->q.aim.is_text && !k->q.aim.http && !k->q.aim.tls);
	CHECK_STR(k->q.aim.expects, "postgres");
	CHECK_STR(aim_title(&k->q), "postgres://localhost");
}

/* A star is every address, which is no name. */
TEST(any_host_is_literal)
{
	AUTO(case) struct case_file *k = case_new(NULL, 0);

	k->q.aim = (struct aim){0};
	k->q.symptom.endpoints[0] =
		(struct symptom_endpoint){.host = "*", .port = 8080, .has_port = true};
	k->q.symptom.endpoint_count = 1;
	CHECK(aim_set(&k->q));
	CHECK_STR(k->q.aim.host, NULL);
	CHECK(k->q.aim.literal);
}

TEST(a_tls_error_without_a_scheme)
{
	AUTO(case) struct case_file *k = case_new(NULL, 0);

	k->q.aim = (struct aim){0};
	k->q.symptom = (struct symptom){.op = OPERATION_TLS,
		.endpoints = {{.host = "127.0.0.1", .port = 6380, .has_port = true}},
		.endpoint_count = 1};
	CHECK(aim_set(&k->q));
	CHECK(k->q.aim.tls);
	k->q.aim = (struct aim){0};
	k->q.symptom.expects = "postgres"; /* asks in plain first */
	CHECK(aim_set(&k->q));
	CHECK(!k->q.aim.tls);
}

TESTS(what_a_text_is_about, a_scheme_says_what_is_spoken, a_target_comes_before_the_text,
	any_host_is_literal, a_tls_error_without_a_scheme)
