/*
 * svg - a picture as one self-contained SVG document: its own layout, light and dark after the
 * reader's settings, no script, no font, nothing to load. Foreign text is text: escaped, cut in the
 * middle where it does not fit, whole in the tooltip.
 */
#pragma once

#include "base/buf.h"
#include "render/picture.h"

void svg_write(struct buf *out, const struct picture *p);
