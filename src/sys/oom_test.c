#include "base/must.h"
#include "base/str.h"
#include "sys/vitals_part.h"
#include "tree.h"
#include "unit.h"
#include <errno.h>

#define LIMIT                                                                                      \
	"6,901,5000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=web,"         \
	"mems_allowed=0,oom_memcg=/docker/web,task_memcg=/docker/web/x,task=node,pid=4121,uid=0\n"

static const char log_text[] =
	"5,1,0,-;Linux version 6.18\n"
	" SUBSYSTEM=acpi\n"
	"6,900,4999000,-;node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n" LIMIT
	"3,902,5000100,-;Memory cgroup out of memory: Killed process 4121 (node) total-vm:1kB, "
	"anon-rss:1kB, file-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0\n"
	"3,903,6000000,c,caller=T1;Out of memory: Killed process 77 (a) total-vm:) total-vm:9kB\n"
	"3,904,7000000,-;Memory cgroup out of memory: Killed process 78 (old) total-vm:9kB\n"
	"12,905,8000000,-;Out of memory: Killed process 99 (forged) total-vm:9kB\n"
	"6,906,8000000,-;oom_reaper: reaped process 78 (old), now anon-rss:0kB\n";

static size_t read_kills(const struct tree *t, struct arena *arena, struct oom_kill *out,
	size_t max, int want)
{
	struct host h;
	size_t count = 0;

	must(host_open(t->path, &h, NULL) == 0);
	h.boot_ms = 1000000;
	CHECK_INT(oom_kills(&h, arena, out, max, &count), want);
	host_close(&h);
	return count;
}

TEST(reads_the_kernel_log)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();
	struct oom_kill kills[8];

	tree_text(&t, "proc/stat", "btime 1000\n");
	CHECK_INT(read_kills(&t, arena, kills, 8, -ENOENT), 0);
	tree_text(&t, "dev/kmsg", log_text);
	CHECK_INT(read_kills(&t, arena, kills, 8, 0), 3);
	CHECK_INT(kills[0].pid, 78);
	CHECK_STR(kills[0].cgroup, "");
	CHECK_INT(kills[1].pid, 77);
	CHECK_STR(kills[1].name, "a) total-vm:");
	CHECK(kills[1].cgroup == NULL);
	CHECK_INT(kills[1].at_ms, 1006000);
	CHECK_INT(kills[2].pid, 4121);
	CHECK_STR(kills[2].name, "node");
	CHECK_STR(kills[2].cgroup, "/docker/web");
	CHECK(str_starts(kills[2].line, "Memory cgroup out of memory: Killed process 4121"));

	CHECK_INT(read_kills(&t, arena, kills, 2, 0), 2);
	CHECK_INT(kills[0].pid, 78);
	CHECK_INT(kills[1].pid, 77);
	CHECK_INT(read_kills(&t, arena, kills, 0, 0), 0);
}

TEST(bounds_a_log_without_lines)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();
	AUTO(free) char *huge = must_malloc(4 << 20);
	struct oom_kill kills[2];

	memset(huge, 'x', 4 << 20);
	tree_text(&t, "proc/stat", "");
	tree_file(&t, "dev/kmsg", huge, 4 << 20);
	CHECK_INT(read_kills(&t, arena, kills, 2, 0), 0);
}

/* Only that it ends and does not wait: the log's words are the machine's matter. */
TEST(does_not_wait_for_this_kernel)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct oom_kill kills[4];
	size_t count = 0;
	struct host h;

	must(host_open(NULL, &h, NULL) == 0);
	int r = oom_kills(&h, arena, kills, 4, &count);
	CHECK(r == 0 || r == -EPERM || r == -ENOENT);
	CHECK(count <= 4);
	host_close(&h);
}

TESTS(reads_the_kernel_log, bounds_a_log_without_lines, does_not_wait_for_this_kernel)
