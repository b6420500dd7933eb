#include <case_file.h>

extern const struct diagnose_check diagnose_browser;

static struct case_file *site(uint16_t port, struct place **out)
{
	struct case_file *k = case_new("localhost", port);

	snap_listen(&k->world, "127.0.0.1", port, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	k->q.aim.scheme = "http";
	*out = case_place(k, "127.0.0.1");
	case_status(*out, 200);
	return k;
}

TEST(a_port_that_browsers_block)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(6000, &p);

	k->q.symptom = (struct symptom){.op = OPERATION_URL,
		.error = "CLIENT_BLOCKED",
		.browser = "ERR_UNSAFE_PORT"};
	const struct finding *f = case_answer(k, &diagnose_browser);
	CHECK_STR(f ? f->id : NULL, "client-blocked-port");
	CHECK(case_says(f, "4121"));
	CHECK(case_says(f, "another port"));
}

TEST(in_a_browser_without_any_text)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(6000, &p);

	k->query.browser = true;
	CHECK_STR(case_cause(k, &diagnose_browser), "client-blocked-port");
}

TEST(to_other_programs_it_is_a_remark)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(6000, &p);

	CHECK_STR(case_cause(k, &diagnose_browser), NULL);
	CHECK_INT(k->count, 1);
	CHECK_INT(k->findings[0].severity, SEVERITY_NOTE);
}

TEST(a_port_that_nobody_blocks)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(6001, &p);

	k->query.browser = true;
	CHECK_STR(case_cause(k, &diagnose_browser), NULL);
}

static void complains_of_cors(struct case_file *k, struct place *p)
{
	k->q.symptom = (struct symptom){.op = OPERATION_HTTP,
		.error = "CORS",
		.browser = "CORS",
		.said = "has been blocked by CORS policy"};
	k->q.origin = "http://localhost:5173";
	p->cors_tried = true;
	p->cors_get.response = (struct response){.status = 200};
	p->cors_ask.response = (struct response){.status = 404};
}

TEST(an_answer_that_pages_may_not_read)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(8000, &p);

	complains_of_cors(k, p);
	const struct finding *f = case_answer(k, &diagnose_browser);
	CHECK_STR(f ? f->id : NULL, "cors-blocked");
	CHECK(case_says(f, "without Access-Control-Allow-Origin"));
	CHECK(case_says(f, "Origin: http://localhost:5173"));
	CHECK(case_says(f, "4121"));
}

TEST(an_answer_that_is_allowed_now)
{
	static const struct response_header any[] = {{"Access-Control-Allow-Origin", "*"}};
	struct place *p;
	AUTO(case) struct case_file *k = site(8000, &p);

	complains_of_cors(k, p);
	p->cors_get.response.headers = p->cors_ask.response.headers = any;
	p->cors_get.response.header_count = p->cors_ask.response.header_count = 1;
	CHECK_STR(case_cause(k, &diagnose_browser), NULL);
}

TEST(a_server_that_is_down_is_no_cors)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(8000, &p);

	complains_of_cors(k, p);
	p->cors_tried = false;
	p->talk = (struct talk_job){.end = TALK_FAILED, .error = ECONNREFUSED};
	CHECK_STR(case_cause(k, &diagnose_browser), NULL);
}

TEST(a_page_of_the_internet)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(8000, &p);

	complains_of_cors(k, p);
	k->q.symptom.browser = "private network access";
	const struct finding *f = case_answer(k, &diagnose_browser);
	CHECK_STR(f ? f->id : NULL, "private-network-access-blocked");
	CHECK(case_says(f, "Access-Control-Allow-Private-Network"));
}

TESTS(a_port_that_browsers_block, in_a_browser_without_any_text, to_other_programs_it_is_a_remark,
	a_port_that_nobody_blocks, an_answer_that_pages_may_not_read, an_answer_that_is_allowed_now,
	a_server_that_is_down_is_no_cors, a_page_of_the_internet)
