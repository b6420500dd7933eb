#include <case_file.h>

#include "run/attempt.h"

extern const struct diagnose_check diagnose_address;

static struct case_file *refused(const char *said)
{
	struct case_file *k = case_new(NULL, 0);

	k->q.symptom = (struct symptom){.op = OPERATION_URL, .error = "BAD_ENDPOINT", .said = said};
	return k;
}

TEST(a_port_that_is_too_large)
{
	AUTO(case) struct case_file *k = refused("localhost:99999: '99999' is not a port");
	const struct finding *f = case_answer(k, &diagnose_address);

	CHECK_STR(f ? f->id : NULL, "invalid-endpoint");
	CHECK(case_says(f, "99999"));
	CHECK(case_says(f, "65535"));
}

TEST(a_variable_that_was_not_set)
{
	AUTO(case) struct case_file *k = refused("options.port should be >= 0. Received NaN");

	CHECK(case_says(case_answer(k, &diagnose_address), "\"NaN\""));
}

TEST(a_hole_on_the_command_line)
{
	char program[] = "curl", url[] = "http://localhost:undefined/api";
	char *argv[] = {program, url, NULL};
	const struct attempt_run run = {.argv = argv};
	AUTO(case) struct case_file *k = refused("curl: (3) URL rejected");

	k->query.attempt = &run;
	CHECK(case_says(case_answer(k, &diagnose_address), "http://localhost:undefined/api"));
}

TEST(a_name_that_is_none)
{
	AUTO(case) struct case_file *k = case_new("undefined", 3000);

	k->q.looked_up = true;
	k->q.lookup.failure = -2;
	CHECK_STR(case_cause(k, &diagnose_address), "invalid-endpoint");
}

TEST(port_zero)
{
	AUTO(case) struct case_file *k = case_new("localhost", 0);

	k->q.aim.has_port = true;
	CHECK_STR(case_cause(k, &diagnose_address), "invalid-endpoint");
}

TEST(any_free_port_is_fine_for_a_server)
{
	AUTO(case) struct case_file *k = case_new("localhost", 0);

	k->q.aim.has_port = true;
	k->q.symptom.op = OPERATION_BIND;
	CHECK_STR(case_cause(k, &diagnose_address), NULL);
}

TEST(an_unknown_name_is_no_hole)
{
	AUTO(case) struct case_file *k = case_new("nullpointer.test", 3000);

	k->q.looked_up = true;
	k->q.lookup.failure = -2;
	CHECK_STR(case_cause(k, &diagnose_address), NULL);
}

TESTS(a_port_that_is_too_large, a_variable_that_was_not_set, a_hole_on_the_command_line,
	a_name_that_is_none, port_zero, any_free_port_is_fine_for_a_server,
	an_unknown_name_is_no_hole)
