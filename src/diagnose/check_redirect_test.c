#include <case_file.h>

extern const struct diagnose_check diagnose_redirect;

static const struct response_header location[] = {{"Location", "http://127.0.0.1:9999/login"}};

static struct case_file *site(const struct diagnosis *beyond)
{
	struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	struct place *p = case_place(k, "127.0.0.1");
	case_status(p, 308);
	p->talk.response.headers = location;
	p->talk.response.header_count = 1;
	k->q.beyond = beyond;
	k->q.beyond_by = "redirect";
	k->q.beyond_to = "http://127.0.0.1:9999/login";
	return k;
}

TEST(to_where_nobody_listens)
{
	static const struct diagnosis dead = {.verdict = VERDICT_FAULT,
		.answer = "Nothing listens on port 9999."};
	AUTO(case) struct case_file *k = site(&dead);
	const struct finding *f = case_answer(k, &diagnose_redirect);

	CHECK_STR(f ? f->id : NULL, "redirect-to-dead-endpoint");
	CHECK(case_says(f, "308 redirect"));
	CHECK(case_says(f, "4121"));
	CHECK(case_says(f, "9999"));
}

TEST(to_where_all_is_well)
{
	static const struct diagnosis alive = {.verdict = VERDICT_HEALTHY, .answer = "It works."};
	AUTO(case) struct case_file *k = site(&alive);

	CHECK_STR(case_cause(k, &diagnose_redirect), NULL);
}

TESTS(to_where_nobody_listens, to_where_all_is_well)
