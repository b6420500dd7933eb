/*
 * handshake - why two that both speak TLS do not agree: the version, the protocol inside (ALPN), a
 * certificate that the client should show; and databases, which ask for TLS in their own protocol.
 */
#include "base/str.h"
#include "diagnose/say.h"

/* RFC 8446 section 6 */
#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_BAD_CERTIFICATE	42
#define ALERT_PROTOCOL_VERSION	70
#define ALERT_INSUFFICIENT	71
#define ALERT_CERTIFICATE	116
#define ALERT_ALPN		120

#define HUNG_UP (OBSERVED_CLOSED | OBSERVED_RESET)

static void say_alert(const struct inquiry *q, struct claims *c, const struct talk_tls *tls)
{
	if (tls->alert)
		claim_evidence(c, "tls", "the server sent alert %d (%s)", tls->alert,
			tls->alert_name ? tls->alert_name : "unknown");
	else if (tls->error)
		claim_evidence(c, "tls", "%s", inquiry_foreign(q, tls->error, 120));
}

static bool text_wants_certificate(const struct inquiry *q)
{
	return TEXT_SAYS(q, "certificate required", "certificate_required", "provide a certificate",
		"did not return a certificate", "no required ssl certificate", "client_auth");
}

static bool refuses_without_certificate(const struct inquiry *q, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;
	unsigned status = p->talk.response.status;

	if (tls->alert == ALERT_CERTIFICATE)
		return true;
	if (!tls->asks_client_certificate)
		return false;
	if (tls->alert == ALERT_BAD_CERTIFICATE || tls->alert == ALERT_HANDSHAKE_FAILURE ||
		text_wants_certificate(q))
		return true;
	if (p->talk.end == TALK_RESET || p->talk.end == TALK_CLOSED || p->talk.end == TALK_TLS)
		return true;
	return (status == 400 || status == 401 || status == 403 || status == 495 ||
		       status == 496) &&
		SAYS(p->talk.response.body, "certificate");
}

static void client_certificate(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "tls-client-cert-required", CERTAINTY_PROVED,
		OBSERVED_TLS | HUNG_UP | OBSERVED_HTTP | OBSERVED_AUTH | OBSERVED_REPORTED,
		"%s wants a certificate from your client, and gets none.", say_endpoint(q, p));
	claim_evidence(c, "tls", "the server asks for a client certificate (CertificateRequest)%s",
		p->talk.tls_seen.version
			? arena_printf(q->arena, " in %s", p->talk.tls_seen.version)
			: "");
	say_alert(q, c, &p->talk.tls_seen);
	if (p->talk.response.status)
		claim_evidence(c, "probe", "without one the answer is %s", say_status(q, &p->talk));
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c,
		arena_printf(q->arena, "curl --cert client.pem --key client-key.pem %s",
			say_url(q, "https")),
		"give the client its certificate and key (--cert and --key)");
	claim_fix(c, NULL,
		"or let the server ask for none (nginx: ssl_verify_client off; node: requestCert "
		"false)");
}

static bool is_old(const char *version)
{
	return version &&
		(str_eq(version, "TLSv1") || str_eq(version, "TLSv1.1") ||
			str_eq(version, "SSLv3"));
}

static bool text_says_version(const struct inquiry *q)
{
	return q->symptom.op == OPERATION_TLS &&
		(TEXT_SAYS(q, "protocol version", "protocol_version", "unsupported protocol",
			"unsupported_protocol", "no shared cipher", "cipher suites in common",
			"handshake failure", "handshake_failure", "version_or_cipher",
			"cypher_overlap", "no protocols available", "unsupported_version"));
}

static void fix_version(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim_fix(c, NULL, "let %s offer TLS 1.2 and 1.3 (nginx: ssl_protocols TLSv1.2 TLSv1.3;)",
		say_server(q, p));
	claim_fix(c, arena_printf(q->arena, "curl -k --tlsv1.2 %s", say_url(q, "https")),
		"or let the client allow the version that the server has (curl --tlsv1.2, "
		"--tls-max; node --tls-min-v1.0)");
}

static void version(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;
	const char *version = tls->version ? tls->version : "another version";
	bool old = tls->done && is_old(tls->version);

	if (old)
		claim(c, "tls-version-mismatch", CERTAINTY_PROVED, OBSERVED_TLS | OBSERVED_REPORTED,
			"%s offers %s at best, and clients of today want TLS 1.2 or 1.3.",
			say_endpoint(q, p), version);
	else if (tls->done)
		claim(c, "tls-version-mismatch", CERTAINTY_INFERRED,
			OBSERVED_TLS | OBSERVED_REPORTED,
			"%s chooses %s; your client and it have no TLS version or cipher in common.",
			say_endpoint(q, p), version);
	else
		claim(c, "tls-version-mismatch",
			tls->alert == ALERT_PROTOCOL_VERSION ? CERTAINTY_PROVED
							     : CERTAINTY_INFERRED,
			OBSERVED_TLS | HUNG_UP | OBSERVED_REPORTED,
			"%s and a client have no TLS version or cipher in common.",
			say_endpoint(q, p));
	if (tls->done)
		claim_evidence(c, "tls", "a handshake that allows all versions ends with %s%s%s",
			version, tls->cipher ? ", " : "", tls->cipher ? tls->cipher : "");
	say_alert(q, c, tls);
	say_listener(q, c, p);
	say_text(q, c);
	fix_version(q, c, p);
}

