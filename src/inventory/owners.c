/* owners - see owners.h. */
#include "inventory/owners.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/must.h"
#include "base/vec.h"
#include <string.h>

struct owner_table {
	const struct host *host;
	struct arena *arena;
	struct map by_pid;
	VEC(struct owner *) v;
};

struct owner_table *owner_table_new(const struct host *host, struct arena *arena)
{
	struct owner_table *t = must_calloc(1, sizeof(*t));

	t->host = host;
	t->arena = arena;
	t->v.max = 1u << 20;
	return t;
}

void owner_table_free(struct owner_table *t)
{
	if (!t)
		return;
	map_fini(&t->by_pid);
	vec_fini(&t->v);
	free(t);
}

uint32_t owner_table_add(struct owner_table *t, pid_t pid)
{
	uint64_t index;
	char path[64], text[4096];

	if (map_get(&t->by_pid, (uint64_t)pid, &index))
		return (uint32_t)index;
	map_set(&t->by_pid, (uint64_t)pid, t->v.count);
	struct owner *o = arena_new_of(t->arena, struct owner);
	*vec_push(&t->v) = o;
	o->pid = pid;
	o->started_ms = -1;
	snprintf(path, sizeof(path), "%d/exe", pid);
	if (fs_readlink_at(t->host->proc, path, text, sizeof(text)) > 0)
		o->exe = arena_strdup(t->arena, text);
	return (uint32_t)(t->v.count - 1);
}

void owner_table_load(struct owner_table *t, uint32_t index, enum owner_detail detail)
{
	(void)t;
	(void)index;
	(void)detail;
}

struct owner *const *owner_table_list(const struct owner_table *t, size_t *out_count)
{
	*out_count = t->v.count;
	return t->v.items;
}
