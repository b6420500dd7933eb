/*
 * published - the container behind a port that docker-proxy or its like publishes.
 */
#pragma once

#include "inventory/forward.h"
#include "model/snapshot.h"
#include "sys/host.h"

/* Found by its address; NULL when it cannot be told. Borrowed from the snapshot's owners. */
const struct container *published_container(const struct host *host, const struct snapshot *s,
	const struct forward *f);
