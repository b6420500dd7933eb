#include "base/str.h"
#include "inventory/owners.h"
#include "proc_row.h"
#include "sys/procfs.h"
#include "unit.h"
#include <sys/wait.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct arena *arena;
static struct host host;
static struct owner_table *table;

static void begin(const char *root)
{
	arena = arena_new();
	must(host_open(root, &host, NULL) == 0);
	table = owner_table_new(&host, arena);
}

static void begin_fixture(void)
{
	const char *tests = getenv("LOOPSCOPE_TESTS");
	char path[4096];

	must(tests != NULL);
	snprintf(path, sizeof(path), "%s/fixtures/proc-desktop", tests);
	begin(path);
}

static void end(void)
{
	owner_table_free(table);
	host_close(&host);
	arena_free(arena);
}

static const struct owner *load(pid_t pid, enum owner_detail detail)
{
	uint32_t index = owner_table_add(table, pid);
	size_t count;

	owner_table_load(table, index, detail);
	return owner_table_list(table, &count)[index];
}

TEST(brief_says_what_a_row_needs)
{
	begin_fixture();
	const struct owner *o = load(101, OWNER_BRIEF);

	CHECK_INT(o->ppid, 100);
	CHECK_STR(o->user, "dev");
	CHECK_INT(o->uid, 1000);
	CHECK_STR(o->comm, "node");
	CHECK_STR(o->exe, "/usr/bin/node");
	CHECK(o->exe_deleted);
	CHECK_STR(o->cwd, "/home/dev/src/shop/src");
	CHECK(o->cwd_deleted);
	CHECK_INT(o->argc, 4);
	CHECK_STR(o->argv[3], "3000");
	CHECK_STR(o->unit, "tmux-spawn-8d4ae7d2.scope");
	CHECK(o->unit_is_user);
	CHECK_INT(o->state, 't');
	CHECK(o->started_ms == 1700000000000 + 10100 * 1000 / host.ticks);
	CHECK(o->parent == NULL && o->project == NULL && !o->gone && !o->denied);
	end();
}

TEST(full_says_who_started_it_and_where)
{
	begin_fixture();
	const struct owner *o = load(101, OWNER_FULL);

	CHECK_STR(o->terminal, "pts/4");
	CHECK_STR(o->tmux, "work");
	CHECK_INT(o->tracer, 61);
	CHECK_INT(o->netns, 4026531840u);
	CHECK(o->project && str_eq(o->project->name, "shop"));
	CHECK_STR(o->project ? o->project->root : NULL, "/home/dev/src/shop");
	CHECK_STR(o->orphan_why, NULL);

	static const char *const chain[] = {"npm run dev", "zsh", "tmux: server", "systemd",
		"systemd"};
	const struct owner *p = o;
	for (size_t i = 0; i < ARRAY_SIZE(chain); i++) {
		p = p->parent;
		CHECK_STR(p ? p->comm : NULL, chain[i]);
		if (!p)
			break;
	}
	CHECK(p && p->pid == 1 && p->parent == NULL);
	CHECK_STR(load(102, OWNER_FULL)->tmux, "tmux"); /* in a session that has no known name */
	CHECK_STR(load(102, OWNER_FULL)->project ? "project" : NULL, NULL);
	end();
}

TEST(parents_do_not_join_the_list)
{
	size_t count;

	begin_fixture();
	load(101, OWNER_FULL);
	owner_table_list(table, &count);
	CHECK_INT(count, 1);
	const struct owner *child = load(101, OWNER_FULL), *parent = load(100, OWNER_BRIEF);
	owner_table_list(table, &count);
	CHECK_INT(count, 2);
	CHECK(child->parent == parent); /* read once */
	CHECK_INT(owner_table_add(table, 100), 1);
	end();
}

TEST(tells_what_may_not_be_read_from_what_is_not)
{
	begin_fixture();
	const struct owner *nginx = load(200, OWNER_FULL);
	CHECK_STR(nginx->exe, NULL);
	CHECK_INT(nginx->argc, 1);
	CHECK_STR(nginx->argv[0], "nginx: master process /usr/sbin/nginx -g daemon on;");
	CHECK_STR(owner_program(nginx), "nginx");
	CHECK_STR(nginx->unit, "nginx.service");
	CHECK_STR(load(201, OWNER_BRIEF)->user, "www-data");

	const struct owner *kernel = load(2, OWNER_FULL);
	CHECK_STR(kernel->comm, "kthreadd");
	CHECK(kernel->argv == NULL && kernel->exe == NULL && !kernel->gone);

	const struct owner *gone = load(9999, OWNER_FULL);
	CHECK(gone->gone && !gone->denied);
	CHECK_INT(gone->pid, 9999);
	CHECK_STR(owner_program(gone), "?");
	CHECK(gone->started_ms == -1);
	end();
}

