/*
 * decoder - one application protocol, recognised from the first bytes a server sends. Pure.
 *
 * One file and one row in decoders.def per protocol. `recognise` gets all bytes received so far.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/reader.h"

#define DECODED_VERSION_MAX 40 /* bytes; longer ones are cut */
#define DECODED_DETAIL_MAX  240

enum decode_result {
	DECODE_NO,	  /* certainly something else */
	DECODE_NEED_MORE, /* could still be it */
	DECODE_YES,
};

/* What was learnt; all of it foreign text in the arena, bounded, not yet escaped. */
struct decoded {
	const char *version; /* of the server's software; NULL = not said */
	const char *detail;  /* one line for evidence; NULL = none */
	const char *speaks;  /* the word to show when it is not the decoder's name: "https" */
	const char *rather;  /* the decoder whose hello would be answered better: "tls" when an
			      * HTTP server says that this is an HTTPS port */
	bool more;	     /* DECODE_YES already, but bytes that follow soon would say more */
};

struct decoder {
	const char *name;  /* "postgres": the word shown under SPEAKS */
	const char *title; /* "PostgreSQL" */
	const char *summary;
	const uint16_t *ports; /* 0-terminated: where it usually lives */
	/* What to send first; NULL when the server speaks first. Harmless by construction. */
	const void *hello;
	size_t hello_len;
	/* Instead of hello, when it depends on the port (0: a unix socket): appends it to out. */
	void (*write_hello)(struct buf *out, uint16_t port);
	/* The answer is one or two bytes, so it counts only after this decoder's own hello, and
	 * only when nothing follows: YES comes with `more`, a longer answer turns it into NO. */
	bool only_after_hello;
	/*
	 * Called with the bytes since connect; reads only through the reader. More bytes never
	 * change a YES or NO (but see above). *out comes zeroed and counts only with YES.
	 */
	enum decode_result (*recognise)(struct arena *arena, struct reader r, struct decoded *out);
};

extern const struct decoder *const decoders[]; /* NULL-terminated, alphabetical */
const struct decoder *decoder_find(const char *name);

/* The decoder that usually lives on this TCP port, or NULL. A weak hint, no more. */
const struct decoder *decoder_for_port(uint16_t port);

/* True when the client speaks first. */
bool decoder_has_hello(const struct decoder *d);

/* Appends what to send first; nothing when the server speaks first. */
void decoder_hello(const struct decoder *d, uint16_t port, struct buf *out);

/*
 * Holds the bytes since connect against all decoders, or against `only`; `asked` is whose hello was
 * sent (NULL: another's, or none). The one that recognises them, or NULL; *out_open tells that one
 * of them still could.
 */
const struct decoder *decoder_recognise(struct arena *arena, const void *bytes, size_t len,
	const struct decoder *asked, const struct decoder *only, struct decoded *out,
	bool *out_open);
