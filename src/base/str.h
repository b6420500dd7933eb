/*
 * str - small questions about strings. Nothing here allocates unless it says so.
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_empty(const char *s)
{
	return !s || !*s;
}

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* `s` without the prefix, or NULL. */
const char *str_after(const char *s, const char *prefix);

/* The part after the last '/', the whole when there is none. */
const char *str_basename(const char *path);

/* Copies what fits and always ends with NUL; returns strlen(src), as BSD's strlcpy does. */
size_t str_copy(char *dst, size_t size, const char *src);

/* A whole decimal number <= max and nothing else; false leaves out untouched. */
bool str_u64(const char *s, uint64_t max, uint64_t *out);

/* "500ms", "3s", "2m", "1h", "1.5s" or bare seconds -> milliseconds. */
bool str_duration_ms(const char *s, uint64_t *out);

/* Damerau-Levenshtein distance for "did you mean"; strings over 63 bytes count as far. */
unsigned str_distance(const char *a, const char *b);

/* Shell-quotes one word: bare when safe, else in single quotes. */
void str_shell_quote(struct buf *out, const char *word);
