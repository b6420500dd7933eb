/*
 * plan_members - who ends together with the holders: runners above them, children below them.
 *
 * Upwards only what is known by name is taken: runners, and wrappers whose only child is the chain we
 * came from. A shell that runs one command is passed through, and counts only when a runner stands
 * above it. Downwards goes what shares the session: whoever made a session of its own, or is a
 * person's program, was meant to live on.
 */
#include "free/kind.h"
#include "free/plan_part.h"
#include "free/supervisor.h"

#define CHAIN_MAX 32

struct chain {
	const struct owner *items[CHAIN_MAX]; /* from just above the holder upwards */
	size_t count, kept;		      /* up to the topmost runner */
};

/* It runs the same program in the same folder and has no other child: one app in two processes. */
static bool same_app(const struct owner *parent, const struct owner *child)
{
	return parent->exe && child->exe && parent->cwd && child->cwd &&
		strcmp(parent->exe, child->exe) == 0 && strcmp(parent->cwd, child->cwd) == 0;
}

static bool may_end(struct planning *p, const struct owner *o)
{
	return o->pid > 1 && !world_is_ours(p->w, o->pid) && p->w->may_signal(p->w, o->pid);
}

static void climb(struct planning *p, const struct owner *holder, struct chain *out)
{
	const struct owner *below = holder;

	while (out->count < CHAIN_MAX) {
		const struct proc_stat *stat = family_find(p->w->family, below->pid);
		const struct owner *o =
			stat && stat->ppid > 1 ? p->w->owner(p->w, stat->ppid) : NULL;
		if (!o || !may_end(p, o))
			return;
		enum kind kind = kind_of(o);
		bool only_child = family_child_count(p->w->family, o->pid) == 1;
		bool runs = kind == KIND_RUNNER || (kind == KIND_WRAPPER && only_child);
		if (!runs && !(only_child && (kind_runs_command(o) || same_app(o, below))) &&
			!plan_is_victim(p, o->pid))
			return;
		out->items[out->count++] = o;
		if (runs)
			out->kept = out->count;
		below = o;
	}
}

void plan_runners(struct planning *p)
{
	size_t count = p->victims.count; /* holders alone so far */

	for (size_t i = 0; i < count; i++) {
		struct chain chain = {0};
		if (!p->victims.items[i].signal)
			continue;
		climb(p, p->victims.items[i].owner, &chain);
		for (size_t k = 0; k < chain.kept; k++)
			plan_add_victim(p, chain.items[k], FREE_RUNNER,
				k + 1 == chain.kept ? WAVE_RUNNER : WAVE_HOLDER, p->signals - 1,
				kind_end_signal(chain.items[k]));
	}
}

static const char *why_kept(struct planning *p, const struct owner *o,
	const struct proc_stat *child, const struct proc_stat *victim)
{
	enum kind kind = kind_of(o);
	const char *name = kind_name(kind);

	if (kind > KIND_SHELL)
		return arena_printf(p->w->arena, "%s %s", strchr("aeiou", name[0]) ? "an" : "a",
			name);
	if (child->session != victim->session)
		return "in a session of its own";
	if (!p->w->may_signal(p->w, o->pid))
		return "a process of another user";
	return NULL;
}

/* The nearest ancestor that the plan has a word about; NULL when none has. */
static const struct free_victim *victim_above(struct planning *p, const struct proc_stat *child)
{
	for (pid_t pid = child->ppid; pid > 1;) {
		if (plan_is_kept(p, pid))
			return NULL;
		VEC_EACH (&p->victims, v)
			if (v->owner->pid == pid)
				return v;
		const struct proc_stat *parent = family_find(p->w->family, pid);
		pid = parent ? parent->ppid : 0;
	}
	return NULL;
}

static void add_child(struct planning *p, const struct proc_stat *child)
{
	const struct free_victim *above = victim_above(p, child);
	const struct owner *o;

	if (!above || child->state == 'Z' || plan_is_victim(p, child->pid) ||
		plan_is_kept(p, child->pid) || world_is_ours(p->w, child->pid))
		return;
	const struct proc_stat *victim = family_find(p->w->family, above->owner->pid);
	uint32_t step = above->step;
	int signal = above->signal;
	o = p->w->owner(p->w, child->pid);
	if (!o || !victim)
		return;
	const char *why = why_kept(p, o, child, victim);
	if (why && signal) {
		struct free_kept *k = vec_push(&p->kept);
		if (k)
			*k = (struct free_kept){o, why, false};
		return;
	}
	plan_add_victim(p, o, FREE_CHILD, WAVE_CHILD, step, signal ? kind_end_signal(o) : 0);
}

/* Pids mostly rise from parent to child, but may have wrapped around: look again until it settles. */
void plan_children(struct planning *p)
{
	for (size_t before = SIZE_MAX, turn = 0;
		before != p->victims.count + p->kept.count && turn < CHAIN_MAX; turn++) {
		before = p->victims.count + p->kept.count;
		for (size_t i = 0; i < p->w->family->v.count; i++)
			add_child(p, &p->w->family->v.items[i]);
	}
}
