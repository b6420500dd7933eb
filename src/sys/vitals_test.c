#include "sys/vitals.h"

#include "base/must.h"
#include "base/str.h"
#include "sys/vitals_part.h"
#include "tree.h"
#include "unit.h"
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define STAT(pid, state, user)                                                                     \
#pid " (node) " #state " 1 1 1 0 -1 4194304 1 2 3 4 " #user                                \
	     " 50 7 8 20 0 3 0 86241 1000 200\n"

static void write_process(const struct tree *t)
{
	tree_text(t, "proc/42/stat", STAT(42, S, 450));
	tree_text(t, "proc/42/task/42/stat", STAT(42, S, 50));
	tree_text(t, "proc/42/task/43/stat", STAT(43, R, 400));
	tree_text(t, "proc/42/task/44/stat", STAT(44, D, 0));
	tree_text(t, "proc/42/status",
		"Name:\tSeccomp:\\t1\nTracerPid:\t77\nGroups:\t1 2 3\nCapEff:\t00000000a80425fb\n"
		"NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n");
	tree_text(t, "proc/77/stat", "77 (g(d)b) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 9 1 2\n");
	tree_text(t, "proc/42/limits",
		"Limit                     Soft Limit           Hard Limit           Units     \n"
		"Max open files            4                    1048576              files     \n");
	tree_text(t, "proc/42/wchan", "ep_poll");
	tree_text(t, "proc/42/attr/current", "docker-default (enforce)\n");
	tree_link(t, "proc/42/ns/mnt", "mnt:[4026531841]");
	tree_link(t, "proc/42/ns/net", "net:[4026531840]");
	tree_link(t, "proc/42/fd/0", "/dev/null");
	tree_link(t, "proc/42/fd/1", "socket:[123]");
	tree_link(t, "proc/42/fd/2", "socket:[124]");
	tree_link(t, "proc/42/fd/3", "/tmp/socket:[1]");
}

static struct vitals read_vitals(const struct tree *t, struct arena *arena, pid_t pid)
{
	struct vitals v;
	struct host h;

	must(host_open(t->path, &h, NULL) == 0);
	h.ticks = 100;
	vitals_read(&h, arena, pid, &v);
	host_close(&h);
	return v;
}

TEST(reads_a_process)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();

	write_process(&t);
	struct vitals v = read_vitals(&t, arena, 42);
	CHECK(!v.gone);
	CHECK_INT(v.state, 'S');
	CHECK_INT(v.tracer, 77);
	CHECK_STR(v.tracer_name, "g(d)b");
	CHECK_INT(v.cpu_ms, 5000);
	CHECK_INT(v.main_cpu_ms, 1000);
	CHECK_INT(v.threads, 3);
	CHECK_INT(v.running, 1);
	CHECK_INT(v.uninterruptible, 1);
	CHECK_STR(v.wchan, "ep_poll");
	CHECK_INT(v.fd_count, 4);
	CHECK_INT(v.fd_limit, 4);
	CHECK_INT(v.fd_sockets, 2);
	CHECK_INT(v.mnt_ns, 4026531841u);
	CHECK_INT(v.net_ns, 4026531840u);
	CHECK_INT(v.pid_ns, 0);
	CHECK_INT(v.seccomp, 2);
	CHECK(v.no_new_privs);
	CHECK_INT(v.capabilities, 0xa80425fb);
	CHECK_STR(v.lsm_label, "docker-default (enforce)");
	CHECK(v.cgroup == NULL && !v.frozen);
}

TEST(says_what_it_does_not_know)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();

	tree_text(&t, "proc/42/stat", STAT(42, T, 0));
	tree_text(&t, "proc/42/wchan", "0");
	tree_text(&t, "proc/42/attr/current", "unconfined\n");
	struct vitals v = read_vitals(&t, arena, 42);
	CHECK_INT(v.state, 'T');
	CHECK(v.wchan == NULL && v.lsm_label == NULL && v.tracer_name == NULL);
	CHECK(v.main_cpu_ms == VITALS_UNKNOWN && v.fd_count == VITALS_UNKNOWN);
	CHECK(v.fd_limit == VITALS_UNKNOWN && v.fd_sockets == VITALS_UNKNOWN);
	CHECK(v.throttled_us == VITALS_UNKNOWN && v.oom_kills == VITALS_UNKNOWN);
	CHECK_INT(v.seccomp, -1);
	CHECK(read_vitals(&t, arena, 43).gone);
	CHECK(!v.gone);
}

