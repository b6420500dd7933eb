/*
 * name - the name leads nowhere, or somewhere else: /etc/hosts, nsswitch.conf and what the C library
 * really answers, held against each other.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "inventory/select.h"
#include <netdb.h>
#include <strings.h>

static const char *name(const struct inquiry *q)
{
	return inquiry_foreign(q, q->aim.host, 80);
}

static const char *failure(const struct inquiry *q)
{
	if (q->lookup.timed_out)
		return "no answer in time";
	return q->lookup.failure_text ? q->lookup.failure_text : "not found";
}

/* "files dns", as it stands in nsswitch.conf. */
static const char *chain_text(const struct inquiry *q)
{
	AUTO(buf) struct buf text = BUF_INIT(400);

	for (size_t i = 0; i < q->resolver.chain.source_count; i++)
		buf_printf(&text, "%s%s", i ? " " : "",
			inquiry_foreign(q, q->resolver.chain.sources[i].name, 30));
	return arena_strdup(q->arena, text.data);
}

static const char *chain_source(const struct inquiry *q)
{
	if (!q->resolver.chain.line)
		return "/etc/nsswitch.conf";
	return arena_printf(q->arena, "/etc/nsswitch.conf:%u", q->resolver.chain.line);
}

static void say_lookup(const struct inquiry *q, struct claims *c)
{
	if (q->looked_up)
		claim_evidence(c, "getaddrinfo", "%s: %s", name(q), failure(q));
}

static void say_service_works(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].talked && q->places[i].talk.connected) {
			claim_evidence(c, "probe", "%s accepts connections: the service is there",
				inquiry_endpoint(q, &q->places[i].address, q->aim.port));
			return;
		}
}

static void fix_line(const struct inquiry *q, struct claims *c)
{
	claim_fix(c,
		arena_printf(q->arena, "echo '127.0.0.1 %s' | sudo tee -a /etc/hosts", name(q)),
		"add the name to /etc/hosts");
}

/* True when hosts is right and its content never asked: nsswitch leaves it out, or stops before it. */
static bool nsswitch_hides(const struct inquiry *q, const struct hosts_entry *entry)
{
	return entry && !q->predicted.address_count;
}

static void hosts_unreadable(const struct inquiry *q, struct claims *c)
{
	claim(c, "hosts-file-unreadable", CERTAINTY_PROVED, OBSERVED_NAME,
		"%s cannot be found, because this user may not read /etc/hosts.", name(q));
	claim_evidence(c, "/etc/hosts", "mode %04o, owned by uid %u; the one who asks is uid %u",
		q->hosts_mode, q->hosts_uid, q->uid);
	say_lookup(q, c);
	say_service_works(q, c);
	claim_fix(c, "sudo chmod 644 /etc/hosts", "let everybody read it, as is usual");
}

static void nsswitch_wrong(const struct inquiry *q, struct claims *c,
	const struct hosts_entry *entry)
{
	claim(c, "nsswitch-misconfigured", CERTAINTY_PROVED, OBSERVED_NAME,
		"/etc/hosts knows %s, but programs are told not to look there.", name(q));
	claim_evidence(c, chain_source(q), "hosts: %s", chain_text(q));
	claim_evidence(c, arena_printf(q->arena, "/etc/hosts:%u", entry->line), "names %s",
		name(q));
	say_lookup(q, c);
	say_service_works(q, c);
	claim_fix(c, "sudo sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf",
		"let names be looked up in files first: \"hosts: files dns\"");
}

static void localhost_missing(const struct inquiry *q, struct claims *c)
{
	claim(c, "localhost-unresolvable", CERTAINTY_PROVED, OBSERVED_NAME,
		"The name localhost leads nowhere on this machine: its line in /etc/hosts is gone.");
	claim_evidence(c, "/etc/hosts",
		q->hosts_there ? "no line names localhost" : "there is no such file");
	claim_evidence(c, chain_source(q), "hosts: %s", chain_text(q));
	say_lookup(q, c);
	say_service_works(q, c);
	claim_fix(c, "printf '127.0.0.1 localhost\\n::1 localhost\\n' | sudo tee -a /etc/hosts",
		"give localhost its lines in /etc/hosts again");
	claim_fix(c, NULL, "or dial 127.0.0.1, which needs no name");
}

