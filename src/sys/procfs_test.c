#include "base/must.h"
#include "base/str.h"
#include "sys/procfs.h"
#include "tree.h"
#include "unit.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#define STAT_REST " S 1200 1300 1200 34819 1300 4194304 1 2 3 4 5 6 7 8 20 0 11 0 86241 1000 200\n"

static bool parse_stat(const char *text, struct proc_stat *out)
{
	return procfs_parse_stat(text, strlen(text), out);
}

TEST(reads_the_fields_of_stat)
{
	struct proc_stat s;

	CHECK(parse_stat("4121 (node)" STAT_REST, &s));
	CHECK_INT(s.pid, 4121);
	CHECK_STR(s.comm, "node");
	CHECK_INT(s.state, 'S');
	CHECK_INT(s.ppid, 1200);
	CHECK_INT(s.pgrp, 1300);
	CHECK_INT(s.session, 1200);
	CHECK_INT(s.tty, 34819);
	CHECK_INT(s.flags, 4194304);
	CHECK_INT(s.cpu_ticks, 5 + 6);
	CHECK_INT(s.threads, 11);
	CHECK_INT(s.start_ticks, 86241);
}

TEST(a_name_may_look_like_fields)
{
	struct proc_stat s;

	CHECK(parse_stat("7 (a) S 1 (b)" STAT_REST, &s));
	CHECK_STR(s.comm, "a) S 1 (b");
	CHECK_INT(s.ppid, 1200);
	CHECK(parse_stat("7 (x\n) R 9)" STAT_REST, &s));
	CHECK_STR(s.comm, "x\n) R 9");
	CHECK(parse_stat("7 ()" STAT_REST, &s));
	CHECK_STR(s.comm, "");
	CHECK(parse_stat("7 (\xff\x1b[31m)" STAT_REST, &s));
	CHECK_STR(s.comm, "\xff\x1b[31m");
}

TEST(refuses_a_broken_stat)
{
	static const char *const bad[] = {"", "7", "7 ", "7 (", "7 (a", "7 )", "(a)" STAT_REST,
		"7 (a) S", "7 (a) S 1 2 3",
		"7 (a)"
		" 5 1 2 3 4 5 6 1 2 3 4 5 6 7 8 20 0 11 0 9 1\n",
		"99999999999 (a)" STAT_REST, "-7 (a)" STAT_REST,
		"7 (a) S 1 2 3 4 5 6 1 2 3 4 5 6 7 8 20 0 11 0 99999999999999999999 1\n"};
	struct proc_stat s;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!parse_stat(bad[i], &s));
}

static bool parse_status(const char *text, struct proc_status *out)
{
	return procfs_parse_status(text, strlen(text), out);
}

TEST(reads_the_effective_user_and_the_tracer)
{
	static const char text[] = "Name:\tsu\\nUid:\\t0\nUmask:\t0022\nState:\tS (sleeping)\n"
				   "Tgid:\t9\nNgid:\t0\nPid:\t9\nPPid:\t8\nTracerPid:\t77\n"
				   "Uid:\t1000\t33\t0\t0\nGid:\t1\t1\t1\t1\n";
	struct proc_status s;

	CHECK(parse_status(text, &s));
	CHECK_INT(s.uid, 33);
	CHECK_INT(s.tracer, 77);
	CHECK(parse_status("Uid:\t0\t4294967295\t0\t0\n", &s));
	CHECK_INT(s.uid, UINT32_MAX);
	CHECK(!parse_status("Uid:\t1000\t33", &s)); /* cut within the line */
	CHECK(!parse_status("Uid:\t1000\n", &s));
	CHECK(!parse_status("", &s));
}

static struct proc_argv parse_argv(struct arena *a, const char *bytes, size_t len)
{
	struct proc_argv out;

	procfs_parse_argv(a, bytes, len, &out);
	return out;
}

#define ARGV(literal) parse_argv(a, literal, sizeof(literal) - 1)

