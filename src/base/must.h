/*
 * must - an assertion that is always on, for what only a bug can break. Never for input.
 */
#pragma once

#include <stddef.h>

#define must(condition)                                                                            \
	((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__, __func__))

/* Prints the place to stderr and aborts. */
_Noreturn void must_fail(const char *condition, const char *file, int line, const char *function);

/* malloc family that aborts when the kernel has no memory; results are never NULL. */
void *must_malloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *must_calloc(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));
void *must_realloc(void *p, size_t size) __attribute__((alloc_size(2)));
char *must_strdup(const char *s) __attribute__((malloc));
