/* plan_part - what the files that make a plan share; for plan*.c alone. */
#pragma once

#include "base/vec.h"
#include "free/plan.h"

#define PLAN_ITEMS_MAX 100000

struct planning {
	struct world *w;
	const struct plan_query *q;
	VEC(struct free_holder) holders;
	VEC(struct free_endpoint) endpoints;
	VEC(struct free_victim) victims;
	VEC(struct free_endpoint) closes;
	VEC(struct free_client) clients;
	VEC(struct free_kept) kept;
	VEC(struct free_step) steps;
	VEC(struct free_refusal) refusals;
	VEC(struct free_missing) missing;
	VEC(uint32_t) sockets; /* those that are to become free */
	uint32_t signals;      /* index + 1 of the step with the signals; 0 = none yet */
};

/* Adds a process once; the first role stays. False when it was there. */
bool plan_add_victim(struct planning *p, const struct owner *o, enum free_role role,
	enum free_wave wave, uint32_t step, int signal);
bool plan_is_victim(const struct planning *p, pid_t pid);
bool plan_is_kept(const struct planning *p, pid_t pid);

/* The runners above holders, and what the victims started: plan_members.c */
void plan_runners(struct planning *p);
void plan_children(struct planning *p);

/* What else closes, and who is cut off: plan_effects.c */
void plan_closes(struct planning *p);
void plan_clients(struct planning *p);

struct free_endpoint plan_endpoint(struct planning *p, const struct socket *s);
