/*
 * progress - one line on stderr while something takes its time: only on a terminal, only after half a
 * second, and gone at the end.
 */
#pragma once

#include "cli/cli.h"
#include <pthread.h>
#include <stdint.h>

struct progress {
	const struct out *out; /* where, and whether that is a terminal */
	uint64_t start_ms;
	bool shown;
};

void progress_init(struct progress *p, const struct cli *cli);

/* True when a line would be seen now. */
bool progress_due(const struct progress *p);

/* Shows `text` (escaped already) in place of the line before, cut to the terminal's width. */
void progress_show(struct progress *p, const char *text);

/*
 * One line beside something that blocks: a thread shows `text` once half a second is over. Not seen,
 * not started.
 */
struct progress_line {
	struct progress progress;
	const char *text; /* owned */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool running, over;
};

void progress_line_begin(struct progress_line *l, const struct cli *cli, const char *text);
void progress_line_end(struct progress_line *l);

/* Removes the line. Does nothing when none was shown. */
void progress_end(struct progress *p);
