#include "base/must.h"
#include "free/family.h"
#include "unit.h"
#include <sys/wait.h>

static void add(struct family *f, pid_t pid, pid_t ppid)
{
	family_add(f, &(struct proc_stat){.pid = pid, .ppid = ppid, .start_ticks = 7});
}

TEST(knows_descendants)
{
	AUTO(family) struct family f;

	family_init(&f);
	add(&f, 1, 0);
	add(&f, 10, 1);
	add(&f, 11, 10);
	add(&f, 12, 11);
	add(&f, 13, 10);
	CHECK(family_descends(&f, 12, 10));
	CHECK(family_descends(&f, 12, 1));
	CHECK(!family_descends(&f, 12, 12));
	CHECK(!family_descends(&f, 12, 13));
	CHECK(!family_descends(&f, 99, 1));
	CHECK_INT(family_child_towards(&f, 10, 12), 11);
	CHECK_INT(family_child_towards(&f, 10, 11), 11);
	CHECK_INT(family_child_towards(&f, 13, 12), 0);
	CHECK_INT(family_child_count(&f, 10), 2);
	CHECK(!family_find(&f, 0));
}

TEST(a_cycle_ends)
{
	AUTO(family) struct family f;

	family_init(&f);
	add(&f, 10, 11);
	add(&f, 11, 10);
	CHECK(!family_descends(&f, 10, 5));
}

TEST(reads_this_machine)
{
	AUTO(family) struct family f;
	struct host host;
	int ends[2];

	CHECK_INT(host_open(NULL, &host, NULL), 0);
	must(pipe(ends) == 0);
	pid_t child = fork();
	if (child == 0) {
		char byte;
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1); /* until the parent closes */
	}
	family_init(&f);
	CHECK_INT(family_read(&host, &f, NULL), 0);
	const struct proc_stat *p = family_find(&f, child);
	CHECK(p && p->ppid == getpid());
	CHECK(family_descends(&f, child, getpid()));
	CHECK(family_find(&f, getpid()) && family_find(&f, getpid())->start_ticks > 0);
	close(ends[1]);
	close(ends[0]);
	waitpid(child, NULL, 0);
	host_close(&host);
}

TESTS(knows_descendants, a_cycle_ends, reads_this_machine)
