/*
 * find - what a target means on this machine: its addresses, and the listening sockets behind it.
 *
 * Nothing outside the machine is asked: names are localhost, NAME.localhost (RFC 6761), this
 * machine's own and those of /etc/hosts.
 */
#pragma once

#include "model/snapshot.h"
#include "model/target.h"
#include "sys/host.h"

/* True for what this machine itself answers on: loopback, "any", or one of its addresses. */
bool find_is_own(const struct host_address *own, size_t own_count, const struct address *a);

/*
 * The addresses that a target with a port, address, host or URL leads to, in the arena: both
 * loopbacks for a port alone. -EINVAL when it leads to another machine or to nothing known here.
 */
int find_addresses(const struct host *host, struct arena *arena, const struct target *t,
	const struct host_address *own, size_t own_count, const struct address **out,
	size_t *out_count, struct err *err);

/*
 * The listening sockets of a snapshot that a target means, as indexes in the arena; for a port and an
 * address all that a bind() there would collide with. None is no error for those. A name that nobody
 * has is -ENOENT; one that several services have, -EINVAL.
 */
int find_listeners(const struct host *host, struct arena *arena, const struct snapshot *s,
	const struct target *t, const uint32_t **out, size_t *out_count, struct err *err);

/* The service that one listening socket belongs to, by address and owner; NULL when there is none. */
const struct service *find_service(const struct snapshot *s, const struct socket *socket);
