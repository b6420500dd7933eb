#include <case_file.h>

extern const struct diagnose_check diagnose_handshake;

static struct case_file *server(struct place **out)
{
	struct case_file *k = case_new("localhost", 8443);

	snap_listen(&k->world, "127.0.0.1", 8443, snap_owner(&k->world, 4121, "/usr/sbin/nginx"));
	k->q.aim.tls = k->q.aim.http = true;
	k->q.aim.expects = "http";
	k->q.aim.scheme = "https";
	*out = case_place(k, "127.0.0.1");
	case_status(*out, 200);
	(*out)->talk.tls = true;
	(*out)->talk.alpn = "http/1.1";
	(*out)->talk.tls_seen = (struct talk_tls){.tried = true,
		.done = true,
		.version = "TLSv1.3",
		.cipher = "TLS_AES_256_GCM_SHA384"};
	return k;
}

static void alert(struct place *p, int code, const char *name)
{
	p->talk.end = TALK_TLS;
	p->talk.response.status = 0;
	p->talk.tls_seen.done = false;
	p->talk.tls_seen.version = NULL;
	p->talk.tls_seen.alert = code;
	p->talk.tls_seen.alert_name = name;
}

TEST(a_certificate_of_the_client_is_wanted)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	alert(p, 116, "certificate required");
	p->talk.tls_seen.asks_client_certificate = true;
	const struct finding *f = case_answer(k, &diagnose_handshake);
	CHECK_STR(f ? f->id : NULL, "tls-client-cert-required");
	CHECK(case_says(f, "--cert"));
	CHECK(case_says(f, "4121"));
}

TEST(a_web_server_may_say_so_in_http)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk.response.status = 400;
	p->talk.response.body = "400 No required SSL certificate was sent";
	p->talk.tls_seen.asks_client_certificate = true;
	CHECK_STR(case_cause(k, &diagnose_handshake), "tls-client-cert-required");
}

TEST(one_that_only_asks_is_content)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk.tls_seen.asks_client_certificate = true;
	CHECK_STR(case_cause(k, &diagnose_handshake), NULL);
}

TEST(old_versions)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk.tls_seen.version = "TLSv1.1";
	const struct finding *f = case_answer(k, &diagnose_handshake);
	CHECK_STR(f ? f->id : NULL, "tls-version-mismatch");
	CHECK(case_says(f, "TLSv1.1"));
}

TEST(no_version_in_common)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	alert(p, 70, "protocol version");
	CHECK_STR(case_cause(k, &diagnose_handshake), "tls-version-mismatch");
}

TEST(a_client_that_is_too_old)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	k->q.symptom = (struct symptom){.op = OPERATION_TLS,
		.error = "TLS_WRONG_VERSION",
		.said = "curl: (35) tlsv1 alert protocol version"};
	const struct finding *f = case_answer(k, &diagnose_handshake);
	CHECK_STR(f ? f->id : NULL, "tls-version-mismatch");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
}

TEST(versions_of_today_are_fine)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk.tls_seen.version = "TLSv1.2";
	CHECK_STR(case_cause(k, &diagnose_handshake), NULL);
}

TEST(no_protocol_in_common)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	alert(p, 120, "no application protocol");
	p->tls_tried = true;
	p->tls_try.tls_seen = (struct talk_tls){.done = true, .alpn = "h2"};
	const struct finding *f = case_answer(k, &diagnose_handshake);
	CHECK_STR(f ? f->id : NULL, "tls-alpn-mismatch");
	CHECK(case_says(f, "chooses h2"));
}

TEST(grpc_wants_h2)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	k->q.aim.expects = "h2";
	k->q.aim.http = false;
	CHECK_STR(case_cause(k, &diagnose_handshake), "tls-alpn-mismatch");
}

TEST(a_web_client_does_not_need_alpn)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk.tls_seen.alpn = NULL;
	CHECK_STR(case_cause(k, &diagnose_handshake), NULL);
}

/* PostgreSQL at 5432, and what it answered to SSLRequest. */
static struct case_file *postgres(const char *detail, const char *path)
{
	struct case_file *k = case_new("127.0.0.1", 5432);

	snap_listen(&k->world, "127.0.0.1", 5432, snap_owner(&k->world, 911, "/usr/bin/postgres"));
	k->q.aim.expects = "postgres";
	k->q.aim.path = path;
	struct place *p = case_place(k, "127.0.0.1");
	p->talk = (struct talk_job){.end = TALK_ANSWERED,
		.connected = true,
		.received = 1,
		.found = decoder_find("postgres"),
		.decoded = {.detail = detail}};
	return k;
}

TEST(a_database_without_tls)
{
	AUTO(case) struct case_file *k = postgres("no TLS", "/app?sslmode=require");
	const struct finding *f = case_answer(k, &diagnose_handshake);

	CHECK_STR(f ? f->id : NULL, "service-tls-mismatch");
	CHECK(case_says(f, "'N'"));
	CHECK(case_says(f, "911"));
}

TEST(a_database_without_tls_by_the_text)
{
	AUTO(case) struct case_file *k = postgres("no TLS", NULL);

	k->q.symptom = (struct symptom){.op = OPERATION_TLS,
		.said = "server does not support SSL, but SSL was required"};
	CHECK_STR(case_cause(k, &diagnose_handshake), "service-tls-mismatch");
}

TEST(nobody_minds_a_database_without_tls)
{
	AUTO(case) struct case_file *k = postgres("no TLS", "/app");
	AUTO(case) struct case_file *with = postgres("offers TLS", "/app?sslmode=require");

	CHECK_STR(case_cause(k, &diagnose_handshake), NULL);
	CHECK_STR(case_cause(with, &diagnose_handshake), NULL);
}

TESTS(a_certificate_of_the_client_is_wanted, a_web_server_may_say_so_in_http,
	one_that_only_asks_is_content, old_versions, no_version_in_common, a_client_that_is_too_old,
	versions_of_today_are_fine, no_protocol_in_common, grpc_wants_h2,
	a_web_client_does_not_need_alpn, a_database_without_tls, a_database_without_tls_by_the_text,
	nobody_minds_a_database_without_tls)
