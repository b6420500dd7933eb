#include <case_file.h>

extern const struct diagnose_check diagnose_nothing;

TEST(nobody_at_all)
{
	AUTO(case) struct case_file *k = case_new("localhost", 5432);

	case_place(k, "127.0.0.1");
	case_place(k, "::1");
	const struct finding *f = case_answer(k, &diagnose_nothing);
	CHECK_STR(f ? f->id : NULL, "nothing-listening");
	CHECK(case_says(f, "a connection is refused at once"));
	CHECK(case_says(f, "nobody at 127.0.0.1:5432, [::1]:5432"));
	CHECK(case_says(f, "127.0.0.1:5432: Connection refused"));
	CHECK(case_says(f, "usual port of postgres"));
	CHECK(case_fix(f, "loopscope wait 5432"));
}

TEST(somebody_refuses_all_the_same)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	case_place(k, "127.0.0.1");
	case_answer(k, &diagnose_nothing);
	CHECK_INT(k->count, 0);
}

/* What listens on another machine is not known here. */
TEST(another_machine)
{
	AUTO(case) struct case_file *k = case_new("192.0.2.9", 3000);
	struct place *p = case_place(k, "192.0.2.9");

	p->ours = p->talked = false;
	k->q.symptom = (struct symptom){.op = OPERATION_CONNECT, .error = "ECONNREFUSED"};
	CHECK(!case_answer(k, &diagnose_nothing));
}

TEST(silence_is_not_called_a_refusal)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct place *p = case_place(k, "127.0.0.1");

	p->talk = (struct talk_job){.end = TALK_UNANSWERED, .error = ETIMEDOUT};
	const struct finding *f = case_answer(k, &diagnose_nothing);
	CHECK_STR(f ? f->id : NULL, "nothing-listening");
	CHECK(!case_says(f, "refused"));
}

TEST(any_other_claim_goes_first)
{
	AUTO(case) struct case_file *k = case_new("::1", 3000);
	extern const struct diagnose_check diagnose_family;
	const struct diagnose_check *const both[] = {&diagnose_nothing, &diagnose_family, NULL};

	snap_listen(&k->world, "127.0.0.1", 3000, NULL);
	case_place(k, "::1");
	case_take(k);
	observe(&k->q);
	checks_run(&k->q, both, &k->findings, &k->count);
	CHECK_INT(k->count, 1);
	CHECK_STR(k->count ? k->findings[0].id : NULL, "listens-ipv4-only");
}

TESTS(nobody_at_all, somebody_refuses_all_the_same, another_machine,
	silence_is_not_called_a_refusal, any_other_claim_goes_first)
