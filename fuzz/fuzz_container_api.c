/* fuzz_container_api - the answer of a container runtime's API, with the JSON reader behind it. */
#include "base/must.h"
#include "inventory/container_api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *name = NULL;

	if (container_api_parse((const char *)data, size, arena, &name) == 0)
		must(name && *name);
	return 0;
}
