/*
 * process - see process.h. Three files, two links and the folder's owner, in the order in which a
 * process that ends loses them; what was read before it vanished is kept.
 */
#include "inventory/process.h"

#include "base/str.h"
#include "sys/cgroup.h"
#include "sys/procfs.h"
#include <errno.h>
#include <limits.h>

bool process_note(struct owner *o, int result)
{
	o->denied = o->denied || result == -EACCES;
	return result == 0;
}

/* True when it is a process with a program, not a kernel thread or nothing at all. */
static bool read_stat(const struct host *host, struct arena *arena, struct owner *o)
{
	struct proc_stat s;

	int r = procfs_read_stat(host, o->pid, &s);
	if (!process_note(o, r)) {
		o->gone = r == -ESRCH;
		return false;
	}
	o->ppid = s.ppid;
	o->pgrp = s.pgrp;
	o->session = s.session;
	o->tty = s.tty;
	o->state = s.state;
	o->start_ticks = s.start_ticks;
	o->comm = arena_strdup(arena, s.comm);
	if (host->boot_ms && host->ticks > 0)
		o->started_ms =
			host->boot_ms + (int64_t)(s.start_ticks * 1000 / (uint64_t)host->ticks);
	return !(s.flags & PROCFS_KTHREAD);
}

static void read_links(const struct host *host, struct arena *arena, struct owner *o)
{
	char target[PATH_MAX];
	bool deleted;

	if (process_note(o,
		    procfs_read_link(host, o->pid, "exe", target, sizeof(target), &deleted))) {
		o->exe = arena_strdup(arena, target);
		/* a program that lives in memory never had a file to be replaced */
		o->exe_deleted = deleted && !str_starts(target, "/memfd:");
	}
	if (process_note(o,
		    procfs_read_link(host, o->pid, "cwd", target, sizeof(target), &deleted))) {
		o->cwd = arena_strdup(arena, target);
		o->cwd_deleted = deleted;
	}
}

static void read_cgroup(const struct host *host, struct arena *arena, struct process *p)
{
	struct owner *o = p->owner;
	char text[CGROUP_TEXT_SIZE];
	struct cgroup c;
	size_t len;
	int r = procfs_read_text(host, o->pid, "cgroup", text, sizeof(text), &len);

	if (!process_note(o, r) || !cgroup_parse(text, len, &c))
		return;
	o->cgroup = arena_strndup(arena, c.path, c.path_len);
	if (c.unit[0])
		o->unit = arena_strdup(arena, c.unit);
	o->unit_is_user = c.unit_is_user;
	p->runtime = c.runtime;
	if (c.runtime != RUNTIME_NONE)
		p->container_id = arena_strdup(arena, c.container);
	p->slice_uid = c.slice_uid;
}

void process_read(const struct host *host, struct arena *arena, pid_t pid, struct process *out)
{
	struct owner *o = arena_new_of(arena, struct owner);
	struct proc_argv v;

	*out = (struct process){.owner = o, .slice_uid = -1};
	o->pid = pid;
	o->uid = UINT32_MAX;
	o->started_ms = -1;
	bool has_program = read_stat(host, arena, o);
	if (o->gone)
		return;
	int r = procfs_read_uid(host, pid, &o->uid);
	o->gone = r == -ESRCH;
	if (!process_note(o, r) || !has_program)
		return;
	if (process_note(o, procfs_read_argv(host, pid, arena, &v))) {
		o->argv = v.argv;
		o->argc = v.argc;
		o->argv_cut = v.cut;
	}
	read_links(host, arena, o);
	read_cgroup(host, arena, out);
}
