/*
 * prose - our own sentences wrapped to the terminal, with an indent for what continues.
 *
 * Texts are ours, not foreign: escape first what came from outside. Where the locale is not UTF-8,
 * the few signs we use (… · › → – “ ” ✓ ✗) are written in ASCII.
 */
#pragma once

#include "render/out.h"

/* Columns to wrap at: the terminal's, at most 100; 80 when the output is no terminal. */
unsigned prose_width(const struct out *out);

/* Appends text with our signs as the locale can show them. */
void prose_plain(const struct out *out, struct buf *to, const char *text);

/*
 * Writes text from column `at`, where the cursor is; continuation lines start at `indent`. An empty
 * line separates paragraphs; a line that starts with a space is kept as it stands. Ends with "\n". A style
 * that is on is taken up again on each line, as pagers drop it at the end of one.
 */
void prose_wrap(struct out *out, const char *text, unsigned at, unsigned indent);

/* As prose_wrap with both columns at `indent` on a terminal; in a pipe one fact stays one line. */
void prose_paragraph(struct out *out, const char *text, unsigned indent);

/* A row of two columns: `left` at two spaces, `right` wrapped from column 2 + left_width + 2 on. */
void prose_row(struct out *out, const char *left, unsigned left_width, const char *right);
