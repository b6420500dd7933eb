/*
 * refusal - the service is fine and says no in its own words: wrong credentials, no rule for this
 * address, too many clients, not ready yet.
 */
#include "base/str.h"
#include "diagnose/say.h"

#define CLIENTS_MAX 16

/* What the service said: seen now, or in the text. */
static bool said(const struct inquiry *q, const struct place *p, const char *const words[])
{
	return says_any(q->symptom.said, words) || (p && says_any(place_words(p), words));
}

static void say_words(const struct inquiry *q, struct claims *c, const struct place *p)
{
	if (p && *place_words(p))
		claim_evidence(c, "probe", "asked now it says \"%s\"",
			inquiry_foreign(q, place_words(p), 120));
	say_text(q, c);
	say_listener(q, c, p);
}

/* --- too many clients --- */

static const char *const limit_words[] = {"max number of clients", "too many clients",
	"too many connections", "connection slots are reserved", "max_user_connections",
	"max_client_conn", "no more connections allowed", "error 1040", "error 1203", "error 1226",
	NULL};

struct client {
	const struct owner *owner;
	size_t count;
};

/* Whose connections fill it. */
static size_t clients_of(const struct inquiry *q, struct client *out)
{
	size_t count = 0;

	for (size_t i = 0; i < q->snapshot->socket_count; i++) {
		const struct socket *s = &q->snapshot->sockets[i];
		size_t j = 0;
		if (s->netns != 0 || s->state != SOCKET_ESTABLISHED || !s->owner ||
			s->local.proto != PROTO_TCP || s->remote_port != q->aim.port ||
			!q->aim.has_port)
			continue;
		while (j < count && out[j].owner->pid != s->owner->pid)
			j++;
		if (j == CLIENTS_MAX)
			continue;
		if (j == count)
			out[count++] = (struct client){.owner = s->owner};
		out[j].count++;
	}
	return count;
}

static const char *option_of(const struct inquiry *q, const struct place *p)
{
	const char *speaks = p ? place_speaks(p) : NULL;

	speaks = speaks ? speaks : q->aim.expects;
	if (speaks && str_eq(speaks, "redis"))
		return "maxclients";
	return "max_connections";
}

static void too_many(const struct inquiry *q, struct claims *c, const struct place *p)
{
	struct client clients[CLIENTS_MAX];
	size_t count = clients_of(q, clients), most = 0;

	for (size_t i = 1; i < count; i++)
		most = clients[i].count > clients[most].count ? i : most;
	claim(c, "server-connection-limit", CERTAINTY_PROVED,
		OBSERVED_AUTH | OBSERVED_CLOSED | OBSERVED_RESET | OBSERVED_REPORTED,
		"The service has as many clients as it takes, and turns new ones away.");
	say_words(q, c, p);
	for (size_t i = 0; i < count; i++)
		claim_evidence(c, "sock_diag", "%zu connection%s of %s", clients[i].count,
			clients[i].count == 1 ? "" : "s", inquiry_owner(q, clients[i].owner));
	if (count)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)clients[most].owner->pid),
			"close connections of %s %d, which holds %zu (a pool that is too large, or "
			"a leak)",
			inquiry_foreign(q, owner_program(clients[most].owner), 40),
			(int)clients[most].owner->pid, clients[most].count);
	else
		claim_fix(c, NULL,
			"close clients that are not needed, or make their pools smaller");
	claim_fix(c, NULL, "or let the service take more: raise %s", option_of(q, p));
}

/* --- not ready --- */

static const char *const loading_words[] = {"system is starting up", "LOADING ",
	"is loading the dataset", "not yet accepting connections", "in recovery mode", NULL};

static const char *retry_after(const struct place *p)
{
	return p && p->talk.response.status == 503
		? response_header(&p->talk.response, "Retry-After")
		: NULL;
}

static void not_ready(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *retry = retry_after(p);

	claim(c, "service-loading", CERTAINTY_PROVED,
		OBSERVED_AUTH | OBSERVED_HTTP | OBSERVED_CLOSED | OBSERVED_REPORTED,
		"The service is up, but not ready yet: it still starts.");
	if (p && p->talk.response.status)
		claim_evidence(c, "probe", "%s%s%s", say_status(q, &p->talk),
			retry ? ", Retry-After: " : "", retry ? inquiry_foreign(q, retry, 40) : "");
	say_words(q, c, p);
	if (q->aim.has_port)
		claim_fix(c, arena_printf(q->arena, "loopscope wait %u", q->aim.port),
			"wait until it is ready, and try again%s%s",
			retry ? " after this many seconds: " : "",
			retry ? inquiry_foreign(q, retry, 20) : "");
	else
		claim_fix(c, NULL, "wait until it is ready, and try again");
	say_log_fix(q, c, p);
}