TEST(splits_arguments)
{
	AUTO(arena) struct arena *a = arena_new();
	struct proc_argv v = ARGV("node\0server.js\0--port\0"
				  "3000\0");

	CHECK_INT(v.argc, 4);
	CHECK_STR(v.argv[0], "node");
	CHECK_STR(v.argv[3], "3000");
	v = ARGV("sh\0-c\0\0x y \0\0");
	CHECK_INT(v.argc, 5);
	CHECK_STR(v.argv[2], "");
	CHECK_STR(v.argv[3], "x y ");
	CHECK_STR(v.argv[4], "");
	v = ARGV("no\0end");
	CHECK_INT(v.argc, 2);
	CHECK_STR(v.argv[1], "end");
}

TEST(trims_a_title_written_over_the_arguments)
{
	AUTO(arena) struct arena *a = arena_new();
	struct proc_argv v = ARGV("nginx: worker process\0\0\0\0\0\0");

	CHECK_INT(v.argc, 1);
	CHECK_STR(v.argv[0], "nginx: worker process");
	v = ARGV("postgres: checkpointer    \0   ");
	CHECK_INT(v.argc, 1);
	CHECK_STR(v.argv[0], "postgres: checkpointer");
	CHECK_INT(ARGV("").argc, 0);
	CHECK(ARGV("\0\0\0").argv == NULL);
	CHECK(ARGV("   ").argv == NULL);
}

TEST(bounds_arguments)
{
	AUTO(arena) struct arena *a = arena_new();
	AUTO(free) char *huge = must_malloc(4 << 20);

	memset(huge, 'x', 4 << 20);
	struct proc_argv v = parse_argv(a, huge, 4 << 20);
	CHECK_INT(v.argc, 1);
	CHECK_INT(strlen(v.argv[0]), PROCFS_ARGV_BYTES);
	CHECK(v.cut);
	memset(huge, 0, 4 << 20);
	huge[0] = 'x';
	huge[30000] = 'y';
	v = parse_argv(a, huge, 4 << 20);
	CHECK_INT(v.argc, PROCFS_ARGC_MAX);
	CHECK(v.cut);
}

TEST(finds_a_variable)
{
	static const char env[] = "PATH=/bin\0TMUX=/tmp/t,12,3\0TMUX_PANE=%1\0EMPTY=\0CUT=a";
	char value[16] = "";

	CHECK(procfs_parse_env(env, sizeof(env) - 1, "TMUX", value, sizeof(value)));
	CHECK_STR(value, "/tmp/t,12,3");
	CHECK(procfs_parse_env(env, sizeof(env) - 1, "EMPTY", value, sizeof(value)));
	CHECK_STR(value, "");
	CHECK(!procfs_parse_env(env, sizeof(env) - 1, "CUT", value, sizeof(value)));
	CHECK(!procfs_parse_env(env, sizeof(env) - 1, "MUX", value, sizeof(value)));
	CHECK(!procfs_parse_env(env, sizeof(env) - 1, "TMUX", value, 4));
}

TEST(reads_link_targets)
{
	char gone[] = "/usr/bin/node (deleted)", here[] = "/usr/bin/node";
	uint32_t inode = 0;

	CHECK(procfs_strip_deleted(gone));
	CHECK_STR(gone, "/usr/bin/node");
	CHECK(!procfs_strip_deleted(here));
	CHECK_STR(here, "/usr/bin/node");
	CHECK(procfs_parse_ns("net:[4026531840]", &inode));
	CHECK_INT(inode, 4026531840u);
	CHECK(!procfs_parse_ns("net:[]", &inode));
	CHECK(!procfs_parse_ns("net:[0]", &inode));
	CHECK(!procfs_parse_ns("net:[-5]", &inode));
	CHECK(!procfs_parse_ns("/dev/null", &inode));
}

