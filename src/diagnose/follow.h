/*
 * follow - where the answer leads on to: a redirect, the upstream of a proxy, the far end of a forwarder. The
 * place is examined in turn, once, when it is on this machine.
 */
#pragma once

#include "diagnose/inquiry.h"

/* Sets q->beyond and its fellows; does nothing when nothing leads on. */
void follow(struct inquiry *q);
