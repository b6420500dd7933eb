/*
 * slow - it works, but late, and the time itself tells why: the steps of the kernel's timers are known.
 *
 *	SYN again	1, 3, 7, 15 s		TCP_TIMEOUT_INIT, doubled (RFC 6298 section 5.5)
 *	delayed ACK	40 ms			TCP_DELACK_MIN against Nagle's algorithm (RFC 896)
 *	name server	5 s, 10 s ...		resolv.conf(5), timeout and attempts
 */
#include "base/str.h"
#include "diagnose/say.h"

#define MS	     1000000ull
#define SYN_AGAIN_NS (900 * MS)
#define LATE_NS	     (1000 * MS) /* a remark; an alarm only when observe.c says so */
#define NOTE_NS	     (500 * MS)
#define STEP_LOW_NS  (36 * MS)
#define STEP_HIGH_NS (60 * MS)
#define AT_ONCE_NS   (20 * MS)

/* --- one address of the name is dead and the next one works --- */

static const struct place *fallback(const struct inquiry *q, const struct place **out_dead)
{
	const struct place *dead = NULL;

	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (!p->ours)
			continue;
		if (!dead && (p->wrong & OBSERVED_UNANSWERED)) {
			dead = p;
		} else if (p->talked && !p->wrong && dead &&
			p->address.family != dead->address.family) {
			*out_dead = dead;
			return p;
		} else if (!dead) {
			return NULL;
		}
	}
	return NULL;
}

static void say_drop(const struct inquiry *q, struct claims *c, const struct place *p)
{
	for (size_t i = 0; i < p->filter.count; i++) {
		const struct filter_rule *r = &p->filter.rules[i];
		if (r->deed != FILTER_DROP)
			continue;
		claim_evidence(c, r->system, "%s %s %s drops it: %s", r->family ? r->family : "",
			inquiry_foreign(q, r->table, 40), inquiry_foreign(q, r->chain, 40),
			inquiry_foreign(q, r->text, 100));
		claim_fix(c, r->remove, "take the rule away, or let it reject instead of drop");
		return;
	}
}

static void by_fallback(const struct inquiry *q, struct claims *c, const struct place *dead,
	const struct place *works)
{
	const char *first = inquiry_endpoint(q, &dead->address, q->aim.port);
	const char *second = inquiry_endpoint(q, &works->address, q->aim.port);

	claim(c, "slow-family-fallback", CERTAINTY_PROVED,
		OBSERVED_SLOW | OBSERVED_UNANSWERED | OBSERVED_REPORTED,
		"%s is tried first and does not answer; %s works, after your client has waited.",
		first, second);
	claim_evidence(c, "probe", "%s: no answer to the SYN in %s", first,
		say_duration(q, dead->talk.total_ns));
	say_listener(q, c, dead);
	claim_evidence(c, "probe", "%s: connected in %s", second,
		say_duration(q, works->talk.connect_ns));
	say_listener(q, c, works);
	say_drop(q, c, dead);
	claim_fix(c, NULL, "dial %s instead of %s", second,
		q->aim.host ? inquiry_foreign(q, q->aim.host, 80) : "the name");
}

/* --- the SYN had to be sent again --- */

static void say_cause(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct net_counters *a = &q->counters_before, *b = &q->counters_after;

	if (q->has_counters && b->syn_retransmits > a->syn_retransmits)
		claim_evidence(c, "netstat", "TCPSynRetrans rose by %llu meanwhile",
			(unsigned long long)(b->syn_retransmits - a->syn_retransmits));
	if (q->has_counters && b->listen_overflows > a->listen_overflows)
		claim_evidence(c, "netstat", "ListenOverflows rose by %llu: its queue was full",
			(unsigned long long)(b->listen_overflows - a->listen_overflows));
	if (p->listener && p->listener->waiting)
		claim_evidence(c, "sock_diag", "%u connections wait in its queue of %u",
			p->listener->waiting, p->listener->backlog);
	for (size_t i = 0; i < p->filter.count; i++)
		if (p->filter.rules[i].deed == FILTER_DROP ||
			p->filter.rules[i].deed == FILTER_LIMIT)
			claim_evidence(c, p->filter.rules[i].system,
				"a rule may drop some: %s %s: %s",
				inquiry_foreign(q, p->filter.rules[i].table, 40),
				inquiry_foreign(q, p->filter.rules[i].chain, 40),
				inquiry_foreign(q, p->filter.rules[i].text, 100));
}

static void fix_cause(struct claims *c, const struct place *p)
{
	for (size_t i = 0; i < p->filter.count; i++) {
		const struct filter_rule *r = &p->filter.rules[i];
		if (r->deed != FILTER_DROP && r->deed != FILTER_LIMIT)
			continue;
		claim_fix(c, r->remove, "take that rule away");
		return;
	}
	claim_fix(c, NULL,
		"give the server a longer queue (listen backlog, net.core.somaxconn), "
		"or let it accept faster");
}

static void syn_again(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool counted = q->has_counters &&
		q->counters_after.syn_retransmits > q->counters_before.syn_retransmits;

	claim(c, "slow-syn-retransmit", counted ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_SLOW | OBSERVED_UNANSWERED,
		"The connection to %s took %s: the first packet was dropped and had to be sent "
		"again.",
		inquiry_endpoint(q, &p->address, q->aim.port), say_duration(q, p->talk.connect_ns));
	claim_evidence(c, "probe",
		"connected after %s; the kernel sends a lost SYN again after 1, 3, 7, 15 s",
		say_duration(q, p->talk.connect_ns));
	say_cause(q, c, p);
	say_listener(q, c, p);
	fix_cause(c, p);
}

