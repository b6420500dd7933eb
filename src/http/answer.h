/*
 * answer - is what came the whole answer, and to what? Pure.
 *
 * An answer is at its end when HTTP's own framing says so, when a decoder knows what it is, or when
 * nothing more comes for a while: to hear a server out is worth less than a person's time.
 */
#pragma once

#include "decode/decoder.h"
#include <limits.h>

#define ANSWER_WHOLE   0u
#define ANSWER_PATIENT UINT_MAX /* it has begun well: as long as there is time */

struct answer {
	struct arena *arena;
	bool http, head;   /* to a request of HTTP, to one of HEAD */
	const void *hello; /* what was asked; NULL = nothing (yet) */
	size_t hello_len;
	const struct decoder *asked; /* whose hello that was; NULL = nobody's */

	/* result */
	bool echo; /* it only sends back what it hears */
	const struct decoder *found;
	struct decoded decoded;

	size_t wanted; /* HTTP's end cannot come before so many bytes */
};

/* For how many milliseconds to wait for more than these bytes, all that came so far. */
unsigned answer_judge(struct answer *a, const char *bytes, size_t len);

/* When no more comes: who sent that, if judging did not tell. */
void answer_end(struct answer *a, const char *bytes, size_t len);

/* Whose hello these bytes are, when sent to that port; NULL = nobody's. */
const struct decoder *answer_asked(const void *hello, size_t len, uint16_t port);