TEST(names_containers)
{
	begin_fixture();
	const struct owner *o = load(300, OWNER_BRIEF);
	CHECK(o->container != NULL);
	CHECK_INT(o->container->runtime, RUNTIME_DOCKER);
	CHECK_STR(o->container->id, ID);
	CHECK_STR(o->container->name, NULL);
	CHECK_STR(load(300, OWNER_FULL)->container->name, "shop-db-1");
	CHECK(o->project == NULL);
	end();
}

TEST(chains_end_where_they_lie)
{
	begin_fixture();
	const struct owner *a = load(400, OWNER_FULL), *b = load(401, OWNER_FULL);
	CHECK(a->parent == b && b->parent == NULL);   /* each other's parent: one of them */
	CHECK(load(402, OWNER_FULL)->parent == NULL); /* its parent is younger */
	end();
}

TEST(reads_itself)
{
	begin(NULL);
	const struct owner *o = load(getpid(), OWNER_FULL);
	CHECK_INT(o->ppid, getppid());
	CHECK_INT(o->uid, geteuid());
	CHECK(o->exe && strstr(o->exe, "owners"));
	CHECK(o->parent && o->parent->pid == getppid());
	CHECK_INT(o->netns, host.net_inode);
	CHECK(o->started_ms > 0);
	CHECK(!o->gone);

	pid_t child = fork();
	if (child == 0)
		_exit(0);
	must(child > 0 && waitpid(child, NULL, 0) == child);
	CHECK(load(child, OWNER_FULL)->gone);
	end();
}

TEST(adds_many_at_once)
{
	enum { COUNT = 300 };
	AUTO(tree) struct tree t = tree_new();
	pid_t pids[COUNT + 2];
	char name[16];
	size_t count;

	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "p%d", i + 2);
		proc_row_write(&t, &(struct proc_row){.pid = i + 2, .ppid = 1, .comm = name});
		pids[i] = i + 2;
	}
	pids[COUNT] = 2;	/* twice */
	pids[COUNT + 1] = 9999; /* not there */
	tree_text(&t, "etc/passwd", "dev:x:1000:1000::/home/dev:/bin/sh\n");
	begin(t.path);
	CHECK_INT(owner_table_add(table, 5), 0);
	owner_table_add_all(table, pids, COUNT + 2);
	owner_table_add_all(table, NULL, 0);
	struct owner *const *list = owner_table_list(table, &count);
	CHECK_INT(count, COUNT + 1);
	CHECK_STR(list[0]->comm, "p5");
	CHECK_STR(list[1]->comm, "p2");
	CHECK_STR(list[COUNT - 1]->comm, "p301");
	CHECK_STR(list[COUNT - 1]->user, "dev");
	CHECK(list[COUNT]->gone);
	CHECK_INT(owner_table_add(table, 301), COUNT - 1);
	end();
}

TEST(foreign_bytes_go_through_unchanged)
{
	AUTO(tree) struct tree t = tree_new();
	AUTO(free) char *huge = must_malloc(4 << 20);
	static const struct proc_row row = {.pid = 7,
		.ppid = 1,
		.comm = "a) S 1\n(\x1b[31m\xff",
		.exe = "/memfd:x\x1b (deleted)",
		.cwd = "/tmp/\xff\n"};

	memset(huge, 0xff, 4 << 20);
	tree_text(&t, "proc/stat", "no boot time\n");
	proc_row_write(&t, &row);
	tree_file(&t, "proc/7/cmdline", huge, 4 << 20);
	begin(t.path);
	const struct owner *o = load(7, OWNER_FULL);
	CHECK_STR(o->comm, row.comm);
	CHECK_STR(o->exe, "/memfd:x\x1b");
	CHECK(!o->exe_deleted); /* it never was a file */
	CHECK_STR(o->cwd, "/tmp/\xff\n");
	CHECK(o->argv_cut);
	CHECK_INT(strlen(o->argv[0]), PROCFS_ARGV_BYTES);
	CHECK_STR(o->user, "1000");
	CHECK(o->started_ms == -1);
	end();
}

TESTS(brief_says_what_a_row_needs, full_says_who_started_it_and_where, parents_do_not_join_the_list,
	tells_what_may_not_be_read_from_what_is_not, names_containers, chains_end_where_they_lie,
	reads_itself, adds_many_at_once, foreign_bytes_go_through_unchanged)
