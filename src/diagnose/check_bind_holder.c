/*
 * bind_holder - a server cannot have its port: who has it, and in which way? A live listener, a suspended
 * or forgotten one, an inherited descriptor, a supervisor, a container's proxy.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/port_words.h"
#include "inventory/forward.h"

static const uint32_t explains = OBSERVED_BIND;

/* Whether the holder's socket stands in the way of the wanted address (ip(7), ipv6(7)). */
static bool overlaps(const struct socket *s, const struct address *wanted)
{
	struct address have = address_unmap(&s->local.address), want = address_unmap(wanted);

	if (have.family == want.family)
		return address_eq(&have, &want) || address_is_any(&have) || address_is_any(&want);
	/* a dual-stack wildcard of IPv6 takes the port of IPv4 too */
	if (have.family == AF_INET6)
		return address_is_any(&have) && !s->v6only;
	return address_is_any(&want);
}

static bool is_in_the_way(const struct inquiry *q, const struct socket *s)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (overlaps(s, &q->places[i].address))
			return true;
	return q->place_count == 0;
}

static bool is_exact(const struct inquiry *q, const struct socket *s)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (address_eq(&q->places[i].address, &s->local.address))
			return true;
	return !q->aim.host; /* a port alone: any holder is just it */
}

static bool wants_all(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (!address_is_any(&q->places[i].address))
			return false;
	return true;
}

static const char *wanted(const struct inquiry *q)
{
	return q->aim.host ? inquiry_endpoint(q, &q->places[0].address, q->aim.port)
			   : arena_printf(q->arena, "port %u", q->aim.port);
}

static const char *held(const struct inquiry *q, const struct socket *s)
{
	return inquiry_endpoint(q, &s->local.address, s->local.port);
}

static void say_listen(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	claim_evidence(c, "sock_diag", "%s %s %s", q->aim.proto == PROTO_UDP ? "udp" : "LISTEN",
		held(q, s), inquiry_holder(q, s));
	if (q->bind_error_reuse > 0)
		claim_evidence(c, "bind", "%s: %s", wanted(q), strerror(q->bind_error_reuse));
}

static void fix_stop(const struct inquiry *q, struct claims *c, const struct owner *o)
{
	if (o)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)o->pid), "stop it");
	claim_fix(c,
		arena_printf(q->arena, "%sloopscope free %u", o || !q->host->uid ? "" : "sudo ",
			q->aim.port),
		"or let loopscope stop it, with what belongs to it");
	claim_fix(c, NULL, "or start yours on another port");
}

static void suspended(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	const struct owner *o = s->owner;

	claim(c, "port-held-suspended-job", CERTAINTY_PROVED, explains,
		"Port %u is held by %s %d, which was suspended (Ctrl-Z) and never ended.",
		q->aim.port, inquiry_foreign(q, owner_program(o), 40), (int)o->pid);
	say_listen(q, c, s);
	claim_evidence(c, "/proc", "pid %d is stopped (state T)%s%s", (int)o->pid,
		o->terminal ? ", started on " : "", o->terminal ? o->terminal : "");
	claim_fix(c, "fg", "in its terminal, then end it with Ctrl-C");
	claim_fix(c, arena_printf(q->arena, "kill %d && kill -CONT %d", (int)o->pid, (int)o->pid),
		"or end it from here: a stopped process must go on before it can end");
}

static bool is_one_of(const struct owner *o, const char *const *names)
{
	for (; *names; names++)
		if (str_eq(owner_program(o), *names))
			return true;
	return false;
}

/* Does nothing that a server does: its program never listens, or seldom, and its starter is gone. */
static bool only_inherited(const struct inquiry *q, const struct owner *o)
{
	static const char *const never[] = {"sleep", "tail", "cat", "less", "sh", "bash", "dash",
		"zsh", "vim", "nano", "watch", "inotifywait", "tee", "grep", "ssh-agent",
		"gpg-agent", "xdg-open", "make", "sass", "fsnotifier", NULL};
	static const char *const seldom[] = {"esbuild", "emacs", "chromium", "firefox", "code",
		NULL};

	if (is_one_of(o, never))
		return true;
	return is_one_of(o, seldom) && (o->orphaned || o->ppid <= 1) &&
		!port_words_name(o, q->aim.port);
}

/* Of several holders the one that serves: a child of it may hold the socket as well. */
static const struct owner *holder_that_counts(const struct inquiry *q, const struct socket *s)
{
	for (uint32_t i = 0; i < s->holder_count; i++) {
		const struct holder *h = &q->snapshot->holders[s->holder_first + i];
		if (!only_inherited(q, q->snapshot->owners[h->owner]))
			return q->snapshot->owners[h->owner];
	}
	return s->owner;
}

static void inherited(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	const struct owner *o = s->owner;

	claim(c, "port-held-inherited-fd", CERTAINTY_INFERRED, explains,
		"Port %u is held by %s %d, which only inherited the socket of a server that is gone.",
		q->aim.port, inquiry_foreign(q, owner_program(o), 40), (int)o->pid);
	say_listen(q, c, s);
	claim_evidence(c, "/proc",
		"pid %d is no server: a child that kept its parent's descriptor; parent %d%s",
		(int)o->pid, (int)o->ppid,
		o->ppid <= 1 || o->orphaned ? ", the one that started it has ended" : "");
	if (s->rqueue)
		claim_evidence(c, "sock_diag",
			"%u connections wait in its queue: nobody accepts them", s->rqueue);
	claim_fix(c, arena_printf(q->arena, "kill %d", (int)o->pid), "end it");
	claim_fix(c, NULL,
		"let the server open its sockets with CLOEXEC, so that children do not inherit them");
}

