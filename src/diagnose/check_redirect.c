/* redirect - the server sends the client on to a place where nobody serves it. */
#include "base/str.h"
#include "diagnose/say.h"

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);

	if (!p || !q->beyond_by || !str_eq(q->beyond_by, "redirect") || !q->beyond ||
		q->beyond->verdict != VERDICT_FAULT)
		return;
	const char *to = response_header(&p->talk.response, "Location");
	claim(c, "redirect-to-dead-endpoint", CERTAINTY_PROVED, OBSERVED_HTTP | OBSERVED_REPORTED,
		"%s sends clients on to %s, and that does not work.", say_endpoint(q, p),
		q->beyond_to);
	claim_evidence(c, "probe", "%u redirect, Location: %s", p->talk.response.status,
		inquiry_foreign(q, to ? to : q->beyond_to, 120));
	claim_evidence(c, "redirect", "%s", q->beyond->answer);
	for (size_t i = 0;
		q->beyond->finding_count && i < q->beyond->findings[0].evidence_count && i < 3; i++)
		claim_evidence(c, q->beyond->findings[0].evidence[i].source, "%s",
			q->beyond->findings[0].evidence[i].text);
	say_listener(q, c, p);
	claim_fix(c, NULL,
		"correct the address that %s believes to have (BASE_URL, APP_URL, force_ssl), so "
		"that it does not redirect to %s",
		say_server(q, p), q->beyond_to);
	for (size_t i = 0;
		q->beyond->finding_count && i < q->beyond->findings[0].fix_count && i < 2; i++)
		claim_fix(c, q->beyond->findings[0].fixes[i].command, "or there: %s",
			q->beyond->findings[0].fixes[i].text);
	claim_fix(c, NULL, "browsers remember a 301 and a 308: clear the cache afterwards");
}

const struct diagnose_check diagnose_redirect = {
	.summary = "whether a redirect leads to a place that works",
	.causes = "redirect-to-dead-endpoint",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
