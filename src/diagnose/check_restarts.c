/*
 * restarts - a supervisor starts the server again and again, because it ends soon after each start.
 */
#include "diagnose/check.h"

#include "base/str.h"

static void advise(const struct inquiry *q, struct claims *c, const struct owner *parent)
{
	if (parent && parent->unit)
		claim_fix(c,
			arena_printf(q->arena, "journalctl%s -u %s -n 50",
				parent->unit_is_user ? " --user" : "",
				inquiry_foreign(q, parent->unit, 60)),
			"read in the log why it exits, and mend that");
	else
		claim_fix(c, NULL,
			"read in its log, or on its terminal, why it exits, and mend that rather "
			"than the port");
	if (parent)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)parent->pid),
			"or stop the one that starts it again");
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct restarts *r = &q->restarts;

	if (r->seen < 2 || !r->ended)
		return;
	claim(c, "crash-looping", CERTAINTY_PROVED,
		OBSERVED_REFUSED | OBSERVED_UNANSWERED | OBSERVED_SILENT | OBSERVED_CLOSED |
			OBSERVED_RESET | OBSERVED_DIVIDED,
		"The server of port %u ends soon after each start, and is started again and again.",
		q->aim.port);
	claim_evidence(c, "/proc",
		"in %u ms its pid changed from %d to %d: %u seen, %u of them ended", r->watched_ms,
		(int)r->first->pid, (int)r->last->pid, r->seen, r->ended);
	claim_evidence(c, "/proc", "the last one was %s", inquiry_owner(q, r->last));
	if (r->parent)
		claim_evidence(c, "/proc", "each was started by %s", inquiry_owner(q, r->parent));
	advise(q, c, r->parent);
}

const struct diagnose_check diagnose_restarts = {
	.summary = "whether a supervisor starts the server again and again",
	.causes = "crash-looping",
	.needs = FACT_SOCKETS | FACT_PROCESSES | FACT_VITALS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
