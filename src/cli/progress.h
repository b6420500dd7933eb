/*
 * progress - one line on stderr while something takes its time: only on a terminal, only after half a
 * second, and gone at the end.
 */
#pragma once

#include "cli/cli.h"
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

/* Removes the line. Does nothing when none was shown. */
void progress_end(struct progress *p);
