/*
 * host_header - the server only answers to names that it knows: a guard against DNS rebinding (vite,
 * webpack, Django, Rails), or virtual hosts.
 */
#include "base/str.h"
#include "diagnose/say.h"

static const char *host(const struct inquiry *q)
{
	return q->aim.host ? inquiry_foreign(q, q->aim.host, 100) : "this name";
}

static void advise(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *body = p ? p->talk.response.body : NULL;
	bool django = SAYS(body, "ALLOWED_HOSTS", "DisallowedHost") ||
		TEXT_SAYS(q, "ALLOWED_HOSTS", "DisallowedHost", "HTTP_HOST");
	bool rails = SAYS(body, "Blocked host", "config.hosts") ||
		TEXT_SAYS(q, "Blocked host", "config.hosts");

	if (django)
		claim_fix(c, NULL, "add \"%s\" to ALLOWED_HOSTS in settings.py", host(q));
	else if (rails)
		claim_fix(c, NULL,
			"add config.hosts << \"%s\" to config/environments/development.rb (allowed "
			"hosts)",
			host(q));
	else
		claim_fix(c, NULL,
			"add \"%s\" to the allowed hosts of the server (vite: server.allowedHosts, "
			"webpack: devServer.allowedHosts, Django: ALLOWED_HOSTS, Rails: "
			"config.hosts, nginx: server_name)",
			host(q));
	if (p && q->aim.has_port)
		claim_fix(c,
			arena_printf(q->arena, "curl -H 'Host: localhost' %s",
				say_url(q, p->talk.tls ? "https" : "http")),
			"or ask by a name that it takes, such as localhost");
}

static bool differs(const struct place *p)
{
	unsigned first = p->talk.response.status, other = p->host_try.response.status;

	return p->host_tried && first >= 400 && other && other < 400;
}

static bool says_so(const struct place *p)
{
	unsigned status = p->talk.response.status;

	return (status == 400 || status == 403 || status == 421) &&
		SAYS(p->talk.response.body, "host is not allowed", "is not allowed.",
			"Blocked host", "Invalid Host", "Invalid HTTP_HOST", "DisallowedHost",
			"allowedHosts");
}

static void rejected(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "host-header-rejected", CERTAINTY_PROVED, OBSERVED_HTTP | OBSERVED_REPORTED,
		"The server turns requests for %s away because of that name (the Host header).",
		host(q));
	claim_evidence(c, "probe", "Host: %s gets %s", host(q), say_status(q, &p->talk));
	if (p->host_try.response.status)
		claim_evidence(c, "probe", "Host: localhost gets %s, the rest being the same",
			say_status(q, &p->host_try));
	if (p->talk.response.body && p->talk.response.body_len)
		claim_evidence(c, "probe", "it says \"%s\"",
			say_body(q, p->talk.response.body, 120));
	say_listener(q, c, p);
	say_text(q, c);
	advise(q, c, p);
}

/* Only the text tells: where it happened is not known, or it is mended now. */
static void by_text(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "host-header-rejected", CERTAINTY_INFERRED,
		OBSERVED_HTTP | OBSERVED_NAME | OBSERVED_REPORTED,
		"The server does not know the name %s and turns its requests away (the Host "
		"header).",
		host(q));
	say_text(q, c);
	say_listener(q, c, p);
	if (p && p->talk.response.status)
		claim_evidence(c, "probe", "asked now: %s", say_status(q, &p->talk));
	advise(q, c, p);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);

	if (p && p->wrong && (differs(p) || says_so(p)))
		rejected(q, c, p);
	else if (error_is(q, "HTTP_HOST_DENIED"))
		by_text(q, c, p);
}

const struct diagnose_check diagnose_host_header = {
	.summary = "whether the server refuses the name that it is asked by",
	.causes = "host-header-rejected",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
