/*
 * route_part - what one rtnetlink message says; private to route and its tests.
 *
 * Each takes the payload after the nlmsghdr, and any bytes: false (or unread members) for what is
 * too short or malformed.
 */
#pragma once

#include "base/reader.h"
#include "sys/route.h"

/* RTM_NEWLINK; qdisc_text stays NULL. */
bool route_parse_link(struct arena *arena, struct reader payload, struct link_facts *out);

/* RTM_NEWQDISC: sets qdisc and qdisc_text when it is the root discipline of out->index. */
bool route_parse_qdisc(struct arena *arena, struct reader payload, struct link_facts *out);

/* RTM_NEWROUTE; device is an index. */
bool route_parse_route(struct reader payload, struct route_answer *out, uint32_t *out_device);

/* RTM_NEWRULE; `remove` stays NULL. */
bool route_parse_rule(struct arena *arena, struct reader payload, struct policy_rule *out);

/* The command for each rule; of those that share a priority it names the conditions as well. */
void route_name_removal(struct arena *arena, int family, struct policy_rule *rules, size_t count);
