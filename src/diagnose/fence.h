/*
 * fence - what the checks of firewalls, sandboxes and routing ask of a place, and the facts that they
 * alone need.
 */
#pragma once

#include "diagnose/inquiry.h"

#define FENCE_BEFORE_SERVER (OBSERVED_REFUSED | OBSERVED_UNANSWERED | OBSERVED_UNREACHABLE)

/* Reserved ports, security modules, our own limits, cgroup programs: for FACT_MORE, after the places. */
void fence_read(struct inquiry *q);

/* What changed while the probes ran: conntrack, and listeners that are gone. */
void fence_read_again(struct inquiry *q);

/* Its accept queue was full before, or overflowed meanwhile. */
bool fence_queue_full(const struct inquiry *q, const struct place *p);

/*
 * A listener is there and stays there, the interface is up, the route leads to it, its queue has room and
 * its owners run: yet the connection was refused or never answered. Only something between the two does
 * that.
 */
bool fence_is_riddle(const struct inquiry *q, const struct place *p);

/* True when not every rule of the packet filters could be read. */
bool fence_is_hidden(const struct place *p);

/* The same rule in the later reading; NULL = it was not read again. */
const struct filter_rule *fence_later(const struct place *p, const struct filter_rule *r);

/* Its counter moved while our own connection was tried: it met our packets. */
bool fence_moved(const struct place *p, const struct filter_rule *r);

/* "listener: node 4121 (...)", or "nobody listens there either". */
const char *fence_listener(const struct inquiry *q, const struct place *p);

/* "nft inet guard, chain input (hook input), handle 4: tcp dport 5432 drop" */
const char *fence_rule(const struct inquiry *q, const struct filter_rule *r);

/* The program whose cgroup path is `at` or above it. */
bool fence_applies(const struct cgroup_program *p, const char *at);
