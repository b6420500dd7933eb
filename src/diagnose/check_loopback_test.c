#include <errno.h>
#include <inquiry.h>

extern const struct diagnose_check diagnose_loopback;

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

TEST(names_why_the_address_is_gone)
{
	struct place *p;
	AUTO(case) struct case_file *k = without_v6("::1", &p);

	CHECK_STR(case_answer(k, &diagnose_loopback)->id, "loopback-address-missing");
	k->q.lo.mtu = 1000;
	CHECK_STR(case_answer(k, &diagnose_loopback)->id, "lo-mtu-disables-ipv6");
	k->q.v6_off_lo = 1;
	CHECK_STR(case_answer(k, &diagnose_loopback)->id, "ipv6-disabled");
	k->q.lo.up = false;
	CHECK_STR(case_answer(k, &diagnose_loopback)->id, "loopback-down");
}

TEST(does_not_explain_why_the_other_family_refuses)
{
	struct place *p;
	AUTO(case) struct case_file *k = without_v6("localhost", &p);

	k->q.v6_off_all = 1;
	CHECK(case_answer(k, &diagnose_loopback) == NULL);
	CHECK_INT(k->q.observed, OBSERVED_REFUSED);
}

TEST(likes_a_machine_without_v6_that_works)
{
	struct place *p;
	AUTO(case) struct case_file *k = without_v6("localhost", &p);

	case_status(&k->q.places[0], 200);
	CHECK(case_answer(k, &diagnose_loopback) == NULL);
}

TEST(misses_127)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	case_place(k, "127.0.0.1")->talk.error = ENETUNREACH;
	const struct finding *f = case_answer(k, &diagnose_loopback);
	CHECK(f != NULL);
	CHECK_STR(f->id, "loopback-address-missing");
	CHECK(case_says(f, "ip addr add 127.0.0.1/8 dev lo"));
}

TESTS(names_why_the_address_is_gone, does_not_explain_why_the_other_family_refuses,
	likes_a_machine_without_v6_that_works, misses_127)