static void subdomain_missing(const struct inquiry *q, struct claims *c)
{
	claim(c, "subdomain-localhost-unresolvable", CERTAINTY_PROVED, OBSERVED_NAME,
		"%s works in browsers and curl only; other programs cannot find it.", name(q));
	say_lookup(q, c);
	claim_evidence(c, chain_source(q),
		"hosts: %s: neither myhostname nor resolve, which know names below localhost",
		chain_text(q));
	claim_evidence(c, "/etc/hosts", "no line names %s", name(q));
	say_service_works(q, c);
	fix_line(q, c);
	claim_fix(c, "sudo apt install libnss-myhostname",
		"or let all names below localhost lead here");
	claim_fix(c, NULL, "or dial 127.0.0.1 and send \"Host: %s\"", name(q));
}

static void say_name_servers(const struct inquiry *q, struct claims *c)
{
	AUTO(buf) struct buf text = BUF_INIT(300);

	for (size_t i = 0; i < q->resolver.dns.server_count; i++) {
		if (i)
			buf_str(&text, ", ");
		address_format(&text, &q->resolver.dns.servers[i]);
	}
	claim_evidence(c, "/etc/resolv.conf", "name servers: %s", text.len ? text.data : "none");
}

/* RFC 2606, RFC 6762, RFC 8375 and what people use at home; all else is a name of the internet. */
static bool is_public(const char *host)
{
	static const char *const ours[] = {".test", ".example", ".invalid", ".localhost", ".local",
		".internal", ".lan", ".home", ".home.arpa", ".localdomain", ".dev", ".app",
		".docker", ".vm", ".loc", ".private", ".intranet", ".corp"};

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (str_ends(host, ours[i]))
			return false;
	return strchr(host, '.');
}

/* To name it in /etc/hosts would send everybody here who means that machine. */
static void public_name(const struct inquiry *q, struct claims *c)
{
	bool unanswered = q->lookup.timed_out || q->lookup.failure == EAI_AGAIN;

	claim(c, "name-unresolvable", q->looked_up ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_NAME, "%s is no name of this machine, and %s.", name(q),
		unanswered	       ? "no name server answers that could tell where it is"
			: q->looked_up ? "the name servers do not know it"
				       : "nobody else was asked for it");
	say_lookup(q, c);
	claim_evidence(c, "/etc/hosts", "no line names %s", name(q));
	say_name_servers(q, c);
	if (unanswered)
		claim_fix(c, "cat /etc/resolv.conf",
			"see to the network, or to the name servers that stand there");
	else
		claim_fix(c, NULL, "check how the name is spelt");
	claim_fix(c, NULL, "or, when a service of this machine is meant, use localhost");
}

static void unknown_name(const struct inquiry *q, struct claims *c)
{
	bool bare = !strchr(q->aim.host, '.');

	if (is_public(q->aim.host)) {
		public_name(q, c);
		return;
	}

	claim(c, "name-unresolvable", q->looked_up ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_NAME, "The name %s is in no database of this machine%s.", name(q),
		bare ? "; it looks like the name of a compose service" : "");
	say_lookup(q, c);
	claim_evidence(c, "/etc/hosts", "no line names %s", name(q));
	say_name_servers(q, c);
	fix_line(q, c);
	if (bare)
		claim_fix(c, NULL,
			"or, outside of its compose network, use localhost and the published port");
	else
		claim_fix(c, NULL, "or use localhost");
}

/* Its lines are there, but the C library cannot make them out. */
static void hosts_garbled(const struct inquiry *q, struct claims *c)
{
	claim(c, "hosts-file-unreadable", CERTAINTY_PROVED, OBSERVED_NAME,
		"%s cannot be found, because /etc/hosts is not written as the system reads it.",
		name(q));
	if (q->hosts_bom)
		claim_evidence(c, "/etc/hosts:1",
			"begins with a byte order mark (BOM, EF BB BF), so its first "
			"line does not count");
	if (q->hosts_cr)
		claim_evidence(c, "/etc/hosts",
			"its lines end with a carriage return (CR) alone, so all of it is "
			"one line");
	say_lookup(q, c);
	say_service_works(q, c);
	if (q->hosts_bom)
		claim_fix(c, "sudo sed -i '1s/^\\xEF\\xBB\\xBF//' /etc/hosts",
			"take the byte order mark (BOM) out of /etc/hosts");
	if (q->hosts_cr)
		claim_fix(c, "sudo sed -i 's/\\r/\\n/g' /etc/hosts",
			"end its lines with a line feed");
}

