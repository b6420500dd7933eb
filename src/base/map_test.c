#include "base/map.h"
#include "unit.h"

TEST(finds_what_was_set)
{
	AUTO(map) struct map m = {0};
	uint64_t value = 7;

	CHECK(!map_get(&m, 1, &value));
	CHECK_INT(value, 7);
	for (uint64_t i = 0; i < 10000; i++)
		map_set(&m, i * 3, i);
	CHECK_INT(m.count, 10000);
	for (uint64_t i = 0; i < 10000; i++) {
		CHECK(map_get(&m, i * 3, &value) && value == i);
		CHECK(!map_get(&m, i * 3 + 1, NULL));
	}
}

TEST(replaces)
{
	AUTO(map) struct map m = {0};
	uint64_t value;

	map_set(&m, 0, 1); /* 0 is a key like any other */
	map_set(&m, 0, 2);
	map_set(&m, UINT64_MAX, 3);
	CHECK_INT(m.count, 2);
	CHECK(map_get(&m, 0, &value) && value == 2);
	CHECK(map_get(&m, UINT64_MAX, NULL));
}

TEST(hashes_bytes)
{
	CHECK(map_hash("abc", 3) != map_hash("abd", 3));
	CHECK(map_hash("abc", 3) == map_hash("abcd", 3));
	CHECK(map_hash("", 0) == map_hash("x", 0));
}

TESTS(finds_what_was_set, replaces, hashes_bytes)
