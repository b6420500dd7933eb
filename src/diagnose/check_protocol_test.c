#include <case_file.h>

extern const struct diagnose_check diagnose_protocol;

static struct case_file *asked(const char *expects, struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 5432);

	snap_listen(&k->world, "127.0.0.1", 5432, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.expects = expects;
	k->q.aim.http = str_eq(expects, "http");
	*out = case_place(k, "127.0.0.1");
	(*out)->talk = (struct talk_job){.end = TALK_ANSWERED, .connected = true};
	return k;
}

static void says(struct place *p, const char *decoder, const char *detail)
{
	p->talk.received = strlen(detail);
	p->talk.bytes = detail;
	p->talk.found = decoder ? decoder_find(decoder) : NULL;
	p->talk.decoded.detail = detail;
}

TEST(http_where_a_database_should_be)
{
	struct place *p;
	AUTO(case) struct case_file *k = asked("postgres", &p);

	says(p, "http", "HTTP/1.1 400 Bad Request");
	const struct finding *f = case_answer(k, &diagnose_protocol);
	CHECK_STR(f ? f->id : NULL, "wrong-protocol-on-port");
	CHECK(case_says(f, "4121"));
	CHECK(case_says(f, "HTTP"));
}

TEST(a_service_that_only_hangs_up_is_asked_again)
{
	struct place *p;
	AUTO(case) struct case_file *k = asked("http", &p);

	p->talk.end = TALK_CLOSED;
	p->speaks = "postgres";
	p->speaks_detail = "no TLS";
	CHECK_STR(case_cause(k, &diagnose_protocol), "wrong-protocol-on-port");
}

TEST(what_nobody_knows_is_no_http_either)
{
	struct place *p;
	AUTO(case) struct case_file *k = asked("http", &p);

	says(p, NULL, "HELLO WORLD");
	p->talk.decoded.detail = NULL;
	const struct finding *f = case_answer(k, &diagnose_protocol);
	CHECK_STR(f ? f->id : NULL, "wrong-protocol-on-port");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
}

TEST(http_2_only)
{
	struct place *p;
	AUTO(case) struct case_file *k = asked("http", &p);

	says(p, "h2", "HTTP/2 without TLS");
	const struct finding *f = case_answer(k, &diagnose_protocol);
	CHECK_STR(f ? f->id : NULL, "http2-only-server");
	CHECK(case_says(f, "--http2-prior-knowledge"));
}

TEST(grpc_that_answers_grpc)
{
	struct place *p;
	AUTO(case) struct case_file *k = asked("h2", &p);

	says(p, "h2", "HTTP/2 without TLS");
	CHECK_STR(case_cause(k, &diagnose_protocol), NULL);
}

TEST(the_right_service)
{
	struct place *p;
	AUTO(case) struct case_file *k = asked("redis", &p);

	says(p, "redis", "+PONG");
	CHECK_STR(case_cause(k, &diagnose_protocol), NULL);
}

TEST(a_silent_one_is_not_called_another)
{
	struct place *p;
	AUTO(case) struct case_file *k = asked("http", &p);

	p->talk.end = TALK_SILENT;
	CHECK_STR(case_cause(k, &diagnose_protocol), NULL);
}

TESTS(http_where_a_database_should_be, a_service_that_only_hangs_up_is_asked_again,
	what_nobody_knows_is_no_http_either, http_2_only, grpc_that_answers_grpc, the_right_service,
	a_silent_one_is_not_called_another)