static void container(const struct inquiry *q, struct claims *c, const struct socket *s,
	const struct forward *f, enum certainty certainty)
{
	claim(c, "port-held-published-container", certainty, explains,
		"Port %u is published by a container (to %s).", q->aim.port,
		inquiry_foreign(q, f->to, 60));
	say_listen(q, c, s);
	claim_evidence(c, "arguments", "%s leads to %s", f->program, inquiry_foreign(q, f->to, 60));
	claim_fix(c, arena_printf(q->arena, "docker ps -a --filter publish=%u", q->aim.port),
		"find the container");
	claim_fix(c, NULL,
		"stop or remove it: docker rm -f NAME; ending the proxy alone does not last");
}

static bool is_supervisor(const struct owner *o)
{
	static const char *const names[] = {"systemd", "inetd", "xinetd", "systemd-socket-activate",
		"systemd-socket-proxyd", "launchd", "s6-svscan", "circusd", NULL};

	return o->pid == 1 || is_one_of(o, names);
}

static void activation(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	const struct owner *o = s->owner;
	bool systemd = o->pid == 1 || str_eq(owner_program(o), "systemd");

	claim(c, "port-held-socket-activation", CERTAINTY_PROVED, explains,
		"Port %u is held by %s for a service that it starts on demand.", q->aim.port,
		inquiry_foreign(q, owner_program(o), 40));
	say_listen(q, c, s);
	if (systemd) {
		claim_fix(c,
			arena_printf(q->arena, "systemctl list-sockets | grep -w %u", q->aim.port),
			"find the unit that asks for it");
		claim_fix(c, NULL, "then: sudo systemctl stop NAME.socket");
	} else {
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)o->pid), "stop the supervisor");
		claim_fix(c, NULL, "or take the port out of its configuration");
	}
}

static void overlapping(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	claim(c, "port-held-overlapping-bind", CERTAINTY_PROVED, explains,
		"%s cannot be had, because %s is taken, which overlaps it.", wanted(q), held(q, s));
	say_listen(q, c, s);
	claim_evidence(c, "sock_diag", "%s and %s share port %u%s", held(q, s), wanted(q),
		q->aim.port, s->dual_stack ? " (the IPv6 wildcard takes IPv4 too)" : "");
	fix_stop(q, c, s->owner);
	claim_fix(c, NULL, "or bind one address that is free, instead of all of them");
}

static const char *relation(const struct inquiry *q, const struct owner *o)
{
	if (o->orphaned)
		return "left over: the terminal or program that started it is gone";
	return o->project
		? arena_printf(q->arena, "project %s", inquiry_foreign(q, o->project->name, 40))
		: NULL;
}

static void live(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	const struct owner *o = s->owner;
	const char *more = o ? relation(q, o) : NULL;

	claim(c, "port-held-live-process", CERTAINTY_PROVED, explains, "Port %u is taken by %s.",
		q->aim.port, inquiry_holder(q, s));
	say_listen(q, c, s);
	if (more)
		claim_evidence(c, "/proc", "pid %d: %s", (int)o->pid, more);
	if (!o)
		claim_would_prove(c, "root: the owner of the socket");
	fix_stop(q, c, o);
}

/* Whose socket it is may not be seen, but everybody may read that a proxy's command line names the port. */
static const struct owner *hidden_proxy(const struct inquiry *q, const struct socket *s,
	struct forward *out)
{
	for (size_t i = 0; i < q->process_count; i++)
		if (q->processes[i]->uid == s->uid &&
			forward_find(q->arena, q->processes[i], q->aim.port, out) && out->publishes)
			return q->processes[i];
	return NULL;
}

static void judge(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	const struct owner *o = s->owner;
	struct forward f;

	if (o && (o->state == 'T'))
		suspended(q, c, s);
	else if (o && forward_find(q->arena, o, q->aim.port, &f) && f.publishes)
		container(q, c, s, &f, CERTAINTY_PROVED);
	else if (!o && (o = hidden_proxy(q, s, &f)))
		container(q, c, &(struct socket){.local = s->local, .owner = o}, &f,
			CERTAINTY_INFERRED);
	else if (o && only_inherited(q, o))
		inherited(q, c, s);
	else if (o && is_supervisor(o))
		activation(q, c, s);
	else if (!is_exact(q, s) && !(address_is_any(&s->local.address) && wants_all(q)))
		overlapping(q, c, s);
	else
		live(q, c, s);
}

static void run(const struct inquiry *q, struct claims *c)
{
	int listens = q->aim.proto == PROTO_UDP ? SOCKET_CLOSE : SOCKET_LISTEN;
	const struct socket *s = NULL;

	if (!q->aim.has_port || !(q->observed & OBSERVED_BIND))
		return;
	while ((s = inquiry_next_socket(q, q->aim.proto, q->aim.port, s)))
		if (s->state == listens && is_in_the_way(q, s)) {
			struct socket held = *s;
			held.owner = holder_that_counts(q, s);
			judge(q, c, &held);
			return;
		}
}

const struct diagnose_check diagnose_bind_holder = {
	.summary = "who listens on the port that a server wants",
	.causes =
		"port-held-live-process port-held-suspended-job port-held-inherited-fd "
		"port-held-overlapping-bind port-held-published-container port-held-socket-activation",
	.needs = FACT_SOCKETS | FACT_BIND | FACT_VITALS | FACT_PROCESSES,
	.operations = OPERATIONS_BIND,
	.run = run,
};
