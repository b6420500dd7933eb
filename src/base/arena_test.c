#include "base/arena.h"
#include "unit.h"

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

TESTS(adopts_what_another_one_holds, an_empty_arena_adopts_too)
