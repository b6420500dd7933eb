#include "sys/lookup.h"
#include "unit.h"

TEST(finds_an_address)
{
	AUTO(lookup) struct lookup *l = lookup_start("127.0.0.1");
	struct lookup_answer a;

	lookup_wait(l, 60000, &a);
	CHECK_INT(a.failure, 0);
	CHECK(!a.timed_out);
	CHECK_INT(a.address_count, 1);
	CHECK(address_eq(&a.addresses[0], &ADDRESS_LOOPBACK4));
}

TEST(says_why_there_is_none)
{
	/* a label of 64 bytes is refused before anyone is asked, RFC 1035 section 2.3.4 */
	AUTO(lookup)
	struct lookup *l = lookup_start(
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.localhost");
	struct lookup_answer a;

	lookup_wait(l, 60000, &a);
	CHECK(a.timed_out || (a.failure != 0 && a.failure_text));
	CHECK_INT(a.address_count, 0);
}

TEST(may_be_forgotten_at_any_time)
{
	for (int i = 0; i < 50; i++) {
		struct lookup_answer a;
		struct lookup *l = lookup_start("127.0.0.1");
		if (i % 2)
			lookup_wait(l, 0, &a);
		lookup_free(l);
	}
	lookup_free(NULL);
}

TESTS(finds_an_address, says_why_there_is_none, may_be_forgotten_at_any_time)
