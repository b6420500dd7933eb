/* vec - see vec.h. */
#include "base/vec.h"

#include "base/auto.h"
#include "base/must.h"
#include <string.h>

bool vec_grow(void **items, size_t size, size_t count, size_t *capacity, size_t max)
{
	if (count >= max)
		return false;
	if (count == *capacity) {
		size_t want = MIN(MAX(*capacity * 2, (size_t)16), max);
		*items = must_realloc(*items, want * size);
		*capacity = want;
	}
	memset((char *)*items + count * size, 0, size);
	return true;
}

void vec_qsort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count > 1)
		qsort(items, count, size, compare);
}
