/*
 * restarts - see restarts.h.
 *
 * A server of the port is who listens on it, or whose command line names it. Two of them one after the other,
 * with the same parent and the same arguments, are a loop.
 */
#include "diagnose/restarts.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "diagnose/port_words.h"
#include "inventory/owners.h"
#include "sys/procfs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define YOUNG_MS	3000
#define CHILD_MS	1500 /* of the children of a script that starts one after another */
#define SHORT_LIFE_MS	10000
#define WATCH_MS	700
#define WATCH_LONG_MS	1400
#define STEP_NS		30000000
#define PIDS_MAX	20000
#define GENERATIONS_MAX 32
#define NEWCOMERS_MAX	128

struct generation {
	const struct owner *owner;
	bool ended;
};

struct watch {
	struct inquiry *q;
	struct owner_table *table; /* of those that come while it lasts */
	pid_t *old, *pids;
	size_t old_count, count;
	pid_t fresh[NEWCOMERS_MAX]; /* came, and are not judged yet: between fork and exec */
	size_t fresh_count;
	struct generation list[GENERATIONS_MAX];
	size_t list_count;
};

static int by_number(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_among(const pid_t *pids, size_t count, pid_t pid)
{
	return bsearch(&pid, pids, count, sizeof(*pids), by_number) != NULL;
}

static size_t list_pids(const struct inquiry *q, pid_t *out)
{
	int fd = openat(q->host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t count = 0;
	uint64_t pid;

	while (dir && (entry = readdir(dir)) && count < PIDS_MAX)
		if (str_u64(entry->d_name, INT32_MAX, &pid))
			out[count++] = (pid_t)pid;
	qsort(out, count, sizeof(*out), by_number);
	return count;
}

static int64_t age(const struct inquiry *q, const struct owner *o)
{
	return o->started_ms < 0 ? INT64_MAX : q->now_ms - o->started_ms;
}

static bool means_port(const struct inquiry *q, const struct owner *o)
{
	return o->ppid > 1 && !port_words_client(o) && port_words_name(o, q->aim.port);
}

static void add_generation(struct watch *w, const struct owner *o)
{
	for (size_t i = 0; i < w->list_count; i++)
		if (w->list[i].owner->pid == o->pid)
			return;
	if (w->list_count < GENERATIONS_MAX)
		w->list[w->list_count++].owner = o;
}

/* --- is there a sign of it? --- */

static bool is_script(const struct owner *o)
{
	static const char *const names[] = {"sh", "bash", "dash", "zsh", "nodemon", "supervisord",
		"pm2", "forever", "foreman", "overmind", "honcho", "watchexec", "air", "runit",
		"runsv", "s6-supervise", "reflex", "entr"};

	for (size_t i = 0; o->argc > 1 && i < ARRAY_SIZE(names); i++)
		if (str_eq(owner_program(o), names[i]))
			return true;
	return false;
}

/* It has just started what it runs, and runs longer itself: one thing after the other. */
static bool starts_anew(const struct inquiry *q, const struct owner *o)
{
	bool any = false;

	if (!is_script(o))
		return false;
	for (size_t i = 0; i < q->process_count; i++) {
		const struct owner *child = q->processes[i];
		if (child->ppid != o->pid)
			continue;
		if (age(q, child) > CHILD_MS || age(q, o) < age(q, child) + 200)
			return false;
		any = true;
	}
	return any;
}

static bool find_signs(struct watch *w)
{
	const struct inquiry *q = w->q;
	bool sign = false;

	for (size_t i = 0; i < q->vitals_count; i++) {
		const struct owner_vitals *v = &q->vitals[i];
		if (v->second.gone || (age(q, v->owner) < YOUNG_MS && v->owner->ppid > 1)) {
			add_generation(w, v->owner);
			sign = true;
		}
	}
	for (size_t i = 0; i < q->process_count; i++) {
		const struct owner *o = q->processes[i];
		if (means_port(q, o)) {
			add_generation(w, o);
			sign = sign || age(q, o) < YOUNG_MS;
		} else if (starts_anew(q, o)) {
			sign = true;
		}
	}
	return sign;
}

static bool is_answered(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].talked && q->places[i].talk.end == TALK_ANSWERED)
			return true;
	return false;
}

/* --- the watch --- */

