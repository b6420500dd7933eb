/*
 * protocol - another kind of service answers than the client expects: the port belongs to somebody else,
 * or it is HTTP of a version that the client does not speak.
 */
#include "base/str.h"
#include "diagnose/say.h"
#include "explain/port_facts.h"

#define HUNG_UP (OBSERVED_CLOSED | OBSERVED_RESET | OBSERVED_SILENT)

static const char *title(const struct inquiry *q, const char *name)
{
	const struct decoder *d = decoder_find(name);

	return d ? d->title : inquiry_foreign(q, name, 40);
}

static const char *expected(const struct inquiry *q)
{
	return q->aim.expects ? q->aim.expects : q->aim.http ? "http" : NULL;
}

static void http2_only(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *url = say_url(q, p->talk.tls ? "https" : "http");

	claim(c, "http2-only-server", CERTAINTY_PROVED,
		OBSERVED_PROTOCOL | HUNG_UP | OBSERVED_REPORTED,
		"%s speaks only HTTP/2 (gRPC, perhaps); your client spoke HTTP/1.1.",
		say_endpoint(q, p));
	claim_evidence(c, "probe", "HTTP/1.1 is answered with an HTTP/2 SETTINGS frame (h2c): %s",
		inquiry_foreign(q, place_words(p), 80));
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c, arena_printf(q->arena, "curl --http2-prior-knowledge %s", url),
		"use a client that begins with HTTP/2 (--http2-prior-knowledge, grpcurl "
		"-plaintext)");
	claim_fix(c, NULL, "or let the server take HTTP/1.1 too");
}

/* Where the service that was meant does listen. */
static void fix_find(const struct inquiry *q, struct claims *c, const char *wanted)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns != 0 || !s->speaks || !str_eq(s->speaks, wanted) || !s->port ||
			s->port == q->aim.port)
			continue;
		claim_fix(c, arena_printf(q->arena, "loopscope explain %u", s->port),
			"port %u is where %s listens: ask it there", s->port,
			inquiry_foreign(q, s->name, 60));
		return;
	}
}

static void wrong_protocol(const struct inquiry *q, struct claims *c, const struct place *p,
	const char *speaks)
{
	const char *wanted = expected(q);
	const char *wanted_title = wanted ? title(q, wanted) : "what your client speaks";
	const char *words = place_words(p), *usual = port_name(q->aim.proto, q->aim.port);

	if (speaks)
		claim(c, "wrong-protocol-on-port", CERTAINTY_PROVED,
			OBSERVED_PROTOCOL | HUNG_UP | OBSERVED_REPORTED,
			"%s is %s, not %s: another service has this port.", say_endpoint(q, p),
			title(q, speaks), wanted_title);
	else
		claim(c, "wrong-protocol-on-port", CERTAINTY_INFERRED,
			OBSERVED_PROTOCOL | OBSERVED_REPORTED,
			"What %s answers is not %s: another service has this port.",
			say_endpoint(q, p), wanted_title);
	if (*words)
		claim_evidence(c, "probe", "it said \"%s\"%s%s", inquiry_foreign(q, words, 80),
			speaks ? ": " : ", which is not ",
			speaks ? title(q, speaks) : wanted_title);
	else if (speaks)
		claim_evidence(c, "probe", "asked in its own protocol it answers: %s",
			title(q, speaks));
	say_listener(q, c, p);
	say_text(q, c);
	if (usual)
		claim_evidence(c, "ports", "%u is the usual port of %s", q->aim.port, usual);
	if (wanted)
		fix_find(q, c, wanted);
	claim_fix(c, arena_printf(q->arena, "loopscope explain %u", q->aim.port),
		"ask the port that %s listens on; %s has port %u", wanted_title, say_server(q, p),
		q->aim.port);
}

/* Of what HTTP inside TLS and the like are only another name. */
static bool is_same(const char *wanted, const char *speaks)
{
	return str_eq(wanted, speaks) ||
		(str_eq(wanted, "http") && (str_eq(speaks, "https") || str_eq(speaks, "tls")));
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);
	const char *wanted = expected(q);

	if (!p || !p->wrong || !wanted)
		return;
	const struct talk_job *t = &p->talk;
	const char *speaks = t->tls_seen.done && t->found ? t->found->name : place_speaks(p);
	if (speaks && str_eq(speaks, "h2") && str_eq(wanted, "http")) {
		http2_only(q, c, p);
		return;
	}
	if (q->aim.tls && !t->tls_seen.done)
		return; /* check_scheme tells */
	if (speaks && !is_same(wanted, speaks))
		wrong_protocol(q, c, p, speaks);
	else if (!speaks && t->received && !t->response.status && (p->wrong & OBSERVED_PROTOCOL))
		wrong_protocol(q, c, p, NULL);
}

const struct diagnose_check diagnose_protocol = {
	.summary = "whether the service on the port is of the kind that the client expects",
	.causes = "wrong-protocol-on-port http2-only-server",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
