/*
 * observe - what is wrong as seen from outside, out of what was asked, the facts and the conversations.
 */
#pragma once

#include "diagnose/inquiry.h"

/* Sets q->observed and the `wrong` of each place. */
void observe(struct inquiry *q);

/* False when the client got past the certificate, or never minded: its text complains of something else. */
bool observe_minds_certificate(const struct inquiry *q);

/* True when anything was really looked at, so that "healthy" may be said. */
bool observed_anything(const struct inquiry *q);
