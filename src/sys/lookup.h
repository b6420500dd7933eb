/*
 * lookup - asks the C library for a name as every program does, and never waits longer than it was
 * told: a dead name server holds getaddrinfo(3) for 20 seconds and more.
 */
#pragma once

#include "base/auto.h"
#include "model/address.h"

#define LOOKUP_ADDRESSES_MAX 16

struct lookup; /* a question under way */

struct lookup_answer {
	bool timed_out;
	int failure;		  /* EAI_* of getaddrinfo, 0 = there are addresses */
	const char *failure_text; /* gai_strerror, static; NULL when there is none */
	struct address addresses[LOOKUP_ADDRESSES_MAX]; /* in the order programs try them */
	size_t address_count;
	uint64_t took_ns;
};

/* Starts asking on a thread of its own; owned. NULL when no thread can be had. */
struct lookup *lookup_start(const char *name);

/* Waits until `deadline_ms` after the start. */
void lookup_wait(struct lookup *l, unsigned deadline_ms, struct lookup_answer *out);

/* Forgets the question; a thread that still waits ends on its own. */
void lookup_free(struct lookup *l);

AUTO_DEFINE(lookup, struct lookup *, lookup_free)
