/*
 * vitals - see vitals.h.
 *
 * The state in /proc/PID/stat is the main thread's: a server may spin or hang in another one, so all
 * threads are looked at, up to a limit. A process in a frozen cgroup shows S like any other; only the
 * cgroup tells (vitals_cgroup.c).
 */
#include "sys/vitals.h"

#include "base/fs.h"
#include "base/str.h"
#include "sys/procfs.h"
#include "sys/vitals_part.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

enum {
	PATH_SIZE = 64,
	TEXT_MAX = 256 << 10, /* status lists up to 65,536 groups */
	FD_MAX = 1 << 20,     /* counted of one process */
	FD_SPARE = 64,	      /* opened before the limit was lowered */
};

bool vitals_number(const char *text, const char *key, unsigned base, uint64_t *out)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) != 0)
			continue;
		const char *p = line + len + strspn(line + len, " \t");
		char *end;
		if (!strchr("0123456789abcdef", *p) || !*p)
			return false;
		errno = 0;
		unsigned long long value = strtoull(p, &end, (int)base);
		if (errno || end == p || (*end && !strchr(" \t\n", *end)))
			return false;
		*out = value;
		return true;
	}
	return false;
}

void vitals_parse_status(const char *text, struct vitals *out)
{
	uint64_t n;

	if (vitals_number(text, "TracerPid:", 10, &n) && n <= INT_MAX)
		out->tracer = (pid_t)n;
	if (vitals_number(text, "Seccomp:", 10, &n) && n <= 2)
		out->seccomp = (int)n;
	if (vitals_number(text, "NoNewPrivs:", 10, &n))
		out->no_new_privs = n == 1;
	if (vitals_number(text, "CapEff:", 16, &n))
		out->capabilities = n;
}

uint64_t vitals_parse_fd_limit(const char *text)
{
	uint64_t n;

	return vitals_number(text, "Max open files ", 10, &n) ? n : VITALS_UNKNOWN;
}

static bool read_text(const struct host *host, pid_t pid, const char *name, struct buf *out)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	buf_clear(out);
	return fs_read_at(host->proc, path, out) == 0;
}

static DIR *open_folder(const struct host *host, pid_t pid, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	AUTO(close) int fd = openat(host->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir)
		steal_fd(&fd);
	return dir;
}

static uint64_t to_ms(const struct host *host, uint64_t ticks)
{
	return ticks > UINT64_MAX / 1000 || host->ticks <= 0 ? VITALS_UNKNOWN
							     : ticks * 1000 / (uint64_t)host->ticks;
}

static void look_at_thread(const struct host *host, int tasks, const char *name, struct vitals *out)
{
	char path[NAME_MAX + 8], text[1024];
	struct proc_stat s;

	snprintf(path, sizeof(path), "%s/stat", name);
	ssize_t n = fs_read_small(tasks, path, text, sizeof(text));
	if (n < 0 || !procfs_parse_stat(text, (size_t)n, &s))
		return;
	out->running += s.state == 'R';
	out->uninterruptible += s.state == 'D';
	if (s.pid == out->pid)
		out->main_cpu_ms = to_ms(host, s.cpu_ticks);
}

static void look_at_threads(const struct host *host, struct vitals *out)
{
	AUTO(closedir) DIR *dir = open_folder(host, out->pid, "task");
	uint32_t seen = 0;

	if (!dir)
		return;
	for (struct dirent *e; seen < VITALS_THREADS_MAX && (e = readdir(dir));) {
		if (*e->d_name < '0' || *e->d_name > '9')
			continue;
		look_at_thread(host, dirfd(dir), e->d_name, out);
		seen++;
	}
	if (seen > out->threads)
		out->threads = seen;
}

/* An honest process has no more than its limit and what it had before; others are cut off. */
static void count_descriptors(const struct host *host, struct vitals *out)
{
	AUTO(closedir) DIR *dir = open_folder(host, out->pid, "fd");
	uint64_t most = MIN(out->fd_limit, (uint64_t)FD_MAX) + FD_SPARE, count = 0, sockets = 0;

	if (!dir)
		return;
	errno = 0;
	for (struct dirent *e; count < most && (e = readdir(dir)); errno = 0) {
		char target[16]; /* the longer links are files: cut, they say so */
		if (*e->d_name < '0' || *e->d_name > '9')
			continue;
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target));
		count++;
		sockets += n > 7 && memcmp(target, "socket:", 7) == 0;
	}
	if (errno)
		return; /* a part is not a count */
	out->fd_count = count;
	out->fd_sockets = sockets;
}

/* One line of a file; NULL when it is empty, "0" or may not be read. */
static const char *one_line(const struct host *host, struct arena *arena, pid_t pid,
	const char *name)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);

	if (!read_text(host, pid, name, &text))
		return NULL;
	size_t len = strcspn(text.data, "\n");
	if (len == 0 || (len == 1 && *text.data == '0'))
		return NULL;
	return arena_strndup(arena, text.data, len);
}

static void read_files(const struct host *host, struct arena *arena, struct vitals *out)
{
	AUTO(buf) struct buf text = BUF_INIT(TEXT_MAX);
	struct proc_stat tracer;
	pid_t pid = out->pid;

	if (read_text(host, pid, "status", &text))
		vitals_parse_status(text.data, out);
	if (out->tracer && procfs_read_stat(host, out->tracer, &tracer) == 0)
		out->tracer_name = arena_strdup(arena, tracer.comm);
	if (read_text(host, pid, "limits", &text))
		out->fd_limit = vitals_parse_fd_limit(text.data);
	out->wchan = one_line(host, arena, pid, "wchan");
	out->lsm_label = one_line(host, arena, pid, "attr/current");
	if (out->lsm_label && str_eq(out->lsm_label, "unconfined"))
		out->lsm_label = NULL;
	procfs_read_ns(host, pid, "mnt", &out->mnt_ns);
	procfs_read_ns(host, pid, "net", &out->net_ns);
	procfs_read_ns(host, pid, "pid", &out->pid_ns);
}

void vitals_read(const struct host *host, struct arena *arena, pid_t pid, struct vitals *out)
{
	struct vitals v = {
		.pid = pid,
		.cpu_ms = VITALS_UNKNOWN,
		.main_cpu_ms = VITALS_UNKNOWN,
		.fd_count = VITALS_UNKNOWN,
		.fd_limit = VITALS_UNKNOWN,
		.fd_sockets = VITALS_UNKNOWN,
		.seccomp = -1,
		.throttled_us = VITALS_UNKNOWN,
		.throttled_times = VITALS_UNKNOWN,
		.oom_kills = VITALS_UNKNOWN,
	};
	struct proc_stat s;

	if (procfs_read_stat(host, pid, &s) == 0) {
		v.state = s.state;
		v.threads = s.threads;
		v.cpu_ms = to_ms(host, s.cpu_ticks);
		look_at_threads(host, &v);
		read_files(host, arena, &v);
		count_descriptors(host, &v);
		vitals_read_cgroup(host, arena, &v);
	} else {
		v.gone = !procfs_alive(host, pid);
	}
	*out = v;
}
