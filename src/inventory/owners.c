/*
 * owners - see owners.h.
 *
 * A brief read (process.h) is what the thousands get; the kernel takes 40 us for each, so many are
 * read by several threads. The rest is for the few that are shown: parents (read briefly in turn and shared,
 * since most processes of a machine have the same few ancestors), project, names, left-over or not.
 *
 * A pid is no identity: a parent that started after its child is another process which got the
 * number of the real, ended parent, so the chain stops there. That also makes loops impossible, but
 * for processes of the same clock tick, which are guarded against by walking the chain.
 */
#include "inventory/owners.h"

#include "base/map.h"
#include "base/must.h"
#include "base/str.h"
#include "base/vec.h"
#include "inventory/containers.h"
#include "inventory/orphan.h"
#include "inventory/process.h"
#include "inventory/project.h"
#include "inventory/terminal.h"
#include "inventory/users.h"
#include "sys/cgroup.h"
#include "sys/procfs.h"
#include <errno.h>
#include <pthread.h>

enum {
	ENTRIES_MAX = 1 << 22, /* pid_max */
	CHAIN_MAX = 64,
	THREADS_MAX = 4,
	THREAD_SHARE = 64, /* processes that are worth a thread */
	UNLISTED = UINT32_MAX,
};

struct entry {
	struct owner *owner;
	uint32_t index; /* in the list; UNLISTED = only somebody's parent */
	bool full;
};

/* One container, shared by its owners. */
struct known_container {
	struct container record;
	int64_t slice_uid; /* of a rootless one; -1 = the system's */
	bool asked;	   /* for its name */
};

struct owner_table {
	const struct host *host;
	struct arena *arena;
	struct users *users;
	struct container_names *names;
	struct map by_pid;     /* to an index into entries */
	struct map projects;   /* hash of the working directory, to a struct project * or 0 */
	struct map containers; /* hash of the id, to a struct known_container * */
	char own_container[CGROUP_NAME_SIZE]; /* the one we run in ourselves, "" = none */
	VEC(struct entry) entries;
	VEC(struct owner *) listed;
};

static void find_own_container(struct owner_table *t)
{
	char text[CGROUP_TEXT_SIZE];
	struct cgroup c;
	size_t len;

	if (!t->host->live ||
		procfs_read_text(t->host, t->host->self, "cgroup", text, sizeof(text), &len) < 0)
		return;
	if (cgroup_parse(text, len, &c) && !c.monitor)
		str_copy(t->own_container, sizeof(t->own_container), c.container);
}

struct owner_table *owner_table_new(const struct host *host, struct arena *arena)
{
	struct owner_table *t = must_calloc(1, sizeof(*t));

	t->host = host;
	t->arena = arena;
	t->users = users_new(host, arena);
	t->names = container_names_new(host, arena);
	map_init(&t->by_pid);
	map_init(&t->projects);
	map_init(&t->containers);
	t->entries.max = t->listed.max = ENTRIES_MAX;
	find_own_container(t);
	return t;
}

void owner_table_free(struct owner_table *t)
{
	if (!t)
		return;
	users_free(t->users);
	container_names_free(t->names);
	map_fini(&t->by_pid);
	map_fini(&t->projects);
	map_fini(&t->containers);
	vec_fini(&t->entries);
	vec_fini(&t->listed);
	free(t);
}

static const struct container *know_container(struct owner_table *t, const struct process *p)
{
	uint64_t key = map_hash(p->container_id, strlen(p->container_id)), value;

	if (str_eq(p->container_id, t->own_container))
		return NULL; /* seen from in there, it is the machine */
	if (map_get(&t->containers, key, &value)) {
		struct known_container *known = (struct known_container *)(uintptr_t)value;
		if (known->record.runtime == p->runtime &&
			str_eq(known->record.id, p->container_id))
			return &known->record;
	}
	struct known_container *fresh = arena_new_of(t->arena, struct known_container);
	fresh->record.runtime = p->runtime;
	fresh->record.id = p->container_id;
	fresh->slice_uid = p->slice_uid;
	map_set(&t->containers, key, (uintptr_t)fresh);
	return &fresh->record;
}

/* Puts a process that was read into the table. */
static struct entry *register_process(struct owner_table *t, const struct process *p)
{
	struct owner *o = p->owner;

	if (o->uid != UINT32_MAX)
		o->user = users_get(t->users, o->uid)->name;
	if (p->runtime != RUNTIME_NONE)
		o->container = know_container(t, p);
	map_set(&t->by_pid, (uint64_t)o->pid, t->entries.count);
	struct entry *e = vec_push(&t->entries);
	must(e != NULL);
	*e = (struct entry){.owner = o, .index = UNLISTED};
	return e;
}

/* The entry of a pid, read briefly when it is new. Its address holds until the next one is added. */
static struct entry *entry_of(struct owner_table *t, pid_t pid)
{
	struct process p;
	uint64_t i;

	if (map_get(&t->by_pid, (uint64_t)pid, &i))
		return &t->entries.items[i];
	process_read(t->host, t->arena, pid, &p);
	return register_process(t, &p);
}

/* What one thread reads: every stride-th process. */
struct reader_job {
	const struct owner_table *table;
	const pid_t *pids;
	struct process *out;
	size_t first, stride, count;
	struct arena *arena;
	pthread_t thread;
	bool started;
};

