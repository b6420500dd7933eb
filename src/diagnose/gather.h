/*
 * gather - the passive facts: nothing is sent to anyone, but for the name that the C library is asked.
 */
#pragma once

#include "diagnose/inquiry.h"

/* Gathers what `facts` (enum fact, without TALKS) ask for. Rights that are missing become blind spots. */
int gather_facts(struct inquiry *q, uint32_t facts, struct err *err);

/* Reads filters, vitals and counters once more: what changed while the probes ran. */
void gather_again(struct inquiry *q);

/* The snapshot's listener that takes a connection to this address in our namespace, with its service. */
void gather_listener(const struct inquiry *q, struct place *p);

/* Reads the vitals of a process that is met on the way; nothing when they were read before. */
void gather_vitals(struct inquiry *q, const struct owner *o);

void inquiry_blind(struct inquiry *q, const char *what, const char *why, const char *needs);
