/* buf - see buf.h. Grows by doubling; starts with a static empty string so that init is free. */
#include "base/buf.h"

#include "base/must.h"
#include <string.h>

char buf_empty[1];

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.data = buf_empty, .max = max};
}

void buf_fini(struct buf *b)
{
	if (b->data != buf_empty)
		free(b->data);
	*b = (struct buf){.data = buf_empty, .max = b->max};
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->capacity)
		b->data[0] = '\0';
}

bool buf_reserve(struct buf *b, size_t more)
{
	if (more > b->max - b->len) {
		b->overflow = true;
		return false;
	}
	if (b->len + more + 1 <= b->capacity)
		return true;

	size_t want = MAX(b->capacity * 2, (size_t)128);
	want = MAX(want, b->len + more + 1);
	want = MIN(want - 1, b->max) + 1; /* max may be SIZE_MAX */
	b->data = b->capacity ? must_realloc(b->data, want) : must_malloc(want);
	b->capacity = want;
	b->data[b->len] = '\0';
	return true;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len > b->max - b->len) {
		b->overflow = true;
		len = b->max - b->len;
	}
	if (len == 0 || !buf_reserve(b, len))
		return;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_pad(struct buf *b, char c, size_t count)
{
	if (count > b->max - b->len) {
		b->overflow = true;
		count = b->max - b->len;
	}
	if (count == 0 || !buf_reserve(b, count))
		return;
	memset(b->data + b->len, c, count);
	b->len += count;
	b->data[b->len] = '\0';
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	char small[256];
	va_list again;

	va_copy(again, args);
	int need = vsnprintf(small, sizeof(small), format, args);
	must(need >= 0);
	if ((size_t)need < sizeof(small)) {
		buf_add(b, small, need);
	} else {
		AUTO(free) char *large = must_malloc((size_t)need + 1);
		vsnprintf(large, (size_t)need + 1, format, again);
		buf_add(b, large, need);
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

char *buf_steal(struct buf *b)
{
	char *data = b->capacity ? b->data : must_strdup("");

	buf_init(b, b->max);
	return data;
}
