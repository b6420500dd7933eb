/*
 * namespace - the listener is in another network namespace: a container without a published port. Or it is
 * the one who asks that sits in a container, whose localhost is not the host's.
 */
#include "diagnose/check.h"

#include "base/must.h"
#include "base/str.h"
#include "explain/port_facts.h"

#define OUTSIDE_MAX 8

static bool is_served_here(const struct inquiry *q)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++)
		if (q->snapshot->services[i]->netns == 0 &&
			q->snapshot->services[i]->port == q->aim.port &&
			q->snapshot->services[i]->proto == q->aim.proto)
			return true;
	return false;
}

static const char *namespace_name(const struct inquiry *q, const struct service *s)
{
	if (s->container && s->container->name)
		return arena_printf(q->arena, "the container %s",
			inquiry_foreign(q, s->container->name, 60));
	return arena_printf(q->arena, "another network namespace (%s)",
		s->netns_label ? inquiry_foreign(q, s->netns_label, 60) : "a container's");
}

/* An address of that namespace that a process of ours could dial: said by its own route, if at all. */
static void fix(const struct inquiry *q, struct claims *c, const struct service *s)
{
	const char *address =
		s->netns < q->namespace_address_count ? q->namespace_addresses[s->netns] : NULL;
	const struct listener *l = &s->listeners[0];

	claim_fix(c, NULL, "publish the port when the container is started: -p %u:%u", q->aim.port,
		s->port);
	if (!address_is_any(&l->endpoint.address) && !address_is_loopback(&l->endpoint.address))
		claim_fix(c, NULL, "or dial the container's own address: %s", l->text);
	else if (address)
		claim_fix(c, NULL, "or dial the container's own address: %s:%u", address, s->port);
	else
		claim_fix(c, NULL, "or dial the container's own address, port %u", s->port);
}

static void in_another(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns == 0 || s->port != q->aim.port || s->proto != q->aim.proto)
			continue;
		const struct listener *l = &s->listeners[0];
		claim(c, "listening-in-other-netns", CERTAINTY_PROVED, OBSERVED_REFUSED,
			"The server runs in %s; its port %u does not reach out of there.",
			namespace_name(q, s), s->port);
		claim_evidence(c, "/proc/PID/net", "LISTEN %s in network namespace %u: %s", l->text,
			q->snapshot->namespaces[s->netns].inode,
			inquiry_holder(q, &q->snapshot->sockets[l->socket]));
		claim_evidence(c, "sock_diag", "nobody listens on port %u in this namespace",
			q->aim.port);
		fix(q, c, s);
		return;
	}
}

/* From inside of a compose service: its name server is Docker's. A container's mark alone tells too little. */
static bool asks_from_compose(const struct inquiry *q)
{
	struct address docker;

	must(address_parse("127.0.0.11", &docker));
	for (size_t i = 0; i < q->resolver.dns.server_count; i++)
		if (address_eq(&q->resolver.dns.servers[i], &docker))
			return true;
	return false;
}

/* A database or the like, which a compose file gives a container of its own. */
static bool is_backing_service(const struct inquiry *q)
{
	const char *speaks = q->aim.expects ? q->aim.expects : port_speaks(PROTO_TCP, q->aim.port);

	return speaks && !str_eq(speaks, "http");
}

static void from_container(const struct inquiry *q, struct claims *c)
{
	if (!asks_from_compose(q) || !is_backing_service(q))
		return;
	claim(c, "localhost-is-the-container", CERTAINTY_INFERRED, OBSERVED_REFUSED,
		"You are inside a container: its localhost is the container itself, not the host.");
	claim_evidence(c, "/etc/resolv.conf", "names 127.0.0.11, Docker's name server");
	if (q->container_mark)
		claim_evidence(c, "container", "%s exists", q->container_mark);
	claim_evidence(c, "sock_diag", "nobody listens on port %u in this network namespace",
		q->aim.port);
	claim_fix(c, NULL, "use the name of the compose service instead of localhost");
	claim_fix(c, NULL,
		"or host.docker.internal (with --add-host=host.docker.internal:host-gateway), or "
		"--network host");
}

static void run(const struct inquiry *q, struct claims *c)
{
	if (!q->aim.has_port || is_served_here(q))
		return;
	in_another(q, c);
	from_container(q, c);
}

const struct diagnose_check diagnose_namespace = {
	.summary = "whether the listener, or the one who asks, is in a container",
	.causes = "listening-in-other-netns localhost-is-the-container",
	.needs = FACT_SOCKETS | FACT_NAMES,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
