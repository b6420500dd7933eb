#include "base/arena.h"
#include "sys/sysctl.h"
#include "unit.h"

static struct host open_fixture(const char *name)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct host h;

	const char *path = arena_printf(arena, "%s/fixtures/%s", getenv("LOOPSCOPE_TESTS"), name);
	if (host_open(path, &h, NULL) < 0)
		abort();
	return h;
}

TEST(parses_a_pair)
{
	struct port_range r = {1, 1};

	CHECK(sysctl_parse_range("32768\t60999\n", &r) && r.low == 32768 && r.high == 60999);
	CHECK(sysctl_parse_range(" 1 1", &r) && r.low == 1 && r.high == 1);
	CHECK(!sysctl_parse_range("", &r));
	CHECK(!sysctl_parse_range("32768", &r));
	CHECK(!sysctl_parse_range("32768-60999", &r));
	CHECK(!sysctl_parse_range("60999 32768", &r));
	CHECK(!sysctl_parse_range("1 65536", &r));
	CHECK(!sysctl_parse_range("1 2 3", &r));
	CHECK(!sysctl_parse_range("-1 2", &r));
	CHECK(r.low == 1 && r.high == 1);
}

TEST(walks_a_list)
{
	const char *cursor = "8080,9000-9010,1\n";
	struct port_range r;

	CHECK(sysctl_next_range(&cursor, &r) && r.low == 8080 && r.high == 8080);
	CHECK(sysctl_next_range(&cursor, &r) && r.low == 9000 && r.high == 9010);
	CHECK(sysctl_next_range(&cursor, &r) && r.low == 1 && r.high == 1);
	CHECK(!sysctl_next_range(&cursor, &r));
	cursor = "\n";
	CHECK(!sysctl_next_range(&cursor, &r));
	cursor = "5-";
	CHECK(!sysctl_next_range(&cursor, &r));
	cursor = "9-5";
	CHECK(!sysctl_next_range(&cursor, &r));
	cursor = "70000";
	CHECK(!sysctl_next_range(&cursor, &r));
	cursor = "80x";
	CHECK(!sysctl_next_range(&cursor, &r));
}

TEST(reads_this_kernel)
{
	struct host h = open_fixture("net-changed");
	struct port_range r;
	uint16_t start;

	CHECK(sysctl_local_range(&h, &r) && r.low == 1024 && r.high == 65535);
	CHECK(sysctl_unprivileged_start(&h, &start) && start == 0);
	CHECK(sysctl_is_reserved(&h, 8080));
	CHECK(sysctl_is_reserved(&h, 9010));
	CHECK(!sysctl_is_reserved(&h, 9011));
	CHECK(sysctl_is_reserved(&h, 50051));
	host_close(&h);
}

TEST(falls_back_to_defaults)
{
	struct host h = open_fixture("net-empty");
	struct port_range r;
	uint16_t start;

	CHECK(!sysctl_local_range(&h, &r) && r.low == 32768 && r.high == 60999);
	CHECK(!sysctl_unprivileged_start(&h, &start) && start == 1024);
	CHECK(!sysctl_is_reserved(&h, 8080));
	host_close(&h);
	h = open_fixture("net-defaults");
	CHECK(sysctl_local_range(&h, &r) && r.low == 32768);
	CHECK(!sysctl_is_reserved(&h, 0));
	host_close(&h);
}

TESTS(parses_a_pair, walks_a_list, reads_this_kernel, falls_back_to_defaults)
