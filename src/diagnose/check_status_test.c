#include <case_file.h>

extern const struct diagnose_check diagnose_status;

static struct case_file *site(uint16_t status)
{
	struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	k->q.aim.path = "/";
	case_status(case_place(k, "127.0.0.1"), status);
	return k;
}

TEST(an_error_of_the_application)
{
	AUTO(case) struct case_file *k = site(500);
	const struct finding *f = case_answer(k, &diagnose_status);

	CHECK_STR(f ? f->id : NULL, "http-app-error");
	CHECK(case_says(f, "HTTP 500"));
	CHECK(case_says(f, "/proc/4121/fd/1"));
}

TEST(a_path_that_is_not_there)
{
	AUTO(case) struct case_file *k = site(404);

	k->q.aim.path = "/api/users";
	k->q.aim.shown_path = true;
	CHECK(case_says(case_answer(k, &diagnose_status), "no route for /api/users"));
}

TEST(nothing_at_the_root_is_usual)
{
	AUTO(case) struct case_file *k = site(404);

	CHECK_STR(case_cause(k, &diagnose_status), NULL);
}

TEST(a_gateway_speaks_for_another)
{
	AUTO(case) struct case_file *k = site(502);

	CHECK_STR(case_cause(k, &diagnose_status), NULL);
}

TEST(an_answer_to_another_method)
{
	AUTO(case) struct case_file *k = site(200);

	k->q.symptom = (struct symptom){.op = OPERATION_HTTP, .http_status = 405};
	const struct finding *f = case_answer(k, &diagnose_status);
	CHECK_STR(f ? f->id : NULL, "http-app-error");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
}

TEST(too_many_cookies)
{
	AUTO(case) struct case_file *k = site(200);

	k->q.symptom = (struct symptom){.op = OPERATION_HTTP, .error = "LIMIT", .http_status = 431};
	const struct finding *f = case_answer(k, &diagnose_status);
	CHECK_STR(f ? f->id : NULL, "header-too-large");
	CHECK(case_says(f, "without cookies gets HTTP 200"));
}

TEST(a_healthy_one)
{
	AUTO(case) struct case_file *k = site(200);

	CHECK_STR(case_cause(k, &diagnose_status), NULL);
	CHECK_INT(k->count, 0);
}

TESTS(an_error_of_the_application, a_path_that_is_not_there, nothing_at_the_root_is_usual,
	a_gateway_speaks_for_another, an_answer_to_another_method, too_many_cookies, a_healthy_one)
