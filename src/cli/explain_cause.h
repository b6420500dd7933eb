/*
 * explain_cause - what is known about one cause of the list that `diagnose` names: needs no machine.
 */
#pragma once

#include "cli/cli.h"
#include "diagnose/diagnose.h"

/* Prints it and returns the exit code. */
int explain_cause(struct cli *cli, const struct cause *cause);
