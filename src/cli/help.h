/*
 * help - what a person reads about commands, made from the command, option and topic rows.
 */
#pragma once

#include "cli/command.h"

/* `loopscope help`: all commands, a line each; fits a terminal of 80 by 24. */
void help_overview(struct out *out);

/* `loopscope help VERB` and `loopscope VERB --help` */
void help_command(struct out *out, const struct command *c);

/* `loopscope help targets` */
void help_topic(struct out *out, const struct topic *t);

/* All rows as one JSON document, or one command's; the schema is loopscope.help/1. */
void help_json(struct cli *cli, const struct command *only);

/* Prints help (overview: NULL) or the version in the chosen format; returns the exit code. */
int help_show(struct cli *cli, const struct command *c);
int help_version(struct cli *cli);
