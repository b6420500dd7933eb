/* slow_name - every call waits for a name server that does not answer. */
#include "diagnose/check.h"

#include "base/clock.h"

#define SLOW_NS 1000000000ull

/* Both families, so that nobody is asked for the other one; but a name of another machine stays there. */
static void fix_hosts(const struct inquiry *q, struct claims *c)
{
	const char *name = inquiry_foreign(q, q->aim.host, 80);
	const struct address *a = q->lookup.address_count ? &q->lookup.addresses[0] : NULL;
	AUTO(buf) struct buf text = BUF_INIT(100);

	if (!a || address_is_loopback(a)) {
		claim_fix(c,
			arena_printf(q->arena,
				"printf '127.0.0.1 %s\\n::1 %s\\n' | sudo tee -a /etc/hosts", name,
				name),
			"name it in /etc/hosts for both families, so that nobody is asked");
		return;
	}
	address_format(&text, a);
	claim_fix(c,
		arena_printf(q->arena, "echo '%s %s' | sudo tee -a /etc/hosts", text.data, name),
		"name it in /etc/hosts, so that nobody is asked");
}

static void run(const struct inquiry *q, struct claims *c)
{
	AUTO(buf) struct buf took = BUF_INIT(100);
	const struct dns_config *dns = &q->resolver.dns;

	if (!q->looked_up || (q->lookup.took_ns < SLOW_NS && !q->lookup.timed_out))
		return;
	clock_duration(&took, q->lookup.took_ns);
	claim(c, "slow-name-resolution", CERTAINTY_PROVED, OBSERVED_SLOW | OBSERVED_NAME,
		"Looking up %s takes %s%s, because a name server does not answer.",
		inquiry_foreign(q, q->aim.host, 80), took.data,
		q->lookup.timed_out ? " and longer" : "");
	claim_evidence(c, "getaddrinfo", "%s: %s", inquiry_foreign(q, q->aim.host, 80), took.data);
	for (size_t i = 0; i < dns->server_count; i++) {
		AUTO(buf) struct buf server = BUF_INIT(100);
		address_format(&server, &dns->servers[i]);
		claim_evidence(c, "/etc/resolv.conf", "nameserver %s, timeout %u s, %u attempts",
			server.data, dns->timeout_s, dns->attempts);
	}
	if (!q->predicted.address_count)
		claim_evidence(c, "/etc/hosts", "no line names %s, so name servers are asked",
			inquiry_foreign(q, q->aim.host, 80));
	fix_hosts(q, c);
	claim_fix(c, NULL,
		"mend or reorder the name servers in /etc/resolv.conf, or set \"options timeout:1\"");
}

const struct diagnose_check diagnose_slow_name = {
	.summary = "whether the name is looked up in good time",
	.causes = "slow-name-resolution",
	.needs = FACT_NAMES,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
