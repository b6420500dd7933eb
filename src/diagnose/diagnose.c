/*
 * diagnose - see diagnose.h. Here: the passes in their order, and the answer in one sentence.
 */
#include "diagnose/diagnose.h"

#include "base/clock.h"
#include "base/str.h"
#include "diagnose/aim.h"
#include "diagnose/check.h"
#include "diagnose/converse.h"
#include "diagnose/follow.h"
#include "diagnose/gather.h"
#include "diagnose/ladder.h"
#include "diagnose/observe.h"
#include "diagnose/restarts.h"
#include "diagnose/tried.h"
#include <errno.h>

#define DEADLINE_MS 3000
#define BLIND_MAX   64

static uint32_t facts_needed(const struct inquiry *q)
{
	uint32_t needs = 0;

	for (size_t i = 0; diagnose_checks[i]; i++)
		if (!diagnose_checks[i]->operations ||
			(diagnose_checks[i]->operations & OPERATION_BIT(q->symptom.op)))
			needs |= diagnose_checks[i]->needs;
	return needs;
}

static bool wants_talk(const struct inquiry *q)
{
	return !q->query->passive && q->symptom.op != OPERATION_BIND && q->aim.has_port &&
		q->aim.port && q->aim.proto == PROTO_TCP;
}

static const char *nothing_named(const struct inquiry *q)
{
	return q->query->attempt
		? "The command named no endpoint, and was not seen to try one."
		: "The text names no endpoint; run it as `loopscope diagnose -- CMD`.";
}

/* The command is a server, and was seen to come up. */
static const struct attempt *listened(const struct inquiry *q)
{
	const struct attempt_run *run = q->query->attempt;

	for (size_t i = 0; run && q->symptom.op == OPERATION_BIND && i < run->attempt_count; i++) {
		const struct attempt *a = &run->attempts[i];
		if (a->kind == ATTEMPT_LISTEN && !a->error && a->endpoint.port == q->aim.port)
			return a;
	}
	return NULL;
}

static void say_talk(struct buf *text, const struct place *p)
{
	const struct talk_job *t = &p->talk;

	if (t->response.status) {
		buf_printf(text, ": %s %u in ", t->tls ? "HTTPS" : "HTTP", t->response.status);
		clock_duration(text, t->first_byte_ns);
		if (t->response.status == 401)
			buf_str(text, " (it wants credentials)");
	} else if (t->found) {
		buf_printf(text, ": %s answers%s", t->found->title, t->tls ? " over TLS" : "");
	} else if (t->tls && t->tls_seen.done) {
		buf_str(text, ": it speaks TLS");
	} else if (t->end == TALK_SILENT && t->received) {
		buf_str(text, ": it answers, if slowly");
	} else if (t->end == TALK_SILENT) {
		buf_str(text, ": it takes connections, and was silent for ");
		clock_duration(text, t->total_ns);
		buf_str(text, " (it is slow, or speaks when spoken to in its own protocol)");
	}
}

/* In the words of a person: "localhost:3000 works: HTTP 200 in 3 ms from node 4121." */
static const char *healthy_sentence(const struct inquiry *q)
{
	const struct place *p = inquiry_working_place(q);
	AUTO(buf) struct buf text = BUF_INIT(2000);

	const struct attempt *a = listened(q);

	if (a) {
		buf_printf(&text, "%s %d listened on %s without trouble%s.",
			inquiry_foreign(q, a->program, 40), (int)a->pid,
			inquiry_endpoint(q, &a->endpoint.address, a->endpoint.port),
			q->query->attempt->timed_out ? ", until its time was over and it was ended"
						     : "");
		return arena_strdup(q->arena, text.data);
	}
	if (q->symptom.op == OPERATION_BIND) {
		buf_printf(&text, "%s is free now: a server can bind it.", aim_title(q));
		return arena_strdup(q->arena, text.data);
	}
	buf_printf(&text, "%s works", aim_title(q));
	if (q->observed & OBSERVED_REPORTED)
		buf_str(&text, " now");
	if (p)
		say_talk(&text, p);
	if (p && p->socket && p->socket->owner)
		buf_printf(&text, ", from %s %d",
			inquiry_foreign(q, owner_program(p->socket->owner), 40),
			(int)p->socket->owner->pid);
	buf_char(&text, '.');
	return arena_strdup(q->arena, text.data);
}

static const char *blind_why(const struct inquiry *q)
{
	VEC_EACH (&q->blind, b)
		if (b->needs && (strstr(b->what, "firewall") || strstr(b->what, "namespace")))
			return arena_printf(q->arena, "needs root: %s", b->what);
	return NULL;
}

static bool is_elsewhere(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].ours)
			return false;
	return q->place_count > 0;
}

static const char *why_not_asked(const struct inquiry *q, const struct place *p)
{
	const char *refusal = q->query->passive ? NULL : converse_refusal(q, p);

	if (refusal)
		return arena_printf(q->arena, ": %s", refusal);
	return q->aim.proto == PROTO_UDP ? ", since UDP has no connection to try" : "";
}

