/*
 * localhost - what the name leads to, which file or source says so, and whether the C library agrees.
 *
 * No name server should ever be asked for localhost (RFC 6761 section 6.3), but glibc's "files dns"
 * asks one when /etc/hosts has lost its line. Browsers and curl never look it up, so that they work
 * proves nothing.
 */
#include "doctor/check.h"

#include "base/clock.h"
#include "base/str.h"

#define ADD_LINES "printf '127.0.0.1 localhost\\n::1 localhost\\n' | sudo tee -a /etc/hosts"

static void say_source(const struct exam *e, struct report *r)
{
	const struct hosts_entry *entry = resolver_hosts_find(&e->resolver.hosts, "localhost");
	struct resolver_answer a;
	AUTO(buf) struct buf chain = BUF_INIT(400);

	resolver_predict(&e->resolver, "localhost", &a);
	for (size_t i = 0; i < e->resolver.chain.source_count; i++)
		buf_printf(&chain, "%s%s%s", i ? ", " : "", e->resolver.chain.sources[i].name,
			e->resolver.chain.sources[i].installed ? "" : " (not installed)");
	if (a.line)
		report_evidence(r, arena_printf(e->arena, "/etc/hosts:%u", a.line), "%s",
			exam_addresses(e, a.addresses, a.address_count));
	else if (a.source)
		report_evidence(r, a.source, "%s", exam_addresses(e, a.addresses, a.address_count));
	else if (entry)
		report_evidence(r, arena_printf(e->arena, "/etc/hosts:%u", entry->line),
			"names localhost");
	else
		report_evidence(r, "/etc/hosts",
			e->resolver.has_hosts ? "no line names localhost" : "cannot be read");
	report_evidence(r, "/etc/nsswitch.conf", "asks %s%s", chain.len ? chain.data : "nobody",
		e->resolver.chain.line ? "" : " (the default)");
	if (e->resolver.hosts.bad_line)
		report_evidence(r,
			arena_printf(e->arena, "/etc/hosts:%u", e->resolver.hosts.bad_line),
			"is no address with a name, and is ignored");
}

static void say_lookup(const struct exam *e, struct report *r)
{
	const struct lookup_answer *l = &e->localhost;
	AUTO(buf) struct buf took = BUF_INIT(100);

	clock_duration(&took, l->took_ns);
	if (l->timed_out)
		report_evidence(r, "getaddrinfo", "no answer in %s", took.data);
	else if (l->failure)
		report_evidence(r, "getaddrinfo", "%s, after %s", l->failure_text, took.data);
	else
		report_evidence(r, "getaddrinfo", "%s, after %s",
			exam_addresses(e, l->addresses, l->address_count), took.data);
}

static bool no_answer(const struct exam *e, struct report *r)
{
	const struct lookup_answer *l = &e->localhost;

	if (!l->timed_out && !l->failure)
		return false;
	if (resolver_hosts_find(&e->resolver.hosts, "localhost")) {
		report_add(r, "nsswitch-misconfigured", SEVERITY_HIGH,
			"localhost is written down, but programs do not find it");
		say_lookup(e, r);
		say_source(e, r);
		report_fix(r, "let the hosts line of /etc/nsswitch.conf begin with files", NULL);
		return true;
	}
	report_add(r, "localhost-unresolvable", SEVERITY_HIGH,
		l->timed_out ? "looking up localhost takes too long: a name server that does not "
			       "answer is asked"
			     : "programs cannot find localhost by its name");
	say_lookup(e, r);
	say_source(e, r);
	report_fix(r, "write it down", ADD_LINES);
	return true;
}

static void run(const struct exam *e, struct report *r)
{
	const struct lookup_answer *l = &e->localhost;
	bool v4 = false;

	if (no_answer(e, r))
		return;
	for (size_t i = 0; i < l->address_count; i++) {
		v4 = v4 || address_eq(&l->addresses[i], &ADDRESS_LOOPBACK4);
		if (address_is_loopback(&l->addresses[i]))
			continue;
		report_add(r, "localhost-maps-elsewhere", SEVERITY_HIGH,
			"localhost leads away from this machine");
		say_lookup(e, r);
		say_source(e, r);
		report_fix(r, "correct the line in /etc/hosts", NULL);
		return;
	}
	if (!v4) {
		report_add(r, "localhost-without-ipv4", SEVERITY_LOW,
			"localhost is %s only, so servers on 127.0.0.1 are not reached by that name",
			exam_addresses(e, l->addresses, l->address_count));
		say_lookup(e, r);
		say_source(e, r);
		report_fix(r, "add the usual line",
			"echo '127.0.0.1 localhost' | sudo tee -a /etc/hosts");
		return;
	}
	report_add(r, "localhost", SEVERITY_OK, "localhost is %s",
		exam_addresses(e, l->addresses, l->address_count));
	say_source(e, r);
	say_lookup(e, r);
}

const struct doctor_check doctor_localhost = {
	.subject = "localhost",
	.summary = "what localhost leads to, and which source says so",
	.run = run,
};
