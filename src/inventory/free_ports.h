/*
 * free_ports - which ports of a range nobody uses, with a real bind() as the oracle.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/endpoint.h"
#include "model/field.h"

struct port_range {
	uint16_t low, high; /* both included */
};

struct free_ports {
	const struct port_range *ranges; /* ascending, in the arena */
	size_t range_count;
	uint32_t free_count;
	uint32_t used_count;
	uint32_t refused_count; /* this user may not bind them (privileged ports) */
};

extern const struct record_type free_ports_type;

/*
 * Binds each port of low..high once on every address of both families, without SO_REUSEADDR, and
 * closes it at once; nothing ever listens. TCP or UDP. In the order of 1,000 ports a millisecond.
 */
int free_ports_find(struct arena *arena, enum proto proto, uint16_t low, uint16_t high,
	struct free_ports *out, struct err *err);
