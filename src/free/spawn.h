/*
 * spawn - runs one helper program (systemctl, docker ...) to its end, within a deadline.
 *
 * Words, never a shell line. The program reads nothing; what it prints on stdout and stderr is kept.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

/*
 * Appends what it printed to `output` (up to its maximum; the rest is read and dropped) and writes its wait
 * status. -ENOEXEC when it could not be started, -ETIMEDOUT when it had not ended in time and -EINTR
 * when the person pressed Ctrl-C: it is killed then. argv ends with NULL.
 */
int spawn_run(const char *const *argv, uint64_t timeout_ms, struct buf *output, int *out_status,
	struct err *err);

/* The same; `tick` is called now and then while it lasts. */
int spawn_run_ticking(const char *const *argv, uint64_t timeout_ms, void (*tick)(void *data),
	void *data, struct buf *output, int *out_status, struct err *err);
