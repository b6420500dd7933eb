/*
 * text - foreign text made harmless, and how wide it is on a terminal.
 *
 * Foreign text (process names, argv, paths, banners) may hold escape sequences, bidi controls and
 * invalid UTF-8. text_escape() is the only way such bytes reach a terminal.
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes one code point (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
 * Returns its length in bytes, or 0 when the bytes are not valid UTF-8. *out only on success.
 */
size_t text_decode(const char *s, size_t len, uint32_t *out);

/* Controls, bidi and zero-width controls, line separators: what could make text lie. */
bool text_is_unsafe(uint32_t cp);

/*
 * Appends s with controls, bidi and zero-width controls, line separators and invalid bytes written
 * as \n, \t, \x1b, \u202e or \xff. A backslash stays as it is. Valid printable text is unchanged.
 */
void text_escape(struct buf *out, const char *s, size_t len);

/* Terminal columns of valid, escaped text (wcwidth: 0, 1 or 2 a code point). */
size_t text_width(const char *s, size_t len);

/*
 * The bytes of s that fit into `columns`; never splits a code point. *out_width is their width.
 */
size_t text_fit(const char *s, size_t len, size_t columns, size_t *out_width);

/* Appends at most `columns` of s; cut in the middle with "…" (or "..." when !utf8). */
void text_cut_middle(struct buf *out, const char *s, size_t columns, int utf8);
