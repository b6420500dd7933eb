/*
 * browser - what only a browser objects to: the server answers, and the page may not read it. And what a
 * browser (or node's fetch) does not even ask: the ports of services that a web page must not reach.
 *
 * Sources: fetch.spec.whatwg.org, "CORS protocol" and "bad port"; wicg.github.io/private-network-access.
 */
#include "base/str.h"
#include "diagnose/say.h"
#include "explain/port_facts.h"

static void say_now(const struct inquiry *q, struct claims *c, const struct place *p)
{
	if (p && p->talk.response.status)
		claim_evidence(c, "probe", "other programs may ask it: it answers %s",
			say_status(q, &p->talk));
	say_listener(q, c, p);
}

static void blocked_port(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool complains = q->query->browser || error_is(q, "CLIENT_BLOCKED");

	claim(c, complains ? "client-blocked-port" : "browsers-refuse-port", CERTAINTY_PROVED,
		complains ? OBSERVED_CLIENT | OBSERVED_REPORTED | OBSERVED_REFUSED : 0,
		complains ? "Your client never asks port %u: browsers and fetch() block it."
			  : "Browsers and fetch() refuse to open port %u, whatever answers there.",
		q->aim.port);
	claim_evidence(c, "fetch.spec.whatwg.org", "%u is on the list of blocked ports",
		q->aim.port);
	say_now(q, c, p);
	say_text(q, c);
	claim_fix(c, NULL, "let the server listen on another port, such as 3000 or 8080");
	if (complains)
		claim_fix(c,
			arena_printf(q->arena, "curl %s",
				say_url(q, q->aim.tls ? "https" : "http")),
			"until then use a program that does not mind (curl)");
}

/* --- CORS --- */

static bool is_cors(const struct inquiry *q)
{
	return error_is(q, "CORS") || (q->symptom.browser && str_eq(q->symptom.browser, "CORS"));
}

static bool is_private_network(const struct inquiry *q)
{
	return (q->symptom.browser && str_eq(q->symptom.browser, "private network access")) ||
		(q->symptom.browser &&
			SAYS(q->symptom.browser, "PRIVATE_NETWORK", "LOCAL_NETWORK")) ||
		TEXT_SAYS(q, "private address space", "private network", "private-network",
			"local network", "address space", "local_network");
}

static bool allows(const struct inquiry *q, const struct response *r)
{
	const char *allowed = response_header(r, "Access-Control-Allow-Origin");

	return allowed && (str_eq(allowed, "*") || (q->origin && str_eq(allowed, q->origin)));
}

static void say_cors(const struct inquiry *q, struct claims *c, const char *what,
	const struct talk_job *job)
{
	const char *allowed = response_header(&job->response, "Access-Control-Allow-Origin");

	if (!job->response.status)
		return;
	claim_evidence(c, "probe", "%s with Origin: %s gets HTTP %u, %s%s", what,
		inquiry_foreign(q, q->origin, 80), job->response.status,
		allowed ? "Access-Control-Allow-Origin: " : "without Access-Control-Allow-Origin",
		allowed ? inquiry_foreign(q, allowed, 80) : "");
}

static void cors(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool get = allows(q, &p->cors_get.response), ask = allows(q, &p->cors_ask.response);

	if (p->cors_tried && get && ask)
		return; /* it allows what the page asks */
	claim(c, "cors-blocked", p->cors_tried ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_CLIENT | OBSERVED_HTTP | OBSERVED_REPORTED,
		"%s answers, but does not allow pages of %s to read it, so the browser blocks that.",
		say_endpoint(q, p),
		inquiry_foreign(q, q->origin ? q->origin : "another origin", 80));
	if (p->cors_tried) {
		say_cors(q, c, "GET", &p->cors_get);
		say_cors(q, c, "the preflight (OPTIONS)", &p->cors_ask);
	}
	claim_evidence(c, "browser", "another port is another origin (CORS), also on localhost");
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c, NULL,
		"let the server send Access-Control-Allow-Origin: %s, also in its answer to "
		"OPTIONS",
		inquiry_foreign(q, q->origin ? q->origin : "ORIGIN", 80));
	claim_fix(c, NULL,
		"or let the dev server of the page pass these requests on (vite: server.proxy), "
		"so that there is one origin");
}

static void private_network(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *allowed = p
		? response_header(&p->cors_ask.response, "Access-Control-Allow-Private-Network")
		: NULL;

	claim(c, "private-network-access-blocked",
		p && p->cors_tried && !allowed ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_CLIENT | OBSERVED_HTTP | OBSERVED_REPORTED,
		"The browser does not let a page from the internet reach this computer.");
	if (p && p->cors_tried && p->cors_ask.response.status)
		claim_evidence(c, "probe", "the preflight for a private network gets HTTP %u, %s%s",
			p->cors_ask.response.status,
			allowed ? "Access-Control-Allow-Private-Network: "
				: "without Access-Control-Allow-Private-Network",
			allowed ? inquiry_foreign(q, allowed, 40) : "");
	say_now(q, c, p);
	say_text(q, c);
	claim_fix(c, NULL,
		"allow \"local network access\" for the page in the browser (the sign left of the "
		"address), and serve the page by https");
	claim_fix(c, NULL,
		"let the server answer the preflight with Access-Control-Allow-Private-Network: "
		"true and Access-Control-Allow-Origin");
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);
	bool http = q->aim.http || error_is(q, "CLIENT_BLOCKED");

	if (q->aim.has_port && q->aim.port && http && port_browser_blocked(q->aim.port))
		blocked_port(q, c, p);
	if (is_private_network(q))
		private_network(q, c, p);
	else if (is_cors(q) && p && p->talk.response.status)
		cors(q, c, p);
}

const struct diagnose_check diagnose_browser = {
	.summary = "whether the rules of browsers forbid it: blocked ports, CORS, private networks",
	.causes = "client-blocked-port cors-blocked private-network-access-blocked",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
