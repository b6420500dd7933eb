/* snapshot - see snapshot.h. The sockets are an array of their own: 100,000 of them are not copied. */
#include "model/snapshot.h"

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	free((void *)s->sockets);
	arena_free(s->arena);
	free(s);
}

void snapshot_give(struct snapshot *s, struct arena *arena)
{
	if (!s)
		return;
	arena_adopt(arena, steal(&s->arena));
	snapshot_free(s);
}
