/*
 * restarts - does a supervisor start the server again and again? Looks at the processes for a moment, when
 * there is a sign of it: a server of the port that is very young, or that ended while it was asked.
 */
#pragma once

#include "diagnose/inquiry.h"

/* Sets q->restarts; takes no time without a sign, else 0.7 s, or twice that when something happens. */
void restarts_watch(struct inquiry *q);
