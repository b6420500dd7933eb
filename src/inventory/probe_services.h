/*
 * probe_services - one harmless probe of every service in a snapshot (`ls --probe`).
 */
#pragma once

#include "model/snapshot.h"

#define PROBE_DEFAULT_MS 2000

/*
 * Probes each TCP and unix stream service of our own namespace at an address of this machine, all
 * side by side, and writes what was learnt into the services: speaks, version, banner, speaks_by,
 * and why nothing was learnt into the note. This is the one writer of a finished snapshot.
 */
void probe_services(struct snapshot *s, unsigned deadline_ms);
