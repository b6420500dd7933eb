/*
 * borrow - looks at a socket of another process through a copy of its descriptor: pidfd_getfd(2),
 * getsockopt(2). Needs ptrace access to the process; changes nothing.
 */
#pragma once

#include "model/endpoint.h"
#include <sys/types.h>

struct borrowed {
	struct endpoint local; /* getsockname; without the path of a unix socket */
	bool reuse_address, reuse_port, listening;
};

/*
 * 0 or -errno: -EPERM without access, -EBADF when the descriptor is no socket (any more), -ESRCH when
 * the process is gone, -ENOSYS before Linux 5.6.
 */
int borrow_socket(pid_t pid, int fd, struct borrowed *out);
