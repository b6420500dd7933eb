/*
 * bind_leftover - nobody listens, and still the port cannot be had: something of an earlier server, or a
 * connection that goes out by it, or a socket that was bound and never listened.
 */
#include "diagnose/check.h"

#include "base/clock.h"
#include "base/str.h"

static const uint32_t explains = OBSERVED_BIND;

struct found {
	const struct socket *time_wait, *orphan, *open, *bound, *outgoing, *self;
	size_t time_waits, orphans, opens;
	uint32_t longest_ms;
};

static bool is_self(const struct socket *s)
{
	return s->remote_port == s->local.port && address_eq(&s->remote, &s->local.address);
}

static void sort(const struct inquiry *q, const struct socket *s, struct found *f)
{
	if (s->state == SOCKET_TIME_WAIT) {
		f->time_wait = s;
		f->time_waits++;
		f->longest_ms = MAX(f->longest_ms, s->timer_ms);
	} else if (s->state == SOCKET_BOUND || s->state == SOCKET_CLOSE) {
		f->bound = s;
	} else if (is_self(s)) {
		f->self = s;
	} else if (inquiry_is_outgoing(q, s)) {
		f->outgoing = s;
	} else if (s->inode == 0) {
		f->orphan = s;
		f->orphans++;
	} else {
		f->open = s;
		f->opens++;
	}
}

static const char *connection(const struct inquiry *q, const struct socket *s)
{
	return arena_printf(q->arena, "%s %s → %s", socket_state_name(s->state),
		inquiry_endpoint(q, &s->local.address, s->local.port),
		inquiry_endpoint(q, &s->remote, s->remote_port));
}

static void say_bind(const struct inquiry *q, struct claims *c)
{
	if (q->bind_error_reuse > 0)
		claim_evidence(c, "bind", "%s, with SO_REUSEADDR too",
			strerror(q->bind_error_reuse));
	else if (q->bind_error > 0)
		claim_evidence(c, "bind", "%s, but it works with SO_REUSEADDR",
			strerror(q->bind_error));
}

static void never_listened(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	claim(c, "port-held-bound-not-listening", CERTAINTY_PROVED, explains,
		"Port %u is taken by a socket that was bound and never listened: %s.", q->aim.port,
		inquiry_holder(q, s));
	claim_evidence(c, "sock_diag", "bound, not listening: %s %s (ss and lsof do not show it)",
		inquiry_endpoint(q, &s->local.address, s->local.port), inquiry_holder(q, s));
	say_bind(q, c);
	if (s->owner)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)s->owner->pid), "stop it");
	claim_fix(c, NULL, "or take another port");
}

static void talks_to_itself(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	claim(c, "self-connection", CERTAINTY_PROVED, explains | OBSERVED_REPORTED,
		"A client that tried port %u again and again has connected to itself.",
		q->aim.port);
	claim_evidence(c, "sock_diag", "%s: both ends are the same socket, %s", connection(q, s),
		inquiry_holder(q, s));
	claim_evidence(c, "ip_local_port_range",
		"%u lies in %u-%u, from which the kernel takes ports", q->aim.port,
		q->local_range.low, q->local_range.high);
	if (s->owner)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)s->owner->pid),
			"end that client");
	claim_fix(c, NULL, "move the service to a port below %u", q->local_range.low);
}

static void goes_out(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	claim(c, "port-held-ephemeral-client", CERTAINTY_PROVED, explains,
		"Port %u is in use as the own port of an outgoing connection of %s.", q->aim.port,
		inquiry_holder(q, s));
	claim_evidence(c, "sock_diag", "%s, outgoing, %s", connection(q, s), inquiry_holder(q, s));
	claim_evidence(c, "ip_local_port_range", "%u-%u is where clients get their ports",
		q->local_range.low, q->local_range.high);
	claim_fix(c, NULL, "use another port, below %u", q->local_range.low);
	claim_fix(c,
		arena_printf(q->arena, "sudo sysctl net.ipv4.ip_local_reserved_ports=%u",
			q->aim.port),
		"or keep it from clients: add it to ip_local_reserved_ports, then restart that client");
}

