#include <case_file.h>

extern const struct diagnose_check diagnose_near_miss;

/* Nobody is on `asks`; a server with these arguments is on `listens`. */
static struct case_file *asked(uint16_t asks, uint16_t listens, const char *word)
{
	struct case_file *k = case_new("localhost", asks);
	struct owner *o = snap_owner(&k->world, 4121, "/usr/bin/node");

	snap_argv(&k->world, o, "node", "vite", word);
	snap_listen(&k->world, "127.0.0.1", listens, o);
	case_place(k, "127.0.0.1");
	k->q.aim.scheme = "http";
	return k;
}

TEST(it_was_told_the_port_and_moved_on)
{
	AUTO(case) struct case_file *k = asked(5173, 5290, "--port=5173");
	const struct finding *f = case_answer(k, &diagnose_near_miss);

	CHECK_STR(f ? f->id : NULL, "port-near-miss");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "node 4121"));
	CHECK(case_says(f, "its command line names the port"));
	CHECK(case_says(f, "http://localhost:5290"));
}

static const char *guess(uint16_t asks, uint16_t listens)
{
	AUTO(case) struct case_file *k = asked(asks, listens, "dev");
	const struct finding *f = case_answer(k, &diagnose_near_miss);

	if (!f)
		return NULL;
	CHECK_STR(f->certainty, "guessed");
	CHECK(case_says(f, "may be the one"));
	return case_says(f, "next ones") ? "next"
		: case_says(f, "order")	 ? "swapped"
		: case_says(f, "digit")	 ? "digit"
					 : "?";
}

TEST(ports_that_are_like_it)
{
	CHECK_STR(guess(3000, 3001), "next");
	CHECK_STR(guess(3000, 3010), "next");
	CHECK_STR(guess(8008, 8800), "swapped");
	CHECK_STR(guess(3000, 5000), "digit");
	CHECK_STR(guess(3000, 30000), "digit");
	CHECK_STR(guess(3000, 4100), NULL);
	CHECK_STR(guess(3000, 22), NULL);
}

TEST(a_service_of_another_kind_is_not_meant)
{
	AUTO(case) struct case_file *k = case_new("localhost", 6378);

	k->q.aim.expects = "redis";
	snap_listen(&k->world, "127.0.0.1", 6379,
		snap_owner(&k->world, 7, "/usr/bin/redis-server"));
	case_place(k, "127.0.0.1");
	CHECK_STR(case_cause(k, &diagnose_near_miss), "port-near-miss");

	AUTO(case) struct case_file *other = case_new("localhost", 5431);
	other->q.aim.expects = "redis";
	snap_listen(&other->world, "127.0.0.1", 5432,
		snap_owner(&other->world, 8, "/usr/bin/postgres"));
	case_place(other, "127.0.0.1");
	CHECK(!case_answer(other, &diagnose_near_miss));
}

TEST(a_port_that_is_served_needs_no_guess)
{
	AUTO(case) struct case_file *k = asked(3000, 3001, "dev");

	snap_listen(&k->world, "127.0.0.1", 3000, NULL);
	case_answer(k, &diagnose_near_miss);
	CHECK_INT(k->count, 0);
}

TESTS(it_was_told_the_port_and_moved_on, ports_that_are_like_it,
	a_service_of_another_kind_is_not_meant, a_port_that_is_served_needs_no_guess)