TEST(reads_a_fixture_with_odd_bytes)
{
	AUTO(tree) struct tree t = tree_new();
	AUTO(arena) struct arena *a = arena_new();
	AUTO(free) char *huge = must_malloc(4 << 20);
	struct proc_stat s;
	struct proc_argv v;
	struct host h;
	char link[PATH_MAX];
	bool deleted = false;

	memset(huge, 0xff, 4 << 20);
	tree_text(&t, "proc/42/stat", "42 (a) b\n(c)" STAT_REST);
	tree_file(&t, "proc/42/cmdline", huge, 4 << 20);
	tree_link(&t, "proc/42/exe", "/memfd:\x1b[2J\xff (deleted)");
	tree_text(&t, "proc/43/stat", "");
	must(host_open(t.path, &h, NULL) == 0);
	CHECK_INT(procfs_read_stat(&h, 42, &s), 0);
	CHECK_STR(s.comm, "a) b\n(c");
	CHECK_INT(procfs_read_argv(&h, 42, a, &v), 0);
	CHECK(v.cut && v.argc == 1);
	CHECK_INT(procfs_read_link(&h, 42, "exe", link, sizeof(link), &deleted), 0);
	CHECK_STR(link, "/memfd:\x1b[2J\xff");
	CHECK(deleted);
	CHECK_INT(procfs_read_link(&h, 42, "cwd", link, sizeof(link), &deleted), -ESRCH);
	CHECK_INT(procfs_read_stat(&h, 43, &s), -ESRCH);
	CHECK_INT(procfs_read_stat(&h, 44, &s), -ESRCH);
	host_close(&h);
}

/* The real /proc: ourselves, a zombie, and one that has vanished. */
TEST(reads_the_living_and_the_dead)
{
	AUTO(arena) struct arena *a = arena_new();
	struct proc_status status;
	struct proc_stat s;
	struct proc_argv v;
	struct host h;
	char text[PATH_MAX];
	uint32_t inode = 0, uid = UINT32_MAX;
	bool deleted;
	siginfo_t info;

	must(host_open(NULL, &h, NULL) == 0);
	CHECK_INT(procfs_read_stat(&h, getpid(), &s), 0);
	CHECK_INT(s.ppid, getppid());
	CHECK_INT(s.session, getsid(0));
	CHECK_INT(procfs_read_status(&h, getpid(), &status), 0);
	CHECK_INT(status.uid, geteuid());
	CHECK_INT(procfs_read_uid(&h, getpid(), &uid), 0);
	CHECK_INT(uid, geteuid());
	CHECK_INT(procfs_read_ns(&h, getpid(), "net", &inode), 0);
	CHECK_INT(inode, h.net_inode);
	CHECK_INT(procfs_read_env(&h, getpid(), "LOOPSCOPE_TESTS", text, sizeof(text)), 0);
	CHECK(procfs_alive(&h, getpid()));

	pid_t child = fork();
	if (child == 0)
		_exit(0);
	must(child > 0 && waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
	CHECK_INT(procfs_read_stat(&h, child, &s), 0);
	CHECK_INT(s.state, 'Z');
	CHECK(!procfs_alive(&h, child));
	CHECK_INT(procfs_read_link(&h, child, "exe", text, sizeof(text), &deleted), -ESRCH);
	CHECK_INT(procfs_read_argv(&h, child, a, &v), 0);
	CHECK(v.argv == NULL);
	must(waitpid(child, NULL, 0) == child);
	CHECK_INT(procfs_read_uid(&h, child, &uid), -ESRCH);
	CHECK_INT(procfs_read_stat(&h, child, &s), -ESRCH);
	CHECK_INT(procfs_read_argv(&h, child, a, &v), -ESRCH);
	CHECK(!procfs_alive(&h, child));
	host_close(&h);
}

TESTS(reads_the_fields_of_stat, a_name_may_look_like_fields, refuses_a_broken_stat,
	reads_the_effective_user_and_the_tracer, splits_arguments,
	trims_a_title_written_over_the_arguments, bounds_arguments, finds_a_variable,
	reads_link_targets, reads_a_fixture_with_odd_bytes, reads_the_living_and_the_dead)
