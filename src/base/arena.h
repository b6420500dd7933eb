/*
 * arena - memory that dies together: one per request, snapshot or answer.
 *
 * Allocation is a pointer bump; there is no single free. Results are never NULL and are zeroed.
 */
#pragma once

#include "base/auto.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct arena *arena_new(void); /* owned */
void arena_free(struct arena *a);

void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, alloc_size(2)));
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len); /* len bytes and a NUL */
void *arena_memdup(struct arena *a, const void *bytes, size_t len);
char *arena_printf(struct arena *a, const char *format, ...) PRINTF(2, 3)
	__attribute__((nonnull(2)));

/* Moves everything in `other` to a, where it lives on at the same addresses; frees other itself. */
void arena_adopt(struct arena *a, struct arena *other);

/* Bytes handed out so far; what a limit is measured against. */
size_t arena_used(const struct arena *a);

/* count elements of size bytes; a product that does not fit is a bug. */
void *arena_calloc(struct arena *a, size_t count, size_t size)
	__attribute__((malloc, alloc_size(2, 3)));

#define arena_new_of(a, type)	    ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, count) ((type *)arena_calloc((a), (count), sizeof(type)))

AUTO_DEFINE(arena, struct arena *, arena_free)
