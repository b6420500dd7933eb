/* free_undo - `free --undo`: starts again what was stopped last, and says whether it is back. */
#pragma once

#include "cli/cli.h"
#include "model/target.h"

/* t NULL: whatever was stopped last. Returns an exit code. */
int free_undo(struct cli *cli, const struct target *t, bool dry_run, uint64_t timeout_ms);
