/* family - see family.h. A chain of parents longer than DEPTH_MAX is a cycle of reused pids. */
#include "free/family.h"

#include "base/str.h"
#include <errno.h>
#include <fcntl.h>

#define PROCESSES_MAX (4u << 20)
#define DEPTH_MAX     1000

void family_init(struct family *f)
{
	*f = (struct family){.v.max = PROCESSES_MAX};
	map_init(&f->by_pid);
}

void family_fini(struct family *f)
{
	vec_fini(&f->v);
	map_fini(&f->by_pid);
}

void family_add(struct family *f, const struct proc_stat *p)
{
	struct proc_stat *slot = vec_push(&f->v);

	if (!slot)
		return;
	*slot = *p;
	map_set(&f->by_pid, (uint64_t)p->pid, f->v.count - 1);
}

static int by_pid(const void *pa, const void *pb)
{
	const struct proc_stat *a = pa, *b = pb;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

int family_read(const struct host *host, struct family *f, struct err *err)
{
	int fd = openat(host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return err_set(err, -errno, "cannot list the processes in /proc: %m");
	for (struct dirent *e; (e = readdir(dir));) {
		uint64_t pid;
		struct proc_stat *slot;
		if (!str_u64(e->d_name, INT32_MAX, &pid) || pid == 0)
			continue;
		slot = vec_push(&f->v);
		if (slot && procfs_read_stat(host, (pid_t)pid, slot) < 0)
			f->v.count--;
	}
	vec_sort(&f->v, by_pid);
	for (size_t i = 0; i < f->v.count; i++)
		map_set(&f->by_pid, (uint64_t)f->v.items[i].pid, i);
	return 0;
}

const struct proc_stat *family_find(const struct family *f, pid_t pid)
{
	uint64_t index;

	return pid > 0 && map_get(&f->by_pid, (uint64_t)pid, &index) ? &f->v.items[index] : NULL;
}

pid_t family_child_towards(const struct family *f, pid_t top, pid_t pid)
{
	const struct proc_stat *p = family_find(f, pid);

	for (int depth = 0; p && depth < DEPTH_MAX; depth++) {
		if (p->ppid == top)
			return p->pid;
		p = family_find(f, p->ppid);
	}
	return 0;
}

bool family_descends(const struct family *f, pid_t pid, pid_t ancestor)
{
	return pid != ancestor && family_child_towards(f, ancestor, pid) != 0;
}

size_t family_child_count(const struct family *f, pid_t pid)
{
	size_t count = 0;

	VEC_EACH (&f->v, p)
		count += p->ppid == pid;
	return count;
}
