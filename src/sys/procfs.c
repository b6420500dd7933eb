/*
 * procfs - see procfs.h.
 *
 * Owners are read by the thousand, so each file costs openat, one read and close, with the buffer on
 * the stack. One read suffices: stat, status and cgroup are seq_files of a single record, which the
 * kernel hands over whole when the buffer is large enough, and cmdline is copied up to the length
 * that was asked for.
 *
 * stat(5) is the one format where the reader must be careful: comm is written raw between brackets
 * and a process chooses it freely, so the fields begin after the *last* ')'. In status the kernel
 * escapes newlines of the name; a line there can be trusted.
 */
#include "sys/procfs.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

enum {
	STAT_SIZE = 1024,
	STATUS_SIZE = 1024, /* Uid stands within the first lines; the rest is not needed */
	NAME_MAX_LEN = 64,
};

/* One decimal number after at most one space or tab. */
static bool take_number(const char **p, const char *end, int64_t *out)
{
	const char *s = *p;
	bool negative = false;
	uint64_t value = 0;

	if (s < end && (*s == ' ' || *s == '\t'))
		s++;
	if (s < end && *s == '-') {
		negative = true;
		s++;
	}
	const char *digits = s;
	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = (uint64_t)(*s - '0');
		if (value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (s == digits)
		return false;
	*out = negative ? -(int64_t)value : (int64_t)value;
	*p = s;
	return true;
}

static bool is_pid(int64_t n)
{
	return n >= 0 && n <= INT_MAX;
}

/*
 * pid (comm) state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime stime
 * cutime cstime priority nice num_threads itrealvalue starttime ...
 */
bool procfs_parse_stat(const char *bytes, size_t len, struct proc_stat *out)
{
	enum {
		PPID,
		PGRP,
		SESSION,
		TTY,
		TPGID,
		FLAGS,
		USER = 10,
		SYSTEM,
		THREADS = 16,
		START = 18,
		FIELDS
	};
	const char *p = bytes, *end = bytes + len;
	const char *close = len ? memrchr(bytes, ')', len) : NULL;
	struct proc_stat s = {0};
	int64_t pid, n[FIELDS];

	if (!close || !take_number(&p, end, &pid) || !is_pid(pid))
		return false;
	if (close - p < 2 || p[0] != ' ' || p[1] != '(')
		return false;
	p += 2;
	size_t comm_len = MIN((size_t)(close - p), sizeof(s.comm) - 1);
	memcpy(s.comm, p, comm_len);

	p = close + 1;
	if (end - p < 2 || p[0] != ' ' || !isalpha((unsigned char)p[1]))
		return false;
	s.state = p[1];
	p += 2;
	for (size_t i = 0; i < FIELDS; i++)
		if (!take_number(&p, end, &n[i]))
			return false;
	if (!is_pid(n[PPID]) || n[START] < 0)
		return false;
	s.pid = (pid_t)pid;
	s.ppid = (pid_t)n[PPID];
	s.pgrp = is_pid(n[PGRP]) ? (pid_t)n[PGRP] : 0;
	s.session = is_pid(n[SESSION]) ? (pid_t)n[SESSION] : 0;
	s.tty = (uint32_t)n[TTY];
	s.flags = (uint32_t)n[FLAGS];
	if (n[USER] >= 0 && n[SYSTEM] >= 0)
		s.cpu_ticks = (uint64_t)n[USER] + (uint64_t)n[SYSTEM];
	s.threads = is_pid(n[THREADS]) ? (uint32_t)n[THREADS] : 0;
	s.start_ticks = (uint64_t)n[START];
	*out = s;
	return true;
}

bool procfs_parse_status(const char *bytes, size_t len, struct proc_status *out)
{
	struct proc_status s = {0};
	bool has_uid = false;
	const char *end = bytes + len;

	for (const char *line = bytes; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			break; /* cut within a line */
		const char *p = line;
		int64_t real, effective, tracer;
		if (newline - line > 4 && memcmp(line, "Uid:", 4) == 0) {
			p += 4;
			if (!take_number(&p, newline, &real) ||
				!take_number(&p, newline, &effective) || effective < 0 ||
				effective > UINT32_MAX)
				return false;
			s.uid = (uint32_t)effective;
			has_uid = true;
		} else if (newline - line > 10 && memcmp(line, "TracerPid:", 10) == 0) {
			p += 10;
			if (!take_number(&p, newline, &tracer) || !is_pid(tracer))
				return false;
			s.tracer = (pid_t)tracer;
		}
		line = newline + 1;
	}
	if (has_uid)
		*out = s;
	return has_uid;
}

/* Where the text of a title ends: padding is NULs and spaces. */
static size_t trimmed(const char *bytes, size_t len)
{
	while (len && (bytes[len - 1] == '\0' || bytes[len - 1] == ' '))
		len--;
	return len;
}

void procfs_parse_argv(struct arena *arena, const char *bytes, size_t len, struct proc_argv *out)
{
	struct proc_argv a = {0};
	size_t title = trimmed(bytes, len);

	if (len > PROCFS_ARGV_BYTES) {
		len = PROCFS_ARGV_BYTES;
		title = trimmed(bytes, len);
		a.cut = true;
	}
	if (title == 0) {
		*out = a;
		return;
	}
	if (!memchr(bytes, '\0', title))
		len = title;
	else if (bytes[len - 1] == '\0')
		len--; /* the NUL that ends the last argument */

	const char *copy = arena_strndup(arena, bytes, len);
	a.argc = 1;
	for (size_t i = 0; i < len; i++)
		a.argc += copy[i] == '\0';
	if (a.argc > PROCFS_ARGC_MAX) {
		a.argc = PROCFS_ARGC_MAX;
		a.cut = true;
	}
	a.argv = arena_array(arena, const char *, a.argc);
	for (size_t i = 0; i < a.argc; i++) {
		a.argv[i] = copy;
		copy += strlen(copy) + 1;
	}
	*out = a;
}

bool procfs_parse_env(const char *bytes, size_t len, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name);
	const char *end = bytes + len;

	for (const char *p = bytes; p < end;) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));
		if (!nul)
			return false; /* the last one may be cut: not to be trusted */
		size_t n = (size_t)(nul - p);
		if (n > name_len && p[name_len] == '=' && memcmp(p, name, name_len) == 0) {
			n -= name_len + 1;
			if (n >= size)
				return false;
			memcpy(out, p + name_len + 1, n + 1);
			return true;
		}
		p = nul + 1;
	}
	return false;
}

