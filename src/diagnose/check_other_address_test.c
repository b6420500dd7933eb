#include <case_file.h>

extern const struct diagnose_check diagnose_other_address;

/* A server at one address, asked at another. */
static struct case_file *asked(const char *listens, const char *asks)
{
	struct case_file *k = case_new(asks, 3000);

	snap_listen(&k->world, listens, 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	case_own(k, "lo", "127.0.0.1");
	case_own(k, "eth0", "192.0.2.7");
	case_place(k, asks);
	return k;
}

TEST(another_loopback_address)
{
	AUTO(case) struct case_file *k = asked("127.0.1.1", "127.0.0.1");
	static const char hosts[] = "127.0.0.1 localhost\n127.0.1.1 devbox\n";

	resolver_parse_hosts(k->arena, hosts, sizeof(hosts) - 1, &k->q.resolver.hosts);
	const struct finding *f = case_answer(k, &diagnose_other_address);
	CHECK_STR(f ? f->id : NULL, "bound-other-loopback-addr");
	CHECK(case_says(f, "LISTEN 127.0.1.1:3000 node 4121"));
	CHECK(case_says(f, "/etc/hosts:2"));
	CHECK(case_says(f, "the name devbox"));
	CHECK(case_says(f, "or dial 127.0.1.1:3000"));
}

TEST(an_address_of_the_network)
{
	AUTO(case) struct case_file *k = asked("192.0.2.7", "127.0.0.1");
	const struct finding *f = case_answer(k, &diagnose_other_address);

	CHECK_STR(f ? f->id : NULL, "bound-nonloopback-only");
	CHECK(case_says(f, "the address of eth0"));
	CHECK(case_says(f, "4121"));
	CHECK(case_says(f, "or dial 192.0.2.7:3000"));
}

TEST(localhost_asked_from_the_network)
{
	AUTO(case) struct case_file *k = asked("127.0.0.1", "192.0.2.7");
	const struct finding *f = case_answer(k, &diagnose_other_address);

	CHECK_STR(f ? f->id : NULL, "listens-loopback-only");
	CHECK(case_says(f, "nobody reaches it at 192.0.2.7:3000"));
	CHECK(case_says(f, "--host 0.0.0.0"));
}

TEST(one_device_only)
{
	AUTO(case) struct case_file *k = asked("0.0.0.0", "127.0.0.1");

	k->world.sockets.items[0].local.ifindex = 4000000;
	const struct finding *f = case_answer(k, &diagnose_other_address);
	CHECK_STR(f ? f->id : NULL, "bound-to-device");
	CHECK(case_says(f, "index 4000000"));
	CHECK(case_says(f, "4121"));
}

TEST(the_device_lo_is_no_fault)
{
	AUTO(case) struct case_file *k = asked("0.0.0.0", "127.0.0.1");

	k->world.sockets.items[0].local.ifindex = 1;
	case_answer(k, &diagnose_other_address);
	CHECK_INT(k->count, 0);
}

TEST(a_wildcard_is_no_fault)
{
	AUTO(case) struct case_file *k = asked("0.0.0.0", "127.0.0.1");

	case_answer(k, &diagnose_other_address);
	CHECK_INT(k->count, 0);
}

TEST(the_other_family_is_not_its_matter)
{
	AUTO(case) struct case_file *k = asked("::1", "127.0.0.1");

	case_answer(k, &diagnose_other_address);
	CHECK_INT(k->count, 0);
}

TEST(a_thousand_addresses_are_told_once)
{
	AUTO(case) struct case_file *k = asked("127.0.1.1", "127.0.0.1");
	char text[32];

	for (unsigned i = 2; i < 200; i++) {
		snprintf(text, sizeof(text), "127.0.1.%u", i);
		snap_listen(&k->world, text, 3000, NULL);
	}
	CHECK_STR(case_cause(k, &diagnose_other_address), "bound-other-loopback-addr");
	CHECK_INT(k->count, 1);
}

TESTS(another_loopback_address, an_address_of_the_network, localhost_asked_from_the_network,
	one_device_only, the_device_lo_is_no_fault, a_wildcard_is_no_fault,
	the_other_family_is_not_its_matter, a_thousand_addresses_are_told_once)
