/*
 * look - the connections of one probe, one after the other, on the loop.
 *
 * Each step of the plan is a connection: listen for a banner, then send a decoder's hello, and hold
 * the answer against all decoders. The first that is recognised ends it; an answer that points to
 * another decoder's hello (decoded.rather) is followed up once.
 */
#pragma once

#include "decode/decoder.h"
#include "loop/loop.h"
#include "model/endpoint.h"

#define LOOK_STEPS_MAX 4 /* connections in all */

struct look_step {
	const struct decoder *ask; /* NULL = listen only */
	unsigned listen_ms;	   /* how long to wait for a banner before asking */
	bool patient;		   /* wait for the answer as long as there is time */
};

struct look {
	/* set by the caller */
	struct loop *loop;
	struct arena *arena;	  /* of the result's strings */
	struct endpoint endpoint; /* a tcp address and port, or a unix stream path */
	struct look_step plan[LOOK_STEPS_MAX];
	size_t step_count; /* at least 1 */
	uint64_t deadline_ns;
	/* Once, when the result is there; the look is idle then and may be freed or used again. */
	void (*done)(struct look *l);
	void *data;

	/* result */
	const struct decoder *found; /* NULL = not recognised */
	struct decoded decoded;
	bool http_inside;    /* it is TLS, and an HTTP server had asked for that */
	const char *why_not; /* set when found is NULL */
	const char *heard;   /* the first line of an answer that was not recognised */

	/* the connection now; see look.c */
	struct loop_fd fd;
	struct loop_timer timer, deadline;
	int phase;
	int socket;
	size_t step, connections;
	const struct decoder *asked; /* whose hello was sent */
	bool following;		     /* this connection follows decoded.rather */
	bool closed;		     /* a peer closed without a word */
	struct buf in, out;
};

/* Starts; `done` is called from the loop, never from here. */
void look_start(struct look *l);

/* Ends at once, without calling done. Does nothing to an idle look. */
void look_stop(struct look *l);
