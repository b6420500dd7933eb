#include <case_file.h>
#include <errno.h>

extern const struct diagnose_check diagnose_loopback;

/* localhost, asked at both addresses; lo has `has`. */
static struct case_file *asked(const char *address, const char *has)
{
	struct case_file *k = case_new(address, 3000);
	struct place *p = case_place(k, address);

	p->talk.error = ENETUNREACH;
	if (has)
		case_own(k, "lo", has);
	return k;
}

TEST(lo_is_down)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "127.0.0.1");

	k->q.lo.up = false;
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK_STR(f ? f->id : NULL, "loopback-down");
	CHECK(case_says(f, "127.0.0.1:3000: Network is unreachable"));
	CHECK(case_fix(f, "sudo ip link set lo up"));
}

TEST(lo_has_lost_its_address)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "::1");

	k->q.places[0].has_route = true;
	k->q.places[0].route.error = ENETUNREACH;
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK_STR(f ? f->id : NULL, "loopback-address-missing");
	CHECK(case_says(f, "127.0.0.1:3000: Network is unreachable"));
	CHECK(case_fix(f, "sudo ip addr add 127.0.0.1/8 dev lo"));
}

TEST(ipv6_is_off)
{
	AUTO(case) struct case_file *k = asked("::1", "127.0.0.1");

	k->q.v6_off_lo = 1;
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK_STR(f ? f->id : NULL, "ipv6-disabled");
	CHECK(case_says(f, "conf/lo/disable_ipv6"));
	CHECK(!case_says(f, "conf/all/disable_ipv6"));
	CHECK(case_says(f, "127.0.0.1:3000 instead of ::1"));
}

TEST(a_kernel_without_ipv6_cannot_be_told_to)
{
	AUTO(case) struct case_file *k = asked("::1", "127.0.0.1");

	k->q.v6_module = false;
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK_STR(f ? f->id : NULL, "ipv6-disabled");
	CHECK(!case_says(f, "sudo sysctl"));
}

TEST(ipv6_off_matters_to_nobody_who_asks_ipv4)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "127.0.0.1");

	k->q.v6_off_all = 1;
	case_answer(k, &diagnose_loopback);
	CHECK_INT(k->count, 0);
}

TEST(the_mtu_is_too_small)
{
	AUTO(case) struct case_file *k = asked("::1", "127.0.0.1");

	k->q.lo.mtu = 1000;
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK_STR(f ? f->id : NULL, "lo-mtu-disables-ipv6");
	CHECK(case_says(f, "mtu 1000"));
	CHECK(case_fix(f, "sudo ip link set lo mtu 65536 && sudo ip addr add ::1/128 dev lo"));
}

TEST(a_small_mtu_with_its_address_is_no_fault)
{
	AUTO(case) struct case_file *k = asked("::1", "::1");

	k->q.lo.mtu = 1500;
	case_answer(k, &diagnose_loopback);
	CHECK_INT(k->count, 0);
}

TEST(ipv6_has_lost_its_address)
{
	AUTO(case) struct case_file *k = asked("::1", "127.0.0.1");
	const struct finding *f = case_answer(k, &diagnose_loopback);

	CHECK_STR(f ? f->id : NULL, "loopback-address-missing");
	CHECK(case_fix(f, "sudo ip addr add ::1/128 dev lo"));
}

TEST(a_server_that_binds_is_told_to_bind_ipv4)
{
	AUTO(case) struct case_file *k = asked("::", "127.0.0.1");

	k->q.symptom.op = OPERATION_BIND;
	k->q.bind_error = k->q.bind_error_reuse = EAFNOSUPPORT;
	k->q.v6_off_all = 1;
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK_STR(f ? f->id : NULL, "ipv6-disabled");
	CHECK(case_says(f, "bind 127.0.0.1:3000"));
}

static void shape(struct case_file *k, const char *qdisc, const char *text)
{
	k->q.lo.qdisc = qdisc;
	k->q.lo.qdisc_text = text;
}

TEST(lo_is_shaped)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "127.0.0.1");

	shape(k, "netem", "loss 100 %");
	k->q.places[0].talk = (struct talk_job){.end = TALK_UNANSWERED, .error = ETIMEDOUT};
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK_STR(f ? f->id : NULL, "loopback-shaped");
	CHECK(case_says(f, "netem on lo: loss 100 %"));
	CHECK(case_fix(f, "sudo tc qdisc del dev lo root"));
}

TEST(a_harmless_discipline_is_no_fault)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "127.0.0.1");

	shape(k, "fq_codel", NULL);
	k->q.places[0].talk = (struct talk_job){.end = TALK_UNANSWERED, .error = ETIMEDOUT};
	case_answer(k, &diagnose_loopback);
	CHECK_INT(k->count, 0);
}

TEST(delay_refuses_nobody)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "127.0.0.1");

	shape(k, "netem", "delay 100 ms");
	k->q.places[0].talk.error = ECONNREFUSED;
	CHECK(!case_answer(k, &diagnose_loopback));
}

/* The text speaks of a refusal, and all works now: a delay cannot have refused anything. */
TEST(a_reported_refusal_is_not_the_discipline)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "127.0.0.1");

	shape(k, "netem", "delay 1 ms");
	case_status(&k->q.places[0], 200);
	k->q.symptom = (struct symptom){.op = OPERATION_CONNECT, .error = "ECONNREFUSED"};
	CHECK(!case_answer(k, &diagnose_loopback));
}

TEST(a_reported_timeout_may_be)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "127.0.0.1");

	shape(k, "netem", "loss 30 %");
	case_status(&k->q.places[0], 200);
	k->q.symptom = (struct symptom){.op = OPERATION_CONNECT, .error = "ETIMEDOUT"};
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK_STR(f ? f->id : NULL, "loopback-shaped");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
}

static struct host_address four = {.prefix_bits = 8, .loopback = true, .device = "lo"};

static struct case_file *without_v6(const char *host, struct place **out)
{
	struct case_file *k = case_new(host, 3000);

	if (!address_parse(host, &(struct address){0}))
		case_place(k, "127.0.0.1");
	*out = case_place(k, "::1");
	(*out)->talk.error = EADDRNOTAVAIL;
	case_take(k);
	four.address = ADDRESS_LOOPBACK4;
	k->q.snapshot->addresses = &four;
	k->q.snapshot->address_count = 1;
	return k;
}

TEST(does_not_explain_why_the_other_family_refuses)
{
	struct place *p;
	AUTO(case) struct case_file *k = without_v6("localhost", &p);

	k->q.v6_off_all = 1;
	CHECK(case_answer(k, &diagnose_loopback) == NULL);
	CHECK_INT(k->q.observed, OBSERVED_REFUSED);
}

TESTS(lo_is_down, lo_has_lost_its_address, ipv6_is_off, a_kernel_without_ipv6_cannot_be_told_to,
	ipv6_off_matters_to_nobody_who_asks_ipv4, the_mtu_is_too_small,
	a_small_mtu_with_its_address_is_no_fault, ipv6_has_lost_its_address,
	a_server_that_binds_is_told_to_bind_ipv4, lo_is_shaped, a_harmless_discipline_is_no_fault,
	delay_refuses_nobody, a_reported_refusal_is_not_the_discipline, a_reported_timeout_may_be,
	does_not_explain_why_the_other_family_refuses)