static void *read_some(void *arg)
{
	struct reader_job *job = arg;

	for (size_t i = job->first; i < job->count; i += job->stride)
		process_read(job->table->host, job->arena, job->pids[i], &job->out[i]);
	return NULL;
}

/* Reads processes that are not in the table yet into out, by several threads. */
static void read_many(struct owner_table *t, const pid_t *pids, size_t count, struct process *out)
{
	struct reader_job jobs[THREADS_MAX];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads =
		MIN((size_t)MAX(cores, 1), MIN((size_t)THREADS_MAX, 1 + count / THREAD_SHARE));

	for (size_t i = 0; i < threads; i++) {
		jobs[i] = (struct reader_job){.table = t,
			.pids = pids,
			.out = out,
			.first = i,
			.stride = threads,
			.count = count,
			.arena = arena_new()};
		jobs[i].started = i + 1 < threads &&
			pthread_create(&jobs[i].thread, NULL, read_some, &jobs[i]) == 0;
	}
	for (size_t i = 0; i < threads; i++)
		if (!jobs[i].started) /* the last share is ours, and that of threads there are not */
			read_some(&jobs[i]);
	for (size_t i = 0; i < threads; i++) {
		if (jobs[i].started)
			must(pthread_join(jobs[i].thread, NULL) == 0);
		arena_adopt(t->arena, jobs[i].arena);
	}
}

void owner_table_add_all(struct owner_table *t, const pid_t *pids, size_t count)
{
	AUTO(free) pid_t *fresh = must_calloc(count + 1, sizeof(*fresh));
	AUTO(free) struct process *read = must_calloc(count + 1, sizeof(*read));
	AUTO(map) struct map seen = {0};
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t pid = (uint64_t)pids[i];
		if (map_get(&t->by_pid, pid, NULL) || map_get(&seen, pid, NULL))
			continue;
		map_set(&seen, pid, 1);
		fresh[n++] = pids[i];
	}
	read_many(t, fresh, n, read);
	for (size_t i = 0; i < n; i++)
		register_process(t, &read[i]);
	for (size_t i = 0; i < count; i++)
		owner_table_add(t, pids[i]);
}

uint32_t owner_table_add(struct owner_table *t, pid_t pid)
{
	struct entry *e = entry_of(t, pid);

	if (e->index != UNLISTED)
		return e->index;
	struct owner **slot = vec_push(&t->listed);
	must(slot != NULL);
	*slot = e->owner;
	e->index = (uint32_t)(t->listed.count - 1);
	return e->index;
}

static bool is_ancestor(const struct owner *o, const struct owner *candidate)
{
	int depth = 0;

	for (; candidate && depth < CHAIN_MAX; candidate = candidate->parent, depth++)
		if (candidate == o)
			return true;
	return depth == CHAIN_MAX;
}

static void link_parents(struct owner_table *t, struct owner *o)
{
	for (int depth = 0; depth < CHAIN_MAX && !o->parent && o->ppid > 0; depth++) {
		struct owner *parent = entry_of(t, o->ppid)->owner;
		if (parent->gone || parent->start_ticks > o->start_ticks || is_ancestor(o, parent))
			return;
		o->parent = parent;
		o = parent;
	}
}

static const struct project *project_of(struct owner_table *t, const struct owner *o)
{
	uint64_t key, value;

	if (!o->cwd || o->container) /* a container's paths mean something else out here */
		return NULL;
	key = map_hash(o->cwd, strlen(o->cwd));
	if (!map_get(&t->projects, key, &value)) {
		value = (uintptr_t)project_find(t->host, t->arena, o->cwd);
		map_set(&t->projects, key, value);
	}
	return (const struct project *)(uintptr_t)value;
}

static void name_container(struct owner_table *t, const struct owner *o)
{
	struct known_container *c = (struct known_container *)o->container;

	if (!c || c->asked)
		return;
	c->asked = true;
	const struct user *user =
		c->slice_uid >= 0 ? users_get(t->users, (uint32_t)c->slice_uid) : NULL;
	c->record.name = container_names_find(t->names, c->record.runtime, c->record.id, user);
}

static void load_full(struct owner_table *t, struct owner *o)
{
	struct proc_status status;
	uint32_t netns;

	if (!o->comm)
		return; /* gone or hidden: there is nothing to build on */
	link_parents(t, o);
	if (process_note(o, procfs_read_ns(t->host, o->pid, "net", &netns)))
		o->netns = netns;
	if (process_note(o, procfs_read_status(t->host, o->pid, &status)))
		o->tracer = status.tracer;
	o->terminal = terminal_name(t->arena, o->tty);
	o->tmux = terminal_session(t->host, t->arena, o);
	o->project = project_of(t, o);
	name_container(t, o);
	o->orphan_why = orphan_why(t->host, o, users_get(t->users, o->uid)->home);
	o->orphaned = o->orphan_why != NULL;
}

void owner_table_load(struct owner_table *t, uint32_t index, enum owner_detail detail)
{
	must(index < t->listed.count);
	struct owner *o = t->listed.items[index];
	struct entry *e = entry_of(t, o->pid);

	if (detail != OWNER_FULL || e->full)
		return;
	e->full = true;
	load_full(t, o); /* adds parents: e is not to be used after this */
}

struct owner *const *owner_table_list(const struct owner_table *t, size_t *out_count)
{
	*out_count = t->listed.count;
	return t->listed.items;
}
