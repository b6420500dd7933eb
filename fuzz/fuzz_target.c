/* fuzz_target - any text a person may type is read or refused, and what is read keeps its promises. */
#include "base/must.h"
#include "base/str.h"
#include "model/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *text = arena_strndup(arena, (const char *)data, size);
	struct target t;
	struct err err = {0};
	uint16_t low, high;

	if (target_parse(arena, text, &t, &err) < 0)
		must(err.code < 0 && err.text[0]);
	else
		must(t.text && (t.host == NULL || t.address.family == AF_UNSPEC) &&
			(t.kind != TARGET_URL || (t.scheme && t.path[0] == '/')) &&
			(t.kind != TARGET_HOST || t.host) && (t.kind != TARGET_PID || t.pid > 0));
	if (target_parse_range(text, &low, &high, &err) == 0)
		must(low <= high);
	return 0;
}
