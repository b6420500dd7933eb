/*
 * nat - a NAT rule sends the connection to another address or port than the one that was asked for;
 * and the reverse: one that should bring packets from outside to loopback, where the kernel refuses them.
 *
 * The far end of our own connection tells it without any right: it is a socket of another port than the
 * one that was dialled.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/fence.h"
#include "inventory/select.h"

static const uint32_t anything = FENCE_BEFORE_SERVER | OBSERVED_SILENT | OBSERVED_CLOSED |
	OBSERVED_RESET | OBSERVED_TLS | OBSERVED_PROTOCOL | OBSERVED_HTTP | OBSERVED_AUTH |
	OBSERVED_DIVIDED | OBSERVED_SLOW;

static const char *goal(const struct inquiry *q, const struct place *p, const struct filter_rule *r,
	struct address *to, uint16_t *port)
{
	*to = r->to_address.family == AF_UNSPEC ? p->address : r->to_address;
	*port = r->to_port ? r->to_port : q->aim.port;
	return inquiry_endpoint(q, to, *port);
}

/* Who listens where the rule leads to, in our namespace; NULL = nobody. */
static const struct socket *listener_at(const struct inquiry *q, const struct address *to,
	uint16_t port)
{
	for (size_t i = 0; i < q->snapshot->socket_count; i++) {
		const struct socket *s = &q->snapshot->sockets[i];
		if (s->netns == 0 && s->state == SOCKET_LISTEN && s->local.proto == q->aim.proto &&
			endpoint_accepts(&s->local, s->v6only, to, port))
			return s;
	}
	return NULL;
}

static const struct filter_rule *redirect_of(const struct filter_answer *a)
{
	const struct filter_rule *found = NULL;

	for (size_t i = 0; i < a->count; i++)
		if (a->rules[i].deed == FILTER_REDIRECT && (!found || !found->sure))
			found = &a->rules[i];
	return found;
}

static void say_far_end(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *there = inquiry_endpoint(q, &p->far.local.address, p->far.local.port);

	if (!p->answered_by_other || !p->far.state)
		return;
	if (p->taken_by)
		claim_evidence(c, "sock_diag", "the other end of our connection is %s, of %s",
			there, inquiry_owner(q, p->taken_by));
	else
		claim_evidence(c, "sock_diag", "the other end of our connection is %s", there);
}

static void say_counter(struct claims *c, const struct place *p, const struct filter_rule *r)
{
	const struct filter_rule *later = fence_later(p, r);

	if (r->counted && later && p->talked)
		claim_evidence(c, r->system,
			"its counter: %llu packets before the probe, %llu after",
			(unsigned long long)r->packets, (unsigned long long)later->packets);
}

static void by_rule(const struct inquiry *q, struct claims *c, const struct place *p,
	const struct filter_rule *r)
{
	struct address to;
	uint16_t port;
	const char *there = goal(q, p, r, &to, &port);
	const struct socket *s = listener_at(q, &to, port);
	bool own = select_is_own(q->snapshot, &to);
	bool dead = !s && (p->wrong & FENCE_BEFORE_SERVER);
	bool arrived = p->answered_by_other && p->far.local.port == port;
	bool proved = p->talked && (fence_moved(p, r) || arrived || (r->sure && dead));

	claim(c, "nat-redirect", proved ? CERTAINTY_PROVED : CERTAINTY_INFERRED, anything,
		"A NAT rule of %s sends connections to %s on to %s%s.", r->system,
		inquiry_endpoint(q, &p->address, q->aim.port), there,
		!dead	      ? ""
			: own ? ", where nobody listens"
			      : ", which does not answer");
	claim_evidence(c, r->system, "%s", fence_rule(q, r));
	say_counter(c, p, r);
	claim_evidence(c, "sock_diag", "at %s: %s", there,
		s	      ? inquiry_holder(q, s)
			: own ? "nobody"
			      : "no address of this machine: a container, or what is left of one");
	say_far_end(q, c, p);
	claim_evidence(c, "sock_diag", "%s", fence_listener(q, p));
	if (p->talked && p->talk.error)
		claim_evidence(c, "probe", "%s: %s", inquiry_endpoint(q, &p->address, q->aim.port),
			strerror(p->talk.error));
	if (r->remove)
		claim_fix(c, arena_printf(q->arena, "sudo %s", r->remove), "delete the rule");
	claim_fix(c, NULL, "or start what should listen at %s", there);
}

