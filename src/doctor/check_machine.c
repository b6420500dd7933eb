/*
 * machine - is this the machine itself, a container or WSL: whose 127.0.0.1 is it?
 *
 * The first process namespace has a fixed number (include/linux/proc_ns.h), so a process knows
 * whether it is in a container of its own. The files that runtimes leave only name the kind: images
 * that were made into machines keep them.
 */
#include "doctor/check.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#define INITIAL_PID_NS 0xEFFFFFFCu /* PROC_PID_INIT_INO */

struct marker {
	const char *path; /* below the root */
	const char *kind;
};

static const struct marker markers[] = {
	{".dockerenv", "docker"}, {"run/.containerenv", "podman"},
	{"run/secrets/kubernetes.io", "kubernetes"},
	{"var/run/secrets/kubernetes.io", "kubernetes"},
	{"run/systemd/container", NULL}, /* its content is the kind */
};

/* The first marker; NULL = none. */
static const char *find_marker(const struct exam *e, const char **out_kind)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(markers); i++) {
		char text[64];
		if (fstatat(e->host->root, markers[i].path, &st, 0) < 0)
			continue;
		*out_kind = markers[i].kind;
		if (!*out_kind &&
			fs_read_small(e->host->root, markers[i].path, text, sizeof(text)) > 0) {
			AUTO(buf) struct buf shown = BUF_INIT(200);
			text_escape(&shown, text, strcspn(text, "\n"));
			*out_kind = arena_strdup(e->arena, shown.data);
		}
		return arena_printf(e->arena, "/%s", markers[i].path);
	}
	return NULL;
}

static bool is_wsl(const struct exam *e, char *version, size_t size)
{
	if (fs_read_small(e->host->proc, "version", version, size) <= 0)
		return false;
	for (const char *p = version; *p; p++)
		if (strncasecmp(p, "microsoft", 9) == 0)
			return true;
	return false;
}

/* False when /proc belongs to another process namespace than we do. */
static bool proc_is_ours(const struct exam *e)
{
	char link[32];

	if (!e->host->live)
		return true;
	ssize_t n = fs_readlink_at(e->host->proc, "self", link, sizeof(link));
	uint64_t pid;
	return n > 0 && str_u64(link, INT32_MAX, &pid) && (pid_t)pid == e->host->self;
}

static void container(const struct exam *e, struct report *r)
{
	const char *kind = NULL, *marker = find_marker(e, &kind);

	report_add(r, "in-container", SEVERITY_NOTE,
		"this is inside a container%s%s: its 127.0.0.1 is not the machine's",
		kind ? ", " : "", kind ? kind : "");
	report_evidence(r, "/proc/self/ns/pid", "pid:[%u], not the machine's first one",
		e->host->pid_inode);
	if (marker)
		report_evidence(r, marker, "is there");
	report_fix(r, "run loopscope on the machine itself to see the rest", NULL);
}

static void run(const struct exam *e, struct report *r)
{
	char version[512];
	const char *kind = NULL, *marker;

	if (!proc_is_ours(e)) {
		report_add(r, "proc-foreign", SEVERITY_HIGH,
			"/proc shows other processes than those around loopscope");
		report_evidence(r, "/proc/self", "is not process %d", e->host->self);
		report_fix(r, "mount the right one", "mount -t proc proc /proc");
		return;
	}
	if (e->host->pid_inode && e->host->pid_inode != INITIAL_PID_NS) {
		container(e, r);
		return;
	}
	if (is_wsl(e, version, sizeof(version))) {
		AUTO(buf) struct buf shown = BUF_INIT(1000);
		text_escape(&shown, version, strcspn(version, "\n"));
		report_add(r, "in-wsl", SEVERITY_NOTE,
			"this is WSL: what Windows programs listen on is not seen here");
		report_evidence(r, "/proc/version", "%s", shown.data);
		report_fix(r, "see the ports of Windows", "netstat.exe -ano");
		return;
	}
	report_add(r, "machine", SEVERITY_OK, "this is the machine itself, not a container or WSL");
	report_evidence(r, "/proc/self/ns/pid", "pid:[%u]", e->host->pid_inode);
	marker = find_marker(e, &kind);
	if (marker)
		report_evidence(r, marker, "is there, but the process namespace is the first one");
}

const struct doctor_check doctor_machine = {
	.subject = "machine",
	.summary = "whether this is the machine itself, a container or WSL",
	.run = run,
};
