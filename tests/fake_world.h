/*
 * fake_world - a world for plans, made by hand: the owners of a snap, their family, and what systemd
 * and environments would answer.
 *
 *   AUTO(fake_world) struct fake_world f;
 *   fake_world_init(&f);
 *   struct owner *node = snap_owner(&f.snap, 4121, "/usr/bin/node");
 *   snap_listen(&f.snap, "127.0.0.1", 3000, node);
 *   struct world *w = fake_world_ready(&f);
 *
 * loopscope itself is pid 50 of user 1000, started by the prompt 40 (zsh) below tmux 30 below pid 1.
 */
#pragma once

#include "free/world.h"
#include "snap.h"

struct fake_variable {
	pid_t pid;
	const char *name, *value;
};

struct fake_world {
	struct snap snap;
	struct family family;
	struct host host;
	struct world w;
	struct owner *init, *tmux, *zsh, *self;
	struct fake_variable variables[8]; /* end with a pid of 0 */
	const char *main_unit;
	pid_t main_pid; /* of main_unit; other units have none */
	bool no_systemd;
	const char *socket_unit, *activates;
	uint16_t socket_port; /* the endpoint that socket_unit listens on */
	const struct manager *asked;
	pid_t denied; /* may not be signalled */
};

static inline const struct owner *fake_owner(struct world *w, pid_t pid)
{
	struct fake_world *f = w->data;

	VEC_EACH (&f->snap.owners, o)
		if ((*o)->pid == pid)
			return *o;
	return NULL;
}

static inline bool fake_may_signal(struct world *w, pid_t pid)
{
	struct fake_world *f = w->data;
	const struct owner *o = fake_owner(w, pid);

	return pid != f->denied && o && (w->uid == 0 || o->uid == w->uid);
}

static inline bool fake_variable(struct world *w, pid_t pid, const char *name, char *out,
	size_t size)
{
	struct fake_world *f = w->data;

	for (const struct fake_variable *v = f->variables; v->pid; v++)
		if (v->pid == pid && str_eq(v->name, name))
			return str_copy(out, size, v->value) < size;
	return false;
}

static inline pid_t fake_unit_main(struct world *w, const struct manager *m, const char *unit)
{
	struct fake_world *f = w->data;

	if (f->no_systemd)
		return -1;
	return f->main_unit && str_eq(unit, f->main_unit) ? f->main_pid : 0;
}

static inline bool fake_socket_units(struct world *w, const struct manager *m,
	const struct endpoint *e, const char **out_socket, const char **out_activates)
{
	struct fake_world *f = w->data;

	if (!f->socket_unit || e->port != f->socket_port)
		return false;
	*out_socket = f->socket_unit;
	*out_activates = f->activates;
	return true;
}

static inline void fake_world_init(struct fake_world *f)
{
	*f = (struct fake_world){.snap = snap_new(), .host = {.root = -1, .proc = -1, .uid = 1000}};
	family_init(&f->family);
	f->init = snap_owner(&f->snap, 1, "/usr/lib/systemd/systemd");
	f->init->uid = 0;
	f->init->user = "root";
	f->init->ppid = 0;
	f->tmux = snap_owner(&f->snap, 30, "/usr/bin/tmux");
	f->zsh = snap_owner(&f->snap, 40, "/usr/bin/zsh");
	f->zsh->tty = 34816;
	f->self = snap_owner(&f->snap, 50, "/usr/bin/loopscope");
	snap_parent(f->tmux, f->init);
	f->tmux->session = 30;
	snap_parent(f->zsh, f->tmux);
	f->zsh->session = 40;
	snap_parent(f->self, f->zsh);
}

static inline int fake_by_pid(const void *pa, const void *pb)
{
	const struct proc_stat *a = pa, *b = pb;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* Takes the snapshot and makes the family of the owners as they are now. */
static inline struct world *fake_world_ready(struct fake_world *f)
{
	VEC(struct proc_stat) list = VEC_INIT(1000);

	VEC_EACH (&f->snap.owners, it) {
		const struct owner *o = *it;
		struct proc_stat *p = vec_push(&list);
		*p = (struct proc_stat){.pid = o->pid,
			.ppid = o->ppid,
			.pgrp = o->pgrp,
			.session = o->session,
			.state = o->state,
			.tty = o->tty,
			.start_ticks = o->start_ticks};
		str_copy(p->comm, sizeof(p->comm), o->comm);
	}
	vec_sort(&list, fake_by_pid);
	VEC_EACH (&list, p)
		family_add(&f->family, p);
	vec_fini(&list);
	f->w = (struct world){.arena = f->snap.s->arena,
		.host = &f->host,
		.snapshot = snap_take(&f->snap),
		.family = &f->family,
		.self = 50,
		.uid = 1000,
		.home = "/home/dev",
		.owner = fake_owner,
		.may_signal = fake_may_signal,
		.variable = fake_variable,
		.unit_main = fake_unit_main,
		.socket_units = fake_socket_units,
		.data = f};
	return &f->w;
}

static inline void fake_world_fini(struct fake_world *f)
{
	family_fini(&f->family);
	snap_fini(&f->snap);
}

AUTO_DEFINE_FINI(fake_world, struct fake_world)