TEST(finds_the_frozen_cgroup)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();

	write_process(&t);
	tree_text(&t, "proc/42/cgroup", "0::/app.slice/it's web/worker\n");
	tree_text(&t, "sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
	tree_text(&t, "sys/fs/cgroup/app.slice/cgroup.freeze", "0\n");
	tree_text(&t, "sys/fs/cgroup/app.slice/it's web/cgroup.freeze", "1\n");
	tree_text(&t, "sys/fs/cgroup/app.slice/it's web/worker/cgroup.freeze", "0\n");
	tree_text(&t, "sys/fs/cgroup/app.slice/it's web/worker/cgroup.events",
		"populated 1\nfrozen 1\n");
	tree_text(&t, "sys/fs/cgroup/app.slice/cpu.max", "50000 100000\n");
	tree_text(&t, "sys/fs/cgroup/app.slice/cpu.stat",
		"usage_usec 9\nnr_throttled 12\nthrottled_usec 345\n");
	tree_text(&t, "sys/fs/cgroup/app.slice/it's web/cpu.max", "max 100000\n");
	tree_text(&t, "sys/fs/cgroup/app.slice/it's web/worker/memory.events",
		"low 0\noom 7\noom_kill 3\noom_group_kill 9\n");
	struct vitals v = read_vitals(&t, arena, 42);
	CHECK_STR(v.cgroup, "/app.slice/it's web/worker");
	CHECK(v.frozen);
	CHECK_STR(v.frozen_at, "/app.slice/it's web");
	CHECK(v.thaw && str_starts(v.thaw, "echo 0 > '/sys/fs/cgroup/app.slice/it"));
	CHECK_STR(v.cpu_max, "50000 100000");
	CHECK_INT(v.throttled_times, 12);
	CHECK_INT(v.throttled_us, 345);
	CHECK_INT(v.oom_kills, 3);
}

TEST(finds_the_quota_of_v1)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();

	write_process(&t);
	tree_text(&t, "proc/42/cgroup", "1:cpu:/box/in\n0::/\n");
	tree_text(&t, "sys/fs/cgroup/cpu/box/in/cpu.cfs_quota_us", "-1\n");
	tree_text(&t, "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "2000\n");
	tree_text(&t, "sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
	tree_text(&t, "sys/fs/cgroup/cpu/box/cpu.stat",
		"nr_periods 9\nnr_throttled 7\nthrottled_time 5000000\n");
	struct vitals v = read_vitals(&t, arena, 42);
	CHECK_STR(v.cpu_max, "2000 100000");
	CHECK_INT(v.throttled_times, 7);
	CHECK_INT(v.throttled_us, 5000);
}

TEST(finds_a_frozen_cgroup_of_v1)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();

	write_process(&t);
	tree_text(&t, "proc/42/cgroup", "9:name=systemd:/x\n5:cpu,freezer:/box/in\n0::/\n");
	tree_text(&t, "sys/fs/cgroup/unified/cgroup.controllers", "\n");
	tree_text(&t, "sys/fs/cgroup/freezer/box/freezer.self_freezing", "1\n");
	tree_text(&t, "sys/fs/cgroup/freezer/box/in/freezer.self_freezing", "0\n");
	tree_text(&t, "sys/fs/cgroup/freezer/box/in/freezer.state", "FROZEN\n");
	struct vitals v = read_vitals(&t, arena, 42);
	CHECK_STR(v.cgroup, "/");
	CHECK(v.frozen);
	CHECK_STR(v.frozen_at, "/box");
	CHECK_STR(v.thaw, "echo THAWED > /sys/fs/cgroup/freezer/box/freezer.state");
	tree_text(&t, "sys/fs/cgroup/freezer/box/in/freezer.state", "THAWED\n");
	CHECK(!read_vitals(&t, arena, 42).frozen);
}

/* The hybrid layout keeps v2 below "unified". */
TEST(finds_v2_below_unified)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();

	write_process(&t);
	tree_text(&t, "proc/42/cgroup", "3:freezer:/\n0::/web\n");
	tree_text(&t, "sys/fs/cgroup/unified/web/cgroup.events", "frozen 1\n");
	tree_text(&t, "sys/fs/cgroup/unified/web/cgroup.freeze", "1\n");
	struct vitals v = read_vitals(&t, arena, 42);
	CHECK(v.frozen);
	CHECK_STR(v.frozen_at, "/web");
	CHECK_STR(v.thaw, "echo 0 > /sys/fs/cgroup/unified/web/cgroup.freeze");
}

TEST(never_leaves_the_cgroup_file_system)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();

	write_process(&t);
	tree_text(&t, "sys/fs/cgroup/cgroup.controllers", "\n");
	tree_text(&t, "sys/fs/web/cgroup.events", "frozen 1\n");
	tree_text(&t, "proc/42/cgroup", "1:freezer:/../../web\n0::/../web\n");
	struct vitals v = read_vitals(&t, arena, 42);
	CHECK_STR(v.cgroup, "/../web");
	CHECK(!v.frozen);
	tree_text(&t, "sys/fs/cgroup/..web/cgroup.events", "frozen 1\n");
	tree_text(&t, "proc/42/cgroup", "0::/..web\n");
	CHECK(read_vitals(&t, arena, 42).frozen);
	tree_text(&t, "proc/42/cgroup", "garbage\n0:\n::\n0::x\n");
	CHECK(read_vitals(&t, arena, 42).cgroup == NULL);
}

/* --- the real /proc --- */

static struct vitals read_live(struct arena *arena, pid_t pid)
{
	struct vitals v;
	struct host h;

	must(host_open(NULL, &h, NULL) == 0);
	vitals_read(&h, arena, pid, &v);
	host_close(&h);
	return v;
}

