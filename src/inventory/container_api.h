/*
 * container_api - asks a Docker-compatible API on a unix socket what one container is called.
 *
 * One GET by HTTP/1.0, whose answer ends with the connection: no chunks, nothing kept. The answer is
 * foreign: bounded in size and time.
 */
#pragma once

#include "base/arena.h"
#include <stddef.h>

enum { CONTAINER_API_MAX = 1 << 20 };

/*
 * The name in the arena. -ENOENT: the API answers and knows no such container. Anything else
 * negative (-ECONNREFUSED, -EACCES, -ETIMEDOUT, -EPROTO ...): do not ask this socket again.
 * `id` must be hex digits.
 */
int container_api_name(const char *socket_path, const char *id, unsigned timeout_ms,
	struct arena *arena, const char **out_name);

/* The parser of a whole answer, apart for tests and fuzzing. */
int container_api_parse(const char *bytes, size_t len, struct arena *arena, const char **out_name);
