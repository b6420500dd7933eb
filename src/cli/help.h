/*
 * help - what a person reads about commands, made from the command and option rows.
 */
#pragma once

#include "cli/command.h"

/* `loopscope VERB --help` */
void help_command(struct out *out, const struct command *c);

/* `loopscope help`: all commands, a line each. */
void help_overview(struct out *out);
