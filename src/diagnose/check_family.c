/*
 * family - the server listens by one family and the client asks by the other; or two servers share the
 * port, one for each family.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/restart.h"

static bool is_loopback_or_any(const struct listener *l)
{
	return address_is_any(&l->endpoint.address) || address_is_loopback(&l->endpoint.address);
}

/* A listener on the port at localhost, by the given family. */
static const struct service *service_by(const struct inquiry *q, uint8_t family,
	const struct listener **out)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns != 0 || s->port != q->aim.port || s->proto != q->aim.proto)
			continue;
		for (size_t j = 0; j < s->listener_count; j++) {
			const struct listener *l = &s->listeners[j];
			struct address a = address_unmap(&l->endpoint.address);
			if (a.family == family && is_loopback_or_any(l) && !l->endpoint.ifindex) {
				*out = l;
				return s;
			}
		}
	}
	return NULL;
}

/* All places are of one family, and nobody listens at any of them. */
static bool asks_only(const struct inquiry *q, uint8_t family)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (p->address.family != family || p->service ||
			!(address_is_loopback(&p->address) || address_is_any(&p->address)))
			return false;
	}
	return q->place_count > 0;
}

static const char *socket_words(const struct inquiry *q, const struct service *s,
	const struct listener *l)
{
	return arena_printf(q->arena, "LISTEN %s %s", l->text,
		inquiry_holder(q, &q->snapshot->sockets[l->socket]));
}

static void evidence(const struct inquiry *q, struct claims *c, const struct service *s,
	const struct listener *l)
{
	const struct place *p = &q->places[0];

	claim_evidence(c, "sock_diag", "%s; none on %s", socket_words(q, s, l),
		inquiry_endpoint(q, &p->address, q->aim.port));
	if (p->talked && p->talk.error)
		claim_evidence(c, "probe", "%s: %s", inquiry_endpoint(q, &p->address, q->aim.port),
			strerror(p->talk.error));
}

/* The very command that started it, with the other address; false when its words do not name one. */
static bool fix_restart(const struct inquiry *q, struct claims *c, const struct listener *l,
	const char *to)
{
	const struct owner *o = q->snapshot->sockets[l->socket].owner;
	const char *was = NULL;
	const char *command = restart_command(q, o, &l->endpoint.address, to, &was);

	if (command)
		claim_fix(c, command, "it was started with %s", was);
	return command != NULL;
}

static void v4_only(const struct inquiry *q, struct claims *c, const struct service *s,
	const struct listener *l)
{
	const char *asked = inquiry_endpoint(q, &q->places[0].address, q->aim.port);

	claim(c, "listens-ipv4-only", CERTAINTY_PROVED, OBSERVED_REFUSED | OBSERVED_UNREACHABLE,
		"The server listens on IPv4 only (%s); your client asked %s.", l->text, asked);
	evidence(q, c, s, l);
	claim_fix(c, NULL, "dial 127.0.0.1:%u instead of localhost or ::1", q->aim.port);
	claim_fix(c, NULL, "or let the server listen on :: (both families) instead of %s", l->text);
}

static void v6_only(const struct inquiry *q, struct claims *c, const struct service *s,
	const struct listener *l)
{
	const char *asked = inquiry_endpoint(q, &q->places[0].address, q->aim.port);

	claim(c, "listens-ipv6-only", CERTAINTY_PROVED, OBSERVED_REFUSED,
		"The server listens on IPv6 only (%s); your client asked %s.", l->text, asked);
	evidence(q, c, s, l);
	if (address_is_any(&l->endpoint.address))
		claim_evidence(c, q->v6_only ? "/proc/sys/net/ipv6/bindv6only" : "sock_diag",
			"the socket is IPv6-only (IPV6_V6ONLY is on%s)",
			q->v6_only ? ", since bindv6only is 1" : "");
	if (!fix_restart(q, c, l, "127.0.0.1"))
		claim_fix(c, NULL,
			"start the server with --host 127.0.0.1 (0.0.0.0 lets other computers reach it "
			"too)");
	claim_fix(c, NULL, "or dial [::1]:%u", q->aim.port);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct listener *l = NULL;
	const struct service *s;

	if (!q->aim.has_port)
		return;
	if (asks_only(q, AF_INET6) && (s = service_by(q, AF_INET, &l)))
		v4_only(q, c, s, l);
	else if (asks_only(q, AF_INET) && (s = service_by(q, AF_INET6, &l)))
		v6_only(q, c, s, l);
}

const struct diagnose_check diagnose_family = {
	.summary = "whether the server listens by the family that the client asks by",
	.causes = "listens-ipv4-only listens-ipv6-only",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