/* A child that says when it is ready and then waits to be killed. */
static pid_t start(void (*prepare)(void))
{
	int ready[2];
	char byte;

	must(pipe(ready) == 0);
	pid_t child = fork();
	must(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (prepare)
			prepare();
		must(write(ready[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	must(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void stop(pid_t child)
{
	kill(child, SIGKILL);
	must(waitpid(child, NULL, 0) == child);
}

TEST(sees_a_stopped_process)
{
	AUTO(arena) struct arena *arena = arena_new();
	pid_t child = start(NULL);

	must(kill(child, SIGSTOP) == 0);
	must(waitpid(child, NULL, WUNTRACED) == child);
	struct vitals v = read_live(arena, child);
	CHECK_INT(v.state, 'T');
	CHECK_INT(v.threads, 1);
	CHECK(v.mnt_ns && v.net_ns && v.pid_ns);
	CHECK(v.cpu_ms != VITALS_UNKNOWN && v.main_cpu_ms <= v.cpu_ms);
	CHECK(v.seccomp >= 0);
	stop(child);
	CHECK(read_live(arena, child).gone);
}

static void use_all_descriptors(void)
{
	struct rlimit limit = {32, 32};

	closefrom(32); /* what we were started with may lie above the limit, and would be counted */
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	while (socket(AF_UNIX, SOCK_STREAM, 0) >= 3)
		;
	must(dup2(0, 1) == 1); /* none is left, and one that is taken still serves */
}

TEST(sees_a_process_at_its_descriptor_limit)
{
	AUTO(arena) struct arena *arena = arena_new();
	pid_t child = start(use_all_descriptors);
	struct vitals v = read_live(arena, child);

	CHECK_INT(v.fd_limit, 32);
	CHECK_INT(v.fd_count, 32);
	CHECK(v.fd_sockets > 16 && v.fd_sockets < 32);
	stop(child);
}

static void *spin(void *never)
{
	for (volatile int *p = never;;)
		if (*p)
			return NULL;
}

static void spin_beside(void)
{
	static volatile int never;
	pthread_t thread;

	must(pthread_create(&thread, NULL, spin, (void *)&never) == 0);
}

TEST(sees_a_busy_thread_beside_a_sleeping_one)
{
	AUTO(arena) struct arena *arena = arena_new();
	pid_t child = start(spin_beside);
	struct vitals v;

	do { /* until the kernel has counted a first tick */
		v = read_live(arena, child);
	} while (v.cpu_ms < v.main_cpu_ms + 20);
	CHECK_INT(v.threads, 2);
	CHECK_INT(v.running, 1);
	stop(child);
}

#define OWN_CGROUP "loopscope-vitals-test"

/* Where cgroup v2 may be written to, if anywhere. */
static int make_cgroup(void)
{
	static const char *const roots[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		AUTO(close) int root = open(roots[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0 || faccessat(root, "cgroup.controllers", F_OK, 0) < 0)
			continue;
		if (mkdirat(root, OWN_CGROUP, 0755) == 0)
			return steal_fd(&root);
	}
	return -1;
}

static bool tell(int root, const char *file, const char *text)
{
	AUTO(close) int fd = openat(root, file, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && fs_write_all(fd, text, strlen(text)) == 0;
}

TEST(sees_a_frozen_process)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(close) int root = make_cgroup();
	struct vitals v = {0};
	char pid[16];

	if (root < 0) {
		printf("no cgroup v2 to write to\n");
		return;
	}
	pid_t child = start(NULL);
	snprintf(pid, sizeof(pid), "%d", child);
	if (tell(root, OWN_CGROUP "/cgroup.procs", pid) &&
		tell(root, OWN_CGROUP "/cgroup.freeze", "1")) {
		for (int i = 0; i < 10000; i++) { /* it takes the kernel a moment */
			v = read_live(arena, child);
			if (v.frozen)
				break;
		}
		CHECK(v.frozen);
		v = read_live(arena, child); /* the state is read first, and may have been R */
		CHECK_INT(v.state, 'S');
		CHECK(v.cgroup && str_ends(v.cgroup, OWN_CGROUP));
		CHECK_STR(v.frozen_at, v.cgroup);
		CHECK(v.thaw && system(v.thaw) == 0);
		for (int i = 0; i < 10000 && v.frozen; i++)
			v = read_live(arena, child);
		CHECK(!v.frozen && !v.frozen_at);
	}
	stop(child);
	int left = -1;
	for (int i = 0; i < 1000000 && left < 0; i++) /* until the dead child is out */
		left = unlinkat(root, OWN_CGROUP, AT_REMOVEDIR);
	CHECK_INT(left, 0);
}

TESTS(reads_a_process, says_what_it_does_not_know, finds_the_frozen_cgroup, finds_the_quota_of_v1,
	finds_a_frozen_cgroup_of_v1, finds_v2_below_unified, never_leaves_the_cgroup_file_system,
	sees_a_stopped_process, sees_a_process_at_its_descriptor_limit,
	sees_a_busy_thread_beside_a_sleeping_one, sees_a_frozen_process)
