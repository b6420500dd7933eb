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

/* Told by another user, whom the kernel would turn away, while it works for us. */
static uint32_t explained(const struct inquiry *q, const struct place *p)
{
	const char *name = strerrorname_np(p->route.error);
	bool same = q->symptom.error && name && str_eq(q->symptom.error, name);

	return OBSERVED_UNREACHABLE | OBSERVED_UNANSWERED | (same ? OBSERVED_REPORTED : 0);
}

static void say_route(struct claims *c, const struct place *p)
{
	claim_evidence(c, "route", "the kernel says: %s%s%s", strerror(p->route.error),
		p->route.type ? ", type " : "", p->route.type ? p->route.type : "");
}

static void by_rule(const struct inquiry *q, struct claims *c, const struct place *p,
	const struct policy_rule *rule)
{
	claim(c, "policy-route-blocks", CERTAINTY_PROVED, explained(q, p),
		"A routing rule turns away all packets to %s%s.",
		inquiry_endpoint(q, &p->address, q->aim.port),
		rule->has_uids ? arena_printf(q->arena, " that user %u sends", q->uid) : "");
	claim_evidence(c, "ip rule", "%u: %s", rule->priority, rule->text);
	say_route(c, p);
	claim_fix(c, arena_printf(q->arena, "sudo %s", rule->remove), "take the rule away");
	claim_fix(c, NULL, "or let what made it (often a VPN) leave the loopback addresses out");
}

/* The route itself says no, by the local table or one that a rule leads to. */
static void by_route(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "policy-route-blocks", CERTAINTY_PROVED, explained(q, p),
		"The routing table of this machine turns packets to %s away.",
		inquiry_endpoint(q, &p->address, q->aim.port));
	say_route(c, p);
	claim_fix(c,
		p->address.family == AF_INET ? "ip rule; ip route show table all | grep -v unicast"
					     : "ip -6 rule; ip -6 route show table all",
		"find the rule or route of type prohibit, unreachable or blackhole");
}

/* The kernel adds it with the address and never again: what was deleted must be put back by hand. */
static void restore_route(const struct place *p, struct claims *c)
{
	if (p->address.family == AF_INET)
		claim_fix(c, "sudo ip route add local 127.0.0.0/8 dev lo table local",
			"give the local table its route back");
	else
		claim_fix(c, "sudo ip -6 route add local ::1 dev lo table local",
			"give the local table its route back");
}

/* lo has its address, and still no route leads to it. */
static void without_route(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "policy-route-blocks", CERTAINTY_PROVED, explained(q, p),
		"The local routing table of this machine has lost its route to %s.",
		inquiry_endpoint(q, &p->address, q->aim.port));
	say_route(c, p);
	claim_evidence(c, "rtnetlink", "lo has the address, and no rule turns it away");
	restore_route(p, c);
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
	claim_fix(c, p->address.family == AF_INET ? "ip rule" : "ip -6 rule",
		"see whether a rule comes before the local table");
	restore_route(p, c);
}

static bool has_address(const struct inquiry *q, const struct address *a)
{
	for (size_t i = 0; i < q->snapshot->address_count; i++)
		if (address_eq(&q->snapshot->addresses[i].address, a))
			return true;
	return false;
}

/* The kernel is the oracle: a rule counts only where it says no. */
static bool look_at(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool loop = address_is_loopback(&p->address);
	int error = p->route.error;

	const struct policy_rule *rule = error ? rule_against(q, p) : NULL;
	if (rule)
		by_rule(q, c, p, rule);
	else if (error == EACCES || error == EHOSTUNREACH || error == EINVAL)
		by_route(q, c, p);
	else if (error == ENETUNREACH && loop && q->lo.up &&
		has_address(q,
			p->address.family == AF_INET ? &ADDRESS_LOOPBACK4 : &ADDRESS_LOOPBACK6))
		without_route(q, c, p);
	else if (!error && loop && p->route.device && !str_eq(p->route.device, "lo"))
		by_device(q, c, p);
	else
		return false;
	return true;
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (p->has_route && (p->ours || address_is_loopback(&p->address)) &&
			look_at(q, c, p))
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
