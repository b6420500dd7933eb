/*
 * stuck - why the process that should answer at a place does not: what its vitals say. Pure.
 */
#pragma once

#include "diagnose/inquiry.h"

/* The surest first. */
enum stuck {
	STUCK_TRACED,
	STUCK_STOPPED,
	STUCK_FROZEN,
	STUCK_UNINTERRUPTIBLE,
	STUCK_DESCRIPTORS,
	STUCK_THROTTLED,
	STUCK_BUSY,
	STUCK_NOT,
};

/* Of one process. */
enum stuck stuck_how(const struct owner_vitals *v);

/*
 * Of those behind the place: the one that took our connection, or else whoever holds the listener. Its
 * vitals go to *out, NULL when nobody's are known.
 */
enum stuck stuck_at(const struct inquiry *q, const struct place *p,
	const struct owner_vitals **out);

/* What was seen before anything was sent tells that no answer will come. */
bool stuck_before(const struct inquiry *q, const struct place *p);

/* More connections wait at the listener than it takes: the kernel drops the next ones. */
bool stuck_queue_full(const struct place *p);

/* We are connected, and no process has taken the connection. */
bool stuck_in_queue(const struct place *p);

/* Who is to answer for it: the one that took the connection, else the first holder; NULL = hidden. */
const struct owner *stuck_owner(const struct place *p);
