/*
 * bind_probe - the oracle for "is this endpoint free": a real bind(), given back at once.
 *
 * Socket lists cannot tell it alone: bound sockets that never listen, connections that use the port as
 * their own, old connections in TIME_WAIT and other users' rules all decide. Nothing listens and
 * nothing is sent; the endpoint is taken for some microseconds.
 */
#pragma once

#include "model/endpoint.h"
#include <stdbool.h>

/*
 * 0: a server could bind it now. Else what bind(2) says: -EADDRINUSE; -EACCES when this user may not
 * bind so low a port; -EADDRNOTAVAIL when the address is no (longer an) address of this machine.
 * -EOPNOTSUPP for what has no ports: unix sockets are files, raw and packet sockets never collide.
 *
 * `reuse` sets SO_REUSEADDR, as most TCP servers do: connections in TIME_WAIT are no hindrance then.
 */
int bind_probe(const struct endpoint *e, bool v6only, bool reuse);
