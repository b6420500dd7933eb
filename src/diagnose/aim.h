/*
 * aim - from what was asked (a target, a text, a command) to the one thing that is examined.
 */
#pragma once

#include "diagnose/inquiry.h"

/* Sets q->aim out of q->query and q->symptom; false when they name nothing. */
bool aim_set(struct inquiry *q);

/* "http://localhost:3000/", "127.0.0.1:5432", "unix:/run/x.sock": escaped, in the arena. */
const char *aim_title(const struct inquiry *q);
