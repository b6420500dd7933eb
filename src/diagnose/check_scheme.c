/*
 * scheme - TLS and plain text mixed up: one of the two speaks it and the other does not. And why a
 * browser speaks TLS although nobody typed https: it remembers (HSTS, by name and not by port).
 */
#include "base/str.h"
#include "diagnose/say.h"

#define HUNG_UP (OBSERVED_CLOSED | OBSERVED_RESET | OBSERVED_SILENT)

/* --- plain HTTP to a TLS port --- */

static bool is_tls_inside(const struct place *p)
{
	const struct talk_job *t = &p->talk;

	if (p->tls_tried && (p->tls_try.tls_seen.done || p->tls_try.tls_seen.alert))
		return true;
	return t->found &&
		(str_eq(t->found->name, "tls") ||
			(t->decoded.rather && str_eq(t->decoded.rather, "tls")));
}

static void http_to_tls(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_tls *tls = &p->tls_try.tls_seen;
	const char *url = say_url(q, "https");

	claim(c, "http-to-tls-port", CERTAINTY_PROVED,
		OBSERVED_PROTOCOL | OBSERVED_HTTP | HUNG_UP | OBSERVED_REPORTED,
		"%s speaks TLS; your client spoke plain HTTP to it.", say_endpoint(q, p));
	if (tls->done)
		claim_evidence(c, "tls", "a handshake works: %s%s%s",
			tls->version ? tls->version : "TLS",
			tls->leaf.subject ? ", certificate " : "",
			inquiry_foreign(q, tls->leaf.subject, 80));
	else if (tls->alert)
		claim_evidence(c, "tls", "it answers a TLS handshake with the alert \"%s\"",
			tls->alert_name ? tls->alert_name : "unknown");
	if (p->talk.response.status)
		claim_evidence(c, "probe", "plain HTTP is answered with %s",
			say_status(q, &p->talk));
	else if (p->talk.found)
		claim_evidence(c, "probe", "plain HTTP is answered with a TLS alert");
	else
		claim_evidence(c, "probe", "plain HTTP gets no answer: %s",
			talk_end_name(p->talk.end));
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c, arena_printf(q->arena, "curl -k %s", url), "call %s", url);
}

/* --- TLS to a plain port --- */

static const char *plain_answer(const struct inquiry *q, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;

	if (p->plain_try.response.status)
		return arena_printf(q->arena, "plain HTTP works: %s", say_status(q, &p->plain_try));
	return arena_printf(q->arena, "TLS is answered in plain text: %s",
		inquiry_foreign(q, tls->plain, 60));
}

static bool is_plain_http(const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;

	if (p->plain_tried && p->plain_try.response.status)
		return !(p->plain_try.decoded.rather && str_eq(p->plain_try.decoded.rather, "tls"));
	return (tls->plain && str_starts(tls->plain, "HTTP/")) ||
		(p->talk.found && str_eq(p->talk.found->name, "http"));
}

static void tls_to_http(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *url = say_url(q, "http");

	claim(c, "tls-to-http-port", CERTAINTY_PROVED,
		OBSERVED_TLS | OBSERVED_PROTOCOL | HUNG_UP | OBSERVED_REPORTED,
		"%s speaks plain HTTP without TLS; your client wants https.", say_endpoint(q, p));
	claim_evidence(c, "probe", "%s; no TLS there", plain_answer(q, p));
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c, arena_printf(q->arena, "curl %s", url), "call %s", url);
	claim_fix(c, NULL, "or let %s serve TLS", say_server(q, p));
}

/* The name asks for https in browsers whatever was typed. */
static bool is_preloaded(const char *host)
{
	return host && (str_ends(host, ".dev") || str_ends(host, ".app"));
}

/* The text shows the same place with http: that is what was typed. */
static bool typed_http(const struct inquiry *q)
{
	for (size_t i = 0; i < q->symptom.endpoint_count; i++) {
		const struct symptom_endpoint *e = &q->symptom.endpoints[i];
		if (e->scheme && str_eq(e->scheme, "http") && e->port == q->aim.port)
			return true;
	}
	return false;
}

