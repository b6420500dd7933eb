#include "sys/holders.h"

#include "tree.h"
#include "unit.h"
#include <errno.h>

/* A fixture /proc: process 10 and its family share socket 100; strangers hold what the tests say. */
struct world {
	struct tree tree;
	struct host host;
	struct map wanted;
	struct holder_list out;
	struct walk_report report;
};

static void hold(struct world *w, int pid, int fd, const char *link)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
	tree_link(&w->tree, path, link);
}

static void have_children(struct world *w, int pid, const char *children)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/task/%d/children", pid, pid);
	tree_text(&w->tree, path, children);
}

static void world_open(struct world *w)
{
	*w = (struct world){.tree = tree_new(), .out.v = VEC_INIT(1000)};
	map_init(&w->wanted);
	tree_text(&w->tree, "proc/stat", "cpu 1\nbtime 1700000000\n");
	tree_text(&w->tree, "proc/sys/net/core/somaxconn", "4096\n");
	must(host_open(w->tree.path, &w->host, NULL) == 0);
}

static void world_close(struct world *w)
{
	vec_fini(&w->out.v);
	map_fini(&w->wanted);
	host_close(&w->host);
	tree_fini(&w->tree);
}

static void want(struct world *w, uint64_t inode)
{
	map_set(&w->wanted, inode, 7); /* the value is the caller's own */
}

static void walk(struct world *w, bool exhaustive)
{
	CHECK_INT(holders_walk(&w->host, &w->wanted, exhaustive, &w->out, &w->report, NULL), 0);
}

static bool found(const struct world *w, uint32_t inode, pid_t pid, int32_t fd)
{
	VEC_EACH (&w->out.v, h)
		if (h->inode == inode && h->pid == pid && h->fd == fd)
			return true;
	return false;
}

TEST(finds_wanted_sockets_only)
{
	struct world w;

	world_open(&w);
	hold(&w, 10, 0, "/dev/null");
	hold(&w, 10, 3, "socket:[100]");
	hold(&w, 10, 4, "socket:[101]");
	hold(&w, 11, 5, "pipe:[100]");
	hold(&w, 12, 12, "socket:[102]");
	want(&w, 100);
	want(&w, 102);
	want(&w, 999);
	walk(&w, false);
	CHECK_INT(w.out.v.count, 2);
	CHECK(found(&w, 100, 10, 3) && found(&w, 102, 12, 12));
	CHECK_INT(w.report.found, 2);
	CHECK_INT(w.report.processes, 3);
	CHECK_INT(w.report.denied, 0);
	CHECK(!w.report.stopped_early); /* 999 was never found */
	world_close(&w);
}

TEST(takes_no_link_for_a_socket_that_is_none)
{
	static const char *const links[] = {"socket:[100", "socket:[]", "socket:[1", "socket:100]",
		"/tmp/socket:[100]", "socket", "socket:[x100]",
		"socket:[1000000000000000000000000000000000000000000000000000000000000000000000]"};
	struct world w;

	world_open(&w);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		hold(&w, 10, (int)i, links[i]);
	tree_link(&w.tree, "proc/10/fd/name", "socket:[100]");
	want(&w, 100);
	walk(&w, true);
	CHECK_INT(w.out.v.count, 0);
	world_close(&w);
}

TEST(stops_early_and_completes_the_family)
{
	struct world w;

	world_open(&w);
	hold(&w, 10, 3, "socket:[100]");
	have_children(&w, 10, "20 21 ");
	hold(&w, 20, 3, "socket:[100]");
	have_children(&w, 20, "30 ");
	hold(&w, 21, 3, "/dev/null");
	hold(&w, 30, 9, "socket:[100]");
	hold(&w, 900, 3, "socket:[100]"); /* a stranger who was handed it */
	want(&w, 100);
	walk(&w, false);
	CHECK(w.report.stopped_early);
	CHECK_INT(w.report.processes, 1); /* the eldest comes first, and it was enough */
	CHECK_INT(w.report.found, 1);
	CHECK_INT(w.out.v.count, 3);
	CHECK(found(&w, 100, 10, 3) && found(&w, 100, 20, 3) && found(&w, 100, 30, 9));
	CHECK(!found(&w, 100, 900, 3));

	w.out.v.count = 0;
	walk(&w, true);
	CHECK(!w.report.stopped_early);
	CHECK_INT(w.report.processes, 5);
	CHECK_INT(w.out.v.count, 4);
	CHECK(found(&w, 100, 900, 3));
	world_close(&w);
}

