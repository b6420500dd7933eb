/*
 * oom - processes that the kernel killed for want of memory, out of its log; see vitals.h.
 *
 * A record of /dev/kmsg is "priority,sequence,microseconds,flags;text", one for each read(2)
 * (Documentation/ABI/testing/dev-kmsg). Two lines matter (mm/oom_kill.c): "oom-kill:constraint=..."
 * since Linux 5.0 names the cgroup whose limit it was, and "Killed process PID (NAME) total-vm:..."
 * says who had to go. Others may write to the log too, but not as the kernel: facility 0.
 */
#include "base/clock.h"
#include "base/str.h"
#include "sys/vitals_part.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

enum {
	CHUNK = 16 << 10,   /* more than the longest record (8 KiB) */
	LOG_MAX = 32 << 20, /* bytes read of one log */
	READS_MAX = 1 << 20,
};

/* A decimal number at *p, which moves behind it. */
static bool take(const char **p, uint64_t *out)
{
	const char *digits = *p;
	uint64_t n = 0;

	for (; **p >= '0' && **p <= '9'; ++*p) {
		if (n > (UINT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(**p - '0');
	}
	*out = n;
	return *p > digits;
}

/* Splits the prefix off; NULL when the line is no record of the kernel itself. */
static const char *text_of(const char *line, uint64_t *out_us)
{
	uint64_t priority, sequence;

	if (!take(&line, &priority) || priority >= 8 || *line++ != ',')
		return NULL;
	if (!take(&line, &sequence) || *line++ != ',' || !take(&line, out_us))
		return NULL;
	line = strchr(line, ';');
	return line ? line + 1 : NULL;
}

/* oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a/b,task=node,pid=12,uid=0 */
static void note_limit(struct oom_log *log, const char *text)
{
	static const char of[] = ",oom_memcg=";
	const char *pid = NULL, *cgroup = strstr(text, of);
	uint64_t n;

	for (const char *p = strstr(text, ",pid="); p; p = strstr(p + 1, ",pid="))
		pid = p + strlen(",pid=");
	if (!pid || !take(&pid, &n) || n > INT_MAX)
		return;
	log->limit_pid = (pid_t)n;
	log->limit_cgroup = NULL;
	if (!cgroup)
		return;
	cgroup += strlen(of);
	const char *end = strstr(cgroup, ",task_memcg=");
	log->limit_cgroup = arena_strndup(log->arena, cgroup,
		end ? (size_t)(end - cgroup) : strcspn(cgroup, ","));
}

/* The name is the process's own choice: it ends where the kernel goes on, not at the first ')'. */
static const char *end_of_name(const char *name)
{
	const char *end = strstr(name, ") total-vm:");

	for (const char *p = end; p; p = strstr(p + 1, ") total-vm:"))
		end = p;
	if (!end)
		end = strstr(name, "), ");
	return end ? end : strrchr(name, ')');
}

static void note_kill(struct oom_log *log, const char *text, const char *victim, uint64_t us)
{
	uint64_t pid;

	if (!take(&victim, &pid) || pid > INT_MAX || !str_starts(victim, " ("))
		return;
	const char *name = victim + 2, *end = end_of_name(name);
	if (!end)
		return;
	struct oom_kill kill = {.pid = (pid_t)pid,
		.name = arena_strndup(log->arena, name, (size_t)(end - name)),
		.at_ms = log->boot_ms + (int64_t)(us / 1000),
		.line = arena_strdup(log->arena, text)};
	if (log->limit_pid == kill.pid)
		kill.cgroup = log->limit_cgroup;
	else if (str_starts(text, "Memory cgroup"))
		kill.cgroup = "";
	log->limit_pid = 0;
	if (log->max)
		log->out[log->count++ % log->max] = kill;
}

void oom_log_line(struct oom_log *log, const char *line, size_t len)
{
	static const char killed[] = "Killed process ";
	uint64_t us;

	/* most lines are neither: look before copying */
	if (!memmem(line, len, "oom-kill:", 9) && !memmem(line, len, killed, strlen(killed)))
		return;
	const char *copy = arena_strndup(log->arena, line, len), *text = text_of(copy, &us);
	if (!text)
		return;
	if (str_starts(text, "oom-kill:")) {
		note_limit(log, text);
		return;
	}
	const char *victim = strstr(text, killed);
	if (victim && (victim == text || strstr(text, "ut of memory")))
		note_kill(log, text, victim + strlen(killed), us);
}

/* Whole lines; what is left over is moved to the front. */
static size_t feed(struct oom_log *log, char *bytes, size_t len)
{
	char *line = bytes, *end = bytes + len;

	for (char *nl; (nl = memchr(line, '\n', (size_t)(end - line))); line = nl + 1)
		oom_log_line(log, line, (size_t)(nl - line));
	size_t left = (size_t)(end - line);
	if (left == CHUNK) /* no line of the kernel's is so long */
		return 0;
	memmove(bytes, line, left);
	return left;
}

static int read_log(int fd, struct oom_log *log)
{
	char bytes[CHUNK];
	size_t left = 0, total = 0;

	for (int i = 0; i < READS_MAX && total < LOG_MAX; i++) {
		ssize_t n = read(fd, bytes + left, sizeof(bytes) - left);
		if (n < 0 && errno == EINVAL && left) { /* too little room for a record */
			left = 0;
			continue;
		}
		if (n < 0 && (errno == EPIPE || errno == EINTR)) /* overwritten: on with the next */
			continue;
		if (n < 0 && errno != EAGAIN)
			return errno == EACCES ? -EPERM : -errno;
		if (n <= 0)
			return 0;
		total += (size_t)n;
		left = feed(log, bytes, left + (size_t)n);
	}
	return 0;
}

int oom_kills(const struct host *host, struct arena *arena, struct oom_kill *out, size_t max,
	size_t *out_count)
{
	AUTO(close) int fd = openat(host->root, "dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct oom_log log = {.arena = arena,
		.boot_ms = host->boot_ms,
		.out = arena_array(arena, struct oom_kill, max + 1),
		.max = max};

	if (fd < 0)
		return errno == EACCES ? -EPERM : -errno;
	if (host->live) /* the log's clock stands still while the machine sleeps; boot_ms does not */
		log.boot_ms = clock_real_ms() - (int64_t)clock_mono_ms();
	int r = read_log(fd, &log);
	if (r < 0)
		return r;
	size_t count = MIN(log.count, max);
	for (size_t i = 0; i < count; i++)
		out[i] = log.out[(log.count - 1 - i) % max];
	*out_count = count;
	return 0;
}
