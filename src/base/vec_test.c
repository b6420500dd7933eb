#include "base/vec.h"
#include "unit.h"

TEST(grows_to_its_maximum)
{
	VEC(int) v = VEC_INIT(100);

	for (int i = 0; i < 100; i++) {
		int *p = vec_push(&v);
		CHECK(p != NULL);
		CHECK_INT(*p, 0);
		*p = i;
	}
	CHECK(vec_push(&v) == NULL);
	CHECK_INT(v.count, 100);
	CHECK_INT(v.items[99], 99);
	vec_fini(&v);
	CHECK_INT(v.count, 0);
	CHECK(vec_push(&v) != NULL); /* usable again */
	vec_fini(&v);
}

TEST(allows_none)
{
	VEC(int) v = VEC_INIT(0);
	int seen = 0;

	CHECK(vec_push(&v) == NULL);
	VEC_EACH (&v, it)
		seen += *it;
	CHECK_INT(seen, 0);
	vec_sort(&v, NULL);
	vec_fini(&v);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

TEST(walks_and_sorts)
{
	VEC(int) v = VEC_INIT(10);
	int sum = 0, previous = 0;

	for (int i = 0; i < 5; i++)
		*vec_push(&v) = (i * 3 + 2) % 5;
	vec_sort(&v, compare);
	VEC_EACH (&v, it) {
		CHECK(*it >= previous);
		previous = *it;
		sum += *it;
	}
	CHECK_INT(sum, 10);
	vec_fini(&v);
}

TESTS(grows_to_its_maximum, allows_none, walks_and_sorts)
