/*
 * line - what decoders of text protocols share: lines out of a reader, words out of lines.
 *
 * Lines end with LF, a CR before it is dropped. Only line_copy and line_version copy anything.
 */
#pragma once

#include "decode/decoder.h"

struct line {
	const char *text; /* borrowed, not NUL-terminated */
	size_t len;
};

/* Whether the bytes begin with `prefix`; NEED_MORE while all there is agrees with it. */
enum decode_result line_begins(struct reader r, const char *prefix);

/* The next whole line; false, and the reader failed, when its end has not come yet. */
bool line_next(struct reader *r, struct line *out);

bool line_starts(const struct line *l, const char *prefix);
/* Drops `prefix` from the line; false when it does not start with it. */
bool line_drop(struct line *l, const char *prefix);
/* The first place of `word` in the line, ASCII letters of either case; NULL when absent. */
const char *line_find(const struct line *l, const char *word);

/* A copy of at most `max` bytes, white space at both ends dropped; NULL when nothing is left. */
const char *line_copy(struct arena *a, const char *text, size_t len, size_t max);

/* The version number that begins at `text` ("15.4-rc1", "v2.1"), or NULL when none does. */
const char *line_version(struct arena *a, const char *text, size_t len);
