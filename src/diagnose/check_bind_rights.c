/*
 * bind_rights - a server may not have the port or the address: too low a port, a policy that denies it, an
 * address that this machine does not have.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include <errno.h>

static bool says(const struct inquiry *q, const char *error)
{
	return q->symptom.error && str_eq(q->symptom.error, error);
}

static bool is_denied(const struct inquiry *q)
{
	return q->bind_error_reuse == EACCES || q->bind_error_reuse == EPERM || says(q, "EACCES") ||
		says(q, "EPERM");
}

static void privileged(const struct inquiry *q, struct claims *c)
{
	claim(c, "privileged-port",
		q->bind_error_reuse == EACCES ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_BIND | OBSERVED_REPORTED,
		"Port %u is reserved for root: an ordinary user may not listen below %u.",
		q->aim.port, q->unprivileged_start);
	claim_evidence(c, "/proc/sys/net/ipv4/ip_unprivileged_port_start",
		"%u: ports below it need CAP_NET_BIND_SERVICE", q->unprivileged_start);
	if (q->bind_error_reuse == EACCES)
		claim_evidence(c, "bind", "port %u as uid %u: %s", q->aim.port, q->uid,
			strerror(EACCES));
	claim_fix(c, NULL, "use a port from %u on", q->unprivileged_start);
	claim_fix(c, "sudo setcap cap_net_bind_service=+ep PROGRAM",
		"or give the program the right (CAP_NET_BIND_SERVICE)");
	claim_fix(c,
		arena_printf(q->arena, "sudo sysctl net.ipv4.ip_unprivileged_port_start=%u",
			q->aim.port),
		"or lower the limit for everybody");
}

static void by_policy(const struct inquiry *q, struct claims *c)
{
	bool here = q->bind_error_reuse == EACCES || q->bind_error_reuse == EPERM;

	claim(c, "bind-denied-by-policy", here ? CERTAINTY_INFERRED : CERTAINTY_GUESSED,
		OBSERVED_BIND | OBSERVED_REPORTED,
		"A security policy denies listening on port %u; the port itself is free.",
		q->aim.port);
	if (here)
		claim_evidence(c, "bind", "port %u: %s, although it is not below %u", q->aim.port,
			strerror(q->bind_error_reuse), q->unprivileged_start);
	else
		claim_evidence(c, "bind",
			"port %u can be bound from here: it is that program which may not (%s)",
			q->aim.port, q->symptom.error ? q->symptom.error : "permission denied");
	for (size_t i = 0; i < q->cgroup_program_count; i++)
		if (strstr(q->cgroup_programs[i].hook, "bind"))
			claim_evidence(c, "cgroup bpf", "program %u (%s) at %s of %s",
				q->cgroup_programs[i].id,
				q->cgroup_programs[i].name
					? inquiry_foreign(q, q->cgroup_programs[i].name, 40)
					: "no name",
				q->cgroup_programs[i].hook,
				inquiry_foreign(q, q->cgroup_programs[i].path, 80));
	claim_fix(c, NULL, "SELinux: sudo semanage port -a -t http_port_t -p tcp %u", q->aim.port);
	claim_fix(c, NULL,
		"systemd: SocketBindAllow=%u in the unit; AppArmor: add the right to the profile",
		q->aim.port);
}

static bool is_ours(const struct inquiry *q, const struct address *a)
{
	if (address_is_any(a) || (address_is_loopback(a) && a->family == AF_INET))
		return true;
	for (size_t i = 0; i < q->snapshot->address_count; i++)
		if (address_eq(&q->snapshot->addresses[i].address, a))
			return true;
	return false;
}

/* The one with the longest common beginning: after a change of network it is often the next one. */
static const struct host_address *nearest(const struct inquiry *q, const struct address *a)
{
	const struct host_address *best = NULL;
	int best_bits = -1;

	for (size_t i = 0; i < q->snapshot->address_count; i++) {
		const struct host_address *h = &q->snapshot->addresses[i];
		int bits = 0;
		if (h->address.family != a->family || h->loopback)
			continue;
		while (bits < (a->family == AF_INET ? 32 : 128) &&
			!((h->address.bytes[bits / 8] ^ a->bytes[bits / 8]) >> (7 - bits % 8) & 1))
			bits++;
		if (bits > best_bits) {
			best = h;
			best_bits = bits;
		}
	}
	return best;
}

static void not_local(const struct inquiry *q, struct claims *c, const struct address *a)
{
	const struct host_address *near = nearest(q, a);
	AUTO(buf) struct buf text = BUF_INIT(100);

	address_format(&text, a);
	claim(c, "bind-address-not-local", CERTAINTY_PROVED, OBSERVED_BIND | OBSERVED_REPORTED,
		"This machine does not have the address %s, so no server can listen on it.",
		text.data);
	claim_evidence(c, "rtnetlink", "%s is assigned to no interface", text.data);
	if (q->bind_error_reuse > 0)
		claim_evidence(c, "bind", "%s: %s", text.data, strerror(q->bind_error_reuse));
	if (near) {
		AUTO(buf) struct buf have = BUF_INIT(100);
		address_format(&have, &near->address);
		claim_evidence(c, "rtnetlink", "the nearest address here is %s on %s", have.data,
			inquiry_foreign(q, near->device, 20));
		claim_fix(c, NULL, "bind %s, the address that this machine has now", have.data);
	}
	claim_fix(c, NULL,
		a->family == AF_INET
			? "bind 0.0.0.0 (all addresses) or 127.0.0.1 (this computer only)"
			: "bind :: (all addresses) or 127.0.0.1 (this computer only)");
}

static void run(const struct inquiry *q, struct claims *c)
{
	if (!q->aim.has_port)
		return;
	for (size_t i = 0; i < q->place_count; i++)
		if (!is_ours(q, &q->places[i].address) &&
			(q->bind_error_reuse == EADDRNOTAVAIL || says(q, "EADDRNOTAVAIL"))) {
			not_local(q, c, &q->places[i].address);
			return;
		}
	if (!is_denied(q))
		return;
	if (q->aim.port < q->unprivileged_start)
		privileged(q, c);
	else
		by_policy(q, c);
}

const struct diagnose_check diagnose_bind_rights = {
	.summary = "whether the port and the address may be bound at all",
	.causes = "privileged-port bind-denied-by-policy bind-address-not-local",
	.needs = FACT_SOCKETS | FACT_BIND,
	.operations = OPERATIONS_BIND,
	.run = run,
};
