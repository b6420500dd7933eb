/*
 * certificate - what clients object to in the certificate of a TLS server. Several faults are common in
 * one; the one is told that a client prints first: the dates, then the name, then who signed it.
 */
#include "base/clock.h"
#include "base/str.h"
#include "diagnose/observe.h"
#include "diagnose/say.h"

#define SANE_CLOCK_MS 1704067200000 /* 2024: a clock before that was never set */

static const char *when(const struct inquiry *q, int64_t ms)
{
	AUTO(buf) struct buf text = BUF_INIT(60);

	clock_iso(&text, ms);
	if (text.len > 10)
		text.data[10] = '\0'; /* the day is enough */
	return arena_strdup(q->arena, text.data);
}

static const char *apart(const struct inquiry *q, int64_t ms)
{
	AUTO(buf) struct buf text = BUF_INIT(60);

	clock_age(&text, ms);
	return arena_strdup(q->arena, text.data);
}

static const char *names(const struct inquiry *q, const struct talk_certificate *leaf)
{
	AUTO(buf) struct buf text = BUF_INIT(2000);

	for (size_t i = 0; i < leaf->name_count && text.len < 300; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", inquiry_foreign(q, leaf->names[i], 80));
	return text.len ? arena_strdup(q->arena, text.data) : "no name at all";
}

static const char *dialled(const struct inquiry *q, const struct place *p)
{
	AUTO(buf) struct buf text = BUF_INIT(100);

	if (q->aim.host)
		return inquiry_foreign(q, q->aim.host, 100);
	address_format(&text, &p->address);
	return arena_strdup(q->arena, text.data);
}

static void say_certificate(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_certificate *leaf = &p->talk.tls_seen.leaf;

	claim_evidence(c, "tls", "certificate %s, issued by %s, not before %s, not after %s",
		inquiry_foreign(q, leaf->subject, 80), inquiry_foreign(q, leaf->issuer, 80),
		when(q, leaf->not_before_ms), when(q, leaf->not_after_ms));
}

static void say_rest(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;

	if (!tls->name_fits)
		claim_evidence(c, "tls", "it names %s, and not %s either", names(q, &tls->leaf),
			dialled(q, p));
	if (!tls->trusted && tls->untrusted)
		claim_evidence(c, "tls", "it would not be trusted either: %s",
			inquiry_foreign(q, tls->untrusted, 100));
	say_listener(q, c, p);
	say_text(q, c);
}

static void fix_renew(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim_fix(c, arena_printf(q->arena, "mkcert %s", dialled(q, p)),
		"renew the certificate (mkcert makes a new one for development) and restart %s",
		say_server(q, p));
}

static void expired(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_certificate *leaf = &p->talk.tls_seen.leaf;

	claim(c, "tls-cert-expired", CERTAINTY_PROVED, OBSERVED_TLS,
		"The certificate of %s expired on %s (%s ago).", say_endpoint(q, p),
		when(q, leaf->not_after_ms), apart(q, q->now_ms - leaf->not_after_ms));
	say_certificate(q, c, p);
	claim_evidence(c, "clock", "today is %s", when(q, q->now_ms));
	say_rest(q, c, p);
	fix_renew(q, c, p);
}

static void not_yet(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_certificate *leaf = &p->talk.tls_seen.leaf;
	bool bad_clock = q->now_ms < SANE_CLOCK_MS;

	claim(c, "tls-cert-not-yet-valid", CERTAINTY_PROVED, OBSERVED_TLS,
		"The certificate of %s is not valid yet: it begins on %s, and this computer says "
		"it is %s.",
		say_endpoint(q, p), when(q, leaf->not_before_ms), when(q, q->now_ms));
	say_certificate(q, c, p);
	claim_evidence(c, "clock", "today is %s%s", when(q, q->now_ms),
		bad_clock ? ", so the clock was never set" : "");
	say_rest(q, c, p);
	claim_fix(c, "timedatectl",
		"check the clock of this computer (and of the one that made the certificate)");
	fix_renew(q, c, p);
}

static void wrong_name(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_certificate *leaf = &p->talk.tls_seen.leaf;

	claim(c, "tls-name-mismatch", CERTAINTY_PROVED, OBSERVED_TLS | OBSERVED_REPORTED,
		"The certificate is for %s; your client asked for %s.", names(q, leaf),
		dialled(q, p));
	claim_evidence(c, "tls", "subjectAltName: %s; dialled: %s", names(q, leaf), dialled(q, p));
	say_certificate(q, c, p);
	if (!leaf->name_count && leaf->subject)
		claim_evidence(c, "tls", "the name in the subject (%s) counts for nothing today",
			inquiry_foreign(q, leaf->subject, 80));
	say_listener(q, c, p);
	say_text(q, c);
	for (size_t i = 0; i < leaf->name_count; i++) {
		const char *name = leaf->names[i];
		if (*name == '*')
			continue;
		claim_fix(c, NULL, "call https://%s:%u/, a name that it covers (it must lead here)",
			inquiry_foreign(q, name, 80), q->aim.port);
		break;
	}
	claim_fix(c, arena_printf(q->arena, "mkcert localhost 127.0.0.1 ::1 %s", dialled(q, p)),
		"make a certificate whose subjectAltName has %s", dialled(q, p));
}

static void fix_trust(const struct inquiry *q, struct claims *c, const struct place *p)
{
	if (q->symptom.client && SAYS(q->symptom.client, "node"))
		claim_fix(c, "export NODE_EXTRA_CA_CERTS=\"$(mkcert -CAROOT)/rootCA.pem\"",
			"tell node of the CA: it does not read the system's store");
	claim_fix(c, "mkcert -install", "trust the CA that signed it, when mkcert made it");
	claim_fix(c, arena_printf(q->arena, "curl --cacert CA.pem %s", say_url(q, "https")),
		"or give the client the certificate of the CA (--cacert, NODE_EXTRA_CA_CERTS, "
		"SSL_CERT_FILE)");
}

static void untrusted(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;
	bool own = tls->leaf.self_signed;

	claim(c, "tls-cert-untrusted", CERTAINTY_PROVED, OBSERVED_TLS | OBSERVED_REPORTED,
		own ? "The certificate of %s is self-signed, so clients do not trust it."
		    : "Nobody that this computer trusts has signed the certificate of %s.",
		say_endpoint(q, p));
	claim_evidence(c, "tls", "%s%s%s",
		own ? "self-signed: issuer and subject are the same" : "issuer: ",
		own ? "" : inquiry_foreign(q, tls->leaf.issuer, 80),
		tls->untrusted
			? arena_printf(q->arena, " (%s)", inquiry_foreign(q, tls->untrusted, 80))
			: "");
	say_certificate(q, c, p);
	say_listener(q, c, p);
	say_text(q, c);
	fix_trust(q, c, p);
}

/* All is well by this system's own list, and the client still says no: it has a list of its own. */
static void own_store(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "tls-cert-untrusted", CERTAINTY_INFERRED, OBSERVED_REPORTED,
		"This computer trusts the certificate, but your client has a list of its own.");
	say_certificate(q, c, p);
	claim_evidence(c, "tls",
		"trusted by the system's store; node, Java and Firefox keep others");
	say_listener(q, c, p);
	say_text(q, c);
	fix_trust(q, c, p);
}

static void judge(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_tls *tls = &p->talk.tls_seen;

	if (q->now_ms > tls->leaf.not_after_ms)
		expired(q, c, p);
	else if (q->now_ms < tls->leaf.not_before_ms)
		not_yet(q, c, p);
	else if (!tls->name_fits)
		wrong_name(q, c, p);
	else if (!tls->trusted)
		untrusted(q, c, p);
	else if (error_is(q, "TLS_UNTRUSTED"))
		own_store(q, c, p);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_wrong(q, OBSERVED_TLS);

	p = p ? p : place_spoken(q);
	if (q->aim.tls && observe_minds_certificate(q) && p && p->talk.tls_seen.done &&
		p->talk.tls_seen.has_leaf)
		judge(q, c, p);
}

const struct diagnose_check diagnose_certificate = {
	.summary = "whether the certificate is valid now, for this name, and trusted",
	.causes = "tls-cert-expired tls-cert-not-yet-valid tls-name-mismatch tls-cert-untrusted",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
