/*
 * decoder - one application protocol, recognised from the first bytes a server sends. Pure.
 *
 * One file and one row in decoders.def per protocol. `recognise` gets all bytes received so far.
 */
#pragma once

#include "base/arena.h"
#include "base/reader.h"

enum decode_result {
	DECODE_NO,	  /* certainly something else */
	DECODE_NEED_MORE, /* could still be it */
	DECODE_YES,
};

struct decoded {
	const char *version; /* NULL = not said; in the arena, bounded, not yet escaped */
	const char *detail;  /* one line for evidence; NULL = none */
};

struct decoder {
	const char *name;  /* "postgres": the word shown under SPEAKS */
	const char *title; /* "PostgreSQL" */
	const char *summary;
	const uint16_t *ports; /* 0-terminated: where it usually lives */
	/* What to send first; NULL when the server speaks first. Harmless by construction. */
	const void *hello;
	size_t hello_len;
	/* Called with the bytes since connect; reads only through the reader. */
	enum decode_result (*recognise)(struct arena *arena, struct reader r, struct decoded *out);
};

extern const struct decoder *const decoders[]; /* NULL-terminated */
const struct decoder *decoder_find(const char *name);
