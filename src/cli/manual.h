/*
 * manual - manual pages from the command, option and topic rows, as roff with man(7) macros.
 */
#pragma once

#include "cli/command.h"

/* loopscope-VERB.1, or loopscope.1 when c is NULL. */
void manual_write(struct buf *out, const struct command *c);

/*
 * Appends text for roff: \ - ' ` ^ ~ as the characters they are, non-ASCII as \[uXXXX], and nothing at
 * the start of a line that roff would take for a request. `at_start`: it begins a line.
 */
void manual_escape(struct buf *out, const char *text, bool at_start);
