/*
 * tried - what a command tried, and what a person named, in the form of a symptom.
 */
#pragma once

#include "diagnose/inquiry.h"

/* Completes q->symptom (of the command's text, if any) by the endpoints that it really tried. */
void symptom_of_attempt(struct inquiry *q, const struct attempt_run *run);

/* Afterwards, for the record: what was asked, with what was seen of it. */
void symptom_of_target(struct inquiry *q);
