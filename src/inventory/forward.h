/*
 * forward - where a forwarder leads to, from its own command line: ssh -L, kubectl port-forward,
 * socat, docker-proxy.
 */
#pragma once

#include "base/arena.h"
#include "model/address.h"
#include "model/owner.h"

struct forward {
	const char *to;		  /* "db:5432", "svc/web", "172.17.0.2:6379" */
	uint16_t port;		  /* over there; 0 = not known */
	bool publishes;		  /* it publishes a container's port */
	struct address container; /* where that container is; unspec when it publishes none */
	const char *program;	  /* "ssh", "kubectl", "socat", "docker-proxy" */
};

/* What the listener on `port` of this process leads to; false when its arguments do not say. */
bool forward_find(struct arena *arena, const struct owner *owner, uint16_t port,
	struct forward *out);