/* A newcomer is judged when it runs a program of its own. */
static bool judge(struct watch *w, pid_t pid)
{
	struct proc_argv argv = {0};
	struct owner o = {.pid = pid, .ppid = 2};

	if (procfs_read_argv(w->q->host, pid, w->q->arena, &argv) < 0)
		return true;
	o.argv = argv.argv;
	o.argc = argv.argc;
	if (is_script(&o))
		return false;
	if (!means_port(w->q, &o))
		return true;
	uint32_t index = owner_table_add(w->table, pid);
	size_t count = 0;
	struct owner *const *list = owner_table_list(w->table, &count);
	if (!list[index]->gone)
		add_generation(w, list[index]);
	return true;
}

static void look(struct watch *w)
{
	pid_t *swap = w->old;
	size_t left = 0;

	w->old = w->pids;
	w->old_count = w->count;
	w->pids = swap;
	w->count = list_pids(w->q, w->pids);
	for (size_t i = 0; i < w->count && w->fresh_count < NEWCOMERS_MAX; i++)
		if (!is_among(w->old, w->old_count, w->pids[i]))
			w->fresh[w->fresh_count++] = w->pids[i];
	for (size_t i = 0; i < w->fresh_count; i++)
		if (!judge(w, w->fresh[i]))
			w->fresh[left++] = w->fresh[i];
	w->fresh_count = left;
	for (size_t i = 0; i < w->list_count; i++)
		w->list[i].ended = !is_among(w->pids, w->count, w->list[i].owner->pid);
}

static bool is_again(const struct owner *a, const struct owner *b)
{
	if (a->pid == b->pid || a->ppid != b->ppid || a->argc != b->argc)
		return false;
	for (size_t i = 0; i < a->argc; i++)
		if (!str_eq(a->argv[i], b->argv[i]))
			return false;
	return true;
}

/* One that ended, and another that began after it. */
static bool is_loop(struct watch *w)
{
	struct restarts *r = &w->q->restarts;

	for (size_t i = 0; i < w->list_count; i++) {
		const struct owner *first = w->list[i].owner;
		unsigned seen = 1, ended = w->list[i].ended;
		const struct owner *last = NULL;
		if (age(w->q, first) > SHORT_LIFE_MS)
			continue; /* it was started anew for once */
		for (size_t j = 0; j < w->list_count; j++)
			if (is_again(first, w->list[j].owner) &&
				w->list[j].owner->start_ticks > first->start_ticks) {
				last = w->list[j].owner;
				seen++;
				ended += w->list[j].ended;
			}
		if (!last || !w->list[i].ended)
			continue;
		*r = (struct restarts){.first = first, .last = last, .seen = seen, .ended = ended};
		return true;
	}
	return false;
}

static const struct owner *parent_of(struct watch *w, const struct owner *o)
{
	size_t count = 0;

	if (o->parent)
		return o->parent;
	uint32_t index = owner_table_add(w->table, o->ppid);
	return owner_table_list(w->table, &count)[index];
}

static void watch(struct watch *w)
{
	uint64_t start = clock_mono_ns(), ms = 0;
	const struct timespec step = {.tv_nsec = STEP_NS};
	size_t before = w->list_count;

	w->count = list_pids(w->q, w->pids);
	for (;;) {
		look(w);
		ms = (clock_mono_ns() - start) / 1000000;
		/* a second one, or the end of the first, is worth waiting for the next */
		bool moves = w->list_count > before;
		for (size_t i = 0; i < w->list_count; i++)
			moves = moves || w->list[i].ended;
		if (is_loop(w) || ms >= (moves ? WATCH_LONG_MS : WATCH_MS))
			break;
		nanosleep(&step, NULL);
	}
	w->q->restarts.watched_ms = (unsigned)ms;
	if (w->q->restarts.seen)
		w->q->restarts.parent = parent_of(w, w->q->restarts.last);
}

void restarts_watch(struct inquiry *q)
{
	struct watch w = {.q = q};

	if (!q->aim.has_port || q->query->passive || is_answered(q) || !find_signs(&w))
		return;
	AUTO(owner_table) struct owner_table *table = owner_table_new(q->host, q->arena);
	w.table = table;
	w.old = arena_array(q->arena, pid_t, PIDS_MAX);
	w.pids = arena_array(q->arena, pid_t, PIDS_MAX);
	watch(&w);
}
