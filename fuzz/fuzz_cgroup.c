/* fuzz_cgroup - the text of /proc/PID/cgroup. */
#include "base/must.h"
#include "sys/cgroup.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct cgroup c;

	if (!cgroup_parse(text, size, &c))
		return 0;
	must(c.path >= text && c.path + c.path_len <= text + size && c.path[0] == '/');
	must((c.unit_id == NULL) == (c.unit[0] == '\0'));
	must(c.unit_id || !c.unit_is_user);
	must((c.runtime == RUNTIME_NONE) == (c.container[0] == '\0'));
	must(c.runtime < RUNTIME_COUNT && c.slice_uid < UINT32_MAX);
	must(strnlen(c.unit, sizeof(c.unit)) < sizeof(c.unit));
	must(strnlen(c.container, sizeof(c.container)) < sizeof(c.container));
	must(strnlen(c.pod, sizeof(c.pod)) < sizeof(c.pod));
	return 0;
}