/* The rule and the listener are two halves of a published port: its backend is what matters. */
static bool is_published(const struct inquiry *q, const struct filter_rule *r)
{
	return q->forward.to && q->forward.publishes && r->to_address.family != AF_UNSPEC &&
		!select_is_own(q->snapshot, &r->to_address);
}

static bool lands_elsewhere(const struct inquiry *q, const struct place *p)
{
	return p->service && p->answered_by_other && p->far.state && p->far.netns == 0 &&
		p->far.local.port != q->aim.port;
}

/* No rule may be read, or none is found: but the connection came out somewhere else. */
static void by_far_end(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);

	claim(c, "nat-redirect", CERTAINTY_PROVED, anything,
		"Something sends connections to %s on to port %u%s%s.", at, p->far.local.port,
		p->taken_by ? ", to " : "", p->taken_by ? inquiry_owner(q, p->taken_by) : "");
	say_far_end(q, c, p);
	claim_evidence(c, "sock_diag", "%s", fence_listener(q, p));
	if (fence_is_hidden(p))
		claim_would_prove(c, "root: firewall rules");
	claim_fix(c, "sudo nft list ruleset | grep -n -E 'redirect|dnat'",
		"find the NAT rule for port %u and delete it", q->aim.port);
	claim_fix(c, "sudo iptables -t nat -S", "or look for it in the tables of iptables");
}

static bool is_loopback4(const struct address *a)
{
	return a->family == AF_INET && address_is_loopback(a);
}

/* Packets from outside that a rule turns to 127.0.0.0/8, which the kernel calls martian. */
static bool martians(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct filter_rule *r = p->has_arrival ? redirect_of(&p->arrival) : NULL;
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);
	struct address to;
	uint16_t port;

	if (!r || p->route_localnet || p->service)
		return false;
	const char *there = goal(q, p, r, &to, &port);
	if (!is_loopback4(&to))
		return false;
	const struct socket *s = listener_at(q, &to, port);
	claim(c, "route-localnet-off", r->sure ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		FENCE_BEFORE_SERVER | OBSERVED_REPORTED,
		"A NAT rule sends %s from outside on to %s, which the kernel does not allow.", at,
		there);
	claim_evidence(c, r->system, "%s", fence_rule(q, r));
	claim_evidence(c, "sysctl", "net.ipv4.conf.%s.route_localnet is 0, and so is that of all",
		inquiry_foreign(q, p->arrives_by, 20));
	claim_evidence(c, "sock_diag", "at %s: %s", there, s ? inquiry_holder(q, s) : "nobody");
	if (q->has_counters && q->counters_before.martians)
		claim_evidence(c, "/proc/net/stat/rt_cache",
			"%llu martian packets were dropped so far",
			(unsigned long long)q->counters_before.martians);
	if (s)
		claim_fix(c, NULL,
			"let the server listen on %s (or 0.0.0.0) itself, and delete the rule",
			inquiry_endpoint(q, &p->address, port));
	claim_fix(c,
		arena_printf(q->arena, "sudo sysctl net.ipv4.conf.%s.route_localnet=1",
			inquiry_foreign(q, p->arrives_by, 20)),
		"or allow it: others on that network may then reach what listens on loopback only");
	return true;
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (!p->ours)
			continue;
		const struct filter_rule *r = redirect_of(&p->filter);
		bool elsewhere = lands_elsewhere(q, p);
		if (r && is_published(q, r))
			continue;
		if (r && p->wrong && (elsewhere || r->sure || fence_moved(p, r)))
			by_rule(q, c, p, r);
		else if (elsewhere)
			by_far_end(q, c, p);
		else if (!martians(q, c, p))
			continue;
		return;
	}
}

const struct diagnose_check diagnose_nat = {
	.summary = "whether a NAT rule sends the connection somewhere else",
	.causes = "nat-redirect route-localnet-off",
	.needs = FACT_SOCKETS | FACT_FILTER | FACT_TALKS | FACT_MORE,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
