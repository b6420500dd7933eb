/*
 * vec - a typed growable array with a maximum.
 *
 *   VEC(struct thing) things = VEC_INIT(1000);
 *   struct thing *t = vec_push(&things);        zeroed new element, NULL when the maximum is reached
 *   VEC_EACH (&things, it) use(it);
 *   vec_fini(&things);
 *
 * Elements move when the array grows: keep indexes, not pointers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count, capacity, max;                                                       \
	}
/* clang-format off */
#define VEC_INIT(max_) {.max = (max_)}
/* clang-format on */

#define VEC_EACH(v, it)                                                                            \
	for (__auto_type it = &(v)->items[0]; it && it < (v)->items + (v)->count; it++)

#define vec_push(v)                                                                                \
	(vec_grow((void **)&(v)->items, sizeof(*(v)->items), (v)->count, &(v)->capacity, (v)->max) \
			? &(v)->items[(v)->count++]                                                \
			: NULL)

#define vec_fini(v)                                                                                \
	do {                                                                                       \
		free((v)->items);                                                                  \
		(v)->items = NULL;                                                                 \
		(v)->count = (v)->capacity = 0;                                                    \
	} while (0)

#define vec_sort(v, compare) vec_qsort((v)->items, (v)->count, sizeof(*(v)->items), compare)

/* Makes room for one more and zeroes it; false at the maximum. */
bool vec_grow(void **items, size_t size, size_t count, size_t *capacity, size_t max);
void vec_qsort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *));
