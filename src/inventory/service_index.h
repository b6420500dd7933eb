/*
 * service_index - from a connection's socket to the service that accepted it, for every socket of a
 * machine, without asking all services for each: only those on the same endpoint.
 */
#pragma once

#include "base/map.h"
#include "model/snapshot.h"

#define SERVICE_NONE UINT32_MAX

struct service_index_entry {
	uint32_t service;
	uint32_t listener;
	uint32_t next; /* with the same key; SERVICE_NONE ends */
};

struct service_index {
	const struct snapshot *s; /* borrowed */
	struct map heads;	  /* key of an address and port, or of a path -> first entry */
	struct service_index_entry *entries; /* owned */
	struct map members; /* owner and service, of services that share their port with others */
};

void service_index_init(struct service_index *ix, const struct snapshot *s);
void service_index_fini(struct service_index *ix);

/* How much a service whose endpoint fits is liked: 1 and more, or 0 to refuse it. */
typedef int (*service_judge)(void *arg, uint32_t service);

/*
 * The service that takes what arrives at `local` in a namespace, or SERVICE_NONE. Of several the one
 * that `judge` likes best, then one bound to the very address, then the first. A path is looked up
 * in every namespace (paths belong to file systems, and an accepted unix socket is listed in its
 * client's namespace), but one in the same namespace is preferred.
 */
uint32_t service_index_find(const struct service_index *ix, const struct endpoint *local,
	uint32_t netns, service_judge judge, void *arg);

/*
 * The service that a connection's socket was accepted by, or SERVICE_NONE. Of several on the endpoint
 * (reuseport) the one that the socket's owner belongs to.
 */
uint32_t service_index_accepted(const struct service_index *ix, const struct socket *socket);

AUTO_DEFINE_FINI(service_index, struct service_index)
