/*
 * undo_record - reads /proc of what is about to be stopped, while it is still there.
 *
 * Only the topmost victims are kept, since they start the others again. Three things cannot be
 * repeated and are recorded as that: arguments that the program wrote a title over (proc_pid_cmdline(5)
 * shows what is in its memory), rights that changed after the start, and a file system of its own.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "free/kind.h"
#include "free/undo.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define ENV_MAX	   (1u << 20)
#define STATUS_MAX (64u << 10)
#define GROUPS_MAX 65536

struct recording {
	struct world *w;
	struct arena *arena;
	const struct host *host;
	struct undo_process *p;
	pid_t pid;
};

/* --- who is at the top --- */

static const struct free_victim *victim_of(const struct free_plan *plan, pid_t pid)
{
	for (size_t i = 0; i < plan->victim_count; i++)
		if (plan->victims[i].owner->pid == pid)
			return &plan->victims[i];
	return NULL;
}

static bool is_top(struct world *w, const struct free_plan *plan, const struct free_victim *v)
{
	const struct proc_stat *p = family_find(w->family, v->owner->pid);

	if (v->signal == 0 || v->role == FREE_CHILD)
		return false;
	for (int depth = 0; p && p->ppid > 1 && depth < 100; depth++) {
		if (victim_of(plan, p->ppid))
			return false;
		p = family_find(w->family, p->ppid);
	}
	return true;
}

/* --- one process --- */

static bool is_title(const struct owner *o)
{
	return o->argc == 1 && strchr(o->argv[0], ' ') && access(o->argv[0], F_OK) < 0;
}

static void split_words(struct recording *r, const char *text)
{
	char *copy = arena_strdup(r->arena, text), *save;
	const char **words = arena_array(r->arena, const char *, strlen(text) / 2 + 2);

	r->p->argc = 0;
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		words[r->p->argc++] = word;
	r->p->argv = words;
}

/* Titles that repeat the words they were started with. */
static bool split_title(struct recording *r, const char *title)
{
	static const char *const starts[] = {"npm ", "npx ", "yarn ", "pnpm ", "pnpx "};
	const char *nginx = str_after(title, "nginx: master process ");

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		if (str_starts(title, starts[i])) {
			split_words(r, title);
			return true;
		}
	}
	if (nginx && *nginx)
		split_words(r, nginx);
	return nginx && *nginx;
}

static void read_argv(struct recording *r, const struct owner *o)
{
	if (o->argc == 0)
		r->p->cannot = "its arguments could not be read";
	else if (o->argv_cut)
		r->p->cannot = "its arguments are too long to keep";
	else if (is_title(o) && !split_title(r, o->argv[0]))
		r->p->cannot = "it wrote a title over its own arguments";
	if (r->p->argv || r->p->cannot)
		return;
	const char **argv = arena_array(r->arena, const char *, o->argc + 1);
	for (size_t i = 0; i < o->argc; i++)
		argv[i] = arena_strdup(r->arena, o->argv[i]);
	r->p->argv = argv;
	r->p->argc = o->argc;
}

/* NAME=value strings; programs that set long titles overwrite them too, and then nothing is left. */
static void read_env(struct recording *r)
{
	AUTO(buf) struct buf bytes = BUF_INIT(ENV_MAX);
	char path[64];
	size_t count = 0;

	snprintf(path, sizeof(path), "%d/environ", r->pid);
	if (fs_read_at(r->host->proc, path, &bytes) < 0 || bytes.overflow)
		return;
	char *copy = arena_memdup(r->arena, bytes.data, bytes.len + 1);
	for (size_t i = 0; i < bytes.len; i++)
		count += copy[i] == '\0';
	const char **env = arena_array(r->arena, const char *, count + 2);
	for (size_t at = 0; at < bytes.len; at += strlen(copy + at) + 1) {
		const char *equals = strchr(copy + at, '=');
		if (equals && equals > copy + at)
			env[r->p->env_count++] = copy + at;
	}
	r->p->env = env;
	r->p->env_known = r->p->env_count > 0;
}

static const char *variable(const struct recording *r, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < r->p->env_count; i++)
		if (strncmp(r->p->env[i], name, len) == 0 && r->p->env[i][len] == '=')
			return r->p->env[i] + len + 1;
	return NULL;
}

