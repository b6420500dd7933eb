/*
 * nothing - no process listens there: in no family, by no protocol, at no address. The last resort, and by
 * far the most frequent.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "explain/port_facts.h"
#include "inventory/select.h"

static const char *where(const struct inquiry *q)
{
	AUTO(buf) struct buf text = BUF_INIT(400);

	for (size_t i = 0; i < q->place_count; i++) {
		if (i)
			buf_str(&text, ", ");
		buf_str(&text, inquiry_endpoint(q, &q->places[i].address, q->aim.port));
	}
	return arena_strdup(q->arena, text.data);
}

static void advise(const struct inquiry *q, struct claims *c)
{
	const char *usual = port_name(q->aim.proto, q->aim.port);

	if (usual)
		claim_fix(c, NULL,
			"start the service that should be there (%u is the usual port of %s)",
			q->aim.port, usual);
	else
		claim_fix(c, NULL,
			"start the program that should listen on port %u, or ask another port",
			q->aim.port);
	claim_fix(c, arena_printf(q->arena, "loopscope wait %u", q->aim.port),
		"wait until something listens there");
	claim_fix(c, "loopscope ls", "see what does listen on this machine");
}

/* Of another machine's ports nothing is known here. */
static bool is_here(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].ours)
			return true;
	return false;
}

static void run(const struct inquiry *q, struct claims *c)
{
	if (!inquiry_is_vacant(q) || !is_here(q))
		return;
	claim(c, "nothing-listening", CERTAINTY_PROVED,
		OBSERVED_REFUSED | OBSERVED_UNANSWERED | OBSERVED_UNREACHABLE | OBSERVED_REPORTED,
		"Nothing listens on port %u%s.", q->aim.port,
		q->observed & OBSERVED_REFUSED ? ", so a connection is refused at once" : "");
	claim_last_resort(c);
	claim_evidence(c, "sock_diag", "no %s socket listens on port %u: nobody at %s",
		proto_name(q->aim.proto), q->aim.port, where(q));
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (p->talked && p->talk.error)
			claim_evidence(c, "probe", "%s: %s",
				inquiry_endpoint(q, &p->address, q->aim.port),
				strerror(p->talk.error));
	}
	advise(q, c);
}

const struct diagnose_check diagnose_nothing = {
	.summary = "whether anything listens on the port at all",
	.causes = "nothing-listening",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
