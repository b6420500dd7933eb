/*
 * watch - the same answer again as it changes: redrawn on a terminal, as lines of change elsewhere.
 */
#pragma once

#include "cli/cli.h"
#include "inventory/inventory.h"

/*
 * Calls `print` every `interval` ("" = 1 s) on a cleared screen until Ctrl-C. Returns an exit code.
 */
int watch_screen(struct cli *cli, const char *interval, int (*print)(struct cli *cli, void *arg),
	void *arg);

/*
 * Prints what opened and closed, a line each (a JSON document a line with --jsonl): no redraw, so
 * it suits pipes, logs and screen readers. With `problems` (enum problem_bits) only services that
 * have all of these: one that gets them has opened, one that loses them has closed.
 */
int watch_changes(struct cli *cli, const char *interval, const struct inventory_query *query,
	uint32_t problems);
