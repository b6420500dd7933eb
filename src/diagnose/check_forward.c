/*
 * forward - who listens is only a forwarder: a published container port, ssh -L, kubectl port-forward,
 * socat. It takes the connection, finds nobody at the far end, and hangs up.
 */
#include "diagnose/check.h"

#include "base/str.h"

#define LISTED_MAX 4

static const uint32_t explains = OBSERVED_CLOSED | OBSERVED_RESET | OBSERVED_SILENT;

static const char *who(const struct inquiry *q)
{
	return arena_printf(q->arena, "%s %d", q->forward.program, (int)q->forward_owner->pid);
}

static const char *to(const struct inquiry *q)
{
	return inquiry_foreign(q, q->forward.to, 80);
}

/* The forwarder, and what came of a conversation through it. */
static void seen(const struct inquiry *q, struct claims *c)
{
	claim_evidence(c, "arguments", "%s leads to %s: %s", who(q), to(q),
		inquiry_owner(q, q->forward_owner));
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (p->talked && p->talk.connected)
			claim_evidence(c, "probe", "%s: accepted, then %s without a byte",
				inquiry_endpoint(q, &p->address, q->aim.port),
				talk_end_name(p->talk.end));
	}
}

/* --- a container --- */

static const struct service *served_inside(const struct inquiry *q, const struct listener **out)
{
	const struct service *near = NULL;

	*out = NULL;
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns != q->forward_netns || s->proto != PROTO_TCP ||
			s->port != q->forward.port)
			continue;
		for (size_t j = 0; j < s->listener_count; j++)
			if (endpoint_accepts(&s->listeners[j].endpoint, s->listeners[j].v6only,
				    &q->forward.container, q->forward.port)) {
				*out = &s->listeners[j];
				return s;
			}
		near = s;
	}
	return near;
}

/* "3080 (python 4711), 9229 (node 4712)": what does listen in there. */
static const char *others_inside(const struct inquiry *q)
{
	AUTO(buf) struct buf text = BUF_INIT(1000);
	size_t count = 0;

	for (size_t i = 0; i < q->snapshot->service_count && count < LISTED_MAX; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns != q->forward_netns || s->proto != PROTO_TCP || !s->listener_count)
			continue;
		buf_printf(&text, "%s%s", count++ ? ", " : "",
			inquiry_foreign(q, s->listeners[0].text, 60));
		if (s->owner_count)
			buf_printf(&text, " (%s %d)",
				inquiry_foreign(q, owner_program(s->owners[0]), 40),
				(int)s->owners[0]->pid);
	}
	return count ? arena_strdup(q->arena, text.data) : NULL;
}

static void on_loopback(const struct inquiry *q, struct claims *c, const struct service *s)
{
	const struct owner *o = s->owner_count ? s->owners[0] : NULL;

	claim(c, "container-app-on-loopback", CERTAINTY_PROVED, explains,
		"The app in the container listens on its own %s only; port %u is forwarded to %s, "
		"where nobody listens.",
		s->listeners[0].text, q->aim.port, to(q));
	claim_evidence(c, "sock_diag", "in %s: LISTEN %s %s",
		inquiry_foreign(q, s->netns_label ? s->netns_label : "the container", 60),
		s->listeners[0].text, inquiry_owner(q, o));
	seen(q, c);
	claim_fix(c, NULL, "let the app listen on 0.0.0.0:%u inside the container (--host 0.0.0.0)",
		q->forward.port);
}

