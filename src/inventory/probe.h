/*
 * probe - one harmless look at each listener: connect, wait for a banner, ask the least that makes
 * the service say what it is, close. Only to this machine's own addresses; never a write, a login
 * or a guess. Services known to die of a connection (debuggers that serve one client) are left
 * alone.
 *
 * At most 4 connections and 16 KiB read on each per job; a job takes 700 ms at most.
 */
#pragma once

#include "base/arena.h"
#include "model/service.h"

struct probe_job {
	/* A loopback or own address, tcp, or a unix stream path. The wildcard addresses are asked
	 * at loopback; any other address is refused. */
	struct endpoint endpoint;
	/* Its passive guess decides the order of hellos; NULL = nothing is known. */
	const struct service *service;
	/* out */
	const char *speaks;  /* NULL: connected, but not recognised */
	const char *version; /* NULL = not said */
	const char *detail;  /* "HTTP/1.1 200 OK, Server: nginx", first banner line ... */
	const char *why_not; /* "refused", "silent", "left alone: delve ends with its first
			      * client"; set whenever speaks is NULL */
	uint64_t took_ns;
};

/* Runs all jobs side by side; returns when all are done or `deadline_ms` is over. */
void probe_run(struct arena *arena, struct probe_job *jobs, size_t count, unsigned deadline_ms);
