#include <case_file.h>

extern const struct diagnose_check diagnose_queue;

static struct case_file *server(struct owner **out, uint32_t waiting, uint32_t backlog)
{
	struct case_file *k = case_new("127.0.0.1", 7000);

	*out = snap_owner(&k->world, 4121, "/usr/bin/python3");
	size_t s = snap_listen(&k->world, "127.0.0.1", 7000, *out);
	k->world.sockets.items[s].rqueue = waiting;
	k->world.sockets.items[s].wqueue = backlog;
	return k;
}

TEST(a_full_queue)
{
	struct owner *o;
	AUTO(case) struct case_file *k = server(&o, 3, 2);
	struct place *p = case_place(k, "127.0.0.1");

	p->talk = (struct talk_job){.end = TALK_UNANSWERED, .error = ETIMEDOUT};
	k->q.has_counters = true;
	k->q.counters_before.listen_overflows = 10;
	k->q.counters_after.listen_overflows = 13;
	case_vitals(k, o, 'S')->second.wchan = "do_nanosleep";
	const struct finding *f = case_answer(k, &diagnose_queue);
	CHECK(f && str_eq(f->id, "accept-queue-full"));
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "3 connections wait in its queue, the backlog is 2"));
	CHECK(case_says(f, "from 10 to 13"));
	CHECK(case_says(f, "do_nanosleep"));
	CHECK(case_says(f, "loopscope free 7000"));
}

TEST(a_queue_that_is_used_is_not_full)
{
	struct owner *o;
	AUTO(case) struct case_file *k = server(&o, 2, 2);
	struct place *p = case_place(k, "127.0.0.1");

	/* a packet filter dropped it: another check's matter */
	p->talk = (struct talk_job){.end = TALK_UNANSWERED, .error = ETIMEDOUT};
	case_vitals(k, o, 'S');
	CHECK(!case_answer(k, &diagnose_queue));
}

TEST(nobody_accepts)
{
	struct owner *o;
	AUTO(case) struct case_file *k = server(&o, 0, 128);
	struct place *p = case_place(k, "127.0.0.1");

	p->talk = (struct talk_job){.end = TALK_SILENT, .connected = true};
	p->accepted_known = true;
	case_vitals(k, o, 'S');
	const struct finding *f = case_answer(k, &diagnose_queue);
	CHECK(f && str_eq(f->id, "listener-not-accepting"));
	CHECK(case_says(f, "no process has taken it"));
}

TEST(a_hidden_owner)
{
	struct owner *o;
	AUTO(case) struct case_file *k = server(&o, 0, 128);
	struct place *p = case_place(k, "127.0.0.1");

	k->world.holders.count = 0;
	p->talk = (struct talk_job){.end = TALK_SILENT, .connected = true};
	p->accepted_known = true;
	const struct finding *f = case_answer(k, &diagnose_queue);
	CHECK(f && str_eq(f->id, "listener-not-accepting"));
	CHECK(case_says(f, "hidden"));
}

TEST(a_service_that_waits_to_be_spoken_to)
{
	struct owner *o;
	AUTO(case) struct case_file *k = server(&o, 0, 128);
	struct place *p = case_place(k, "127.0.0.1");

	p->talk = (struct talk_job){.end = TALK_SILENT, .connected = true};
	p->accepted_known = p->accepted = p->question_read_known = p->question_read = true;
	case_vitals(k, o, 'S');
	CHECK(!case_answer(k, &diagnose_queue));
	CHECK_INT(k->q.observed, 0);
}

TESTS(a_full_queue, a_queue_that_is_used_is_not_full, nobody_accepts, a_hidden_owner,
	a_service_that_waits_to_be_spoken_to)
