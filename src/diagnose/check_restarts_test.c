#include <case_file.h>

extern const struct diagnose_check diagnose_restarts;

TEST(one_generation_after_the_other)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct owner *sup = snap_owner(&k->world, 50, "/usr/bin/nodemon");

	case_place(k, "127.0.0.1");
	k->q.restarts = (struct restarts){.parent = sup,
		.first = snap_owner(&k->world, 100, "/usr/bin/node"),
		.last = snap_owner(&k->world, 104, "/usr/bin/node"),
		.seen = 3,
		.ended = 2,
		.watched_ms = 650};
	const struct finding *f = case_answer(k, &diagnose_restarts);
	CHECK(f && str_eq(f->id, "crash-looping"));
	CHECK(case_says(f, "from 100 to 104") && case_says(f, "nodemon 50"));
	CHECK(case_says(f, "kill 50"));
	case_status(&k->q.places[0], 200); /* it answers, between two crashes */
	f = case_answer(k, &diagnose_restarts);
	CHECK(f && str_eq(f->id, "crash-looping"));
}

TEST(one_that_is_young_only)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	case_place(k, "127.0.0.1");
	k->q.restarts.watched_ms = 700;
	CHECK(!case_answer(k, &diagnose_restarts));
}

TESTS(one_generation_after_the_other, one_that_is_young_only)
