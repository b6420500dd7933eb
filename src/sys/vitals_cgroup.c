/*
 * vitals_cgroup - what the cgroup of a process says about it: frozen, throttled, out of memory.
 *
 * A freeze is seen in cgroup.events of every cgroup below the one that was frozen; to undo it one must
 * know which it was, the nearest whose cgroup.freeze is 1 (cgroup-v2.rst). With v1 or hybrid the
 * freezer is a hierarchy of its own (freezer-subsystem.rst). Paths are relative to our own cgroup
 * namespace: one that begins with "/.." is none of the folders we see, and following it would lead
 * out of the file system's root.
 */
#include "sys/vitals_part.h"

#include "base/fs.h"
#include "base/str.h"
#include <fcntl.h>
#include <limits.h>

enum { TEXT_SIZE = 16 << 10, DEPTH_MAX = 64 };

struct hierarchy {
	const struct host *host;
	const char *root;    /* "sys/fs/cgroup" */
	char path[PATH_MAX]; /* "" is its root */
};

const char *vitals_parse_cgroup(struct arena *arena, const char *text, const char *controller)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t len = strcspn(line, "\n");
		const char *names = memchr(line, ':', len);
		if (!names)
			continue;
		names++;
		const char *path = memchr(names, ':', len - (size_t)(names - line));
		if (!path || path[1] != '/')
			continue;
		/* "9:cpu,freezer:/path" */
		size_t want = strlen(controller);
		for (const char *p = names; p <= path; p += strcspn(p, ",:") + 1)
			if (strcspn(p, ",:") == want && memcmp(p, controller, want) == 0)
				return arena_strndup(arena, path + 1,
					len - (size_t)(path + 1 - line));
	}
	return NULL;
}

static bool leads_out(const char *path)
{
	for (const char *p = strstr(path, "/.."); p; p = strstr(p + 1, "/.."))
		if (p[3] == '\0' || p[3] == '/')
			return true;
	return false;
}

/* False for a path that cannot be followed from here. */
static bool enter(struct hierarchy *h, const char *path)
{
	if (leads_out(path) || str_copy(h->path, sizeof(h->path), path) >= sizeof(h->path))
		return false;
	if (str_eq(h->path, "/"))
		h->path[0] = '\0';
	return true;
}

/* To the parent; false at the root. */
static bool leave(struct hierarchy *h)
{
	char *slash = strrchr(h->path, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static bool read_file(const struct hierarchy *h, const char *name, char *out, size_t size)
{
	char path[PATH_MAX + 64];
	int n = snprintf(path, sizeof(path), "%s%s/%s", h->root, h->path, name);

	return n > 0 && (size_t)n < sizeof(path) &&
		fs_read_small(h->host->root, path, out, size) >= 0;
}

/* Is the first word of a file this one? */
static bool says(const struct hierarchy *h, const char *name, const char *word)
{
	char text[64];

	if (!read_file(h, name, text, sizeof(text)))
		return false;
	text[strcspn(text, " \n")] = '\0';
	return str_eq(text, word);
}

static const char *shown_path(struct arena *arena, const struct hierarchy *h)
{
	return arena_strdup(arena, *h->path ? h->path : "/");
}

static const char *thaw_command(struct arena *arena, const struct hierarchy *h, const char *word,
	const char *name)
{
	AUTO(buf) struct buf file = BUF_INIT(PATH_MAX + 64);
	AUTO(buf) struct buf command = BUF_INIT(2 * PATH_MAX);

	buf_printf(&file, "/%s%s/%s", h->root, h->path, name);
	buf_printf(&command, "echo %s > ", word);
	str_shell_quote(&command, file.data);
	return file.overflow || command.overflow ? NULL : arena_strdup(arena, command.data);
}

/* From the process's cgroup upwards to the one whose file says that it was frozen itself. */
static void find_frozen(struct arena *arena, struct hierarchy h, const char *file,
	const char *thawed, const char *write_to, struct vitals *out)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (says(&h, file, "1")) {
			out->frozen_at = shown_path(arena, &h);
			out->thaw = thaw_command(arena, &h, thawed, write_to);
			return;
		}
		if (!leave(&h))
			return;
	}
}

