/*
 * target - what a person names on the command line, the same everywhere.
 *
 *   3000 · :3000 · 127.0.0.1:3000 · [::1]:3000 · ::1 · localhost:3000 · 3000/udp
 *   http://shop.localhost:62893/x · shop · pid:123 · unix:/run/x · /run/x · container:web
 *
 * Parsing touches nothing: no look-up, no file.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/endpoint.h"
#include "model/field.h"

enum target_kind {
	TARGET_PORT,	 /* a port on any address of this machine */
	TARGET_ENDPOINT, /* an address and a port */
	TARGET_ADDRESS,	 /* an address alone */
	TARGET_HOST,	 /* a host name, with a port or (port 0) without; `localhost` is one */
	TARGET_URL,	 /* scheme, host or address, port, path */
	TARGET_NAME,	 /* a service or project name */
	TARGET_PID,
	TARGET_UNIX,
	TARGET_CONTAINER,
};

struct target {
	enum target_kind kind;
	const char *text; /* as typed, without blanks around; a URL's password is "***" */
	const char *host; /* HOST, URL: the name; lower case, no brackets; NULL if an address */
	struct address address; /* PORT: unspec */
	uint16_t port;		/* URL: the scheme's default when none was given */
	bool has_port;		/* port holds one: typed, or the scheme's default */
	enum proto proto;	/* TCP unless /udp was said */
	const char *scheme;	/* URL: lower case */
	const char *path;	/* URL: path and query, at least "/"; UNIX: the path */
	const char *name;	/* NAME, CONTAINER */
	pid_t pid;		/* PID */
};

#define TARGET_TEXT_MAX 4096

const char *target_kind_name(int kind); /* "port", "endpoint", "url" ... */

/*
 * Parses one target; strings go to the arena. Errors name the offending text and what was expected:
 * "'99999' is not a port: ports go from 0 to 65535".
 */
int target_parse(struct arena *arena, const char *text, struct target *out, struct err *err);

/* "3000" or "3000-3999" -> low and high. */
int target_parse_range(const char *text, uint16_t *out_low, uint16_t *out_high, struct err *err);

extern const struct record_type target_type;
