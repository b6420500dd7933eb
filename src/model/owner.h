/*
 * owner - the process behind a socket: who it is, what it runs, and who started it.
 *
 * An owner is pid + start time, so that a reused pid is another owner. Strings belong to the arena
 * of the snapshot; NULL means "could not be read", never "empty". All of it is foreign text.
 */
#pragma once

#include "model/field.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The folder, branch and manifest a working directory belongs to. */
struct project {
	const char *root;     /* absolute path */
	const char *name;     /* from the manifest, else the folder's name */
	const char *branch;   /* git branch, "(abc1234)" when detached, NULL when no repository */
	const char *manifest; /* "package.json", "pyproject.toml", ... or NULL */
	const char *worktree; /* set when root is a linked git worktree: its name */
};

enum container_runtime {
	RUNTIME_NONE,
	RUNTIME_DOCKER,
	RUNTIME_PODMAN,
	RUNTIME_CONTAINERD,
	RUNTIME_KUBERNETES,
	RUNTIME_CRIO,
	RUNTIME_LXC,
	RUNTIME_NSPAWN,
	RUNTIME_COUNT,
};

const char *runtime_name(enum container_runtime r); /* "docker", ... */

struct container {
	enum container_runtime runtime;
	const char *id;	  /* as the runtime gives it, full length */
	const char *name; /* NULL when it could not be read */
};

enum supervisor_kind {
	SUPERVISOR_NONE,
	SUPERVISOR_SYSTEMD_SYSTEM,
	SUPERVISOR_SYSTEMD_USER,
	SUPERVISOR_DOCKER,
	SUPERVISOR_PODMAN,
	SUPERVISOR_PM2,
	SUPERVISOR_SUPERVISORD,
};

struct owner {
	pid_t pid;
	pid_t ppid;
	uint64_t start_ticks; /* since boot, clock ticks: the identity together with pid */
	int64_t started_ms;   /* wall clock; -1 = unknown */
	uint32_t uid;
	const char *user;  /* name, or the number as text */
	const char *comm;  /* the kernel's 15 bytes */
	const char *exe;   /* without " (deleted)"; NULL when not permitted */
	bool exe_deleted;  /* the file was replaced or removed after the start */
	const char **argv; /* argc strings; NULL when a kernel thread or not permitted */
	size_t argc;
	bool argv_cut; /* longer than the limit that is read */
	const char *cwd;
	bool cwd_deleted;
	char state;   /* R S D T t Z ... as in /proc/PID/stat */
	pid_t tracer; /* 0 = none */
	pid_t session;
	pid_t pgrp;
	uint32_t tty;	      /* device number, 0 = none */
	uint32_t netns;	      /* inode of its network namespace, 0 = unknown */
	const char *terminal; /* "pts/3", or NULL */
	const char *tmux;     /* tmux or screen session that holds the terminal, "work" */
	const char *unit;     /* systemd unit "nginx.service", scope "session-2.scope" */
	bool unit_is_user;    /* unit of the user manager, not of the system */
	const char *cgroup;
	const struct container *container; /* NULL = none */
	const struct project *project;	   /* NULL = none */
	const struct owner *parent;	   /* who started it, up to pid 1; NULL = unknown */
	bool orphaned; /* the one that started it is gone, and no supervisor keeps it */
	const char *orphan_why;
	bool gone;   /* it vanished while it was being read */
	bool denied; /* it is there, but some of it may not be read */
};

/* The program as a person names it: "node", "python", "postgres": from argv and exe. Never NULL. */
const char *owner_program(const struct owner *o);

/* owner_type has all of it, process_type a few fields for lists of thousands. */
extern const struct record_type owner_type, process_type, container_type, project_type;
