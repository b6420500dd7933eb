/*
 * free_text - what `free` says to people: the preview, the refusals, and how it went. The facts are
 * those of a plan and its result; nothing is decided here.
 */
#pragma once

#include "cli/cli.h"
#include "free/act.h"
#include "free/undo.h"

/* Who is stopped, what else ends, who is cut off, and how. */
void free_text_preview(struct cli *cli, const struct free_plan *plan);

/* Left-over services that may not be stopped, and why. */
void free_text_left_alone(struct cli *cli, const struct free_plan *plan);

/* Targets behind which nobody listens; verdicts are one a missing target. */
void free_text_missing(struct cli *cli, const struct free_missing *m, const struct free_verdict *v);

/* One refusal as an error: its sentence and what to do. `again` is this command with more rights. */
void free_text_refusal(const struct free_refusal *r, const char *again, struct err *out);

/* The outcome in one or two sentences, and notes. `u` is what --undo would start; NULL: nothing. */
void free_text_result(struct cli *cli, const struct act_result *r, const struct undo *u);

/* The outcome as a sentence for the "error" of a JSON answer. */
void free_text_problem(const struct act_result *r, struct err *out);