bool procfs_strip_deleted(char *target)
{
	static const char suffix[] = " (deleted)";

	if (!str_ends(target, suffix))
		return false;
	target[strlen(target) - strlen(suffix)] = '\0';
	return true;
}

bool procfs_parse_ns(const char *target, uint32_t *out)
{
	const char *bracket = strchr(target, '[');
	int64_t inode;

	if (!bracket)
		return false;
	const char *p = bracket + 1, *end = p + strlen(p);
	if (*p == ' ' || !take_number(&p, end, &inode) || !str_eq(p, "]"))
		return false;
	if (inode <= 0 || inode > UINT32_MAX)
		return false;
	*out = (uint32_t)inode;
	return true;
}

/* The kernel's many words for "gone" and "not you", as the header promises them. */
static int simplify(int error)
{
	switch (error) {
	case ENOENT:
	case ESRCH:
	case ENOTDIR:
		return -ESRCH;
	case EPERM:
	case EACCES:
		return -EACCES;
	default:
		return -error;
	}
}

static void file_name(char *out, pid_t pid, const char *name)
{
	int n = snprintf(out, NAME_MAX_LEN, "%d/%s", pid, name);

	must(n > 0 && n < NAME_MAX_LEN);
}

/* Bytes read, at most size; a full buffer may mean that there was more. */
static ssize_t read_once(const struct host *h, pid_t pid, const char *name, char *out, size_t size)
{
	char path[NAME_MAX_LEN];

	file_name(path, pid, name);
	AUTO(close) int fd = openat(h->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return simplify(errno);
	for (;;) {
		ssize_t n = read(fd, out, size);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return simplify(errno);
	}
}

int procfs_read_stat(const struct host *h, pid_t pid, struct proc_stat *out)
{
	char text[STAT_SIZE];
	ssize_t n = read_once(h, pid, "stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	return procfs_parse_stat(text, (size_t)n, out) ? 0 : -ESRCH;
}

int procfs_read_status(const struct host *h, pid_t pid, struct proc_status *out)
{
	char text[STATUS_SIZE];
	ssize_t n = read_once(h, pid, "status", text, sizeof(text));

	if (n < 0)
		return (int)n;
	return procfs_parse_status(text, (size_t)n, out) ? 0 : -ESRCH;
}

/*
 * The kernel keeps the folder's owner equal to the effective user, even of processes that may not be
 * dumped and under hidepid=1, for the sake of this look-up (task_dump_owner() in fs/proc/base.c). The
 * files below do not promise that. A fixture's folders belong to whoever checked them out.
 */
int procfs_read_uid(const struct host *h, pid_t pid, uint32_t *out)
{
	struct proc_status status;
	char name[NAME_MAX_LEN];
	struct stat st;

	if (!h->live) {
		int r = procfs_read_status(h, pid, &status);
		if (r == 0)
			*out = status.uid;
		return r;
	}
	snprintf(name, sizeof(name), "%d", pid);
	if (fstatat(h->proc, name, &st, 0) < 0)
		return simplify(errno);
	*out = st.st_uid;
	return 0;
}

int procfs_read_argv(const struct host *h, pid_t pid, struct arena *arena, struct proc_argv *out)
{
	char text[PROCFS_ARGV_BYTES + 1]; /* one more, to learn that there is more */
	ssize_t n = read_once(h, pid, "cmdline", text, sizeof(text));

	if (n < 0)
		return (int)n;
	procfs_parse_argv(arena, text, (size_t)n, out);
	return 0;
}

int procfs_read_env(const struct host *h, pid_t pid, const char *name, char *out, size_t size)
{
	AUTO(buf) struct buf b = BUF_INIT(PROCFS_ENV_BYTES);
	char path[NAME_MAX_LEN];

	file_name(path, pid, "environ");
	int r = fs_read_at(h->proc, path, &b); /* the kernel hands it out a page at a time */
	if (r < 0)
		return simplify(-r);
	return procfs_parse_env(b.data, b.len, name, out, size) ? 0 : -ESRCH;
}

int procfs_read_text(const struct host *h, pid_t pid, const char *name, char *out, size_t size,
	size_t *out_len)
{
	must(size > 0);
	ssize_t n = read_once(h, pid, name, out, size - 1);
	if (n < 0)
		return (int)n;
	out[n] = '\0';
	*out_len = (size_t)n;
	return 0;
}

int procfs_read_link(const struct host *h, pid_t pid, const char *name, char *out, size_t size,
	bool *out_deleted)
{
	char path[NAME_MAX_LEN];

	file_name(path, pid, name);
	ssize_t n = fs_readlink_at(h->proc, path, out, size);
	if (n < 0)
		return simplify((int)-n);
	*out_deleted = procfs_strip_deleted(out);
	return 0;
}

int procfs_read_ns(const struct host *h, pid_t pid, const char *name, uint32_t *out)
{
	char path[NAME_MAX_LEN], target[NAME_MAX_LEN];

	int n = snprintf(path, sizeof(path), "%d/ns/%s", pid, name);
	must(n > 0 && n < NAME_MAX_LEN);
	ssize_t r = fs_readlink_at(h->proc, path, target, sizeof(target));
	if (r < 0)
		return simplify((int)-r);
	return procfs_parse_ns(target, out) ? 0 : -ESRCH;
}

bool procfs_alive(const struct host *h, pid_t pid)
{
	struct proc_stat s;

	if (pid <= 0)
		return false;
	int r = procfs_read_stat(h, pid, &s);
	if (r == 0)
		return s.state != 'Z' && s.state != 'X';
	if (r == -ESRCH && h->live)
		return kill(pid, 0) == 0 || errno == EPERM; /* hidepid=2 hides it, kill does not */
	return r != -ESRCH;
}
