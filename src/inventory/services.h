/*
 * services - groups a snapshot's listening sockets into listeners and services, and judges them.
 */
#pragma once

#include "base/vec.h"
#include "model/snapshot.h"
#include "sys/host.h"

struct service_list {
	VEC(struct service *) v;
};

/* Needs sockets, holders, owners, namespaces and addresses of `s`; sets services and the count. */
void services_build(const struct host *host, struct snapshot *s);
