/*
 * links - the addresses of this machine's interfaces, by getifaddrs(3) (RTM_GETADDR).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/snapshot.h"

/* All addresses of the calling thread's namespace, in the arena. */
int links_addresses(struct arena *arena, struct host_address **out, size_t *out_count,
	struct err *err);

/*
 * True when packets to this address stay on this machine: a loopback address, or one of the list.
 * The wildcards are no addresses: false.
 */
bool links_is_own(const struct host_address *list, size_t count, const struct address *a);
