/*
 * near_miss - nobody is there, but the server that is meant is on a port like it: it moved on because the
 * port was taken, or a digit is wrong.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "explain/port_facts.h"

#define NEAR 10

enum {
	SCORE_NAMED = 100,
	SCORE_NEXT = 60,
	SCORE_SWAPPED = 50,
	SCORE_DIGIT = 35,
	SCORE_SAME_KIND = 20
};

struct guess {
	const struct service *service;
	const char *why;
	int score;
};

/* Its own command line says the port that was asked: "vite --port 5173" that listens on 5174. */
static bool was_told(const struct service *s, uint16_t port)
{
	char digits[8];

	snprintf(digits, sizeof(digits), "%u", port);
	for (size_t i = 0; i < s->owner_count; i++)
		for (size_t j = 1; j < s->owners[i]->argc; j++) {
			const char *word = s->owners[i]->argv[j], *value = strrchr(word, '=');
			const char *colon = strrchr(word, ':');
			if (str_eq(word, digits) || (value && str_eq(value + 1, digits)) ||
				(colon && str_eq(colon + 1, digits)))
				return true;
		}
	return false;
}

/* 8008 and 8080: the same digits, two of them in each other's place. */
static bool is_swapped(uint16_t a, uint16_t b)
{
	char x[8], y[8];
	size_t differ = 0, first = 0, second = 0;

	snprintf(x, sizeof(x), "%u", a);
	snprintf(y, sizeof(y), "%u", b);
	if (strlen(x) != strlen(y))
		return false;
	for (size_t i = 0; x[i]; i++)
		if (x[i] != y[i]) {
			first = differ == 0 ? i : first;
			second = i;
			differ++;
		}
	return differ == 2 && x[first] == y[second] && x[second] == y[first];
}

/* One digit more, less or other. */
static bool is_typo(uint16_t a, uint16_t b)
{
	char x[8], y[8];

	snprintf(x, sizeof(x), "%u", a);
	snprintf(y, sizeof(y), "%u", b);
	return str_distance(x, y) == 1;
}

static bool speaks_alike(const struct inquiry *q, const struct service *s)
{
	const char *wanted = q->aim.expects ? q->aim.expects : port_speaks(PROTO_TCP, q->aim.port);

	return wanted && s->speaks &&
		(str_eq(wanted, s->speaks) ||
			(str_eq(wanted, "http") && str_eq(s->speaks, "https")));
}

/* A known service of another kind is not what was meant. */
static bool speaks_otherwise(const struct inquiry *q, const struct service *s)
{
	const char *wanted = q->aim.expects ? q->aim.expects : port_speaks(PROTO_TCP, q->aim.port);

	return wanted && s->speaks && !speaks_alike(q, s);
}

static void judge(const struct inquiry *q, const struct service *s, struct guess *best)
{
	uint16_t port = q->aim.port;
	struct guess g = {.service = s};

	if (s->netns != 0 || s->proto != q->aim.proto || s->port == port || !s->port)
		return;
	if (was_told(s, port)) {
		g.score = SCORE_NAMED;
		g.why = "its command line names the port that was asked";
	} else if (speaks_otherwise(q, s)) {
		return;
	} else if (s->port > port && s->port - port <= NEAR) {
		g.score = SCORE_NEXT - (s->port - port);
		g.why = "a port like the next ones that dev servers take when theirs is in use";
	} else if (is_swapped(s->port, port)) {
		g.score = SCORE_SWAPPED;
		g.why = "the same digits in another order";
	} else if (is_typo(s->port, port)) {
		g.score = SCORE_DIGIT;
		g.why = "one digit is different";
	} else {
		return;
	}
	g.score += speaks_alike(q, s) ? SCORE_SAME_KIND : 0;
	g.score += s->uid == q->uid ? 1 : 0;
	if (g.score > best->score)
		*best = g;
}

static void run(const struct inquiry *q, struct claims *c)
{
	struct guess best = {0};

	if (!inquiry_is_vacant(q))
		return;
	for (size_t i = 0; i < q->snapshot->service_count; i++)
		judge(q, q->snapshot->services[i], &best);
	if (!best.service)
		return;
	const struct service *s = best.service;
	const struct socket *socket = &q->snapshot->sockets[s->listeners[0].socket];
	claim(c, "port-near-miss",
		best.score >= SCORE_NAMED ? CERTAINTY_INFERRED : CERTAINTY_GUESSED,
		OBSERVED_REFUSED, "Nothing is on port %u; the server that is meant %s on port %u.",
		q->aim.port, best.score >= SCORE_NAMED ? "is" : "may be the one", s->port);
	claim_evidence(c, "sock_diag", "LISTEN %s %s: %s", s->listeners[0].text,
		inquiry_holder(q, socket), best.why);
	claim_evidence(c, "sock_diag", "nobody listens on port %u", q->aim.port);
	claim_fix(c, NULL, "use port %u: %s%s:%u", s->port, q->aim.scheme ? q->aim.scheme : "",
		q->aim.scheme ? "://localhost" : "localhost", s->port);
	claim_fix(c, NULL,
		"or let it listen on port %u: start it with that port and --strictPort (or the "
		"like), so that it does not move on",
		q->aim.port);
}

const struct diagnose_check diagnose_near_miss = {
	.summary = "whether the server that is meant is on a similar port",
	.causes = "port-near-miss",
	.needs = FACT_SOCKETS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
