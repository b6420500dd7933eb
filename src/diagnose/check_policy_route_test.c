#include <errno.h>
#include <inquiry.h>

extern const struct diagnose_check diagnose_policy_route;

static const struct policy_rule local = {.priority = 100,
	.table = 255,
	.table_name = "local",
	.action = "lookup",
	.text = "from all lookup local",
	.remove = "ip rule del pref 100"};

static struct case_file *with_rule(struct policy_rule *rule, int error, struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 3000);
	struct policy_rule *rules = arena_array(k->arena, struct policy_rule, 2);

	address_parse("127.0.0.0", &rule->to);
	rule->to_bits = 8;
	rules[0] = *rule;
	rules[1] = local;
	k->q.rules4 = rules;
	k->q.rule4_count = 2;
	*out = case_place(k, "127.0.0.1");
	(*out)->has_route = true;
	(*out)->route.error = (*out)->talk.error = error;
	return k;
}

TEST(names_the_rule)
{
	struct policy_rule rule = {.priority = 50,
		.action = "blackhole",
		.text = "from all to 127.0.0.0/8 blackhole",
		.remove = "ip rule del pref 50"};
	struct place *p;
	AUTO(case) struct case_file *k = with_rule(&rule, EINVAL, &p);
	const struct finding *f = case_answer(k, &diagnose_policy_route);

	CHECK(f != NULL);
	CHECK_STR(f->id, "policy-route-blocks");
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "50: from all to 127.0.0.0/8 blackhole"));
	CHECK_STR(f->fixes[0].command, "sudo ip rule del pref 50");
}

TEST(believes_the_kernel_more_than_the_list)
{
	struct policy_rule rule = {.priority = 50,
		.action = "prohibit",
		.text = "x",
		.remove = "y"};
	struct place *p;
	AUTO(case) struct case_file *k = with_rule(&rule, 0, &p);

	p->talk.error = ECONNREFUSED;
	p->route.device = "lo";
	CHECK(case_answer(k, &diagnose_policy_route) == NULL);
}

TEST(another_user_is_turned_away)
{
	struct policy_rule rule = {.priority = 77,
		.action = "prohibit",
		.has_uids = true,
		.uid_low = 1000,
		.uid_high = 1000,
		.text = "from all to 127.0.0.0/8 uidrange 1000-1000 prohibit",
		.remove = "ip rule del pref 77"};
	struct place *p;
	AUTO(case) struct case_file *k = with_rule(&rule, EACCES, &p);

	case_status(p, 200);
	k->q.symptom.op = OPERATION_CONNECT;
	k->q.symptom.error = "ECONNREFUSED";
	CHECK(case_answer(k, &diagnose_policy_route) == NULL);
	k->q.symptom.error = "EACCES";
	const struct finding *f = case_answer(k, &diagnose_policy_route);
	CHECK(f != NULL);
	CHECK(case_says(f, "user 1000"));
}

TEST(misses_the_local_route)
{
	AUTO(case) struct case_file *k = case_new("::1", 3000);
	struct place *p = case_place(k, "::1");
	struct host_address one = {.address = ADDRESS_LOOPBACK6, .loopback = true, .device = "lo"};

	p->has_route = true;
	p->route.error = p->talk.error = ENETUNREACH;
	case_take(k);
	CHECK(case_answer(k, &diagnose_policy_route) == NULL);
	k->q.snapshot->addresses = &one;
	k->q.snapshot->address_count = 1;
	const struct finding *f = case_answer(k, &diagnose_policy_route);
	CHECK(f != NULL);
	CHECK(case_says(f, "ip -6 route add local ::1"));
}

TEST(sees_packets_leave)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct place *p = case_place(k, "127.0.0.1");

	p->has_route = true;
	p->route = (struct route_answer){.device = "eth0", .type = "unicast", .table = 254};
	p->talk.end = TALK_UNANSWERED;
	p->talk.error = ETIMEDOUT;
	const struct finding *f = case_answer(k, &diagnose_policy_route);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "inferred");
	CHECK(case_says(f, "eth0"));
}

TESTS(names_the_rule, believes_the_kernel_more_than_the_list, another_user_is_turned_away,
	misses_the_local_route, sees_packets_leave)
