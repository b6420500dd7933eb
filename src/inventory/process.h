/*
 * process - reads one process into an owner record, for as few system calls as there can be.
 *
 * Touches nothing but /proc and the arena, so several threads may read, each with its own arena.
 */
#pragma once

#include "base/arena.h"
#include "model/owner.h"
#include "sys/host.h"

struct process {
	struct owner *owner; /* in the arena; user, container and all of OWNER_FULL are not set */
	enum container_runtime runtime; /* RUNTIME_NONE = in no container */
	const char *container_id;
	int64_t slice_uid; /* the user whose slice it runs in, -1 = the system's */
};

void process_read(const struct host *host, struct arena *arena, pid_t pid, struct process *out);

/* Notes whether a reading of procfs.h was refused, and says whether it succeeded. */
bool process_note(struct owner *o, int result);
