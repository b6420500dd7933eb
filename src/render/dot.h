/*
 * dot - a picture as text for Graphviz (https://graphviz.org/doc/info/lang.html).
 */
#pragma once

#include "base/buf.h"
#include "render/picture.h"

void dot_write(struct buf *out, const struct picture *p);
