/*
 * bind_self - the port is not held by a stranger: the program bound it twice itself, or its own kind holds it in
 * a way that could be shared (SO_REUSEPORT), but not by another user.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include <errno.h>

static const uint32_t explains = OBSERVED_BIND | OBSERVED_REPORTED;

static const char *endpoint_text(const struct inquiry *q, const struct endpoint *e)
{
	AUTO(buf) struct buf text = BUF_INIT(200);

	endpoint_format(&text, e);
	return arena_strdup(q->arena, text.data);
}

static bool overlap(const struct endpoint *a, const struct endpoint *b)
{
	return a->proto == b->proto && a->port == b->port &&
		(endpoint_covers(a, false, &b->address, b->port) ||
			endpoint_covers(b, false, &a->address, a->port));
}

/* The bind that succeeded and still stood in the way of a later one. */
static const struct attempt *first_of(const struct attempt_run *run, size_t failed)
{
	const struct attempt *b = &run->attempts[failed];

	for (size_t i = 0; i < failed; i++) {
		const struct attempt *a = &run->attempts[i];
		if (a->kind == ATTEMPT_BIND && !a->error && overlap(&a->endpoint, &b->endpoint))
			return a;
	}
	return NULL;
}

static void twice(const struct inquiry *q, struct claims *c, const struct attempt *a,
	const struct attempt *b)
{
	claim(c, "app-binds-twice", CERTAINTY_PROVED, explains,
		"The program collides with itself: it opens port %u twice.", b->endpoint.port);
	claim_evidence(c, "bind", "first %s, by %s %d: it worked", endpoint_text(q, &a->endpoint),
		inquiry_foreign(q, a->program, 20), (int)a->pid);
	claim_evidence(c, "bind", "then %s, by %s %d%s: %s", endpoint_text(q, &b->endpoint),
		inquiry_foreign(q, b->program, 20), (int)b->pid,
		a->pid == b->pid ? " (the same process)" : " (of the same command)",
		strerror(b->error));
	claim_evidence(c, "sock_diag", "nobody else holds port %u", b->endpoint.port);
	claim_fix(c, NULL,
		"take the second one out: two listen lines, a reloader, or workers that each bind");
}

static bool is_held(const struct inquiry *q)
{
	const struct socket *list[16];
	size_t count = inquiry_sockets(q, q->aim.proto, q->aim.port, list, 16);

	for (size_t i = 0; i < count; i++)
		if (list[i]->state == SOCKET_LISTEN || list[i]->state == SOCKET_BOUND)
			return true;
	return false;
}

static void own_collision(const struct inquiry *q, struct claims *c)
{
	const struct attempt_run *run = q->query->attempt;

	if (!run || is_held(q))
		return;
	for (size_t i = 0; i < run->attempt_count; i++) {
		const struct attempt *b = &run->attempts[i];
		if (b->kind != ATTEMPT_BIND || b->error != EADDRINUSE ||
			b->endpoint.port != q->aim.port)
			continue;
		const struct attempt *a = first_of(run, i);
		if (a) {
			twice(q, c, a, b);
			return;
		}
	}
}

/* Who tries is of the same kind as who holds it: another generation of one server. */
static bool is_same_program(const struct inquiry *q, const struct owner *o)
{
	const struct attempt_run *run = q->query->attempt;

	for (size_t i = 0; run && i < run->attempt_count; i++)
		if (run->attempts[i].error == EADDRINUSE && run->attempts[i].program &&
			str_eq(run->attempts[i].program, o->comm))
			return true;
	return false;
}

static const struct owner *shared_by(const struct inquiry *q, const struct socket **out)
{
	const struct socket *list[16];
	size_t count = inquiry_sockets(q, q->aim.proto, q->aim.port, list, 16);

	for (size_t i = 0; i < count; i++)
		if (list[i]->state == SOCKET_LISTEN && list[i]->owner && q->holder_shares) {
			*out = list[i];
			return list[i]->owner;
		}
	return NULL;
}

static void share(const struct inquiry *q, struct claims *c)
{
	const struct socket *s = NULL;
	const struct owner *o = shared_by(q, &s);

	if (!o)
		return;
	bool other = s->uid != q->uid;
	claim(c, "port-reuseport-mismatch", CERTAINTY_PROVED,
		other && is_same_program(q, o) ? explains : 0,
		other ? "%s %d would share port %u (SO_REUSEPORT), but only with its own user."
		      : "%s %d shares port %u with whoever sets SO_REUSEPORT, too.",
		inquiry_foreign(q, owner_program(o), 40), (int)o->pid, q->aim.port);
	claim_evidence(c, "sock_diag", "LISTEN %s %s, user (uid) %u",
		inquiry_endpoint(q, &s->local.address, s->local.port), inquiry_holder(q, s),
		s->uid);
	claim_evidence(c, "pidfd_getfd",
		"its socket has SO_REUSEPORT set; who wants to join is uid %u", q->uid);
	if (other)
		claim_fix(c, NULL, "run both as the same user, each with SO_REUSEPORT");
	claim_fix(c, arena_printf(q->arena, "kill %d", (int)o->pid), "or stop the one that has it");
}

static void run(const struct inquiry *q, struct claims *c)
{
	if (!q->aim.has_port)
		return;
	own_collision(q, c);
	if (q->observed & OBSERVED_BIND)
		share(q, c);
}

const struct diagnose_check diagnose_bind_self = {
	.summary = "whether a program collides with itself, or with its own kind",
	.causes = "app-binds-twice port-reuseport-mismatch",
	.needs = FACT_SOCKETS | FACT_BIND,
	.operations = OPERATIONS_BIND,
	.run = run,
};
