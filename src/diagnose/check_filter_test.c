#include <case_file.h>

#include <errno.h>

extern const struct diagnose_check diagnose_filter;

static struct filter_rule drop_rule(void)
{
	return (struct filter_rule){.system = "nft",
		.family = "inet",
		.table = "guard",
		.chain = "input",
		.hook = "input",
		.handle = 4,
		.number = 1,
		.deed = FILTER_DROP,
		.sure = true,
		.text = "tcp dport 5432 counter drop",
		.comment = "left by Alice",
		.counted = true,
		.packets = 2,
		.remove = "nft delete rule inet guard input handle 4"};
}

/* Before and after the talk; moved: the counter counted our packets. */
static void give_rule(struct case_file *k, struct place *p, const struct filter_rule *r,
	unsigned moved)
{
	struct filter_rule *before = arena_memdup(k->arena, r, sizeof(*r));
	struct filter_rule *after = arena_memdup(k->arena, r, sizeof(*r));

	after->packets += moved;
	p->has_filter = true;
	p->filter = (struct filter_answer){.rules = before, .count = 1, .rules_read = 3};
	p->filter_after = (struct filter_answer){.rules = after, .count = 1, .rules_read = 3};
}

static void unanswered(struct place *p)
{
	p->talk.end = TALK_UNANSWERED;
	p->talk.error = ETIMEDOUT;
	p->talk.total_ns = 450000000;
}

static struct case_file *with_server(struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 5432);
	struct owner *pg = snap_owner(&k->world, 4121, "/usr/bin/postgres");

	snap_listen(&k->world, "127.0.0.1", 5432, pg);
	*out = case_place(k, "127.0.0.1");
	(*out)->has_filter = true;
	(*out)->filter.unseen = "nftables";
	return k;
}

TEST(proves_a_drop_by_its_counter)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);
	struct filter_rule r = drop_rule();

	unanswered(p);
	give_rule(k, p, &r, 1);
	const struct finding *f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->id, "firewall-drop");
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "guard"));
	CHECK(case_says(f, "left by Alice"));
	CHECK(case_says(f, "2 packets before the probe, 3 after"));
	CHECK(case_says(f, "postgres 4121"));
	CHECK_STR(f->fixes[0].command, "sudo nft delete rule inet guard input handle 4");
}

TEST(acquits_a_rule_whose_counter_stood_still)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);
	struct filter_rule r = drop_rule();

	unanswered(p);
	give_rule(k, p, &r, 0);
	const struct finding *f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "guessed");
}

TEST(is_silent_when_all_works)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);
	struct filter_rule r = drop_rule();

	r.sure = false;
	give_rule(k, p, &r, 0);
	case_status(p, 200);
	CHECK(case_answer(k, &diagnose_filter) == NULL);
	CHECK_INT(k->count, 0);
}

TEST(leaves_a_full_queue_alone)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);

	unanswered(p);
	k->world.sockets.items[0].rqueue = 6;
	k->world.sockets.items[0].wqueue = 5;
	CHECK(case_answer(k, &diagnose_filter) == NULL);
}

TEST(leaves_a_stopped_owner_and_a_dead_interface_alone)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);

	unanswered(p);
	case_take(k);
	case_vitals(k, p->service->owners[0], 'T');
	CHECK(case_answer(k, &diagnose_filter) == NULL);
	k->q.vitals_count = 0;
	k->q.lo.up = false;
	CHECK(case_answer(k, &diagnose_filter) == NULL);
}

TEST(infers_a_drop_without_rights)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);

	unanswered(p);
	const struct finding *f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->id, "firewall-drop");
	CHECK_STR(f->certainty, "inferred");
	CHECK_STR(f->subject, "root: firewall rules");
}

TEST(infers_a_reject_and_proves_it_by_icmp)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);

	const struct finding *f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->id, "firewall-reject");
	CHECK_STR(f->certainty, "inferred");
	p->talk.icmp = true;
	p->talk.icmp_type = 3;
	p->talk.icmp_code = 13;
	p->talk.error = EHOSTUNREACH;
	f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->id, "firewall-reject");
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "administratively prohibited"));
}

TEST(says_nothing_of_a_refusal_where_nobody_listens)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 5432);
	struct place *p = case_place(k, "127.0.0.1");
	struct filter_rule r = drop_rule();

	r.deed = FILTER_REJECT;
	r.with = "tcp reset";
	p->has_filter = true;
	CHECK(case_answer(k, &diagnose_filter) == NULL);
	give_rule(k, p, &r, 1);
	CHECK(case_answer(k, &diagnose_filter) == NULL);
	CHECK_INT(k->count, 1); /* a remark */
}

TEST(tells_of_a_drop_where_nobody_listens_only_by_silence)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 5432);
	struct place *p = case_place(k, "127.0.0.1");
	struct filter_rule r = drop_rule();

	give_rule(k, p, &r, 1);
	CHECK(case_answer(k, &diagnose_filter) == NULL);
	unanswered(p);
	const struct finding *f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->id, "firewall-drop");
	CHECK(case_says(f, "nothing listens either"));
}

TEST(does_not_blame_for_a_server_that_just_left)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);

	p->vanished = true;
	CHECK(case_answer(k, &diagnose_filter) == NULL);
}

TEST(names_a_limit)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);
	struct filter_rule r = drop_rule();

	r.deed = FILTER_LIMIT;
	r.with = "ct count over 2";
	r.remove = NULL;
	unanswered(p);
	give_rule(k, p, &r, 1);
	const struct finding *f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->id, "firewall-limit");
	CHECK(case_says(f, "ct count over 2"));
	case_status(p, 200);
	CHECK(case_answer(k, &diagnose_filter) == NULL);
	k->q.symptom.op = OPERATION_CONNECT;
	k->q.symptom.error = "ETIMEDOUT";
	f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "inferred");
}

TEST(knows_rules_for_another_user)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p);
	struct filter_rule r = drop_rule();

	r.deed = FILTER_REJECT;
	r.counted = false;
	give_rule(k, p, &r, 0);
	case_status(p, 200);
	k->q.symptom.op = OPERATION_CONNECT;
	k->q.symptom.error = "ECONNREFUSED";
	CHECK(case_answer(k, &diagnose_filter) == NULL);
	k->q.uid = 1001;
	const struct finding *f = case_answer(k, &diagnose_filter);
	CHECK(f != NULL);
	CHECK_STR(f->id, "firewall-reject");
	CHECK(case_says(f, "user 1001"));
}

TESTS(proves_a_drop_by_its_counter, acquits_a_rule_whose_counter_stood_still,
	is_silent_when_all_works, leaves_a_full_queue_alone,
	leaves_a_stopped_owner_and_a_dead_interface_alone, infers_a_drop_without_rights,
	infers_a_reject_and_proves_it_by_icmp, says_nothing_of_a_refusal_where_nobody_listens,
	tells_of_a_drop_where_nobody_listens_only_by_silence,
	does_not_blame_for_a_server_that_just_left, names_a_limit, knows_rules_for_another_user)
