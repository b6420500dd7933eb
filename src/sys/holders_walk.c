/*
 * holders_walk - the /proc rung of holders.h.
 *
 * Reading every link of /proc/PID/fd is what costs (about 2 µs each), so two threads share the list
 * of processes and both stop once every wanted socket was found. Low pids come first: a master
 * process is found before its workers. Links are "socket:[INODE]"; the rest is skipped by length.
 */
#include "sys/holders.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define PIDS_MAX    (4u << 20)
#define HOLDERS_MAX (8u << 20)
#define THREADS	    2
#define TURN	    16 /* processes a thread takes at a time */
#define LOOK_MAX    500

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[];
};

struct pid_list {
	VEC(pid_t) v;
};

struct walk {
	const struct host *host;
	const struct map *wanted;
	bool exhaustive;
	const struct pid_list *pids;
	atomic_size_t next;  /* index of the next process nobody took */
	atomic_size_t found; /* distinct wanted sockets */
	atomic_uchar *seen;  /* by index of the wanted map's entry; shared between threads */
};

struct worker {
	struct walk *walk;
	struct holder_list out;
	size_t processes, denied;
	pid_t denied_pid;
};

/* The digits at p as a number; 0 when there is none. Names of /proc are short and trusted. */
static uint64_t digits(const char *p, const char **end)
{
	uint64_t n = 0;

	while (*p >= '0' && *p <= '9')
		n = n * 10 + (uint64_t)(*p++ - '0');
	*end = p;
	return n;
}

static bool socket_inode(const char *link, ssize_t len, uint32_t *out)
{
	const char *end;

	if (len < 10 || memcmp(link, "socket:[", 8) != 0)
		return false;
	uint64_t inode = digits(link + 8, &end);
	*out = (uint32_t)inode;
	return *end == ']';
}

static void note(struct worker *w, uint32_t inode, pid_t pid, int32_t fd)
{
	struct walk *walk = w->walk;
	struct holder_fact *h;
	uint64_t index;

	if (!map_get(walk->wanted, inode, &index))
		return;
	h = vec_push(&w->out.v);
	if (!h)
		return;
	*h = (struct holder_fact){.inode = inode, .pid = pid, .fd = fd};
	if (atomic_exchange(&walk->seen[index], 1) == 0)
		atomic_fetch_add(&walk->found, 1);
}

static bool all_found(const struct walk *walk)
{
	return !walk->exhaustive && walk->found == walk->wanted->count;
}

