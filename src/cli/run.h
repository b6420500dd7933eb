/* run - from argv to one command: global options, verbs, targets, "did you mean". */
#pragma once

/* Returns the program's exit code. */
int cli_run(int argc, char **argv);
