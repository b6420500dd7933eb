/*
 * queue - connections wait at the listener and nobody takes them: the queue is full, or its owner never
 * calls accept(). Where the owner's state says why, check_stuck says it better.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/stuck.h"

/* Why its owner does not accept, as far as it can be told. */
static void why(const struct inquiry *q, struct claims *c, const struct place *p)
{
	static const char *const words[] = {
		[STUCK_TRACED] = "is held by a debugger",
		[STUCK_STOPPED] = "is stopped",
		[STUCK_FROZEN] = "is frozen with its control group",
		[STUCK_UNINTERRUPTIBLE] = "waits inside the kernel (state D)",
		[STUCK_DESCRIPTORS] = "has no file descriptor left",
		[STUCK_THROTTLED] = "is held back by its CPU quota",
		[STUCK_BUSY] = "is busy computing (state R)",
	};
	const struct owner_vitals *v = NULL;
	enum stuck how = stuck_at(q, p, &v);

	if (!v) {
		claim_evidence(c, "sock_diag",
			"its owner is hidden: why it does not accept cannot be seen");
		claim_would_prove(c, "root: the state of the process");
		return;
	}
	const struct vitals *now = v->second.pid ? &v->second : &v->first;
	if (how != STUCK_NOT)
		claim_evidence(c, "/proc", "pid %d %s", (int)v->owner->pid, words[how]);
	else
		claim_evidence(c, "/proc",
			"pid %d sleeps (state %c%s%s) and does not call accept: it took %u %% of a CPU",
			(int)v->owner->pid, now->state ? now->state : '?',
			now->wchan ? ", in " : "",
			now->wchan ? inquiry_foreign(q, now->wchan, 60) : "", v->cpu_percent);
}

static const char *who(const struct inquiry *q, const struct place *p)
{
	const struct owner *o = stuck_owner(p);

	if (!o)
		return p->service->held_by ? inquiry_foreign(q, p->service->held_by, 60)
					   : "The server";
	return arena_printf(q->arena, "%s %d", inquiry_foreign(q, owner_program(o), 40),
		(int)o->pid);
}

static void advise(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct owner *o = stuck_owner(p);

	if (o)
		claim_fix(c, arena_printf(q->arena, "loopscope free %u", q->aim.port),
			"stop %s %d, then start it again", inquiry_foreign(q, owner_program(o), 40),
			(int)o->pid);
	else
		claim_fix(c, NULL, "restart the server");
	if (o)
		claim_fix(c, arena_printf(q->arena, "sudo cat /proc/%d/stack", (int)o->pid),
			"or see first what it waits for");
}

static void full(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim(c, "accept-queue-full", CERTAINTY_PROVED, OBSERVED_UNANSWERED | OBSERVED_SLOW,
		"The queue of %s is full, because it accepts no connections: the kernel drops new ones.",
		who(q, p));
	claim_evidence(c, "sock_diag",
		"LISTEN %s %s: %u connections wait in its queue, the backlog is %u",
		p->listener->text, inquiry_holder(q, p->socket), p->listener->waiting,
		p->listener->backlog);
	if (q->has_counters &&
		q->counters_after.listen_overflows > q->counters_before.listen_overflows)
		claim_evidence(c, "/proc/net/netstat",
			"ListenOverflows rose from %llu to %llu while it was tried",
			(unsigned long long)q->counters_before.listen_overflows,
			(unsigned long long)q->counters_after.listen_overflows);
	why(q, c, p);
	advise(q, c, p);
	claim_fix(c, NULL, "a longer backlog only helps a server that does accept");
}

static void waiting(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct owner_vitals *v = NULL;

	if (stuck_at(q, p, &v) != STUCK_NOT)
		return;
	claim(c, "listener-not-accepting", CERTAINTY_PROVED,
		OBSERVED_SILENT | OBSERVED_RESET | OBSERVED_CLOSED,
		"%s holds port %u, but does not accept connections.", who(q, p), q->aim.port);
	claim_evidence(c, "probe",
		"%s: connected; the connection still waits in the queue, no process has taken it",
		inquiry_endpoint(q, &p->address, q->aim.port));
	claim_evidence(c, "sock_diag", "LISTEN %s %s: %u waited in its queue before (backlog %u)",
		p->listener->text, inquiry_holder(q, p->socket), p->listener->waiting,
		p->listener->backlog == BACKLOG_UNKNOWN ? 0 : p->listener->backlog);
	why(q, c, p);
	advise(q, c, p);
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (!p->wrong || !p->service || !p->socket)
			continue;
		if ((p->wrong & OBSERVED_UNANSWERED) && stuck_queue_full(p))
			full(q, c, p);
		else if (stuck_in_queue(p) && p->talk.end == TALK_SILENT)
			waiting(q, c, p);
		else
			continue;
		return;
	}
}

const struct diagnose_check diagnose_queue = {
	.summary = "whether connections wait at the listener and nobody takes them",
	.causes = "accept-queue-full listener-not-accepting",
	.needs = FACT_SOCKETS | FACT_VITALS | FACT_TALKS | FACT_MORE,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
