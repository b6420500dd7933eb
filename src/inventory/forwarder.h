/*
 * forwarder - programs that listen for somebody else: docker-proxy, rootlessport, ssh -L, socat,
 * kubectl port-forward. Read from their arguments alone.
 */
#pragma once

#include "base/arena.h"
#include "model/snapshot.h"
#include "sys/host.h"

struct forward {
	const char *program;	/* "docker-proxy" */
	const char *to;		/* where it forwards, as text: "172.17.0.2:6379", "db:5432" */
	struct address address; /* of `to`, unspec when it is a name */
	uint16_t port;		/* of `to`, 0 = unknown */
	bool publishes;		/* publishes a container's port */
};

/* NULL when the owner is no forwarder. */
const struct forward *forwarder_read(struct arena *arena, const struct owner *owner);

/* The container behind a published port, found by its address; NULL when it cannot be told. */
const struct container *forwarder_container(const struct host *host, const struct snapshot *s,
	const struct forward *f);
