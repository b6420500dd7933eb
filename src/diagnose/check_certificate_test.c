#include <case_file.h>

extern const struct diagnose_check diagnose_certificate;

#define DAY 86400000ll

static const char *const localhost_only[] = {"localhost"};

/* A healthy https server at 127.0.0.1:8443, until the test says otherwise. */
static struct case_file *server(const char *host)
{
	struct case_file *k = case_new(host, 8443);
	struct owner *o = snap_owner(&k->world, 4121, "/usr/sbin/nginx");

	snap_listen(&k->world, "127.0.0.1", 8443, o);
	k->q.aim.tls = k->q.aim.http = true;
	k->q.aim.scheme = "https";
	struct place *p = case_place(k, "127.0.0.1");
	case_status(p, 200);
	p->talk.tls = true;
	p->talk.tls_seen = (struct talk_tls){.tried = true,
		.done = true,
		.version = "TLSv1.3",
		.has_leaf = true,
		.trusted = true,
		.name_fits = true,
		.leaf = {.subject = "CN=localhost",
			.issuer = "CN=Dev Root CA",
			.names = localhost_only,
			.name_count = 1,
			.not_before_ms = k->q.now_ms - 30 * DAY,
			.not_after_ms = k->q.now_ms + 30 * DAY}};
	return k;
}

TEST(a_good_certificate_is_no_fault)
{
	AUTO(case) struct case_file *k = server("localhost");

	CHECK(!case_answer(k, &diagnose_certificate));
	CHECK_INT(k->count, 0);
}

TEST(an_expired_one_is_told_first)
{
	AUTO(case) struct case_file *k = server("localhost");
	struct talk_tls *t = &k->q.places[0].talk.tls_seen;

	t->leaf.not_after_ms = k->q.now_ms - 2 * DAY;
	t->trusted = t->name_fits = false;
	t->untrusted = "self-signed certificate";
	const struct finding *f = case_answer(k, &diagnose_certificate);
	CHECK_STR(f ? f->id : NULL, "tls-cert-expired");
	CHECK(case_says(f, "4121"));
	CHECK(case_says(f, "not after 2023-11-12"));
}

TEST(one_of_the_future)
{
	AUTO(case) struct case_file *k = server("localhost");

	k->q.places[0].talk.tls_seen.leaf.not_before_ms = k->q.now_ms + DAY;
	const struct finding *f = case_answer(k, &diagnose_certificate);
	CHECK_STR(f ? f->id : NULL, "tls-cert-not-yet-valid");
	CHECK(case_says(f, "clock"));
}

TEST(one_for_another_name)
{
	AUTO(case) struct case_file *k = server("127.0.0.1");
	struct talk_tls *t = &k->q.places[0].talk.tls_seen;

	t->name_fits = t->trusted = false;
	const struct finding *f = case_answer(k, &diagnose_certificate);
	CHECK_STR(f ? f->id : NULL, "tls-name-mismatch");
	CHECK(case_says(f, "subjectAltName: localhost; dialled: 127.0.0.1"));
	CHECK(case_says(f, "https://localhost:8443/"));
}

TEST(a_self_signed_one)
{
	AUTO(case) struct case_file *k = server("localhost");
	struct talk_tls *t = &k->q.places[0].talk.tls_seen;

	t->trusted = false;
	t->leaf.self_signed = true;
	const struct finding *f = case_answer(k, &diagnose_certificate);
	CHECK_STR(f ? f->id : NULL, "tls-cert-untrusted");
	CHECK(case_says(f, "self-signed"));
}

TEST(one_that_only_the_client_does_not_trust)
{
	AUTO(case) struct case_file *k = server("localhost");

	k->q.symptom =
		(struct symptom){.op = OPERATION_TLS, .error = "TLS_UNTRUSTED", .client = "node"};
	const struct finding *f = case_answer(k, &diagnose_certificate);
	CHECK_STR(f ? f->id : NULL, "tls-cert-untrusted");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "NODE_EXTRA_CA_CERTS"));
}

TEST(a_client_without_tls_does_not_care)
{
	AUTO(case) struct case_file *k = server("localhost");

	k->q.aim.tls = false;
	k->q.places[0].talk.tls_seen.leaf.not_after_ms = k->q.now_ms - DAY;
	CHECK(!case_answer(k, &diagnose_certificate));
}

TESTS(a_good_certificate_is_no_fault, an_expired_one_is_told_first, one_of_the_future,
	one_for_another_name, a_self_signed_one, one_that_only_the_client_does_not_trust,
	a_client_without_tls_does_not_care)
