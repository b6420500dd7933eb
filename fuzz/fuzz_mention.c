/* fuzz_mention - any pasted text: no read outside of it, every endpoint found is well formed. */
#include "base/must.h"
#include "model/mention.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(free)
	char *text = must_malloc(size); /* of this size, so that one byte more is noticed */
	struct target found[MENTION_MAX];

	memcpy(text, data, size);
	size_t count = mention_find(arena, text, size, found, MENTION_MAX);
	must(count <= MENTION_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct target *t = &found[i];
		must(t->text && (!t->has_port || t->port));
		must(t->kind == TARGET_PORT || t->kind == TARGET_UNIX || t->host ||
			t->address.family != AF_UNSPEC);
		must(t->kind != TARGET_UNIX || t->path);
	}
	return 0;
}