/* All descriptors of one process. -EACCES when they may not be read. */
static int walk_process(struct worker *w, pid_t pid)
{
	char path[32], link[64];
	char entries[32768];

	snprintf(path, sizeof(path), "%d/fd", pid);
	AUTO(close) int dir = openat(w->walk->host->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == EACCES || errno == EPERM ? -EACCES : 0;
	for (;;) {
		long n = syscall(SYS_getdents64, dir, entries, sizeof(entries));
		if (n < 0)
			return errno == EACCES || errno == EPERM ? -EACCES : 0;
		if (n == 0)
			return 0;
		for (long at = 0; at < n;) {
			const struct linux_dirent64 *e = (const void *)(entries + at);
			uint32_t inode;
			const char *end;
			at += e->d_reclen;
			if (e->d_name[0] < '0' || e->d_name[0] > '9')
				continue;
			ssize_t len = readlinkat(dir, e->d_name, link, sizeof(link) - 1);
			if (len < 0 && errno == EACCES)
				return -EACCES; /* the folder may be listed, its links not read */
			if (len <= 0)
				continue;
			link[len] = '\0';
			if (socket_inode(link, len, &inode))
				note(w, inode, pid, (int32_t)digits(e->d_name, &end));
		}
		if (all_found(w->walk))
			return 0;
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct walk *walk = w->walk;

	while (!all_found(walk)) {
		size_t first = atomic_fetch_add(&walk->next, TURN);
		size_t end = MIN(first + TURN, walk->pids->v.count);
		if (first >= end)
			break;
		for (size_t i = first; i < end && !all_found(walk); i++) {
			w->processes++;
			pid_t pid = walk->pids->v.items[i];
			if (walk_process(w, pid) == -EACCES) {
				w->denied++;
				w->denied_pid = pid;
			}
		}
	}
	return NULL;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int list_pids(const struct host *host, struct pid_list *out, struct err *err)
{
	int fd = openat(host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return err_set(err, -errno, "cannot list the processes in /proc: %m");
	for (struct dirent *e; (e = readdir(dir));) {
		const char *end;
		uint64_t pid = digits(e->d_name, &end);
		if (pid == 0 || *end)
			continue;
		pid_t *slot = vec_push(&out->v);
		if (!slot)
			return err_set(err, -EOVERFLOW, "more processes than can be looked at");
		*slot = (pid_t)pid;
	}
	vec_sort(&out->v, compare_pids);
	return 0;
}

/*
 * A walk that stopped early has one holder of each socket, the eldest since low pids come first. Its
 * descendants inherited the descriptor if anyone did: look at all of them.
 */
static void complete_families(struct worker *w)
{
	const struct host *host = w->walk->host;
	AUTO(map) struct map done = {0};
	struct pid_list queue = {.v = VEC_INIT(65536)};

	for (size_t i = 0; i < w->out.v.count; i++)
		map_set(&done, (uint64_t)w->out.v.items[i].pid, 1);
	for (size_t i = 0; i < w->out.v.count; i++) {
		pid_t *slot = vec_push(&queue.v);
		if (slot)
			*slot = w->out.v.items[i].pid;
	}
	for (size_t i = 0; i < queue.v.count; i++) {
		char path[64], text[8192];
		pid_t pid = queue.v.items[i];
		snprintf(path, sizeof(path), "%d/task/%d/children", pid, pid);
		if (fs_read_small(host->proc, path, text, sizeof(text)) <= 0)
			continue;
		const char *p = text, *end;
		for (uint64_t child; (child = digits(p, &end)); p = end + (*end == ' ')) {
			if (map_get(&done, child, NULL))
				continue;
			map_set(&done, child, 1);
			size_t before = w->out.v.count;
			walk_process(w, (pid_t)child);
			pid_t *slot = w->out.v.count > before ? vec_push(&queue.v) : NULL;
			if (slot)
				*slot = (pid_t)child;
		}
	}
	vec_fini(&queue.v);
}

static bool is_denied(const struct host *host, pid_t pid)
{
	char path[32], link[16];

	snprintf(path, sizeof(path), "%d/cwd", pid);
	return readlinkat(host->proc, path, link, sizeof(link)) < 0 && errno == EACCES;
}

int holders_denied(const struct host *host, struct walk_report *report, struct err *err)
{
	struct pid_list pids = {.v = VEC_INIT(PIDS_MAX)};
	struct walk_report counted = {0};
	int r = list_pids(host, &pids, err);

	VEC_EACH (&pids.v, pid) {
		counted.processes++;
		if (!is_denied(host, *pid))
			continue;
		counted.denied++;
		counted.denied_pid = *pid;
		if (*pid == 1 && pids.v.count > LOOK_MAX)
			break;
	}
	vec_fini(&pids.v);
	if (r == 0)
		*report = counted;
	return r;
}

static void start(struct worker *workers, size_t count)
{
	pthread_t threads[THREADS];
	bool running[THREADS] = {false};

	for (size_t i = 1; i < count; i++)
		running[i] = pthread_create(&threads[i], NULL, worker_main, &workers[i]) == 0;
	worker_main(&workers[0]);
	for (size_t i = 1; i < count; i++)
		if (running[i])
			pthread_join(threads[i], NULL);
}

int holders_walk(const struct host *host, const struct map *wanted, bool exhaustive,
	struct holder_list *out, struct walk_report *report, struct err *err)
{
	struct pid_list pids = {.v = VEC_INIT(PIDS_MAX)};
	AUTO(map) struct map index = {0};
	struct worker workers[THREADS];

	map_init(&index);
	*report = (struct walk_report){0};
	if (wanted->count == 0)
		return 0;
	int r = list_pids(host, &pids, err);
	if (r < 0) {
		vec_fini(&pids.v);
		return r;
	}
	for (size_t i = 0, n = 0; i < wanted->capacity; i++)
		if (wanted->entries[i].used)
			map_set(&index, wanted->entries[i].key, n++);

	AUTO(free) atomic_uchar *seen = must_calloc(index.count, sizeof(*seen));
	struct walk walk = {.host = host,
		.wanted = &index,
		.exhaustive = exhaustive,
		.pids = &pids,
		.seen = seen};
	for (size_t i = 0; i < THREADS; i++)
		workers[i] = (struct worker){.walk = &walk, .out.v = VEC_INIT(HOLDERS_MAX)};
	start(workers, host->live && pids.v.count > 4 * TURN ? THREADS : 1);
	report->stopped_early = all_found(&walk);

	for (size_t i = 0; i < THREADS; i++) {
		report->processes += workers[i].processes;
		report->denied += workers[i].denied;
		if (workers[i].denied)
			report->denied_pid = workers[i].denied_pid;
		VEC_EACH (&workers[i].out.v, h) {
			struct holder_fact *slot = vec_push(&out->v);
			if (slot)
				*slot = *h;
		}
		vec_fini(&workers[i].out.v);
	}
	report->found = walk.found;
	if (report->stopped_early && !exhaustive) {
		struct worker family = {.walk = &walk, .out = *out};
		walk.exhaustive = true; /* look at every descriptor of the few that are left */
		complete_families(&family);
		*out = family.out;
	}
	vec_fini(&pids.v);
	return 0;
}
