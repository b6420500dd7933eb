/*
 * mention - the endpoints that a pasted text names: an error message of any runtime, a log line, a
 * shell command, a sentence.
 *
 *   connect ECONNREFUSED ::1:3000 · dial tcp 127.0.0.1:6379: i/o timeout · listen tcp :3000: bind
 *   server at "localhost" (::1), port 5432 · ('127.0.0.1', 8000) · Port 8080 was already in use
 *
 * It never invents one: clock times, source positions, versions, process ids and the client's own
 * end of a connection are not endpoints. A host without a port has has_port = false; what the port
 * of a known client would be is not decided here.
 */
#pragma once

#include "base/arena.h"
#include "model/target.h"

#define MENTION_MAX	 32	    /* endpoints looked at in one text */
#define MENTION_TEXT_MAX (64 << 10) /* bytes of the text that are read */

/*
 * Fills out with at most max endpoints in the order of the text, without repetitions, and returns
 * how many. Kinds: PORT, ENDPOINT, ADDRESS, HOST, URL and UNIX. Strings go to the arena; `text` of
 * a target is what stands in the text.
 */
size_t mention_find(struct arena *arena, const char *text, size_t len, struct target *out,
	size_t max);
