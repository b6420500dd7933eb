#include <case_file.h>

extern const struct diagnose_check diagnose_slow;

#define MS 1000000ull

static struct case_file *site(struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	*out = case_place(k, "127.0.0.1");
	case_status(*out, 200);
	(*out)->talk.connect_ns = MS / 10;
	(*out)->talk.first_byte_ns = 2 * MS;
	(*out)->talk.total_ns = 3 * MS;
	return k;
}

TEST(the_first_family_is_dead)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	struct place *dead = case_place(k, "::1");
	dead->talk = (struct talk_job){.end = TALK_UNANSWERED,
		.error = ETIMEDOUT,
		.total_ns = 2200 * MS};
	case_status(case_place(k, "127.0.0.1"), 200);
	const struct finding *f = case_answer(k, &diagnose_slow);
	CHECK_STR(f ? f->id : NULL, "slow-family-fallback");
	CHECK(case_says(f, "[::1]:3000: no answer to the SYN"));
	CHECK(case_says(f, "dial 127.0.0.1:3000"));
}

TEST(the_first_family_refuses)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	case_place(k, "::1"); /* refused at once: clients go on */
	case_status(case_place(k, "127.0.0.1"), 200);
	CHECK_STR(case_cause(k, &diagnose_slow), NULL);
}

TEST(the_syn_was_sent_again)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	p->talk.connect_ns = 1020 * MS;
	p->talk.first_byte_ns = 1022 * MS;
	k->q.has_counters = true;
	k->q.counters_after.syn_retransmits = 1;
	const struct finding *f = case_answer(k, &diagnose_slow);
	CHECK_STR(f ? f->id : NULL, "slow-syn-retransmit");
	CHECK_STR(f ? f->certainty : NULL, "proved");
	CHECK(case_says(f, "TCPSynRetrans"));
}

TEST(it_asks_who_we_are)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	k->q.aim.http = false;
	p->talk = (struct talk_job){.end = TALK_SILENT, .connected = true, .total_ns = 2200 * MS};
	p->asks_names = "127.0.0.2:53";
	const struct finding *f = case_answer(k, &diagnose_slow);
	CHECK_STR(f ? f->id : NULL, "slow-reverse-dns");
	CHECK(case_says(f, "127.0.0.2:53"));
	CHECK(case_says(f, "4121"));
}

TEST(it_is_only_silent)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	p->talk = (struct talk_job){.end = TALK_SILENT, .connected = true, .total_ns = 2200 * MS};
	CHECK_STR(case_cause(k, &diagnose_slow), NULL);
}

static struct talk_job in_two_pieces(void)
{
	return (struct talk_job){.end = TALK_ANSWERED,
		.connected = true,
		.first_byte_ns = 2 * MS,
		.total_ns = 44 * MS,
		.response = {.status = 200, .complete = true}};
}

TEST(two_writes_and_a_late_ack)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	p->keep_tried = true;
	p->keep_try = p->keep_again = in_two_pieces();
	const struct finding *f = case_answer(k, &diagnose_slow);
	CHECK_STR(f ? f->id : NULL, "slow-nagle-delayed-ack");
	CHECK(case_says(f, "TCP_NODELAY"));
}

TEST(a_body_that_takes_as_long_in_any_case)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	p->keep_tried = true;
	p->keep_try = p->keep_again = in_two_pieces();
	p->talk.total_ns = 45 * MS; /* also where the server closes: so it computes */
	CHECK_STR(case_cause(k, &diagnose_slow), NULL);
}

TEST(once_is_no_rule)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	p->keep_tried = true;
	p->keep_try = in_two_pieces();
	CHECK_STR(case_cause(k, &diagnose_slow), NULL);
}

TEST(a_slow_answer_is_a_remark)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	p->talk.first_byte_ns = p->talk.total_ns = 1500 * MS;
	CHECK_STR(case_cause(k, &diagnose_slow), NULL);
}

TEST(unless_somebody_complains)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	p->talk.first_byte_ns = p->talk.total_ns = 1500 * MS;
	k->q.symptom = (struct symptom){.op = OPERATION_READ, .error = "ETIMEDOUT"};
	const struct finding *f = case_answer(k, &diagnose_slow);
	CHECK_STR(f ? f->id : NULL, "slow-first-byte");
	CHECK(case_says(f, "4121"));
}

TEST(a_healthy_one)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(&p);

	p->talk.first_byte_ns = p->talk.total_ns = 700 * MS;
	CHECK_STR(case_cause(k, &diagnose_slow), NULL);
	CHECK_INT(k->count, 0);
}

TESTS(the_first_family_is_dead, the_first_family_refuses, the_syn_was_sent_again,
	it_asks_who_we_are, it_is_only_silent, two_writes_and_a_late_ack,
	a_body_that_takes_as_long_in_any_case, once_is_no_rule, a_slow_answer_is_a_remark,
	unless_somebody_complains, a_healthy_one)
