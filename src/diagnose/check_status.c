/*
 * status - the server itself answers, by HTTP, that it will not: an error of the application, or more
 * header than it takes (cookies belong to a host, not to a port: those of all projects add up).
 */
#include "base/str.h"
#include "diagnose/say.h"

static bool says_too_large(const struct inquiry *q, const struct place *p)
{
	if (p &&
		(p->talk.response.status == 431 ||
			(p->talk.response.status == 400 &&
				SAYS(p->talk.response.body, "header or cookie too large",
					"header fields too large"))))
		return true;
	return q->symptom.http_status == 431 ||
		(error_is(q, "LIMIT") && q->symptom.op == OPERATION_HTTP);
}

static void too_large(const struct inquiry *q, struct claims *c, const struct place *p)
{
	unsigned status = p->talk.response.status;
	bool bare = status && status < 400;

	claim(c, "header-too-large", bare || status == 431 ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_HTTP | OBSERVED_CLIENT | OBSERVED_REPORTED,
		bare ? "The server answers a bare request; your client sends more headers than it "
		       "takes (cookies, most likely)."
		     : "The server takes fewer headers than your client sends: HTTP 431.");
	if (q->symptom.http_status)
		claim_evidence(c, "text", "the client was answered %u", q->symptom.http_status);
	if (status)
		claim_evidence(c, "probe", "a bare request without cookies gets %s",
			say_status(q, &p->talk));
	claim_evidence(c, "browser",
		"cookies belong to a host and not to a port: those of all "
		"servers on localhost are sent to each of them");
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c, NULL, "delete the cookies of %s in the browser",
		q->aim.host ? inquiry_foreign(q, q->aim.host, 80) : "localhost");
	claim_fix(c, NULL,
		"or let the server take more: node --max-http-header-size=65536, nginx "
		"large_client_header_buffers 4 64k");
}

static void say_its_words(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *words = p->talk.response.body && p->talk.response.body_len
		? say_body(q, p->talk.response.body, 160)
		: "";

	if (*words)
		claim_evidence(c, "probe", "it says \"%s\"", words);
}

static void app_error(const struct inquiry *q, struct claims *c, const struct place *p)
{
	unsigned status = p->talk.response.status;
	const char *path = q->aim.path ? inquiry_foreign(q, q->aim.path, 80) : "/";

	claim(c, "http-app-error", CERTAINTY_PROVED, OBSERVED_HTTP | OBSERVED_REPORTED,
		status >= 500 ? "%s is reached, and fails by itself: HTTP %u for %s."
			      : "%s is reached, and says no by itself: HTTP %u for %s.",
		say_server(q, p), status, path);
	claim_evidence(c, "probe", "%s %s", path, say_status(q, &p->talk));
	say_its_words(q, c, p);
	say_listener(q, c, p);
	say_text(q, c);
	if (status == 404)
		claim_fix(c, NULL, "check the path: %s has no route for %s", say_server(q, p),
			path);
	say_log_fix(q, c, p);
}

/* The client asked by another method, or with a body: what it was answered cannot be asked for again. */
static void told_error(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "http-app-error", CERTAINTY_INFERRED, OBSERVED_REPORTED,
		"%s was reached, and answered your client HTTP %u by itself.", say_server(q, p),
		q->symptom.http_status);
	claim_evidence(c, "text", "HTTP %u", q->symptom.http_status);
	claim_evidence(c, "probe", "a plain GET gets %s", say_status(q, &p->talk));
	say_listener(q, c, p);
	say_text(q, c);
	say_log_fix(q, c, p);
}

/* What other checks explain better. */
static bool is_gateway(unsigned status)
{
	return status == 502 || status == 504;
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);
	unsigned status = p ? p->talk.response.status : 0, told = q->symptom.http_status;

	if (!p || !status)
		return;
	if (says_too_large(q, p)) {
		too_large(q, c, p);
		return;
	}
	bool waits = status == 503 && response_header(&p->talk.response, "Retry-After");
	if ((p->wrong & OBSERVED_HTTP) && status >= 400 && !is_gateway(status) && !waits)
		app_error(q, c, p);
	else if (!p->wrong && told >= 400 && !is_gateway(told) && told != 503)
		told_error(q, c, p);
}

const struct diagnose_check diagnose_status = {
	.summary = "whether the application itself answers with an error",
	.causes = "header-too-large http-app-error",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