static void fails(const struct inquiry *q, struct claims *c)
{
	const struct hosts_entry *entry = resolver_hosts_find(&q->resolver.hosts, q->aim.host);

	if (q->hosts_there && !q->hosts_readable)
		hosts_unreadable(q, c);
	else if (nsswitch_hides(q, entry))
		nsswitch_wrong(q, c, entry);
	else if ((q->hosts_bom || q->hosts_cr) && !entry)
		hosts_garbled(q, c);
	else if (str_eq(q->aim.host, "localhost"))
		localhost_missing(q, c);
	else if (select_is_localhost(q->aim.host))
		subdomain_missing(q, c);
	else
		unknown_name(q, c);
}

/* The line that gives the name this address: another line may name it rightly. */
static const struct hosts_entry *line_with(const struct inquiry *q, const struct address *a)
{
	for (size_t i = 0; i < q->resolver.hosts.entry_count; i++) {
		const struct hosts_entry *e = &q->resolver.hosts.entries[i];
		for (size_t j = 0; address_eq(&e->address, a) && j < e->name_count; j++)
			if (strcasecmp(e->names[j], q->aim.host) == 0)
				return e;
	}
	return NULL;
}

/* A local name that is given another machine's address. */
static void leads_elsewhere(const struct inquiry *q, struct claims *c)
{
	const struct place *odd = NULL;
	AUTO(buf) struct buf text = BUF_INIT(100);

	for (size_t i = 0; i < q->place_count && !odd; i++)
		if (!q->places[i].ours ||
			(inquiry_is_localhost(q) && !address_is_loopback(&q->places[i].address)))
			odd = &q->places[i];
	if (!odd || !(q->observed & OBSERVED_NAME))
		return;
	const struct hosts_entry *entry = line_with(q, &odd->address);
	address_format(&text, &odd->address);
	claim(c, "localhost-maps-elsewhere",
		inquiry_is_localhost(q) ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_NAME | OBSERVED_REFUSED | OBSERVED_UNANSWERED | OBSERVED_UNREACHABLE,
		"%s leads to %s, which is %s.", name(q), text.data,
		odd->ours ? "not the loopback address" : "not this machine");
	claim_evidence(c, "getaddrinfo", "%s → %s", name(q), text.data);
	if (entry)
		claim_evidence(c, arena_printf(q->arena, "/etc/hosts:%u", entry->line),
			"gives %s the address %s", name(q), text.data);
	else
		claim_evidence(c, "/etc/hosts", "no line gives %s this address", name(q));
	if (!odd->ours)
		claim_evidence(c, "rtnetlink", "no interface of this machine has %s", text.data);
	if (entry)
		claim_fix(c,
			arena_printf(q->arena, "sudo sed -i '%us/^[^ \\t]*/127.0.0.1/' /etc/hosts",
				entry->line),
			"correct the line of %s in /etc/hosts", name(q));
	else
		fix_line(q, c);
	claim_fix(c, NULL, "or dial 127.0.0.1:%u", q->aim.port);
}

static void run(const struct inquiry *q, struct claims *c)
{
	if (!q->aim.host || q->aim.literal)
		return;
	if (q->looked_up ? q->lookup.failure || q->lookup.timed_out : !q->predicted.address_count)
		fails(q, c);
	else
		leads_elsewhere(q, c);
}

const struct diagnose_check diagnose_name = {
	.summary = "whether the name leads to this machine",
	.causes = "localhost-unresolvable localhost-maps-elsewhere name-unresolvable "
		  "subdomain-localhost-unresolvable nsswitch-misconfigured hosts-file-unreadable",
	.needs = FACT_NAMES,
	.operations = OPERATIONS_ALL,
	.run = run,
};
