#include <inquiry.h>

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

TESTS(a_rule_for_this_user, a_rule_for_another_user_is_not_blamed, a_route_that_says_no,
	a_route_by_another_device, the_usual_route_is_no_fault,
	an_unreachable_network_is_another_matter)
