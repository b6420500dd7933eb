/* fuzz_vitals - the texts that tell how a process fares: status, limits, cgroup, netstat, the log. */
#include "base/must.h"
#include "base/str.h"
#include "sys/vitals_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KILLS = 4 };

static void fuzz_log(struct arena *arena, const char *bytes, size_t size)
{
	struct oom_kill kills[KILLS] = {0};
	struct oom_log log = {.arena = arena, .out = kills, .max = KILLS};

	for (const char *end = bytes + size, *nl; bytes < end; bytes = nl + 1) {
		nl = memchr(bytes, '\n', (size_t)(end - bytes));
		nl = nl ? nl : end;
		oom_log_line(&log, bytes, (size_t)(nl - bytes));
	}
	for (size_t i = 0; i < MIN(log.count, KILLS); i++)
		must(kills[i].pid >= 0 && kills[i].name && kills[i].line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *text = arena_strndup(arena, (const char *)data, size);
	struct vitals v = {.seccomp = -1};

	vitals_parse_status(text, &v);
	must(v.tracer >= 0 && v.seccomp >= -1 && v.seccomp <= 2);
	vitals_parse_fd_limit(text);
	const char *path = vitals_parse_cgroup(arena, text, "");
	must(!path || *path == '/');
	path = vitals_parse_cgroup(arena, text, "freezer");
	must(!path || *path == '/');
	net_counters_parse(text, "TcpExt:", "ListenDrops");
	fuzz_log(arena, (const char *)data, size);
	return 0;
}
