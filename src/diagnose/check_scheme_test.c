#include <case_file.h>

extern const struct diagnose_check diagnose_scheme;

/* node 4121 at 127.0.0.1:8443, asked with or without TLS. */
static struct case_file *server(bool tls, struct place **out)
{
	struct case_file *k = case_new("localhost", 8443);

	snap_listen(&k->world, "127.0.0.1", 8443, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.tls = tls;
	k->q.aim.http = true;
	k->q.aim.expects = "http";
	k->q.aim.scheme = tls ? "https" : "http";
	*out = case_place(k, "127.0.0.1");
	case_status(*out, 200);
	(*out)->talk.tls = tls;
	return k;
}

static void no_handshake(struct place *p, const char *plain)
{
	p->talk = (struct talk_job){.end = TALK_TLS,
		.connected = true,
		.tls = true,
		.tls_seen = {.tried = true,
			.plain = plain,
			.plain_len = plain ? strlen(plain) : 0}};
}

TEST(plain_http_to_a_tls_port)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(false, &p);

	p->talk = (struct talk_job){.end = TALK_CLOSED, .connected = true, .http = true};
	p->tls_tried = true;
	p->tls_try.tls_seen = (struct talk_tls){.done = true, .version = "TLSv1.3"};
	const struct finding *f = case_answer(k, &diagnose_scheme);
	CHECK_STR(f ? f->id : NULL, "http-to-tls-port");
	CHECK(case_says(f, "https://localhost:8443/"));
	CHECK(case_says(f, "4121"));
}

TEST(a_400_that_asks_for_tls)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(false, &p);

	p->talk.response.status = 400;
	p->tls_tried = true;
	p->tls_try.tls_seen = (struct talk_tls){.done = true, .version = "TLSv1.2"};
	CHECK_STR(case_cause(k, &diagnose_scheme), "http-to-tls-port");
}

TEST(a_server_that_hangs_up_on_tls_too_is_another_matter)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(false, &p);

	p->talk = (struct talk_job){.end = TALK_CLOSED, .connected = true, .http = true};
	p->tls_tried = true;
	p->tls_try = (struct talk_job){.end = TALK_CLOSED, .connected = true, .tls = true};
	CHECK_STR(case_cause(k, &diagnose_scheme), NULL);
}

TEST(tls_to_a_plain_web_server)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(true, &p);

	no_handshake(p, "HTTP/1.1 400 Bad Request");
	const struct finding *f = case_answer(k, &diagnose_scheme);
	CHECK_STR(f ? f->id : NULL, "tls-to-http-port");
	CHECK(case_says(f, "http://localhost:8443/"));
	CHECK(case_says(f, "4121"));
}

TEST(tls_to_a_web_server_that_only_hangs_up)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(true, &p);

	p->talk = (struct talk_job){.end = TALK_RESET, .connected = true, .tls = true};
	p->plain_tried = true;
	p->plain_try = (struct talk_job){.end = TALK_ANSWERED, .response = {.status = 200}};
	CHECK_STR(case_cause(k, &diagnose_scheme), "tls-to-http-port");
}

TEST(tls_to_redis)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(true, &p);

	k->q.aim.expects = "redis";
	k->q.aim.scheme = "rediss";
	no_handshake(p, "-ERR Protocol error");
	p->talk.found = decoder_find("redis");
	const struct finding *f = case_answer(k, &diagnose_scheme);
	CHECK_STR(f ? f->id : NULL, "tls-to-plain-port");
	CHECK(case_says(f, "redis://"));
}

TEST(a_handshake_that_fails_for_other_reasons)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(true, &p);

	no_handshake(p, NULL);
	p->talk.tls_seen.alert = 40;
	CHECK_STR(case_cause(k, &diagnose_scheme), NULL);
}

TEST(the_browser_remembers_https)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(true, &p);

	k->q.symptom = (struct symptom){.op = OPERATION_TLS,
		.error = "TLS_WRONG_VERSION",
		.browser = "ERR_SSL_PROTOCOL_ERROR",
		.endpoints = {{.host = "localhost",
				      .port = 8443,
				      .has_port = true,
				      .scheme = "https"},
			{.host = "localhost", .port = 8443, .has_port = true, .scheme = "http"}},
		.endpoint_count = 2};
	no_handshake(p, "HTTP/1.1 400 Bad Request");
	const struct finding *f = case_answer(k, &diagnose_scheme);
	CHECK_STR(f ? f->id : NULL, "hsts-forced-https");
	CHECK(case_says(f, "hsts"));
}

TEST(https_that_was_typed_is_no_memory)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(true, &p);

	k->q.symptom = (struct symptom){.op = OPERATION_TLS,
		.error = "TLS_WRONG_VERSION",
		.browser = "ERR_SSL_PROTOCOL_ERROR"};
	no_handshake(p, "HTTP/1.1 400 Bad Request");
	CHECK_STR(case_cause(k, &diagnose_scheme), "tls-to-http-port");
}

TESTS(plain_http_to_a_tls_port, a_400_that_asks_for_tls,
	a_server_that_hangs_up_on_tls_too_is_another_matter, tls_to_a_plain_web_server,
	tls_to_a_web_server_that_only_hangs_up, tls_to_redis,
	a_handshake_that_fails_for_other_reasons, the_browser_remembers_https,
	https_that_was_typed_is_no_memory)