static void dead_backend(const struct inquiry *q, struct claims *c, enum certainty sure)
{
	const char *inside = q->forward_netns ? others_inside(q) : NULL;

	claim(c, "published-port-dead-backend", sure, explains,
		"Port %u is published to %s in a container, and nobody accepts connections there.",
		q->aim.port, to(q));
	seen(q, c);
	if (q->forward_netns)
		claim_evidence(c, "sock_diag", "in the container nobody listens on %u%s%s",
			q->forward.port, inside ? "; these do: " : "", inside ? inside : "");
	else
		claim_would_prove(c, "root: who listens in the container");
	if (inside)
		claim_fix(c, NULL, "publish the port that the app listens on: -p %u:PORT",
			q->aim.port);
	claim_fix(c, arena_printf(q->arena, "docker ps --filter publish=%u", q->aim.port),
		"see whether the container is up, and whether its port is right");
}

static void published(const struct inquiry *q, struct claims *c)
{
	const struct listener *l = NULL;
	const struct service *s = q->forward_netns ? served_inside(q, &l) : NULL;

	if (s && l)
		return; /* somebody does accept there: that it hangs up is a matter of its own */
	if (s)
		on_loopback(q, c, s);
	else
		dead_backend(q, c, q->forward_netns ? CERTAINTY_PROVED : CERTAINTY_INFERRED);
}

/* --- a tunnel --- */

static void advise(const struct inquiry *q, struct claims *c)
{
	const char *program = q->forward.program;

	if (str_eq(program, "kubectl"))
		claim_fix(c, "kubectl get pods",
			"see whether the pod behind %s is up and listens on %u, then start the "
			"forwarding again",
			to(q), q->forward.port);
	else if (str_eq(program, "ssh"))
		claim_fix(c, NULL, "start what should answer %s on the far end of ssh", to(q));
	else
		claim_fix(c, arena_printf(q->arena, "loopscope diagnose %s", to(q)),
			"start what should answer at the far end, %s", to(q));
	claim_fix(c, arena_printf(q->arena, "kill %d", (int)q->forward_owner->pid),
		"or stop the forwarder, if it is left over");
}

static void tunnel(const struct inquiry *q, struct claims *c)
{
	bool followed = q->beyond && str_eq(q->beyond_by, "forward");
	bool faulty = followed && q->beyond->verdict == VERDICT_FAULT;

	if (followed && q->beyond->verdict == VERDICT_HEALTHY)
		return;
	claim(c, "forwarder-backend-down", faulty ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		explains | OBSERVED_REPORTED,
		"%s only forwards port %u to %s, and that does not answer.", who(q), q->aim.port,
		to(q));
	seen(q, c);
	if (faulty)
		claim_evidence(c, "diagnose", "%s: %s", q->beyond_to, q->beyond->answer);
	else
		claim_evidence(c, "diagnose", "the far end is not on this machine");
	advise(q, c);
}

/* --- a machine inside another --- */

static void guest(const struct inquiry *q, struct claims *c)
{
	const struct place *works = inquiry_working_place(q);

	if (!q->guest || !works || !works->listener)
		return;
	claim(c, "vm-forwarding-broken", CERTAINTY_GUESSED,
		q->symptom.op == OPERATION_CONNECT ? OBSERVED_REPORTED : 0,
		"It works inside of %s; from outside (Windows), localhost has to be forwarded to it.",
		q->guest);
	claim_evidence(c, "/proc/version", "this is %s", q->guest);
	claim_evidence(c, "sock_diag", "LISTEN %s %s", works->listener->text,
		inquiry_holder(q, works->socket));
	claim_fix(c, NULL, "let it listen on 0.0.0.0, or open the address of this machine instead");
	claim_fix(c, "wsl.exe --shutdown",
		"or start the forwarding anew (ends all that runs here)");
}

static void run(const struct inquiry *q, struct claims *c)
{
	guest(q, c);
	if (!q->forward.to || !q->forward_owner)
		return;
	if (q->forward.publishes)
		published(q, c);
	else
		tunnel(q, c);
}

const struct diagnose_check diagnose_forward = {
	.summary = "whether the far end of a forwarder answers: a container, ssh, kubectl, socat",
	.causes = "published-port-dead-backend container-app-on-loopback forwarder-backend-down "
		  "vm-forwarding-broken",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
