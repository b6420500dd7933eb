/* other_protocol - the port is open for UDP and asked by TCP, or the other way round. */
#include "diagnose/check.h"

static const struct socket *bound(const struct inquiry *q, enum proto proto)
{
	const struct socket *s = NULL;

	while ((s = inquiry_next_socket(q, proto, q->aim.port, s)))
		if (socket_is_listener(s))
			return s;
	return NULL;
}

static void run(const struct inquiry *q, struct claims *c)
{
	bool tcp = q->aim.proto == PROTO_TCP;
	enum proto other = tcp ? PROTO_UDP : PROTO_TCP;
	const struct socket *s;

	if (!q->aim.has_port || bound(q, q->aim.proto) || !(s = bound(q, other)))
		return;
	claim(c, tcp ? "only-udp-listening" : "only-tcp-listening", CERTAINTY_PROVED,
		OBSERVED_REFUSED | OBSERVED_REPORTED,
		"Port %u is open for %s only; your client asked by %s.", q->aim.port,
		tcp ? "UDP" : "TCP", tcp ? "TCP" : "UDP");
	claim_evidence(c, "sock_diag", "%s %s %s; no %s socket listens on port %u",
		tcp ? "udp" : "tcp", inquiry_endpoint(q, &s->local.address, s->local.port),
		inquiry_holder(q, s), tcp ? "tcp" : "udp", q->aim.port);
	if (tcp)
		claim_fix(c, NULL, "ask by UDP, or turn the TCP listener of that service on");
	else
		claim_fix(c, NULL,
			"ask by TCP, or turn the UDP listener (HTTP/3, DNS) of that service on");
}

const struct diagnose_check diagnose_other_protocol = {
	.summary = "whether the port is open for the other of TCP and UDP",
	.causes = "only-udp-listening only-tcp-listening",
	.needs = FACT_SOCKETS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
