/*
 * response - the answer of an HTTP/1 server: RFC 9110, 9112. Pure; bytes in, record out.
 *
 * Lenient in what it takes, since it is there to say what is wrong with an answer; bounded in all.
 */
#pragma once

#include "base/arena.h"
#include <stdbool.h>

#define RESPONSE_HEADERS_MAX 100
#define RESPONSE_BODY_MAX    4096 /* bytes of the body that are kept */

struct response_header {
	const char *name, *value; /* as sent, blanks around dropped */
};

struct response {
	uint16_t status;  /* 0 = no status line yet */
	uint16_t interim; /* the last 1xx before it, which was skipped; 0 = none */
	uint8_t minor;	  /* HTTP/1.minor */
	const char *reason;
	const struct response_header *headers;
	size_t header_count;
	bool head_complete, complete; /* complete: the body's end has come, by its own framing */
	bool broken; /* it cannot be told where the body ends: its framing is wrong */
	bool has_length, chunked;
	uint64_t length;     /* Content-Length */
	uint64_t body_bytes; /* received, without the framing of chunks */
	const char *body;    /* its beginning, NUL-terminated; NULL = none */
	size_t body_len;
	size_t wanted;	    /* incomplete: it cannot be complete before so many bytes in all */
	const char *defect; /* the first thing wrong with it, in words; NULL = nothing */
};

/*
 * Of all bytes received so far; `closed` when no more come; `head` for an answer to HEAD. Interim
 * answers (1xx) are skipped, but for 101, after which the bytes are of another protocol.
 */
void response_parse(struct arena *arena, const char *bytes, size_t len, bool closed, bool head,
	struct response *out);

/* The first header of that name, any case; NULL when there is none. */
const char *response_header(const struct response *r, const char *name);
