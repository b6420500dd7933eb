/*
 * converse - the probes: one conversation with each address of this machine that the aim leads to, and
 * where that ends badly, one more that tells why.
 */
#pragma once

#include "diagnose/inquiry.h"

/* Runs them all; the answers stand in q->places. At most `deadline_ms` in all. */
void converse(struct inquiry *q, unsigned deadline_ms);

/* Why a service must not be connected to ("delve ends with its first client"), or NULL. */
const char *converse_refusal(const struct inquiry *q, const struct place *p);
