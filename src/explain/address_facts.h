/*
 * address_facts - what an address is, in plain words, from tables and from
 * this kernel's settings. No packet, no look-up outside the machine.
 */
#pragma once

#include "base/arena.h"
#include "model/endpoint.h"
#include "sys/host.h"

/*
 * One plain sentence (no full stop) that a layman understands:
 * "this computer talking to itself; traffic to it never leaves the machine".
 */
const char *address_meaning(struct arena *arena, const struct address *a);
