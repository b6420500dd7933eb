/*
 * procfs - what /proc says about one process.
 *
 * Parsing stands apart from reading: procfs_parse_* take bytes and touch nothing else. A process may
 * vanish at any moment, so every reader answers one of
 *
 *   0         read
 *   -ESRCH    there is no such process (any more), or it has no such thing: kernel threads and
 *             zombies have no exe and no cwd
 *   -EACCES   it is there, but this user may not look
 *
 * or another negative errno for what only a broken machine does. Output is written on success only.
 */
#pragma once

#include "base/arena.h"
#include "sys/host.h"

enum {
	PROCFS_COMM_SIZE = 65,	      /* 15 bytes of a process, up to 63 of a kernel worker */
	PROCFS_ARGV_BYTES = 32 << 10, /* read of one command line */
	PROCFS_ARGC_MAX = 4096,
	PROCFS_ENV_BYTES = 128 << 10, /* searched of one environment */
	PROCFS_KTHREAD = 0x00200000,  /* in flags: PF_KTHREAD */
};

/* proc_pid_stat(5) */
struct proc_stat {
	pid_t pid, ppid, pgrp, session;
	char state;
	uint32_t tty;
	uint32_t flags;
	uint64_t cpu_ticks; /* user and system, of all its threads; of one for task/TID/stat */
	uint32_t threads;
	uint64_t start_ticks;
	char comm[PROCFS_COMM_SIZE]; /* raw: may hold ')', spaces, newlines, any byte but NUL */
};

/* proc_pid_status(5) */
struct proc_status {
	uint32_t uid; /* effective */
	pid_t tracer;
};

/* Strings are in the arena. An empty command line (kernel thread, zombie) has argv NULL. */
struct proc_argv {
	const char **argv;
	size_t argc;
	bool cut; /* there was more than the limits allow */
};

bool procfs_parse_stat(const char *bytes, size_t len, struct proc_stat *out);
bool procfs_parse_status(const char *bytes, size_t len, struct proc_status *out);

/*
 * Splits at NUL. A program that wrote a title over its arguments ("nginx: worker process", padded
 * with spaces or NULs) has one argument, trimmed; real empty arguments are kept.
 */
void procfs_parse_argv(struct arena *arena, const char *bytes, size_t len, struct proc_argv *out);

/* The value of one variable; false when it is absent or longer than size - 1. */
bool procfs_parse_env(const char *bytes, size_t len, const char *name, char *out, size_t size);

/* Cuts " (deleted)" off a link's target and says whether it was there. */
bool procfs_strip_deleted(char *target);

/* "net:[4026531840]" -> the number */
bool procfs_parse_ns(const char *target, uint32_t *out);

int procfs_read_stat(const struct host *h, pid_t pid, struct proc_stat *out);
int procfs_read_status(const struct host *h, pid_t pid, struct proc_status *out);

/* The effective user alone: a tenth of the price of status. */
int procfs_read_uid(const struct host *h, pid_t pid, uint32_t *out);
int procfs_read_argv(const struct host *h, pid_t pid, struct arena *arena, struct proc_argv *out);
int procfs_read_env(const struct host *h, pid_t pid, const char *name, char *out, size_t size);

/* One read() of a file such as "cgroup" into text, NUL-terminated; a longer file is cut. */
int procfs_read_text(const struct host *h, pid_t pid, const char *name, char *out, size_t size,
	size_t *out_len);

/* Where a link such as "exe", "cwd" or "fd/1" points. Nothing else on disk is looked at, so a file
 * really named "x (deleted)" is taken for a deleted "x". */
int procfs_read_link(const struct host *h, pid_t pid, const char *name, char *out, size_t size,
	bool *out_deleted);

/* The inode of a namespace: "net", "pid", "mnt" ... */
int procfs_read_ns(const struct host *h, pid_t pid, const char *name, uint32_t *out);

/* True when the process runs: a zombie does not. Sees hidden processes too (hidepid=2). */
bool procfs_alive(const struct host *h, pid_t pid);