static bool is_forced(const struct inquiry *q)
{
	bool browser = q->query->browser || q->symptom.browser;

	if (q->symptom.browser && str_eq(q->symptom.browser, "HSTS"))
		return true;
	return browser && q->aim.tls && (typed_http(q) || is_preloaded(q->aim.host));
}

static void hsts(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *host = inquiry_foreign(q, q->aim.host ? q->aim.host : "localhost", 100);
	const char *url = say_url(q, "http");

	claim(c, "hsts-forced-https", CERTAINTY_INFERRED,
		OBSERVED_TLS | OBSERVED_PROTOCOL | HUNG_UP | OBSERVED_CLIENT | OBSERVED_REPORTED,
		"Your browser turns http://%s into https by itself, and %s speaks plain HTTP.",
		host, say_endpoint(q, p));
	if (p->talk.tls)
		claim_evidence(c, "probe", "%s; no TLS there", plain_answer(q, p));
	else
		claim_evidence(c, "probe", "plain HTTP works: %s", say_status(q, &p->talk));
	claim_evidence(c, "browser",
		is_preloaded(q->aim.host)
			? "%s is below a domain that browsers only open by https"
			: "a site that was once called %s, on any port, sent "
			  "Strict-Transport-Security: browsers keep that by name, not by port",
		host);
	say_listener(q, c, p);
	say_text(q, c);
	if (is_preloaded(q->aim.host))
		claim_fix(c, NULL, "use a name below .localhost or .test instead of %s", host);
	else
		claim_fix(c, NULL,
			"open chrome://net-internals/#hsts and delete \"%s\" (Firefox: forget "
			"this site), then type %s",
			host, url);
	claim_fix(c, arena_printf(q->arena, "curl %s", url),
		"until then use %s from another program, or 127.0.0.1 as the name", url);
}

/* --- TLS to a service that is no web server and speaks none --- */

static void tls_to_plain(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *speaks = place_speaks(p);
	const struct decoder *d = speaks ? decoder_find(speaks) : NULL;
	const char *title = d ? d->title : speaks;
	const char *words = p->talk.tls_seen.plain ? p->talk.tls_seen.plain : place_words(p);

	claim(c, "tls-to-plain-port", speaks ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_TLS | OBSERVED_PROTOCOL | HUNG_UP | OBSERVED_REPORTED,
		speaks ? "%s is %s without TLS; your client wants TLS."
		       : "%s does not speak TLS, and your client wants TLS.%s",
		say_endpoint(q, p), speaks ? title : "");
	claim_evidence(c, "probe", "no TLS: it said \"%s\"%s%s", inquiry_foreign(q, words, 60),
		speaks ? ", which is plain " : "", speaks ? title : "");
	say_listener(q, c, p);
	say_text(q, c);
	if (q->aim.expects && speaks && str_eq(q->aim.expects, speaks))
		claim_fix(c, NULL, "use the plain scheme: %s", say_url(q, speaks));
	else if (speaks)
		claim_fix(c, arena_printf(q->arena, "loopscope explain %u", q->aim.port),
			"port %u is %s: ask the port of the service that you want", q->aim.port,
			title);
	claim_fix(c, NULL, "or turn TLS on in %s (redis: tls-port)", say_server(q, p));
}

static void no_tls(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *speaks = place_speaks(p);

	if (is_plain_http(p) && is_forced(q))
		hsts(q, c, p);
	else if (is_plain_http(p))
		tls_to_http(q, c, p);
	else if (p->talk.tls_seen.plain ||
		(speaks && !str_eq(speaks, "tls") && !str_eq(speaks, "https")))
		tls_to_plain(q, c, p);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);

	if (!p)
		return;
	if (q->aim.tls) {
		if (!p->talk.tls_seen.done && !p->talk.tls_seen.alert)
			no_tls(q, c, p);
		return;
	}
	if (p->talk.tls)
		return;
	if (is_forced(q) && p->talk.response.status)
		hsts(q, c, p);
	else if (p->wrong && is_tls_inside(p))
		http_to_tls(q, c, p);
}

const struct diagnose_check diagnose_scheme = {
	.summary = "whether both sides speak TLS, or neither does",
	.causes = "http-to-tls-port tls-to-http-port tls-to-plain-port hsts-forced-https",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
