/*
 * services - groups a snapshot's listening sockets into listeners and services, and judges them.
 */
#pragma once

#include "model/snapshot.h"
#include "sys/host.h"

/* Needs sockets, holders, owners, namespaces and addresses of `s`; sets services and the count. */
void services_build(const struct host *host, struct snapshot *s);

/* Where to open a service that speaks http or https; NULL for others. In the snapshot's arena. */
const char *services_url(struct snapshot *s, const struct service *service);

/* A client of the port may get the one or the other: by address, by family, or by chance. */
bool services_overlap(const struct service *a, const struct service *b);
