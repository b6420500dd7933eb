/* links_test - the addresses of this machine, and which addresses are its own. */
#include "sys/links.h"

#include "unit.h"

static struct address parse(const char *text)
{
	struct address a = {0};

	CHECK(address_parse(text, &a));
	return a;
}

static bool is_own(const struct host_address *list, size_t count, const char *text)
{
	struct address a = parse(text);

	return links_is_own(list, count, &a);
}

TEST(own_addresses)
{
	const struct host_address list[] = {{.address = parse("192.0.2.7")},
		{.address = parse("2001:db8::7")}, {.address = parse("fe80::7%2")},
		{.address = ADDRESS_ANY4}};

	CHECK(is_own(list, 4, "192.0.2.7"));
	CHECK(is_own(list, 4, "::ffff:192.0.2.7"));
	CHECK(is_own(list, 4, "2001:db8::7"));
	CHECK(is_own(list, 4, "fe80::7%2"));
	CHECK(is_own(list, 0, "127.5.5.5"));
	CHECK(is_own(list, 0, "::1"));
	CHECK(is_own(list, 0, "::ffff:127.0.0.1"));
	CHECK(!is_own(list, 4, "192.0.2.8"));
	CHECK(!is_own(list, 4, "2001:db8::8"));
	CHECK(!is_own(list, 4, "fe80::7%3")); /* another machine's, on another link */
	CHECK(!is_own(list, 4, "0.0.0.0"));
	CHECK(!is_own(list, 4, "::"));
	CHECK(!links_is_own(list, 4, &(struct address){0}));
}

TEST(the_machine_has_its_own)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct host_address *list;
	size_t count;

	CHECK_INT(links_addresses(arena, &list, &count, NULL), 0);
	for (size_t i = 0; i < count; i++)
		CHECK(links_is_own(list, count, &list[i].address));
}

TESTS(own_addresses, the_machine_has_its_own)
