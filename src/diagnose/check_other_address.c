/*
 * other_address - somebody listens on the port, but at another address of this machine, or for the
 * packets of one interface only.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include <net/if.h>

static bool asks_loopback(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (!address_is_loopback(&q->places[i].address) &&
			!address_is_any(&q->places[i].address))
			return false;
	return true;
}

struct seen {
	const struct service *service;
	const struct listener *listener;
};

static const char *asked(const struct inquiry *q)
{
	return inquiry_endpoint(q, &q->places[0].address, q->aim.port);
}

static void say_seen(const struct inquiry *q, struct claims *c, const struct seen *s)
{
	claim_evidence(c, "sock_diag", "LISTEN %s %s; none on %s", s->listener->text,
		inquiry_holder(q, &q->snapshot->sockets[s->listener->socket]), asked(q));
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].talked && q->places[i].talk.error)
			claim_evidence(c, "probe", "%s: %s",
				inquiry_endpoint(q, &q->places[i].address, q->aim.port),
				strerror(q->places[i].talk.error));
}

static const char *device_of(const struct inquiry *q, const struct address *a)
{
	for (size_t i = 0; i < q->snapshot->address_count; i++)
		if (address_eq(&q->snapshot->addresses[i].address, a))
			return q->snapshot->addresses[i].device;
	return NULL;
}

static void say_hosts_line(const struct inquiry *q, struct claims *c, const struct address *a)
{
	for (size_t i = 0; i < q->resolver.hosts.entry_count; i++) {
		const struct hosts_entry *e = &q->resolver.hosts.entries[i];
		if (address_eq(&e->address, a) && e->name_count)
			claim_evidence(c, arena_printf(q->arena, "/etc/hosts:%u", e->line),
				"gives %s the name %s", inquiry_endpoint(q, a, q->aim.port),
				inquiry_foreign(q, e->names[0], 60));
	}
}

static void other_loopback(const struct inquiry *q, struct claims *c, const struct seen *s)
{
	claim(c, "bound-other-loopback-addr", CERTAINTY_PROVED,
		OBSERVED_REFUSED | OBSERVED_UNREACHABLE,
		"The server listens on %s only, another loopback address than %s.",
		s->listener->text, asked(q));
	say_seen(q, c, s);
	say_hosts_line(q, c, &s->listener->endpoint.address);
	claim_fix(c, NULL, "let the server bind 127.0.0.1 or 0.0.0.0 instead of its host name");
	claim_fix(c, NULL, "or dial %s", s->listener->text);
}

static void not_loopback(const struct inquiry *q, struct claims *c, const struct seen *s)
{
	const char *device = device_of(q, &s->listener->endpoint.address);

	claim(c, "bound-nonloopback-only", CERTAINTY_PROVED,
		OBSERVED_REFUSED | OBSERVED_UNREACHABLE,
		"The server listens on %s only%s%s; localhost is not among its addresses.",
		s->listener->text, device ? ", the address of " : "",
		device ? inquiry_foreign(q, device, 20) : "");
	say_seen(q, c, s);
	claim_fix(c, NULL,
		"let the server bind 127.0.0.1 (this computer) or 0.0.0.0 (the network too)");
	claim_fix(c, NULL, "or dial %s", s->listener->text);
}

static void loopback_only(const struct inquiry *q, struct claims *c, const struct seen *s)
{
	claim(c, "listens-loopback-only", CERTAINTY_PROVED, OBSERVED_REFUSED | OBSERVED_UNREACHABLE,
		"The server listens on %s only, so nobody reaches it at %s.", s->listener->text,
		asked(q));
	say_seen(q, c, s);
	claim_fix(c, NULL,
		"start the server with --host 0.0.0.0, if the network is meant to reach it");
	claim_fix(c, NULL, "or dial %s on this machine", s->listener->text);
}

static void to_device(const struct inquiry *q, struct claims *c, const struct seen *s)
{
	char device[IF_NAMESIZE] = "";

	if (!if_indextoname(s->listener->endpoint.ifindex, device))
		str_copy(device, sizeof(device), "another interface");
	claim(c, "bound-to-device", CERTAINTY_PROVED, OBSERVED_REFUSED | OBSERVED_UNREACHABLE,
		"The server takes connections from %s only, whatever address it shows.",
		inquiry_foreign(q, device, 20));
	claim_evidence(c, "sock_diag", "LISTEN %s is bound to device %s (index %u), %s",
		s->listener->text, inquiry_foreign(q, device, 20), s->listener->endpoint.ifindex,
		inquiry_holder(q, &q->snapshot->sockets[s->listener->socket]));
	claim_fix(c, NULL,
		"drop the server's option that binds it to %s (SO_BINDTODEVICE, BindToDevice=)",
		inquiry_foreign(q, device, 20));
}

/* One claim is enough, however many addresses it listens at. */
static bool judge(const struct inquiry *q, struct claims *c, const struct seen *s)
{
	struct address a = address_unmap(&s->listener->endpoint.address);
	bool loop = asks_loopback(q);

	if (s->listener->endpoint.ifindex && s->listener->endpoint.ifindex != q->lo.index)
		to_device(q, c, s);
	else if (loop && address_is_loopback(&a) && a.family == q->places[0].address.family)
		other_loopback(q, c, s);
	else if (loop && !address_is_loopback(&a) && !address_is_any(&a))
		not_loopback(q, c, s);
	else if (!loop && address_is_loopback(&a))
		loopback_only(q, c, s);
	else
		return false;
	return true;
}

static void run(const struct inquiry *q, struct claims *c)
{
	if (!inquiry_is_vacant(q))
		return;
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns != 0 || s->port != q->aim.port || s->proto != q->aim.proto)
			continue;
		for (size_t j = 0; j < s->listener_count; j++)
			if (judge(q, c, &(struct seen){s, &s->listeners[j]}))
				return;
	}
}

const struct diagnose_check diagnose_other_address = {
	.summary =
		"whether the server listens at another address or interface than the one that is asked",
	.causes =
		"bound-other-loopback-addr bound-nonloopback-only listens-loopback-only bound-to-device",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