static const char *inconclusive_sentence(const struct inquiry *q, const struct diagnosis *d)
{
	if (is_elsewhere(q))
		return arena_printf(q->arena,
			"%s is another machine: loopscope talks to this one only.", aim_title(q));
	if (d->why)
		return arena_printf(q->arena,
			"%s does not work, and what would tell why is hidden (%s).", aim_title(q),
			d->why);
	if (q->observed)
		return arena_printf(q->arena,
			"%s does not work, and nothing seen here explains it.", aim_title(q));
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].service)
			return arena_printf(q->arena,
				"%s has a listener, and nothing that was seen stands in its way; it "
				"was not asked%s.",
				aim_title(q), why_not_asked(q, &q->places[i]));
	return arena_printf(q->arena, "%s was not asked, so nothing can be said about it.",
		aim_title(q));
}

static void decide(struct inquiry *q, const struct diagnose_check *const *checks,
	struct diagnosis *d)
{
	struct finding *findings = NULL;

	checks_run(q, checks, &findings, &d->finding_count);
	d->findings = findings;
	if (d->finding_count && findings[0].severity == SEVERITY_FAULT) {
		d->verdict = VERDICT_FAULT;
		d->answer = findings[0].sentence;
		d->certainty = findings[0].certainty;
		return;
	}
	bool fine = !(q->observed & ~(uint32_t)OBSERVED_REPORTED);
	if (fine && observed_anything(q)) {
		d->verdict = VERDICT_HEALTHY;
		d->answer = healthy_sentence(q);
		return;
	}
	d->verdict = VERDICT_INCONCLUSIVE;
	d->why = q->observed ? blind_why(q) : NULL;
	d->answer = inconclusive_sentence(q, d);
}

static void count_talks(const struct inquiry *q, struct diagnosis *d)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		d->talked += (uint64_t)p->talked + p->tls_tried + p->other_taken + p->plain_tried +
			p->host_tried + 2u * p->cors_tried + p->quiet_tried + p->keep_tried +
			p->idle_tried + (p->keep_again.connected ? 1 : 0);
	}
}

static void suggest(struct inquiry *q, struct diagnosis *d)
{
	struct fix *next = arena_array(q->arena, struct fix, 2);

	if (d->finding_count && d->findings[0].severity == SEVERITY_FAULT &&
		d->findings[0].fix_count)
		return;
	if (q->aim.has_port)
		next[d->next_count++] = (struct fix){"who is there, and who could be",
			arena_printf(q->arena, "loopscope explain %u", q->aim.port)};
	if (d->verdict != VERDICT_HEALTHY && q->host->uid != 0)
		next[d->next_count++] = (struct fix){"the same with every right",
			arena_printf(q->arena, "sudo loopscope diagnose%s%s",
				q->query->target ? " " : "",
				q->query->target ? q->query->target->text : "")};
	d->next = next;
}

static int examine(struct inquiry *q, struct diagnosis *d, struct err *err)
{
	int r = gather_facts(q, facts_needed(q), err);

	if (r < 0)
		return r;
	if (wants_talk(q))
		converse(q, q->query->deadline_ms ? q->query->deadline_ms : DEADLINE_MS);
	gather_again(q);
	if (q->symptom.op != OPERATION_BIND)
		restarts_watch(q);
	follow(q);
	observe(q);
	decide(q, diagnose_checks, d);
	ladder_make(q, &d->ladder, &d->ladder_count);
	ladder_not_it(q, &d->not_it, &d->not_it_count);
	count_talks(q, d);
	suggest(q, d);
	d->blind = arena_memdup(q->arena, q->blind.items, q->blind.count * sizeof(*q->blind.items));
	d->blind_count = q->blind.count;
	return 0;
}

/* Nothing can be looked at; but a client that refuses an address says enough itself. */
static void judge_text(struct inquiry *q, struct diagnosis *d)
{
	const struct diagnose_check **checks;
	size_t count = 0;

	if (q->symptom.op == OPERATION_URL) {
		while (diagnose_checks[count])
			count++;
		checks = arena_array(q->arena, const struct diagnose_check *, count + 1);
		count = 0;
		for (size_t i = 0; diagnose_checks[i]; i++)
			if (!diagnose_checks[i]->needs)
				checks[count++] = diagnose_checks[i];
		observe(q);
		decide(q, checks, d);
	}
	if (d->verdict == VERDICT_FAULT)
		return;
	d->verdict = VERDICT_INCONCLUSIVE;
	d->answer = nothing_named(q);
}

int diagnose_run(const struct host *host, struct arena *arena, const struct diagnose_query *query,
	struct diagnosis *out, struct err *err)
{
	struct inquiry *q = arena_new_of(arena, struct inquiry);
	uint64_t start = clock_mono_ns();
	struct diagnosis made = {.seat = query->seat};
	int r = 0;

	*q = (struct inquiry){.host = host,
		.arena = arena,
		.query = query,
		.uid = query->uid,
		.now_ms = clock_real_ms(),
		.blind = VEC_INIT(BLIND_MAX)};
	if (query->symptom)
		q->symptom = *query->symptom;
	if (query->attempt)
		symptom_of_attempt(q, query->attempt);
	made.symptom = &q->symptom;
	if (aim_set(q)) {
		made.title = aim_title(q);
		r = examine(q, &made, err);
	} else {
		judge_text(q, &made);
	}
	if (query->target)
		symptom_of_target(q);
	vec_fini(&q->blind);
	snapshot_give(q->snapshot, arena); /* findings point into them */
	snapshot_give(q->later, arena);
	q->snapshot = q->later = NULL;
	made.took_ns = clock_mono_ns() - start;
	if (r == 0)
		*out = made;
	return r;
}
