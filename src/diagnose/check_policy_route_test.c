#include <case_file.h>
#include <errno.h>

extern const struct diagnose_check diagnose_policy_route;

static struct place *asked(struct case_file *k, const char *address, int error, const char *type)
{
	struct place *p = case_place(k, address);

	p->has_route = true;
	p->route = (struct route_answer){.error = error,
		.type = type,
		.table = 255,
		.device = error ? NULL : "lo"};
	p->talk.error = error ? error : ECONNREFUSED;
	return p;
}

static const struct policy_rule prohibit = {.priority = 50,
	.action = "prohibit",
	.table_name = "",
	.uid_low = 1000,
	.uid_high = 1000,
	.has_uids = true,
	.text = "from all uidrange 1000-1000 prohibit",
	.remove = "ip rule del pref 50"};

TEST(a_rule_for_this_user)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	asked(k, "127.0.0.1", EACCES, "prohibit");
	k->q.rules4 = &prohibit;
	k->q.rule4_count = 1;
	const struct finding *f = case_answer(k, &diagnose_policy_route);
	CHECK_STR(f ? f->id : NULL, "policy-route-blocks");
	CHECK_STR(f ? f->certainty : NULL, "proved");
	CHECK(case_says(f, "50: from all uidrange 1000-1000 prohibit"));
	CHECK(case_says(f, "Permission denied, type prohibit"));
	CHECK(case_fix(f, "sudo ip rule del pref 50"));
}

TEST(a_rule_for_another_user_is_not_blamed)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	asked(k, "127.0.0.1", 0, "local");
	k->q.uid = 1001;
	k->q.rules4 = &prohibit;
	k->q.rule4_count = 1;
	case_answer(k, &diagnose_policy_route);
	CHECK_INT(k->count, 0);
}

TEST(a_route_that_says_no)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.2", 3000);

	asked(k, "127.0.0.2", EINVAL, "blackhole");
	const struct finding *f = case_answer(k, &diagnose_policy_route);
	CHECK_STR(f ? f->id : NULL, "policy-route-blocks");
	CHECK(case_says(f, "Invalid argument, type blackhole"));
	CHECK(case_says(f, "127.0.0.2:3000"));
}

TEST(a_route_by_another_device)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct place *p = asked(k, "127.0.0.1", 0, "unicast");

	p->route.device = "wg0";
	p->route.table = 51820;
	p->talk.error = ETIMEDOUT;
	const struct finding *f = case_answer(k, &diagnose_policy_route);
	CHECK_STR(f ? f->id : NULL, "policy-route-blocks");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "device wg0, table 51820"));
}

TEST(the_usual_route_is_no_fault)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	asked(k, "127.0.0.1", 0, "local");
	case_answer(k, &diagnose_policy_route);
	CHECK_INT(k->count, 0);
}

/* Without a route to it there is no rule to blame: the machine is not connected. */
TEST(an_unreachable_network_is_another_matter)
{
	AUTO(case) struct case_file *k = case_new("192.0.2.1", 3000);
	struct place *p = asked(k, "192.0.2.1", ENETUNREACH, NULL);

	p->ours = false;
	case_answer(k, &diagnose_policy_route);
	CHECK_INT(k->count, 0);
}

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

TESTS(a_rule_for_this_user, a_rule_for_another_user_is_not_blamed, a_route_that_says_no,
	a_route_by_another_device, the_usual_route_is_no_fault,
	an_unreachable_network_is_another_matter, names_the_rule,
	believes_the_kernel_more_than_the_list, another_user_is_turned_away, misses_the_local_route,
	sees_packets_leave)
