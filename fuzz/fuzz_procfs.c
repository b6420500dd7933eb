/* fuzz_procfs - the files of one process: stat, status, cmdline, environ and link targets. */
#include "base/must.h"
#include "base/str.h"
#include "sys/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_links(const char *bytes, size_t size)
{
	AUTO(free) char *target = must_malloc(size + 1);
	uint32_t inode = 0;

	if (size)
		memcpy(target, bytes, size);
	target[size] = '\0';
	size_t before = strlen(target);
	if (procfs_parse_ns(target, &inode))
		must(inode != 0);
	if (procfs_strip_deleted(target))
		must(strlen(target) < before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *bytes = (const char *)data;
	struct proc_stat stat;
	struct proc_status status;
	struct proc_argv v;
	char value[32];

	if (procfs_parse_stat(bytes, size, &stat)) {
		must(stat.pid >= 0 && stat.ppid >= 0 && stat.session >= 0);
		must(strnlen(stat.comm, sizeof(stat.comm)) < sizeof(stat.comm));
	}
	procfs_parse_status(bytes, size, &status);
	if (procfs_parse_env(bytes, size, "TMUX", value, sizeof(value)))
		must(strlen(value) < sizeof(value));
	fuzz_links(bytes, size);

	procfs_parse_argv(arena, bytes, size, &v);
	must((v.argc == 0) == (v.argv == NULL));
	must(v.argc <= PROCFS_ARGC_MAX);
	size_t total = 0;
	for (size_t i = 0; i < v.argc; i++)
		total += strlen(v.argv[i]) + 1;
	must(total <= size + 1);
	return 0;
}
