/*
 * problems - what the overview points out: exposed, left over, shadowed, stuck.
 */
#pragma once

#include "model/finding.h"
#include "model/snapshot.h"

/* Findings about the services of a snapshot, worst first; in the snapshot's arena. */
const struct finding *problems_find(const struct snapshot *s, size_t *out_count);