static void read_limits(struct arena *arena, struct hierarchy h, struct vitals *out)
{
	char text[TEXT_SIZE];
	struct hierarchy own = h;
	bool limited = false;

	for (int depth = 0; !limited && depth < DEPTH_MAX; depth++) {
		if (read_file(&h, "cpu.max", text, sizeof(text)) && !str_starts(text, "max")) {
			text[strcspn(text, "\n")] = '\0';
			out->cpu_max = arena_strdup(arena, text);
			limited = true;
		} else if (!leave(&h)) {
			break;
		}
	}
	if (!read_file(limited ? &h : &own, "cpu.stat", text, sizeof(text)))
		return;
	vitals_number(text, "throttled_usec ", 10, &out->throttled_us);
	vitals_number(text, "nr_throttled ", 10, &out->throttled_times);
}

static void read_v2(const struct host *host, struct arena *arena, struct vitals *out)
{
	struct hierarchy h = {.host = host, .root = "sys/fs/cgroup"};
	char text[TEXT_SIZE];
	uint64_t n;

	if (faccessat(host->root, "sys/fs/cgroup/cgroup.controllers", F_OK, 0) < 0)
		h.root = "sys/fs/cgroup/unified";
	if (!out->cgroup || !enter(&h, out->cgroup))
		return;
	out->frozen = read_file(&h, "cgroup.events", text, sizeof(text)) &&
		vitals_number(text, "frozen ", 10, &n) && n == 1;
	if (out->frozen)
		find_frozen(arena, h, "cgroup.freeze", "0", "cgroup.freeze", out);
	if (read_file(&h, "memory.events", text, sizeof(text)))
		vitals_number(text, "oom_kill ", 10, &out->oom_kills);
	read_limits(arena, h, out);
}

static void read_v1_freezer(const struct host *host, struct arena *arena, const char *path,
	struct vitals *out)
{
	struct hierarchy h = {.host = host, .root = "sys/fs/cgroup/freezer"};

	if (!path || out->frozen || !enter(&h, path) || !says(&h, "freezer.state", "FROZEN"))
		return;
	out->frozen = true;
	find_frozen(arena, h, "freezer.self_freezing", "THAWED", "freezer.state", out);
}

/* The nearest cgroup at or above its own with a quota: cpu.cfs_quota_us is -1 without one (sched-bwc.rst). */
static void read_v1_cpu(const struct host *host, struct arena *arena, const char *path,
	struct vitals *out)
{
	struct hierarchy h = {.host = host, .root = "sys/fs/cgroup/cpu"};
	char quota[32], period[32], text[TEXT_SIZE];
	uint64_t ns;

	if (!path || out->cpu_max || !enter(&h, path))
		return;
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (read_file(&h, "cpu.cfs_quota_us", quota, sizeof(quota)) && *quota != '-' &&
			read_file(&h, "cpu.cfs_period_us", period, sizeof(period)) &&
			read_file(&h, "cpu.stat", text, sizeof(text))) {
			quota[strcspn(quota, "\n")] = period[strcspn(period, "\n")] = '\0';
			out->cpu_max = arena_printf(arena, "%s %s", quota, period);
			vitals_number(text, "nr_throttled ", 10, &out->throttled_times);
			if (vitals_number(text, "throttled_time ", 10, &ns))
				out->throttled_us = ns / 1000;
			return;
		}
		if (!leave(&h))
			return;
	}
}

void vitals_read_cgroup(const struct host *host, struct arena *arena, struct vitals *out)
{
	AUTO(buf) struct buf text = BUF_INIT(64 << 10);
	char path[64];

	snprintf(path, sizeof(path), "%d/cgroup", out->pid);
	if (fs_read_at(host->proc, path, &text) < 0)
		return;
	out->cgroup = vitals_parse_cgroup(arena, text.data, "");
	read_v2(host, arena, out);
	read_v1_freezer(host, arena, vitals_parse_cgroup(arena, text.data, "freezer"), out);
	read_v1_cpu(host, arena, vitals_parse_cgroup(arena, text.data, "cpu"), out);
}
