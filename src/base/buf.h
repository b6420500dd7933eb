/*
 * buf - a growable run of bytes with a maximum from birth; always NUL-terminated.
 *
 *   AUTO(buf) struct buf b = BUF_INIT(64 << 10);
 *   buf_printf(&b, "%d", 1);
 *
 * Appending past the maximum keeps what fits and sets `overflow`; it sticks, so a caller may append
 * many times and ask once. `data` moves when the buffer grows: never keep a pointer across a write.
 */
#pragma once

#include "base/auto.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* owned; never NULL after buf_init */
	size_t len; /* bytes used, without the NUL */
	size_t capacity;
	size_t max; /* len never exceeds it */
	bool overflow;
};

extern char buf_empty[1]; /* what data points to before the first byte; never written */

#define BUF_INIT(max_)                                                                             \
	{                                                                                          \
		.data = buf_empty, .max = (max_)                                                   \
	}

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* len = 0, overflow = false; keeps the memory */

/* Makes room for `more` bytes after len; false (and overflow) when that would pass max. */
bool buf_reserve(struct buf *b, size_t more);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_pad(struct buf *b, char c, size_t count);
void buf_printf(struct buf *b, const char *format, ...) PRINTF(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args);

/* Hands the bytes over as an owned, NUL-terminated string; b is empty and usable afterwards. */
char *buf_steal(struct buf *b);

AUTO_DEFINE_FINI(buf, struct buf)