static bool same_file(const struct recording *r, const char *path)
{
	struct stat a, b;
	char exe[64];

	snprintf(exe, sizeof(exe), "%d/exe", r->pid);
	return stat(path, &a) == 0 && fstatat(r->host->proc, exe, &b, 0) == 0 &&
		a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The file that argv[0] means in its folder and PATH; NULL when there is none. */
static const char *resolve(const struct recording *r)
{
	const char *name = r->p->argv[0], *dirs = variable(r, "PATH");

	if (name[0] == '/')
		return name;
	if (strchr(name, '/'))
		return r->p->cwd ? arena_printf(r->arena, "%s/%s", r->p->cwd, name) : NULL;
	if (!dirs)
		dirs = getenv("PATH");
	for (const char *p = dirs; p && *p; p += strspn(p, ":")) {
		size_t len = strcspn(p, ":");
		const char *path = arena_printf(r->arena, "%.*s/%s", (int)len, p, name);
		if (len && path[0] == '/' && access(path, X_OK) == 0)
			return path;
		p += len;
	}
	return NULL;
}

/*
 * argv[0] is taken when it leads to the same program (a virtual environment's python is a link that
 * must stay one), the program file itself otherwise.
 */
static void choose_file(struct recording *r, const struct owner *o, bool from_title)
{
	const char *path = resolve(r);

	if (path && (from_title || same_file(r, path)))
		r->p->file = path;
	else if (!from_title)
		r->p->file = o->exe;
	if (!r->p->file)
		r->p->cannot = "its program could not be found";
}

static const char *status_line(const struct buf *status, const char *name)
{
	const char *p = status->data;

	for (; p && *p; p = strchr(p, '\n'), p += p != NULL)
		if (str_starts(p, name))
			return p + strlen(name);
	return NULL;
}

/* Four ids on a line: real, effective, saved, file system. */
static bool same_ids(const char *line, uint32_t *out)
{
	unsigned real, effective, saved, fs;

	if (!line || sscanf(line, "%u %u %u %u", &real, &effective, &saved, &fs) != 4)
		return false;
	*out = real;
	return real == effective && real == saved && real == fs;
}

static void read_rights(struct recording *r)
{
	AUTO(buf) struct buf status = BUF_INIT(STATUS_MAX);
	char path[64];

	snprintf(path, sizeof(path), "%d/status", r->pid);
	if (fs_read_at(r->host->proc, path, &status) < 0 ||
		!same_ids(status_line(&status, "Uid:"), &r->p->uid) ||
		!same_ids(status_line(&status, "Gid:"), &r->p->gid)) {
		r->p->cannot = "it changed its user after the start";
		return;
	}
	const char *umask_line = status_line(&status, "Umask:");
	r->p->umask = umask_line ? (uint32_t)strtoul(umask_line, NULL, 8) & 0777 : 022;
	const char *p = status_line(&status, "Groups:");
	r->p->groups = arena_array(r->arena, uint32_t, STATUS_MAX / 2);
	for (char *end; p && r->p->group_count < STATUS_MAX / 2; p = end) {
		p += strspn(p, " \t");
		unsigned long group = strtoul(p, &end, 10);
		if (end == p)
			break;
		r->p->groups[r->p->group_count++] = (uint32_t)group;
	}
}

static bool in_our_files(const struct recording *r)
{
	uint32_t theirs, ours;

	return procfs_read_ns(r->host, r->pid, "mnt", &theirs) < 0 ||
		procfs_read_ns(r->host, r->host->self, "mnt", &ours) < 0 || theirs == ours;
}

static void record_process(struct recording *r, const struct owner *o)
{
	r->p->call = kind_call(r->arena, o);
	read_argv(r, o);
	read_env(r);
	read_rights(r);
	if (o->cwd && !o->cwd_deleted)
		r->p->cwd = arena_strdup(r->arena, o->cwd);
	else if (!r->p->cannot)
		r->p->cannot = o->cwd ? "its folder was removed" : "its folder could not be read";
	if (!in_our_files(r))
		r->p->cannot = "it runs in a file system of its own";
	if (!r->p->cannot)
		choose_file(r, o, is_title(o));
}

/* A title says too little; often the process above is the same app and knows its words. */
static const struct owner *who_knows(struct world *w, const struct owner *o)
{
	const struct proc_stat *p = family_find(w->family, o->pid);
	const struct owner *above = p && p->ppid > 1 ? w->owner(w, p->ppid) : NULL;

	if (!is_title(o) || !above || is_title(above) || world_is_ours(w, above->pid) ||
		!above->exe || !o->exe || !above->cwd || !o->cwd || !str_eq(above->exe, o->exe) ||
		!str_eq(above->cwd, o->cwd) || family_child_count(w->family, above->pid) != 1)
		return o;
	return above;
}

/* --- all --- */

struct undo *undo_record(struct world *w, const struct free_plan *plan)
{
	struct undo *u = arena_new_of(w->arena, struct undo);

	u->stopped_ms = clock_real_ms();
	u->goals = arena_array(w->arena, struct undo_goal, plan->endpoint_count + 1);
	u->processes = arena_array(w->arena, struct undo_process, plan->victim_count + 1);
	u->commands = arena_array(w->arena, struct undo_command, plan->step_count + 1);
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct free_endpoint *e = &plan->endpoints[i];
		u->goals[u->goal_count++] = (struct undo_goal){e->what, e->endpoint};
	}
	for (size_t i = 0; i < plan->victim_count; i++) {
		const struct free_victim *v = &plan->victims[i];
		if (!is_top(w, plan, v))
			continue;
		const struct owner *o = who_knows(w, v->owner);
		struct recording r = {.w = w,
			.arena = w->arena,
			.host = w->host,
			.p = &u->processes[u->process_count++],
			.pid = o->pid};
		record_process(&r, o);
	}
	for (size_t i = 0; i < plan->step_count; i++)
		if (plan->steps[i].start)
			u->commands[u->command_count++] =
				(struct undo_command){plan->steps[i].start,
					plan->steps[i].start_count};
	return u;
}
