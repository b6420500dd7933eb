/*
 * hung - it sleeps and never answers: it has our question, or is not even there to take it, because it waits
 * for another service. That one is named: a connection that it tries to make, or one on which it waits.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/dependency.h"
#include "diagnose/stuck.h"

static const char *state_words(const struct dependency *d)
{
	if (d->socket->state == SOCKET_SYN_SENT)
		return "its connection there is not answered (SYN_SENT)";
	if (d->unread)
		return "what it sent there is not read by the other end";
	return "it is connected there, and waits";
}

static void name_dependency(const struct inquiry *q, struct claims *c, const struct dependency *d)
{
	claim_evidence(c, "sock_diag", "pid %d has a connection to %s (%s): %s", (int)d->owner->pid,
		d->to,
		d->peer					      ? inquiry_owner(q, d->peer)
			: d->socket->state == SOCKET_SYN_SENT ? "no answer"
							      : "owner not seen",
		state_words(d));
	if (q->beyond && str_eq(q->beyond_by, "dependency") && q->beyond->verdict == VERDICT_FAULT)
		claim_evidence(c, "diagnose", "%s: %s", q->beyond_to, q->beyond->answer);
}

static void how_it_waits(const struct inquiry *q, struct claims *c, const struct place *p,
	const struct owner *o)
{
	const struct owner_vitals *v = o ? inquiry_vitals(q, o) : NULL;
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);

	if (stuck_in_queue(p))
		claim_evidence(c, "probe",
			"%s: connected, and not accepted: it is busy with others", at);
	else if (p->question_read)
		claim_evidence(c, "probe", "%s: accepted, the request was read, no byte came back",
			at);
	else
		claim_evidence(c, "probe", "%s: connected, no byte came back", at);
	if (!v)
		return;
	const struct vitals *now = v->second.pid ? &v->second : &v->first;
	claim_evidence(c, "/proc", "pid %d sleeps (state %c%s%s): %u thread%s, %u %% of a CPU",
		(int)o->pid, now->state ? now->state : '?', now->wchan ? ", in " : "",
		now->wchan ? inquiry_foreign(q, now->wchan, 60) : "", now->threads,
		now->threads == 1 ? "" : "s", v->cpu_percent);
}

static void advise(const struct inquiry *q, struct claims *c, const struct dependency *d,
	const struct owner *o)
{
	if (d && d->port)
		claim_fix(c, arena_printf(q->arena, "loopscope diagnose %s", d->to),
			"see why %s does not answer", d->to);
	else if (d)
		claim_fix(c, NULL, "see why %s does not answer", d->to);
	if (o && str_eq(owner_program(o), "python"))
		claim_fix(c, arena_printf(q->arena, "py-spy dump --pid %d", (int)o->pid),
			"see where each of its threads waits");
	else if (o && str_eq(owner_program(o), "java"))
		claim_fix(c, arena_printf(q->arena, "jstack %d", (int)o->pid),
			"see where each of its threads waits");
	else if (o)
		claim_fix(c,
			arena_printf(q->arena, "gdb -p %d -batch -ex 'thread apply all bt'",
				(int)o->pid),
			"see where each of its threads waits");
	if (o)
		claim_fix(c, arena_printf(q->arena, "loopscope free %u", q->aim.port),
			"or stop it, then start it again");
}

static void hung(const struct inquiry *q, struct claims *c, const struct place *p,
	const struct dependency *d)
{
	const struct owner *o = d ? d->owner : stuck_owner(p);
	const char *who = o ? arena_printf(q->arena, "%s %d",
				      inquiry_foreign(q, owner_program(o), 40), (int)o->pid)
			    : "The server";
	enum certainty sure = d && (d->socket->state == SOCKET_SYN_SENT || d->fresh)
		? CERTAINTY_PROVED
		: CERTAINTY_INFERRED;

	if (d)
		claim(c, "process-hung", sure, OBSERVED_SILENT,
			"%s does not answer, because it waits for %s.", who, d->to);
	else
		claim(c, "process-hung", CERTAINTY_INFERRED, OBSERVED_SILENT,
			"%s has taken the question and sends no answer: it hangs.", who);
	how_it_waits(q, c, p, o);
	if (d)
		name_dependency(q, c, d);
	if (!o)
		claim_would_prove(c, "root: the process and what it waits for");
	advise(q, c, d, o);
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		const struct owner_vitals *v = NULL;
		struct dependency d;
		if (!(p->wrong & OBSERVED_SILENT) || !p->talked || !p->talk.connected)
			continue;
		if (stuck_at(q, p, &v) != STUCK_NOT)
			return;
		bool waits = dependency_find(q, p, &d);
		if (waits || !stuck_in_queue(p))
			hung(q, c, p, waits ? &d : NULL);
		return;
	}
}

const struct diagnose_check diagnose_hung = {
	.summary = "whether the server waits for something else, and for what",
	.causes = "process-hung",
	.needs = FACT_SOCKETS | FACT_VITALS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
