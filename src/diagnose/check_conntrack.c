/*
 * conntrack - the table in which the firewall follows connections is full, so that it drops each packet
 * that would begin a new one.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/fence.h"

static bool reported(const struct inquiry *q)
{
	return q->observed == OBSERVED_REPORTED && q->symptom.error &&
		str_eq(q->symptom.error, "ETIMEDOUT");
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct filter_conntrack *t = &q->conntrack, *after = &q->conntrack_after;
	bool dropped = after->dropped > t->dropped;
	bool full = t->max && MAX(t->count, after->count) * 100 >= t->max * 98;
	const struct place *silent = NULL;

	for (size_t i = 0; i < q->place_count && !silent; i++)
		if (q->places[i].ours && (q->places[i].wrong & OBSERVED_UNANSWERED))
			silent = &q->places[i];
	if (!full || (!silent && !reported(q)))
		return;
	claim(c, "conntrack-table-full", dropped && silent ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_UNANSWERED | OBSERVED_SLOW | OBSERVED_REPORTED,
		"The table in which the firewall follows connections is full, so new ones are "
		"dropped.");
	claim_evidence(c, "/proc/sys/net/netfilter",
		"nf_conntrack_count %llu of nf_conntrack_max "
		"%llu",
		(unsigned long long)MAX(t->count, after->count), (unsigned long long)t->max);
	claim_evidence(c, "/proc/net/stat/nf_conntrack",
		"%llu packets were dropped so far, %llu of them while the probes ran",
		(unsigned long long)after->dropped,
		(unsigned long long)(dropped ? after->dropped - t->dropped : 0));
	if (silent)
		claim_evidence(c, "sock_diag", "%s", fence_listener(q, silent));
	claim_fix(c,
		arena_printf(q->arena, "sudo sysctl net.netfilter.nf_conntrack_max=%llu",
			(unsigned long long)t->max * 4),
		"give it more room");
	claim_fix(c, NULL, "or let the rules leave lo out: `iif lo notrack` in a raw chain");
}

const struct diagnose_check diagnose_conntrack = {
	.summary = "whether the firewall's table of connections is full",
	.causes = "conntrack-table-full",
	.needs = FACT_TALKS | FACT_MORE,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