static bool wants_h2(const struct inquiry *q)
{
	return q->aim.expects && str_eq(q->aim.expects, "h2");
}

static bool is_alpn(const struct inquiry *q, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;

	if (tls->alert == ALERT_ALPN)
		return true;
	if (tls->done && !tls->alpn && wants_h2(q))
		return true;
	return q->symptom.op == OPERATION_TLS &&
		TEXT_SAYS(q, "application protocol", "application_protocol", "alpn");
}

static void alpn(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen, *other = &p->tls_try.tls_seen;
	bool seen = tls->alert == ALERT_ALPN || (tls->done && wants_h2(q));
	const char *offered = p->talk.alpn ? p->talk.alpn : "none";
	const char *chosen = other->alpn ? other->alpn : tls->alpn;

	claim(c, "tls-alpn-mismatch", seen ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_TLS | OBSERVED_PROTOCOL | HUNG_UP | OBSERVED_REPORTED,
		chosen ? "%s speaks only %s inside TLS, and your client does not offer that."
		       : "%s and your client agree on no protocol inside TLS.%s",
		say_endpoint(q, p), chosen ? inquiry_foreign(q, chosen, 20) : "");
	claim_evidence(c, "tls", "ALPN: a client that offers %s is %s", offered,
		tls->alert	    ? "turned away"
			: tls->alpn ? "answered with it"
				    : "answered without any protocol");
	if (other->done)
		claim_evidence(c, "tls", "ALPN: of h2 and http/1.1 the server chooses %s",
			other->alpn ? inquiry_foreign(q, other->alpn, 20) : "none");
	say_alert(q, c, tls);
	say_listener(q, c, p);
	say_text(q, c);
	if (wants_h2(q))
		claim_fix(c, NULL, "turn HTTP/2 (h2) on in %s: gRPC needs it", say_server(q, p));
	else
		claim_fix(c, arena_printf(q->arena, "curl -k --http2 %s", say_url(q, "https")),
			"let the client offer h2 in ALPN (curl --http2)");
	claim_fix(c, NULL, "or let the server offer http/1.1 too");
}

static void of_tls(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;
	int alert = tls->alert;

	if (refuses_without_certificate(q, p))
		client_certificate(q, c, p);
	else if (is_alpn(q, p))
		alpn(q, c, p);
	else if ((tls->done && is_old(tls->version)) || (tls->done && text_says_version(q)) ||
		(!tls->done &&
			(alert == ALERT_PROTOCOL_VERSION || alert == ALERT_HANDSHAKE_FAILURE ||
				alert == ALERT_INSUFFICIENT)))
		version(q, c, p);
}

/* PostgreSQL and MySQL speak their own protocol first; TLS begins inside. */
static void of_database(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_job *t = &p->talk;
	bool none = t->decoded.detail && str_eq(t->decoded.detail, "no TLS");
	bool required = q->symptom.op == OPERATION_TLS ||
		SAYS(q->aim.path, "sslmode=require", "sslmode=verify", "ssl=true");

	if (!none || !required)
		return;
	claim(c, "service-tls-mismatch", CERTAINTY_PROVED, OBSERVED_TLS | OBSERVED_REPORTED,
		"%s has no TLS, and your client insists on it.", say_endpoint(q, p));
	claim_evidence(c, "probe", "%s answers SSLRequest with 'N': it does not support SSL",
		t->found->title);
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c, NULL,
		"connect without TLS: sslmode=disable (or prefer) in the connection string; on "
		"loopback nobody can listen in");
	claim_fix(c, NULL,
		"or turn it on in the server: ssl = on in postgresql.conf, with a "
		"certificate, and restart %s",
		say_server(q, p));
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);

	if (!p)
		return;
	if (p->talk.tls && q->aim.tls)
		of_tls(q, c, p);
	else if (p->talk.found && str_eq(p->talk.found->name, "postgres"))
		of_database(q, c, p);
}

const struct diagnose_check diagnose_handshake = {
	.summary = "whether client and server agree on a TLS version, a protocol and certificates",
	.causes = "tls-client-cert-required tls-version-mismatch tls-alpn-mismatch "
		  "service-tls-mismatch",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
