#include "sys/netns.h"

#include "tree.h"
#include "unit.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static void same_file(const struct tree *t, const char *name, const char *as)
{
	AUTO(buf) struct buf from, to;

	buf_init(&from, 4096);
	buf_init(&to, 4096);
	tree_path(t, as, &from);
	tree_path(t, name, &to);
	must(link(from.data, to.data) == 0);
}

TEST(lists_each_namespace_once)
{
	AUTO(tree) struct tree t = tree_new();
	struct netns_list list = {0};
	struct host host;

	/* the inode of the file stands for the inode of the namespace */
	tree_text(&t, "proc/self/ns/net", "");
	same_file(&t, "proc/1/ns/net", "proc/self/ns/net");
	tree_text(&t, "proc/40/ns/net", "");
	same_file(&t, "proc/41/ns/net", "proc/40/ns/net");
	tree_text(&t, "proc/50/ns/net", "");
	tree_text(&t, "proc/60/comm", "gone");
	tree_text(&t, "proc/sys/ns/net", "");
	must(host_open(t.path, &host, NULL) == 0);
	CHECK_INT(netns_list(&host, &list, NULL), 0);
	CHECK_INT(list.v.count, 2);
	CHECK_INT(list.denied, 0);
	VEC_EACH (&list.v, ns) {
		CHECK(ns->pid == 40 || ns->pid == 41 || ns->pid == 50);
		CHECK(ns->inode != host.net_inode);
	}
	vec_fini(&list.v);
	host_close(&host);
}

/* A child in a network namespace of its own; 0 when that is not permitted. */
static pid_t child_in_new_namespace(void)
{
	int ready[2];
	char answer = 0;

	must(pipe(ready) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		answer = unshare(CLONE_NEWNET) == 0;
		must(write(ready[1], &answer, 1) == 1);
		if (answer)
			pause();
		_exit(0);
	}
	must(pid > 0 && read(ready[0], &answer, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	if (answer)
		return pid;
	waitpid(pid, NULL, 0);
	return 0;
}

static uint32_t own_inode(void)
{
	struct stat st;

	must(stat("/proc/thread-self/ns/net", &st) == 0);
	return (uint32_t)st.st_ino;
}

static int note_inode(void *ctx)
{
	*(uint32_t *)ctx = own_inode();
	return 42;
}

TEST(looks_into_a_namespace_and_comes_back)
{
	struct netns_list list = {0};
	struct host host;
	uint32_t before = own_inode(), inside = 0;
	pid_t pid = child_in_new_namespace();

	if (!pid)
		return;
	must(host_open(NULL, &host, NULL) == 0);
	CHECK_INT(host.net_inode, before);
	CHECK_INT(netns_list(&host, &list, NULL), 0);
	CHECK_INT(netns_run(&host, pid, note_inode, &inside), 42);
	CHECK(inside && inside != before);
	CHECK_INT(own_inode(), before);
	bool listed = false;
	VEC_EACH (&list.v, ns)
		listed = listed || ns->inode == inside;
	CHECK(listed);
	vec_fini(&list.v);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	inside = 0;
	CHECK_INT(netns_run(&host, pid, note_inode, &inside), -ESRCH);
	CHECK_INT(inside, 0);
	host_close(&host);
}

TEST(says_when_it_may_not)
{
	struct host host;
	uint32_t inside = 0;
	pid_t pid = child_in_new_namespace();

	if (!pid)
		return;
	must(host_open(NULL, &host, NULL) == 0 && seteuid(65534) == 0);
	CHECK_INT(netns_run(&host, pid, note_inode, &inside), -EPERM);
	CHECK_INT(inside, 0);
	must(seteuid(0) == 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	host_close(&host);
}

TESTS(lists_each_namespace_once, looks_into_a_namespace_and_comes_back, says_when_it_may_not)
