#include <case_file.h>

extern const struct diagnose_check diagnose_gateway;

static struct case_file *proxy(uint16_t status, struct place **out)
{
	struct case_file *k = case_new("localhost", 8080);

	snap_listen(&k->world, "127.0.0.1", 8080, snap_owner(&k->world, 700, "/usr/sbin/nginx"));
	k->q.aim.http = true;
	*out = case_place(k, "127.0.0.1");
	case_status(*out, status);
	return k;
}

static void leads_to(struct case_file *k, const struct diagnosis *beyond)
{
	k->q.beyond = beyond;
	k->q.beyond_by = "upstream";
	k->q.beyond_to = "http://127.0.0.1:9000/";
	k->q.beyond_source = "/etc/nginx/nginx.conf:12";
}

static const struct finding nothing_there = {.id = "nothing-listening",
	.severity = SEVERITY_FAULT,
	.evidence = (const struct evidence[]){{"sock_diag", "nobody at 127.0.0.1:9000"}},
	.evidence_count = 1};
static const struct diagnosis dead = {.verdict = VERDICT_FAULT,
	.answer = "Nothing listens on port 9000.",
	.findings = &nothing_there,
	.finding_count = 1};

TEST(an_upstream_that_is_down)
{
	struct place *p;
	AUTO(case) struct case_file *k = proxy(502, &p);

	leads_to(k, &dead);
	const struct finding *f = case_answer(k, &diagnose_gateway);
	CHECK_STR(f ? f->id : NULL, "proxy-upstream-down");
	CHECK_STR(f ? f->certainty : NULL, "proved");
	CHECK(case_says(f, "nginx 700"));
	CHECK(case_says(f, "502"));
	CHECK(case_says(f, "nobody at 127.0.0.1:9000"));
	CHECK(case_says(f, "/etc/nginx/nginx.conf:12"));
}

TEST(an_upstream_that_nobody_knows)
{
	struct place *p;
	AUTO(case) struct case_file *k = proxy(502, &p);
	const struct finding *f = case_answer(k, &diagnose_gateway);

	CHECK_STR(f ? f->id : NULL, "proxy-upstream-down");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
}

TEST(an_upstream_that_is_late)
{
	struct place *p;
	AUTO(case) struct case_file *k = proxy(504, &p);

	leads_to(k, &dead);
	CHECK_STR(case_cause(k, &diagnose_gateway), "proxy-upstream-timeout");
}

TEST(an_error_of_the_application_is_no_gateway)
{
	struct place *p;
	AUTO(case) struct case_file *k = proxy(500, &p);

	CHECK_STR(case_cause(k, &diagnose_gateway), NULL);
}

TEST(a_503_of_no_proxy)
{
	struct case_file *made = case_new("localhost", 3000);
	AUTO(case) struct case_file *k = made;

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	case_status(case_place(k, "127.0.0.1"), 503);
	CHECK_STR(case_cause(k, &diagnose_gateway), NULL);
}

TESTS(an_upstream_that_is_down, an_upstream_that_nobody_knows, an_upstream_that_is_late,
	an_error_of_the_application_is_no_gateway, a_503_of_no_proxy)
