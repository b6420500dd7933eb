/*
 * gateway - the server that answers is a proxy and fine; the one behind it, which it should ask, is not
 * (RFC 9110 sections 15.6.3 to 15.6.5).
 */
#include "base/str.h"
#include "diagnose/say.h"

static bool has_upstream(const struct inquiry *q)
{
	return q->beyond_by && str_eq(q->beyond_by, "upstream");
}

/* Programs that do little else than to pass requests on. */
static bool is_proxy(const struct place *p)
{
	static const char *const programs[] = {"nginx", "haproxy", "envoy", "traefik", "caddy",
		"apache2", "httpd", "varnishd", "squid", "openresty", NULL};
	const char *server = response_header(&p->talk.response, "Server");
	const struct owner *o = p->socket ? p->socket->owner : NULL;

	if (says_any(server, programs))
		return true;
	for (size_t i = 0; o && programs[i]; i++)
		if (str_eq(owner_program(o), programs[i]))
			return true;
	return false;
}

static const char *upstream(const struct inquiry *q)
{
	return has_upstream(q) && q->beyond_to ? q->beyond_to : "the server behind it";
}

static void say_upstream(const struct inquiry *q, struct claims *c)
{
	if (!has_upstream(q))
		return;
	claim_evidence(c, q->beyond_source ? q->beyond_source : "configuration",
		"the upstream is %s", q->beyond_to);
	if (!q->beyond)
		return;
	claim_evidence(c, "upstream", "%s", q->beyond->answer);
	if (!q->beyond->finding_count || q->beyond->findings[0].severity != SEVERITY_FAULT)
		return;
	const struct finding *f = &q->beyond->findings[0];
	for (size_t i = 0; i < f->evidence_count && i < 4; i++)
		claim_evidence(c, f->evidence[i].source, "%s", f->evidence[i].text);
}

static void fix_upstream(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct diagnosis *d = has_upstream(q) ? q->beyond : NULL;

	if (d && d->verdict == VERDICT_FAULT && d->finding_count)
		for (size_t i = 0; i < d->findings[0].fix_count && i < 3; i++) {
			const struct fix *fix = &d->findings[0].fixes[i];
			const char *rest = str_after(fix->text, "or ");
			claim_fix(c, fix->command, "upstream %s: %s", q->beyond_to,
				rest ? rest : fix->text);
		}
	if (has_upstream(q) && q->beyond_to)
		claim_fix(c, arena_printf(q->arena, "loopscope diagnose %s", q->beyond_to),
			"look at the upstream %s by itself", q->beyond_to);
	else
		say_log_fix(q, c, p);
	if (has_upstream(q) && q->beyond_source && strchr(q->beyond_source, ':'))
		claim_fix(c, NULL, "or correct the upstream in %s", q->beyond_source);
}

static void down(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool found = q->beyond && has_upstream(q) && q->beyond->verdict == VERDICT_FAULT;

	claim(c, "proxy-upstream-down", found ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_HTTP | OBSERVED_REPORTED,
		"%s is a proxy and answers; %s, which it should ask, does not.", say_server(q, p),
		upstream(q));
	claim_evidence(c, "probe", "%s", say_status(q, &p->talk));
	say_listener(q, c, p);
	say_upstream(q, c);
	say_text(q, c);
	fix_upstream(q, c, p);
}

static void late(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool found = q->beyond && has_upstream(q) && q->beyond->verdict == VERDICT_FAULT;

	claim(c, "proxy-upstream-timeout", found ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_HTTP | OBSERVED_SILENT | OBSERVED_REPORTED,
		"%s is a proxy and answers; %s, which it asks, takes too long.", say_server(q, p),
		upstream(q));
	if (p->talk.response.status)
		claim_evidence(c, "probe", "%s", say_status(q, &p->talk));
	else
		claim_evidence(c, "probe", "connected, and no answer in %s: it waits, too",
			say_duration(q, p->talk.total_ns));
	say_listener(q, c, p);
	say_upstream(q, c);
	say_text(q, c);
	fix_upstream(q, c, p);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);
	unsigned status = p ? p->talk.response.status : 0;

	if (!p)
		return;
	if (status == 502 ||
		(status == 503 && (has_upstream(q) || is_proxy(p)) &&
			!response_header(&p->talk.response, "Retry-After")))
		down(q, c, p);
	else if (status == 504 || (!status && p->talk.end == TALK_SILENT && has_upstream(q)))
		late(q, c, p);
}

const struct diagnose_check diagnose_gateway = {
	.summary = "whether the server behind a proxy is what fails",
	.causes = "proxy-upstream-down proxy-upstream-timeout",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
