#include "base/arena.h"
#include "unit.h"

TEST(zeroes_and_aligns)
{
	AUTO(arena) struct arena *a = arena_new();

	for (size_t size = 1; size < 200; size++) {
		unsigned char *p = arena_alloc(a, size);
		CHECK_INT((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			CHECK_INT(p[i], 0);
		memset(p, 0xff, size);
	}
}

TEST(keeps_what_it_gave)
{
	AUTO(arena) struct arena *a = arena_new();
	char *first = arena_strdup(a, "first");
	char *large = arena_alloc(a, 1 << 20); /* a block of its own */

	memset(large, 'x', 1 << 20);
	char *second = arena_strdup(a, "second");
	for (int i = 0; i < 10000; i++)
		arena_alloc(a, 100);
	CHECK_STR(first, "first");
	CHECK_STR(second, "second");
	CHECK_INT(large[(1 << 20) - 1], 'x');
	CHECK_INT(second - first, 16); /* the block in use went on being used */
}

TEST(copies)
{
	AUTO(arena) struct arena *a = arena_new();

	CHECK_STR(arena_strndup(a, "abcdef", 3), "abc");
	CHECK_STR(arena_strndup(a, NULL, 0), "");
	CHECK_STR(arena_printf(a, "%s:%d", "x", 42), "x:42");
	CHECK_INT(strlen(arena_printf(a, "%05000d", 1)), 5000);
	CHECK_INT(memcmp(arena_memdup(a, "\0\1\2", 3), "\0\1\2", 3), 0);
	CHECK(arena_alloc(a, 0) != NULL);
}

TEST(counts)
{
	AUTO(arena) struct arena *a = arena_new();

	CHECK_INT(arena_used(a), 0);
	arena_alloc(a, 1);
	CHECK_INT(arena_used(a), 16);
	int *numbers = arena_array(a, int, 10);
	numbers[9] = 1;
	CHECK_INT(arena_used(a), 64);
	arena_free(NULL);
}

TEST(adopts_what_another_one_holds)
{
	AUTO(arena) struct arena *a = arena_new();
	struct arena *b = arena_new(), *empty = arena_new();
	const char *ours = arena_strdup(a, "ours"), *theirs = arena_strdup(b, "theirs");
	char *large = arena_alloc(b, 1 << 20);
	size_t used = arena_used(a) + arena_used(b);

	large[(1 << 20) - 1] = 'x';
	arena_adopt(a, b);
	arena_adopt(a, empty);
	CHECK_INT(arena_used(a), used);
	CHECK_STR(arena_strdup(a, "more"), "more");
	CHECK_STR(ours, "ours");
	CHECK_STR(theirs, "theirs");
	CHECK_INT(large[(1 << 20) - 1], 'x');
}

TEST(an_empty_arena_adopts_too)
{
	AUTO(arena) struct arena *a = arena_new();
	struct arena *b = arena_new();
	const char *theirs = arena_strdup(b, "theirs");

	arena_adopt(a, b);
	CHECK_STR(theirs, "theirs");
	CHECK_STR(arena_strdup(a, "more"), "more");
}

TESTS(zeroes_and_aligns, keeps_what_it_gave, copies, counts, adopts_what_another_one_holds,
	an_empty_arena_adopts_too)
