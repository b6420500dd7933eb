/* map - see map.h. Grows at 70 % load; keys are mixed, since inodes and pids are sequential. */
#include "base/map.h"

#include "base/must.h"

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	return x;
}

void map_init(struct map *m)
{
	*m = (struct map){0};
}

void map_fini(struct map *m)
{
	free(m->entries);
	map_init(m);
}

static struct map_entry *slot(const struct map *m, uint64_t key)
{
	size_t i = mix(key) & (m->capacity - 1);

	while (m->entries[i].used && m->entries[i].key != key)
		i = (i + 1) & (m->capacity - 1);
	return &m->entries[i];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->capacity = old.capacity ? old.capacity * 2 : 64;
	m->entries = must_calloc(m->capacity, sizeof(*m->entries));
	for (size_t i = 0; i < old.capacity; i++)
		if (old.entries[i].used)
			*slot(m, old.entries[i].key) = old.entries[i];
	free(old.entries);
}

void map_set(struct map *m, uint64_t key, uint64_t value)
{
	if ((m->count + 1) * 10 > m->capacity * 7)
		grow(m);

	struct map_entry *e = slot(m, key);
	if (!e->used)
		m->count++;
	*e = (struct map_entry){.key = key, .value = value, .used = true};
}

bool map_get(const struct map *m, uint64_t key, uint64_t *out)
{
	if (m->count == 0)
		return false;

	struct map_entry *e = slot(m, key);
	if (e->used && out)
		*out = e->value;
	return e->used;
}

uint64_t map_hash(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return mix(h);
}
