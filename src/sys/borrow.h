/*
 * borrow - looks at a socket of another process through a copy of its descriptor: pidfd_getfd(2),
 * getsockopt(2). Needs ptrace access to the process; changes nothing.
 */
#pragma once

#include "model/endpoint.h"
#include <sys/types.h>

struct borrowed {
	struct endpoint local; /* getsockname */
	bool reuse_address, reuse_port, listening;
};

/* 0 or -errno: -EPERM without access, -EBADF when the descriptor is no socket (any more). */
int borrow_socket(pid_t pid, int fd, struct borrowed *out);
