#include <case_file.h>

extern const struct diagnose_check diagnose_refusal;

static struct case_file *service(const char *decoder, const char *detail, struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 6379);

	snap_listen(&k->world, "127.0.0.1", 6379,
		snap_owner(&k->world, 911, "/usr/bin/redis-server"));
	k->q.aim.expects = decoder;
	*out = case_place(k, "127.0.0.1");
	(*out)->talk = (struct talk_job){.end = TALK_ANSWERED,
		.connected = true,
		.received = strlen(detail),
		.bytes = detail,
		.found = decoder_find(decoder),
		.decoded = {.detail = detail}};
	return k;
}

TEST(too_many_clients)
{
	struct place *p;
	AUTO(case) struct case_file *k = service("redis", "-ERR max number of clients reached", &p);
	struct owner *leak = snap_owner(&k->world, 5000, "/usr/bin/python3");

	snap_connect(&k->world, leak, 40000, k->world.owners.items[0], 6379);
	snap_connect(&k->world, leak, 40001, k->world.owners.items[0], 6379);
	const struct finding *f = case_answer(k, &diagnose_refusal);
	CHECK_STR(f ? f->id : NULL, "server-connection-limit");
	CHECK(case_says(f, "2 connections of python 5000"));
	CHECK(case_says(f, "maxclients"));
	CHECK(case_says(f, "911"));
}

TEST(many_clients_are_not_too_many)
{
	struct place *p;
	AUTO(case) struct case_file *k = service("redis", "+PONG", &p);
	struct owner *client = snap_owner(&k->world, 5000, "/usr/bin/python3");

	for (uint16_t i = 0; i < 50; i++)
		snap_connect(&k->world, client, (uint16_t)(40000 + i), k->world.owners.items[0],
			6379);
	CHECK_STR(case_cause(k, &diagnose_refusal), NULL);
}

TEST(still_loading)
{
	struct place *p;
	AUTO(case)
	struct case_file *k =
		service("redis", "-LOADING Redis is loading the dataset in memory", &p);
	const struct finding *f = case_answer(k, &diagnose_refusal);

	CHECK_STR(f ? f->id : NULL, "service-loading");
	CHECK(case_says(f, "loopscope wait 6379"));
}

TEST(starting_up_by_the_text)
{
	struct place *p;
	AUTO(case) struct case_file *k = service("postgres", "offers TLS", &p);

	k->q.symptom = (struct symptom){.op = OPERATION_CONNECT,
		.said = "FATAL:  the database system is starting up"};
	CHECK_STR(case_cause(k, &diagnose_refusal), "service-loading");
}

TEST(come_back_later)
{
	static const struct response_header retry[] = {{"Retry-After", "30"}};
	struct place *p;
	AUTO(case) struct case_file *k = service("http", "HTTP/1.1 503", &p);

	k->q.aim.http = true;
	case_status(p, 503);
	p->talk.response.headers = retry;
	p->talk.response.header_count = 1;
	CHECK_STR(case_cause(k, &diagnose_refusal), "service-loading");
}

TEST(wrong_credentials)
{
	struct place *p;
	AUTO(case) struct case_file *k = service("redis", "-NOAUTH Authentication required.", &p);

	k->q.symptom = (struct symptom){.op = OPERATION_AUTH,
		.error = "AUTH",
		.said = "(error) NOAUTH Authentication required."};
	const struct finding *f = case_answer(k, &diagnose_refusal);
	CHECK_STR(f ? f->id : NULL, "auth-rejected");
	CHECK(case_says(f, "password"));
	CHECK(case_says(f, "911"));
}

TEST(a_password_is_no_fault)
{
	struct place *p;
	AUTO(case) struct case_file *k = service("redis", "-NOAUTH Authentication required.", &p);

	CHECK_STR(case_cause(k, &diagnose_refusal), NULL);
}

TEST(http_that_wants_a_user)
{
	static const struct response_header how[] = {{"WWW-Authenticate", "Basic realm=\"x\""}};
	struct place *p;
	AUTO(case) struct case_file *k = service("http", "HTTP/1.1 401", &p);

	k->q.aim.http = true;
	case_status(p, 401);
	p->talk.response.headers = how;
	p->talk.response.header_count = 1;
	CHECK(!case_answer(k, &diagnose_refusal)); /* the root may: nobody gave credentials */
	k->q.aim.path = "/api";
	k->q.aim.shown_path = true;
	const struct finding *f = case_answer(k, &diagnose_refusal);
	CHECK_STR(f ? f->id : NULL, "auth-rejected");
	CHECK(case_says(f, "it wants Basic"));
}

TEST(no_rule_for_the_address)
{
	struct place *p;
	AUTO(case) struct case_file *k = service("postgres", "no TLS", &p);

	k->q.symptom = (struct symptom){.op = OPERATION_AUTH,
		.error = "AUTH",
		.said = "FATAL:  no pg_hba.conf entry for host \"::1\", user \"app\", no encryption"};
	const struct finding *f = case_answer(k, &diagnose_refusal);
	CHECK_STR(f ? f->id : NULL, "pg-hba-no-entry");
	CHECK(case_says(f, "::1/128"));
	CHECK(case_says(f, "127.0.0.1"));
}

TESTS(too_many_clients, many_clients_are_not_too_many, still_loading, starting_up_by_the_text,
	come_back_later, wrong_credentials, a_password_is_no_fault, http_that_wants_a_user,
	no_rule_for_the_address)
