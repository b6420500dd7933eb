#include <case_file.h>

#include <errno.h>

extern const struct diagnose_check diagnose_conntrack;

static struct case_file *unanswered(struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 3000);
	struct owner *node = snap_owner(&k->world, 4121, "/usr/bin/node");

	snap_listen(&k->world, "127.0.0.1", 3000, node);
	*out = case_place(k, "127.0.0.1");
	(*out)->talk.end = TALK_UNANSWERED;
	(*out)->talk.error = ETIMEDOUT;
	k->q.conntrack = (struct filter_conntrack){.count = 1000, .max = 1000, .dropped = 5};
	k->q.conntrack_after = (struct filter_conntrack){.count = 1000, .max = 1000, .dropped = 7};
	return k;
}

TEST(proves_it_by_the_drops)
{
	struct place *p;
	AUTO(case) struct case_file *k = unanswered(&p);
	const struct finding *f = case_answer(k, &diagnose_conntrack);

	CHECK(f != NULL);
	CHECK_STR(f->id, "conntrack-table-full");
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "nf_conntrack_count 1000 of nf_conntrack_max 1000"));
	CHECK(case_says(f, "nf_conntrack_max=4000"));
}

TEST(has_room_or_works)
{
	struct place *p;
	AUTO(case) struct case_file *k = unanswered(&p);

	k->q.conntrack.count = k->q.conntrack_after.count = 400;
	CHECK(case_answer(k, &diagnose_conntrack) == NULL);
	k->q.conntrack.count = 1000;
	case_status(p, 200);
	CHECK(case_answer(k, &diagnose_conntrack) == NULL);
}

TEST(is_not_loaded)
{
	struct place *p;
	AUTO(case) struct case_file *k = unanswered(&p);

	k->q.conntrack = k->q.conntrack_after = (struct filter_conntrack){0};
	CHECK(case_answer(k, &diagnose_conntrack) == NULL);
}

TESTS(proves_it_by_the_drops, has_room_or_works, is_not_loaded)
