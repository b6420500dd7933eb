/* arena - see arena.h. A chain of blocks; a request larger than a block gets its own. */
#include "base/arena.h"

#include "base/must.h"
#include <string.h>

#define BLOCK_SIZE (32u << 10)
#define ALIGN	   16u

struct block {
	struct block *next;
	size_t used;
	size_t size;
	_Alignas(ALIGN) unsigned char bytes[];
};

struct arena {
	struct block *head;
	size_t used;
};

struct arena *arena_new(void)
{
	return must_calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->head; b;) {
		struct block *next = b->next;
		free(b);
		b = next;
	}
	free(a);
}

static struct block *block_add(struct arena *a, size_t need)
{
	size_t size = MAX(need, (size_t)BLOCK_SIZE);
	struct block *b = must_malloc(sizeof(*b) + size);

	b->used = 0;
	b->size = size;
	if (need > BLOCK_SIZE / 2 && a->head) {
		/* keep filling the current block; the large one goes behind it */
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b->next = a->head;
		a->head = b;
	}
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	must(size <= SIZE_MAX / 2); /* more can only be a miscalculation */
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);

	struct block *b = a->head;
	if (!b || b->size - b->used < size)
		b = block_add(a, size);
	void *p = b->bytes + b->used;
	b->used += size;
	a->used += size;
	return memset(p, 0, size);
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	size_t total;

	must(!__builtin_mul_overflow(count, size, &total));
	return arena_alloc(a, total);
}

void *arena_memdup(struct arena *a, const void *bytes, size_t len)
{
	void *p = arena_alloc(a, len);

	if (len)
		memcpy(p, bytes, len);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len)
		memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;

	char small[256];
	va_start(args, format);
	va_copy(again, args);
	int need = vsnprintf(small, sizeof(small), format, args);
	must(need >= 0);
	char *p = arena_alloc(a, (size_t)need + 1);
	if ((size_t)need < sizeof(small))
		memcpy(p, small, (size_t)need);
	else
		vsnprintf(p, (size_t)need + 1, format, again);
	va_end(again);
	va_end(args);
	return p;
}

void arena_adopt(struct arena *a, struct arena *other)
{
	struct block **end = &a->head;

	while (*end) /* behind our own blocks: the first is the one that is being filled */
		end = &(*end)->next;
	*end = other->head;
	a->used += other->used;
	free(other);
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
