/*
 * processes - how many may not be looked into, whose they are, and what closes them.
 *
 * Descriptors of a process may be read with PTRACE_MODE_READ_FSCREDS, ptrace(2): the same user and no
 * capability that we lack and dumpable, or CAP_SYS_PTRACE. Yama's ptrace_scope judges only attaching
 * and so hides nothing here; it is named because people suspect it. hidepid, proc(5), hides whole
 * processes. Kernel threads hold no descriptors and are not counted.
 */
#include "doctor/check.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct count {
	size_t seen, closed, own_closed, root_closed;
	pid_t pids[3]; /* some of the closed ones */
};

/* Zombies and kernel threads have no command line. */
static bool has_command(const struct host *host, pid_t pid)
{
	char path[32], byte[2];

	snprintf(path, sizeof(path), "%d/cmdline", pid);
	return fs_read_small(host->proc, path, byte, sizeof(byte)) > 0;
}

static void look_at(const struct host *host, pid_t pid, struct count *c)
{
	char path[32], link[16];
	struct stat st;

	snprintf(path, sizeof(path), "%d", pid);
	if (!has_command(host, pid) || fstatat(host->proc, path, &st, 0) < 0)
		return;
	c->seen++;
	snprintf(path, sizeof(path), "%d/cwd", pid);
	if (readlinkat(host->proc, path, link, sizeof(link)) >= 0 || errno != EACCES)
		return;
	if (c->closed < ARRAY_SIZE(c->pids))
		c->pids[c->closed] = pid;
	c->closed++;
	/* a process that closed itself belongs to root in /proc; its status tells the user */
	snprintf(path, sizeof(path), "%d/status", pid);
	char status[4096];
	const char *line = NULL;
	if (fs_read_small(host->proc, path, status, sizeof(status)) > 0)
		line = strstr(status, "\nUid:\t");
	uid_t uid = line ? (uid_t)strtoul(line + 6, NULL, 10) : st.st_uid;
	c->root_closed += uid == 0;
	c->own_closed += uid == host->uid && uid != 0;
}

static void count_processes(const struct host *host, struct count *c)
{
	int fd = openat(host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		uint64_t pid;
		if (str_u64(e->d_name, INT32_MAX, &pid))
			look_at(host, (pid_t)pid, c);
	}
}

/* The value of hidepid= in the mount options of /proc, "0" when there is none. */
static const char *hidepid(const struct exam *e)
{
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);

	if (fs_read_at(e->host->proc, "self/mountinfo", &text) < 0)
		return "0";
	for (char *line = text.data; *line; line += strcspn(line, "\n") + (line[0] != '\0')) {
		size_t len = strcspn(line, "\n");
		char *copy = arena_strndup(e->arena, line, len);
		char *option = strstr(copy, "hidepid=");
		if (strstr(copy, " /proc ") && option) {
			option += strlen("hidepid=");
			option[strcspn(option, ", ")] = '\0';
			return option;
		}
		if (!line[len])
			break;
	}
	return "0";
}

static void name_some(const struct exam *e, struct report *r, const struct count *c)
{
	for (size_t i = 0; i < MIN(c->closed, ARRAY_SIZE(c->pids)); i++) {
		char path[32], comm[64];
		AUTO(buf) struct buf shown = BUF_INIT(400);
		snprintf(path, sizeof(path), "%d/comm", c->pids[i]);
		if (fs_read_small(e->host->proc, path, comm, sizeof(comm)) <= 0)
			continue;
		text_escape(&shown, comm, strcspn(comm, "\n"));
		report_evidence(r, arena_printf(e->arena, "/proc/%d", c->pids[i]),
			"%s may not be read", shown.data);
	}
}

static void explain_closed(const struct exam *e, struct report *r, const struct count *c)
{
	uint64_t scope;
	size_t others = c->closed - c->own_closed - c->root_closed;
	AUTO(buf) struct buf whose = BUF_INIT(400);

	if (c->root_closed)
		buf_printf(&whose, "%zu of root", c->root_closed);
	if (others)
		buf_printf(&whose, "%s%zu of other users", whose.len ? ", " : "", others);
	if (c->own_closed)
		buf_printf(&whose, "%s%zu of yours (agents and the like protect themselves)",
			whose.len ? ", " : "", c->own_closed);
	report_evidence(r, "/proc", "%s", whose.data);
	if (c->closed <= ARRAY_SIZE(c->pids))
		name_some(e, r, c);
	if (exam_right(e, CAPS_SYS_PTRACE))
		report_evidence(r, "CAP_SYS_PTRACE",
			"is there, so a security module or a user namespace closes them");
	if (host_read_u64(e->host, "proc/sys/kernel/yama/ptrace_scope", &scope))
		report_evidence(r, "ptrace_scope",
			"%llu; it limits debuggers and hides nothing here",
			(unsigned long long)scope);
}

static void run(const struct exam *e, struct report *r)
{
	struct count c = {0};
	const char *hide = hidepid(e);
	bool hides = !str_eq(hide, "0") && !str_eq(hide, "off");

	count_processes(e->host, &c);
	if (hides && !exam_right(e, CAPS_SYS_PTRACE)) {
		report_add(r, "processes-hidden", SEVERITY_NOTE,
			"this machine hides the processes of other users");
		report_evidence(r, "/proc/self/mountinfo", "/proc is mounted with hidepid=%s",
			hide);
		report_evidence(r, "/proc", "%zu processes are visible", c.seen);
		report_fix(r, "look with all rights, once", "sudo loopscope doctor");
		return;
	}
	if (c.closed == 0) {
		report_add(r, "processes", SEVERITY_OK, "all %zu processes may be looked into",
			c.seen);
		report_evidence(r, "/proc", "links of each process can be read");
		return;
	}
	report_add(r, "processes-closed", SEVERITY_NOTE,
		"%zu of %zu processes may not be looked into", c.closed, c.seen);
	explain_closed(e, r, &c);
	if (!exam_right(e, CAPS_SYS_PTRACE))
		report_fix(r, "look with all rights, once", "sudo loopscope doctor");
}

const struct doctor_check doctor_processes = {
	.subject = "processes",
	.summary = "how many processes may not be looked into, and what closes them",
	.run = run,
};