static void still_open(const struct inquiry *q, struct claims *c, const struct found *f)
{
	const struct socket *s = f->open;

	claim(c, "port-held-open-connections", CERTAINTY_PROVED, explains,
		"The old server no longer listens on port %u, but its open connections still hold it.",
		q->aim.port);
	claim_evidence(c, "sock_diag", "no listener; %zu open connection%s: %s, %s", f->opens,
		f->opens == 1 ? "" : "s", connection(q, s), inquiry_holder(q, s));
	say_bind(q, c);
	if (s->owner)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)s->owner->pid),
			"stop the old server, or wait until it is done");
	claim_fix(c, NULL, "let the new server set SO_REUSEADDR");
}

static void orphaned(const struct inquiry *q, struct claims *c, const struct found *f)
{
	const struct socket *s = f->orphan;

	claim(c, "port-held-orphan-sockets", CERTAINTY_PROVED, explains,
		"The old server is gone, but connections that it left half closed still hold port %u.",
		q->aim.port);
	claim_evidence(c, "sock_diag", "%zu without an owner: %s", f->orphans, connection(q, s));
	if (s->peer_owner)
		claim_evidence(c, "sock_diag", "the other end is %s",
			inquiry_owner(q, s->peer_owner));
	say_bind(q, c);
	if (s->peer_owner)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)s->peer_owner->pid),
			"end the client that keeps the other end open");
	claim_fix(c, arena_printf(q->arena, "sudo ss -K sport = :%u", q->aim.port),
		"or destroy them");
	claim_fix(c, NULL, "or wait up to 60 s; a server with SO_REUSEADDR need not");
}

static void waits(const struct inquiry *q, struct claims *c, const struct found *f)
{
	unsigned left = (f->longest_ms + 999) / 1000;

	claim(c, "port-held-time-wait", CERTAINTY_PROVED, explains,
		"Nobody has port %u; connections that were closed a moment ago (TIME_WAIT) still keep it.",
		q->aim.port);
	claim_evidence(c, "sock_diag", "no listener; %zu in TIME_WAIT, the last one for %u s more",
		f->time_waits, left);
	say_bind(q, c);
	if (q->bind_error_reuse > 0)
		claim_fix(c, NULL,
			"wait %u s: the old server was without SO_REUSEADDR, so even a new one with it "
			"must",
			left);
	else
		claim_fix(c, NULL,
			"set SO_REUSEADDR in the server (reuse_address=True); or wait %u s", left);
	claim_fix(c, arena_printf(q->arena, "loopscope wait --gone %u", q->aim.port),
		"wait until it is free; there is no process to end");
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct socket *s = NULL;
	struct found f = {0};

	if (!q->aim.has_port || !(q->observed & OBSERVED_BIND) || q->aim.proto != PROTO_TCP)
		return;
	while ((s = inquiry_next_socket(q, PROTO_TCP, q->aim.port, s))) {
		if (s->state == SOCKET_LISTEN)
			return;
		sort(q, s, &f);
	}
	if (f.bound)
		never_listened(q, c, f.bound);
	else if (f.self)
		talks_to_itself(q, c, f.self);
	else if (f.outgoing)
		goes_out(q, c, f.outgoing);
	else if (f.open)
		still_open(q, c, &f);
	else if (f.orphan)
		orphaned(q, c, &f);
	else if (f.time_wait)
		waits(q, c, &f);
}

const struct diagnose_check diagnose_bind_leftover = {
	.summary = "what keeps a port on which nobody listens",
	.causes = "port-held-time-wait port-held-orphan-sockets port-held-open-connections "
		  "port-held-ephemeral-client self-connection port-held-bound-not-listening",
	.needs = FACT_SOCKETS | FACT_BIND,
	.operations = OPERATIONS_BIND,
	.run = run,
};
