/*
 * find - what a target means on this machine: its addresses, and the listening sockets behind it.
 *
 * `select` is for answers, and generous; this is for acts, which must mean one thing. Names of hosts are
 * what `select` knows: localhost, names below it, and /etc/hosts.
 */
#pragma once

#include "model/snapshot.h"
#include "model/target.h"
#include "sys/host.h"

/*
 * The addresses that a target with a port, address, host or URL leads to, in the arena: both
 * loopbacks for a port alone. -EINVAL when one of them is not of this machine, or the name is unknown.
 * Of the snapshot only the addresses are needed.
 */
int find_addresses(const struct host *host, struct arena *arena, const struct snapshot *s,
	const struct target *t, const struct address **out, size_t *out_count, struct err *err);

/*
 * The listening sockets of a snapshot that a target means, as indexes in the arena; for a port and an
 * address all that a bind() there would collide with. None is no error for those. A name that nobody
 * has is -ENOENT; one that several services have, -EINVAL.
 */
int find_listeners(const struct host *host, struct arena *arena, const struct snapshot *s,
	const struct target *t, const uint32_t **out, size_t *out_count, struct err *err);

/* The service that one listening socket belongs to, by address and owner; NULL when there is none. */
const struct service *find_service(const struct snapshot *s, const struct socket *socket);