TEST(reports_every_descriptor_of_a_holder)
{
	struct world w;

	world_open(&w);
	hold(&w, 10, 3, "socket:[100]");
	hold(&w, 10, 4, "socket:[100]");
	want(&w, 100);
	walk(&w, true);
	CHECK(found(&w, 100, 10, 3) && found(&w, 100, 10, 4));
	CHECK_INT(w.report.found, 1);
	world_close(&w);
}

TEST(survives_processes_that_vanish)
{
	struct world w;

	world_open(&w);
	tree_text(&w.tree, "proc/10/stat", "");	   /* no fd folder any more */
	tree_text(&w.tree, "proc/11/fd/3", "odd"); /* no link */
	hold(&w, 12, 3, "socket:[100]");
	have_children(&w, 12, "77 78 12 "); /* gone, gone, and itself */
	want(&w, 100);
	walk(&w, false);
	CHECK_INT(w.out.v.count, 1);
	CHECK_INT(w.report.denied, 0);
	world_close(&w);
}

/* Whether the folder or its links are closed, the process counts as denied; root is never denied. */
TEST(counts_what_it_may_not_read)
{
	struct world w;
	char path[128];

	if (geteuid() != 0)
		return;
	world_open(&w);
	hold(&w, 10, 3, "socket:[100]");
	hold(&w, 11, 3, "socket:[101]");
	snprintf(path, sizeof(path), "%s/proc", w.tree.path);
	must(chmod(w.tree.path, 0755) == 0 && chmod(path, 0755) == 0);
	snprintf(path, sizeof(path), "%s/proc/10", w.tree.path);
	must(chmod(path, 0755) == 0);
	snprintf(path, sizeof(path), "%s/proc/10/fd", w.tree.path);
	must(chmod(path, 0755) == 0);
	want(&w, 100);
	want(&w, 101);
	must(seteuid(65534) == 0);
	walk(&w, false);
	CHECK_INT(w.report.denied, 1);
	CHECK_INT(w.report.denied_pid, 11);
	CHECK_INT(w.out.v.count, 1);
	struct walk_report denied = {0};
	CHECK_INT(holders_denied(&w.host, &denied, NULL), 0);
	CHECK_INT(denied.processes, 2);
	CHECK_INT(denied.denied, 1);
	CHECK_INT(denied.denied_pid, 11);
	must(seteuid(0) == 0);
	world_close(&w);
}

TEST(wants_nothing)
{
	struct world w;

	world_open(&w);
	hold(&w, 10, 3, "socket:[100]");
	walk(&w, true);
	CHECK_INT(w.out.v.count, 0);
	CHECK_INT(w.report.processes, 0);
	world_close(&w);
}

TEST(finds_its_own_socket_in_the_real_proc)
{
	struct host host;
	AUTO(map) struct map wanted;
	struct holder_list out = {.v = VEC_INIT(1000)};
	struct walk_report report;
	struct stat st;
	AUTO(close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool own = false;

	map_init(&wanted);
	must(fstat(fd, &st) == 0 && host_open(NULL, &host, NULL) == 0);
	map_set(&wanted, st.st_ino, 0);
	CHECK_INT(holders_walk(&host, &wanted, false, &out, &report, NULL), 0);
	VEC_EACH (&out.v, h)
		own = own || (h->pid == getpid() && h->fd == fd);
	CHECK(own);
	vec_fini(&out.v);
	host_close(&host);
}

TESTS(finds_wanted_sockets_only, takes_no_link_for_a_socket_that_is_none,
	stops_early_and_completes_the_family, reports_every_descriptor_of_a_holder,
	survives_processes_that_vanish, counts_what_it_may_not_read, wants_nothing,
	finds_its_own_socket_in_the_real_proc)
