/* policy_route - a rule of policy routing (a VPN's kill switch) turns the packets away. */
#include "diagnose/check.h"

#include "base/str.h"
#include <errno.h>

static const struct policy_rule *rule_against(const struct inquiry *q, const struct place *p)
{
	return p->address.family == AF_INET
		? policy_rule_against(q->rules4, q->rule4_count, &p->address, q->uid)
		: policy_rule_against(q->rules6, q->rule6_count, &p->address, q->uid);
}

static void by_rule(const struct inquiry *q, struct claims *c, const struct place *p,
	const struct policy_rule *rule)
{
	claim(c, "policy-route-blocks", p->route.error ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_UNREACHABLE | OBSERVED_UNANSWERED | OBSERVED_REFUSED,
		"A routing rule turns away all packets to %s.",
		inquiry_endpoint(q, &p->address, q->aim.port));
	claim_evidence(c, "ip rule", "%u: %s", rule->priority, rule->text);
	if (p->route.error)
		claim_evidence(c, "route", "the kernel says: %s%s%s", strerror(p->route.error),
			p->route.type ? ", type " : "", p->route.type ? p->route.type : "");
	claim_fix(c, arena_printf(q->arena, "sudo %s", rule->remove), "take the rule away");
	claim_fix(c, NULL, "or let what made it (often a VPN) leave the loopback addresses out");
}

/* The route itself says no, by the local table or one that a rule leads to. */
static void by_route(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "policy-route-blocks", CERTAINTY_PROVED,
		OBSERVED_UNREACHABLE | OBSERVED_UNANSWERED,
		"The routing table of this machine turns packets to %s away.",
		inquiry_endpoint(q, &p->address, q->aim.port));
	claim_evidence(c, "route", "the kernel says: %s%s%s", strerror(p->route.error),
		p->route.type ? ", type " : "", p->route.type ? p->route.type : "");
	claim_fix(c,
		p->address.family == AF_INET ? "ip rule; ip route show table all | grep -v unicast"
					     : "ip -6 rule; ip -6 route show table all",
		"find the rule or route of type prohibit, unreachable or blackhole");
}

/* Packets for this machine that would leave it by another device. */
static void by_device(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "policy-route-blocks", CERTAINTY_INFERRED,
		OBSERVED_UNREACHABLE | OBSERVED_UNANSWERED,
		"Packets to %s leave this machine by %s instead of staying on it.",
		inquiry_endpoint(q, &p->address, q->aim.port),
		inquiry_foreign(q, p->route.device, 20));
	claim_evidence(c, "route", "device %s, table %u, type %s",
		inquiry_foreign(q, p->route.device, 20), p->route.table,
		p->route.type ? p->route.type : "?");
	claim_fix(c, "ip rule", "find the rule that comes before the local table");
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (!p->has_route || !(p->ours || address_is_loopback(&p->address)))
			continue;
		const struct policy_rule *rule = rule_against(q, p);
		bool loop = address_is_loopback(&p->address);
		if (rule)
			by_rule(q, c, p, rule);
		else if (p->route.error == EACCES || p->route.error == EHOSTUNREACH ||
			p->route.error == EINVAL)
			by_route(q, c, p);
		else if (loop && p->route.device && !str_eq(p->route.device, "lo"))
			by_device(q, c, p);
		else
			continue;
		return;
	}
}

const struct diagnose_check diagnose_policy_route = {
	.summary = "whether a routing rule turns the packets away",
	.causes = "policy-route-blocks",
	.needs = FACT_LOOPBACK,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
