/*
 * svg_text - text for SVG: how wide it will be without knowing the reader's font, cut to fit, and
 * safe as XML. Private to svg*.c.
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>

enum svg_face { SVG_UI, SVG_MONO };

/*
 * Width in pixels, rounded up, of already escaped text: by the widest of the usual interface fonts,
 * so that the real one is hardly ever wider.
 */
int svg_text_width(const char *s, enum svg_face face, int size);

/* Appends text as XML character data: escaped for people, then for XML; never invalid XML 1.0. */
void svg_text_escape(struct buf *out, const char *s);

/* The same, cut in the middle with "…" when it would be wider than `room` pixels. */
void svg_text_fit(struct buf *out, const char *s, enum svg_face face, int size, int room);