/* --- the server asks a name server who we are --- */

static void reverse_dns(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool answered = p->talk.end == TALK_ANSWERED;

	claim(c, "slow-reverse-dns", answered ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_SLOW | OBSERVED_SILENT | OBSERVED_REPORTED,
		"%s asks a name server who its client is before it answers, and waits for that.",
		say_server(q, p));
	claim_evidence(c, "sock_diag", "while we waited it had a socket to the name server %s",
		p->asks_names);
	if (answered)
		claim_evidence(c, "probe", "the first byte came after %s",
			say_duration(q, p->talk.first_byte_ns));
	else
		claim_evidence(c, "probe", "connected, and no byte in %s",
			say_duration(q, p->talk.total_ns));
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c, NULL, "turn the look-up off: mysqld skip-name-resolve, sshd UseDNS no");
	claim_fix(c, NULL,
		"or let /etc/hosts name 127.0.0.1 and ::1, and put a working name server "
		"first in /etc/resolv.conf");
}

/* --- two small writes, and the second waits for the ACK of the first --- */

static bool is_step(const struct talk_job *t)
{
	uint64_t gap = t->total_ns - t->first_byte_ns;

	return t->response.complete && t->first_byte_ns && gap >= STEP_LOW_NS &&
		gap <= STEP_HIGH_NS;
}

static bool waits_for_ack(const struct place *p)
{
	const struct talk_job *t = &p->talk;

	/* when the connection is closed after the answer the rest is sent at once: the counter-proof */
	return p->keep_tried && is_step(&p->keep_try) && is_step(&p->keep_again) &&
		t->response.complete && t->total_ns - t->first_byte_ns < AT_ONCE_NS;
}

static void nagle(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "slow-nagle-delayed-ack", CERTAINTY_INFERRED, OBSERVED_SLOW,
		"Each small answer of %s waits 40 ms: it is sent in two pieces, and the second "
		"waits for the first to be acknowledged.",
		say_server(q, p));
	claim_evidence(c, "probe",
		"on kept connections the rest of the answer came %s and %s after its beginning; "
		"where the server closes the connection after it, %s",
		say_duration(q, p->keep_try.total_ns - p->keep_try.first_byte_ns),
		say_duration(q, p->keep_again.total_ns - p->keep_again.first_byte_ns),
		say_duration(q, p->talk.total_ns - p->talk.first_byte_ns));
	claim_evidence(c, "kernel", "40 ms is the delay of an ACK (TCP_DELACK_MIN)");
	say_listener(q, c, p);
	claim_fix(c, NULL,
		"set TCP_NODELAY in the server (node: socket.setNoDelay(), Python: "
		"disable_nagle_algorithm = True)");
	claim_fix(c, NULL, "or write head and body in one piece");
}

/* --- the application takes its time --- */

static bool complains_of_time(const struct inquiry *q)
{
	return error_is(q, "ETIMEDOUT");
}

static void first_byte(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_job *t = &p->talk;
	const struct owner_vitals *v = p->socket ? inquiry_vitals(q, p->socket->owner) : NULL;

	claim(c, "slow-first-byte", complains_of_time(q) ? CERTAINTY_INFERRED : CERTAINTY_PROVED,
		OBSERVED_SLOW | OBSERVED_REPORTED,
		"%s answers, but takes %s for the first byte; connecting takes %s.",
		say_server(q, p), say_duration(q, t->first_byte_ns - t->connect_ns),
		say_duration(q, t->connect_ns));
	claim_evidence(c, "probe", "connected in %s, first byte after %s%s%s",
		say_duration(q, t->connect_ns), say_duration(q, t->first_byte_ns),
		t->response.status ? ", " : "", t->response.status ? say_status(q, t) : "");
	if (v && v->second.pid)
		claim_evidence(c, "proc", "process %d used %u %% of a CPU meanwhile",
			(int)v->owner->pid, v->cpu_percent);
	say_listener(q, c, p);
	say_text(q, c);
	if (v && v->second.pid && v->cpu_percent >= 50)
		claim_fix(c, NULL, "it computes: profile %s, or let it compile ahead",
			say_server(q, p));
	else
		claim_fix(c, NULL,
			"it waits for something: look at the databases and services that %s asks",
			say_server(q, p));
	claim_fix(c, NULL, "or let the client wait longer");
}

static bool is_late(const struct inquiry *q, const struct place *p)
{
	uint64_t wait = p->talk.first_byte_ns - p->talk.connect_ns;

	return p->talk.first_byte_ns && wait >= (complains_of_time(q) ? NOTE_NS : LATE_NS);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q), *dead = NULL, *works = fallback(q, &dead);

	if (works)
		by_fallback(q, c, dead, works);
	if (!p)
		return;
	if (p->talk.connect_ns >= SYN_AGAIN_NS)
		syn_again(q, c, p);
	if (p->asks_names && (p->talk.end == TALK_SILENT || is_late(q, p)))
		reverse_dns(q, c, p);
	else if (p->talk.end == TALK_ANSWERED && is_late(q, p))
		first_byte(q, c, p);
	if (waits_for_ack(p))
		nagle(q, c, p);
}

const struct diagnose_check diagnose_slow = {
	.summary = "where the time goes when it works, but late",
	.causes =
		"slow-family-fallback slow-syn-retransmit slow-reverse-dns slow-nagle-delayed-ack "
		"slow-first-byte",
	.needs = FACT_SOCKETS | FACT_TALKS | FACT_VITALS | FACT_FILTER | FACT_MORE,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