/* --- credentials --- */

/* "no pg_hba.conf entry for host "::1", user ...": the host that stands there. */
static const char *hba_host(const struct inquiry *q)
{
	const char *from = q->symptom.said ? strcasestr(q->symptom.said, "for host \"") : NULL;

	if (!from)
		return NULL;
	from += strlen("for host \"");
	size_t len = strcspn(from, "\"");
	return inquiry_foreign(q, arena_strndup(q->arena, from, len), 60);
}

static void no_entry(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *host = hba_host(q);
	bool v6 = host && strchr(host, ':'), tls = p && SAYS(place_words(p), "offers TLS");

	claim(c, "pg-hba-no-entry", CERTAINTY_PROVED, OBSERVED_AUTH | OBSERVED_REPORTED,
		"PostgreSQL has no rule in pg_hba.conf that lets %s in.",
		host ? host : "this address");
	say_text(q, c);
	if (host)
		claim_evidence(c, "text", "the server saw the client come from %s", host);
	say_listener(q, c, p);
	if (tls && TEXT_SAYS(q, "no encryption"))
		claim_evidence(c, "probe",
			"the server offers TLS, and the client came without: a "
			"hostssl rule would not count");
	claim_fix(c, "sudo -u postgres psql -c 'SHOW hba_file'",
		"add a line to pg_hba.conf: host all all %s%s scram-sha-256, then reload",
		host ? host : "127.0.0.1", v6 ? "/128" : "/32");
	if (v6)
		claim_fix(c, NULL,
			"or connect to 127.0.0.1, which most installations have a rule for");
	if (tls)
		claim_fix(c, NULL, "or connect with sslmode=require, if its rule is a hostssl one");
}

static const char *status_text(const struct inquiry *q, const struct place *p)
{
	const char *how = response_header(&p->talk.response, "WWW-Authenticate");

	return arena_printf(q->arena, "%s%s%s", say_status(q, &p->talk), how ? ", it wants " : "",
		how ? inquiry_foreign(q, how, 60) : "");
}

static void fix_credentials(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *speaks = p ? place_speaks(p) : NULL;

	speaks = speaks ? speaks : q->aim.expects;
	if (speaks && str_eq(speaks, "redis"))
		claim_fix(c, arena_printf(q->arena, "redis-cli -p %u --askpass", q->aim.port),
			"give the password (AUTH, redis-cli -a or --askpass, redis://:PASSWORD@...)");
	else if (speaks && str_eq(speaks, "mysql"))
		claim_fix(c, NULL,
			"give user and password (-u, -p); user@localhost, user@127.0.0.1 and "
			"user@::1 are three users for MySQL, each with its own GRANT");
	else if (speaks && str_eq(speaks, "postgres"))
		claim_fix(c, NULL,
			"give the right user and password (PGPASSWORD, ~/.pgpass), or set it: ALTER "
			"ROLE ... PASSWORD");
	else
		claim_fix(c, NULL,
			"give the credentials that it wants: user and password, or a "
			"token in the Authorization header");
	claim_fix(c, NULL, "see its log for the user and address that it saw");
}

static void credentials(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool http = p && (p->wrong & OBSERVED_AUTH) && p->talk.response.status;

	claim(c, "auth-rejected", http ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_AUTH | OBSERVED_REPORTED,
		"%s is reached and works; it does not accept these credentials, or got none.",
		say_server(q, p));
	if (http)
		claim_evidence(c, "probe", "%s", status_text(q, p));
	say_words(q, c, p);
	fix_credentials(q, c, p);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);
	bool wrong = p && (p->wrong & OBSERVED_AUTH);

	if (said(q, p, limit_words) || (error_is(q, "LIMIT") && q->symptom.op != OPERATION_HTTP))
		too_many(q, c, p);
	else if (said(q, p, loading_words) || retry_after(p))
		not_ready(q, c, p);
	else if (TEXT_SAYS(q, "pg_hba.conf"))
		no_entry(q, c, p);
	else if (q->symptom.op == OPERATION_AUTH || wrong)
		credentials(q, c, p);
}

const struct diagnose_check diagnose_refusal = {
	.summary = "whether the service itself says no: credentials, limits, still loading",
	.causes = "server-connection-limit service-loading pg-hba-no-entry auth-rejected",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
