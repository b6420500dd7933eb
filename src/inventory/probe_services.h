/*
 * probe_services - one harmless probe of each of some services (`--probe`).
 */
#pragma once

#include "model/snapshot.h"

#define PROBE_DEFAULT_MS 2000

/*
 * Probes each TCP and unix stream service among `services` (of this snapshot, in our own namespace) at
 * an address of this machine, all side by side, and writes what was learnt into them: speaks,
 * version, banner, speaks_by, and why nothing was learnt into the note. This is the one writer of a
 * finished snapshot.
 */
void probe_services(struct snapshot *s, const struct service *const *services, size_t count,
	unsigned deadline_ms);
