/*
 * source_ports - no source port is left: each connection to one address and port needs one of its own,
 * also for the minute after its end, and all of the range are taken.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include <errno.h>

struct crowd {
	size_t count, waiting; /* waiting: in TIME_WAIT, nobody's any more */
	const struct owner *top;
	size_t top_count;
};

static bool leads_to(const struct socket *s, const struct inquiry *q, const struct place *p)
{
	struct address to = address_unmap(&s->remote);

	return s->netns == 0 && s->local.proto == q->aim.proto && s->remote_port == q->aim.port &&
		address_eq(&to, &p->address);
}

static size_t of_owner(const struct inquiry *q, const struct place *p, const struct owner *o)
{
	size_t count = 0;

	for (size_t i = 0; i < q->snapshot->socket_count; i++)
		count += q->snapshot->sockets[i].owner == o &&
			leads_to(&q->snapshot->sockets[i], q, p);
	return count;
}

/* Boyer and Moore's majority vote finds the one who has most of them, if there is such a one. */
static struct crowd count_crowd(const struct inquiry *q, const struct place *p)
{
	struct crowd crowd = {0};
	size_t votes = 0;

	for (size_t i = 0; i < q->snapshot->socket_count; i++) {
		const struct socket *s = &q->snapshot->sockets[i];
		if (!leads_to(s, q, p))
			continue;
		crowd.count++;
		crowd.waiting += s->state == SOCKET_TIME_WAIT;
		if (!s->owner)
			continue;
		if (!votes)
			crowd.top = s->owner;
		if (s->owner == crowd.top)
			votes++;
		else
			votes--;
	}
	if (crowd.top)
		crowd.top_count = of_owner(q, p, crowd.top);
	return crowd;
}

static bool says_it(const struct inquiry *q)
{
	return q->symptom.error && str_eq(q->symptom.error, "EADDRNOTAVAIL");
}

static void complain(const struct inquiry *q, struct claims *c, const struct place *p,
	const struct crowd *crowd, unsigned room, bool seen)
{
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);

	claim(c, "ephemeral-ports-exhausted", seen ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_UNREACHABLE | OBSERVED_REPORTED,
		"No source port is left for one more connection to %s: %zu of %u are taken.", at,
		crowd->count, room);
	claim_evidence(c, "sock_diag", "%zu sockets are connected to %s, %zu of them in time-wait",
		crowd->count, at, crowd->waiting);
	claim_evidence(c, "/proc/sys/net/ipv4/ip_local_port_range",
		"ip_local_port_range is %u to %u, %u of them reserved", q->local_range.low,
		q->local_range.high, q->local_reserved);
	if (crowd->top)
		claim_evidence(c, "sock_diag", "%zu of them belong to %s", crowd->top_count,
			inquiry_owner(q, crowd->top));
	if (seen)
		claim_evidence(c, "probe", "%s: %s", at, strerror(p->talk.error));
	claim_fix(c, NULL,
		"let the client keep its connections and reuse them (keep-alive, a pool)");
	if (crowd->top)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)crowd->top->pid),
			"or end the one that holds them");
	claim_fix(c, "sudo sysctl net.ipv4.ip_local_port_range='1024 65535'", "or widen the range");
	if (crowd->waiting > crowd->count / 2)
		claim_fix(c, "sudo sysctl net.ipv4.tcp_tw_reuse=1",
			"or let the kernel reuse ports that only wait");
}

static void run(const struct inquiry *q, struct claims *c)
{
	unsigned range = q->local_range.high - q->local_range.low + 1u;
	unsigned room = range > q->local_reserved ? range - q->local_reserved : 1;

	if (!q->aim.has_port)
		return;
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		bool seen = p->talked && p->talk.error == EADDRNOTAVAIL;
		if (!p->ours || (!seen && !says_it(q)))
			continue;
		struct crowd crowd = count_crowd(q, p);
		/* some may have ended between the failure and the count */
		if (crowd.count * 10 < room * (seen ? 9ul : 7ul))
			continue;
		complain(q, c, p, &crowd, room, seen);
		return;
	}
}

const struct diagnose_check diagnose_source_ports = {
	.summary = "whether source ports are left for one more connection",
	.causes = "ephemeral-ports-exhausted",
	.needs = FACT_SOCKETS | FACT_TALKS | FACT_MORE,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
