/*
 * family - who started whom: every process of the machine, a stat line each.
 *
 * Owners know their ancestors; stopping something must know descendants too, of processes that hold
 * no socket as well.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "sys/procfs.h"

struct family {
	VEC(struct proc_stat) v; /* by rising pid */
	struct map by_pid;	 /* pid -> index */
};

void family_init(struct family *f);
void family_fini(struct family *f);

/* Reads /proc; processes that end meanwhile are left out. Into an initialised, empty family. */
int family_read(const struct host *host, struct family *f, struct err *err);

/* For tests and for the fixture of a plan: one process more. Keep pids rising. */
void family_add(struct family *f, const struct proc_stat *p);

const struct proc_stat *family_find(const struct family *f, pid_t pid); /* NULL = not there */

/* True when `ancestor` started `pid`, directly or through others; not for the same process. */
bool family_descends(const struct family *f, pid_t pid, pid_t ancestor);

/* The ancestor of `pid`, or `pid` itself, that `top` started directly; 0 when none. */
pid_t family_child_towards(const struct family *f, pid_t top, pid_t pid);

size_t family_child_count(const struct family *f, pid_t pid);

AUTO_DEFINE_FINI(family, struct family)
