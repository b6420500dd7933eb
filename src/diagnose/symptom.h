/*
 * symptom - what a pasted error message says: which operation failed, how, and where. Pure.
 *
 *   Error: connect ECONNREFUSED ::1:3000           connect  ECONNREFUSED  ::1 3000
 *   listen tcp :8080: bind: address already in use bind     EADDRINUSE    * 8080
 *   curl: (7) Failed to connect to localhost port 4000 after 0 ms: Couldn't connect to server
 *                                                  connect  (not said)    localhost 4000
 *
 * Endpoints come from mention_find(); what it leaves out (the default port of a client that is
 * named, a port in the shell line above the message) is completed here. Nothing is invented: a text
 * that names no endpoint has none.
 */
#pragma once

#include "base/arena.h"
#include "model/field.h"
#include "model/target.h"

enum operation {
	OPERATION_UNKNOWN,
	OPERATION_CONNECT,
	OPERATION_BIND,
	OPERATION_RESOLVE,
	OPERATION_READ, /* connected, and then nothing, the end or a reset */
	OPERATION_TLS,
	OPERATION_HTTP,	    /* an answer of HTTP that is not wanted */
	OPERATION_PROTOCOL, /* an answer of another protocol */
	OPERATION_AUTH,
	OPERATION_PROXY,
	OPERATION_URL, /* the client did not even try: bad port, blocked port, malformed */
	OPERATION_COUNT,
};

const char *operation_name(int op); /* "connect", "bind" ...; "" for UNKNOWN: absent in JSON */

#define SYMPTOM_ENDPOINTS_MAX 16

/* One place that the text names; the name and the port as they stand there. */
struct symptom_endpoint {
	const char *host; /* "localhost", "::1" without brackets; NULL or "*": any */
	uint16_t port;
	bool has_port;	    /* named, or the default of the client that is named */
	bool default_port;  /* the text does not name it, the client's default does */
	const char *scheme; /* "https"; NULL = not said */
	const char *path;   /* of a URL; NULL */
	enum proto proto;
};

struct symptom {
	int op; /* enum operation */
	const char
		*error; /* "ECONNREFUSED", "EAI_AGAIN", "TLS_WRONG_VERSION" ...; NULL = not said */
	struct symptom_endpoint endpoints[SYMPTOM_ENDPOINTS_MAX];
	size_t endpoint_count;
	const char *path;     /* of a unix socket; NULL = none */
	const char *client;   /* who printed it: "curl", "node", "psql"; NULL = not known */
	const char *expects;  /* what the client speaks, a decoder's name: "postgres"; NULL */
	const char *said;     /* the line of the text that says it, in the arena; NULL */
	uint16_t http_status; /* 0 = none */
	const char *name;     /* OPERATION_RESOLVE: the name that was not found; NULL */
	const char *browser;  /* "ERR_UNSAFE_PORT", "CORS", "HSTS", "mixed content" ...: what only a
				 * browser says; NULL */
	const char *pid_file; /* "tmp/pids/server.pid": the text says that it is in the way; NULL */
	bool intermittent;    /* the text says that it happens now and then */
};

extern const struct record_type symptom_type;

/*
 * Reads a text of any length (MENTION_TEXT_MAX bytes of it). Always fills out; what is not said is 0 or
 * NULL. Strings are in the arena and foreign.
 */
void symptom_parse(struct arena *arena, const char *text, size_t len, struct symptom *out);

/*
 * Endpoints that a command line names: URLs, HOST:PORT, -h HOST -p PORT, --port=N, a bare number
 * that could be a port (then `default_port` is set, since only the machine can tell). Fills the same
 * record; op and error stay unset.
 */
void symptom_parse_command(struct arena *arena, int argc, char *const *argv, struct symptom *out);
