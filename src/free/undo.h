/*
 * undo - what was stopped, kept so that it can be started again with the same arguments, folder and
 * environment.
 *
 * One JSON file an undo, in STATE/undo/, mode 0600 in a folder of mode 0700: an environment may hold
 * secrets. Only the last UNDO_KEPT are kept. What could not be read, or cannot be repeated (a program
 * that overwrote its own arguments), is recorded as such and told, not guessed.
 */
#pragma once

#include "free/plan.h"

#define UNDO_KEPT 20

struct undo_goal {
	const char *what; /* "port 3000" */
	struct endpoint endpoint;
};

struct undo_process {
	const char *call;   /* "npm run dev", escaped */
	const char *cannot; /* why it cannot be started again; NULL: it can */
	const char *file;   /* what is executed, absolute */
	const char **argv, **env;
	size_t argc, env_count;
	bool env_known; /* else it starts with the environment of whoever undoes */
	const char *cwd;
	uint32_t uid, gid;
	uint32_t *groups;
	size_t group_count;
	uint32_t umask;
};

struct undo_command {
	const char **argv; /* of the supervisor that starts it */
	size_t argc;
};

struct undo {
	const char *path; /* its file; NULL before it is saved */
	int64_t stopped_ms;
	struct undo_goal *goals;
	size_t goal_count;
	struct undo_process *processes;
	size_t process_count;
	struct undo_command *commands;
	size_t command_count;
};

extern const struct record_type undo_type;

/*
 * Reads what must be known before a plan is carried out; never fails as a whole. In the world's arena.
 * undo_record.c
 */
struct undo *undo_record(struct world *w, const struct free_plan *plan);

/* True when something in it can be started again. */
bool undo_is_useful(const struct undo *u);

/* Writes it, sets its path, and removes what is older than the last UNDO_KEPT. */
int undo_save(struct arena *arena, struct undo *u, struct err *err);

/* The newest, or with `text` the newest that has such a port or path. -ENOENT: there is none. */
int undo_load(struct arena *arena, const struct target *t, struct undo **out, struct err *err);

/* Removes its file: it is undone, or the stop never happened. */
void undo_forget(const struct undo *u);

/*
 * Starts one process in a session of its own, its input empty and its output in a new file, whose
 * path is appended to `log`. undo_start.c
 */
int undo_start(const struct undo *u, const struct undo_process *p, struct buf *log, pid_t *out_pid,
	struct err *err);

/* The form on disk, for tests: writes to and reads from text. undo_json.c */
void undo_write(const struct undo *u, struct buf *out);
int undo_read(struct arena *arena, const char *text, size_t len, struct undo **out,
	struct err *err);
