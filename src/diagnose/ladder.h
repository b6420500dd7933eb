/*
 * ladder - the way from a name to an answer, rung by rung, out of the facts: what is fine, what is not.
 */
#pragma once

#include "diagnose/inquiry.h"

void ladder_make(const struct inquiry *q, const struct ladder_rung **out, size_t *out_count);

/* What was looked at and is fine: "firewall", "proxy variables" ... */
void ladder_not_it(const struct inquiry *q, const char *const **out, size_t *out_count);
