/*
 * proc_row - one process of a made-up machine, written into a tree as its files in /proc.
 *
 *   static const struct proc_row rows[] = {{.pid = 42, .ppid = 1, .comm = "node"}};
 *   proc_rows(&tree, rows, ARRAY_SIZE(rows));
 *
 * What a row leaves out gets the value of an ordinary process of the user dev (1000) in a session
 * that its leader keeps.
 */
#pragma once

#include "tree.h"

struct proc_row {
	int pid, ppid;
	int pgrp, session; /* 0 = the process leads its own */
	unsigned tty;
	unsigned uid;	     /* 0 = dev; ROW_ROOT = root */
	unsigned long start; /* 0 = pid * 100 */
	char state;
	const char *comm;
	const char *argv; /* blanks part the arguments; NULL = comm */
	const char *exe;  /* NULL = /usr/bin/COMM, "" = may not be read */
	const char *cwd;  /* NULL = /home/dev/shop */
	const char *cgroup;
	const char *in, *out; /* descriptors 0, and 1 and 2; NULL = /dev/null */
	const char *env;      /* blanks part the variables */
};

enum { ROW_ROOT = -1 };

static inline void proc_row_words(const struct tree *t, int pid, const char *file,
	const char *words)
{
	char path[64], bytes[1024];
	size_t len = strlen(words) + 1;

	must(len <= sizeof(bytes));
	memcpy(bytes, words, len);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] == ' ')
			bytes[i] = '\0';
	snprintf(path, sizeof(path), "proc/%d/%s", pid, file);
	tree_file(t, path, bytes, len);
}

static inline void proc_row_link(const struct tree *t, int pid, const char *name,
	const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/%s", pid, name);
	tree_link(t, path, target);
}

static inline void proc_row_write(const struct tree *t, const struct proc_row *r)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "proc/%d/stat", r->pid);
	snprintf(text, sizeof(text),
		"%d (%s) %c %d %d %d %u -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 %lu 0 0\n", r->pid,
		r->comm, r->state ? r->state : 'S', r->ppid, r->pgrp ? r->pgrp : r->pid,
		r->session ? r->session : r->pid, r->tty, r->start ? r->start : r->pid * 100ul);
	tree_text(t, path, text);

	unsigned uid = r->uid == (unsigned)ROW_ROOT ? 0 : r->uid ? r->uid : 1000;
	snprintf(path, sizeof(path), "proc/%d/status", r->pid);
	snprintf(text, sizeof(text), "Name:\t%s\nTracerPid:\t0\nUid:\t%u\t%u\t%u\t%u\n", r->comm,
		uid, uid, uid, uid);
	tree_text(t, path, text);

	snprintf(path, sizeof(path), "proc/%d/cgroup", r->pid);
	snprintf(text, sizeof(text), "0::%s\n",
		r->cgroup ? r->cgroup : "/user.slice/user-1000.slice/session-2.scope");
	tree_text(t, path, text);

	proc_row_words(t, r->pid, "cmdline", r->argv ? r->argv : r->comm);
	if (r->env)
		proc_row_words(t, r->pid, "environ", r->env);
	snprintf(text, sizeof(text), "/usr/bin/%s", r->comm);
	if (!r->exe || *r->exe)
		proc_row_link(t, r->pid, "exe", r->exe ? r->exe : text);
	proc_row_link(t, r->pid, "cwd", r->cwd ? r->cwd : "/home/dev/shop");
	proc_row_link(t, r->pid, "fd/0", r->in ? r->in : "/dev/null");
	proc_row_link(t, r->pid, "fd/1", r->out ? r->out : "/dev/null");
	proc_row_link(t, r->pid, "fd/2", r->out ? r->out : "/dev/null");
}

static inline void proc_rows(const struct tree *t, const struct proc_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		proc_row_write(t, &rows[i]);
}
