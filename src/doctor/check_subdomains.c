/*
 * subdomains - does NAME.localhost lead to this machine for programs that ask the C library?
 *
 * Browsers and curl answer every *.localhost themselves; node, Python, psql and the rest ask glibc,
 * which only knows it through nss-myhostname(8) or nss-resolve(8).
 */
#include "doctor/check.h"

#include "base/fs.h"
#include "base/str.h"

static bool leads_home(const struct lookup_answer *l)
{
	for (size_t i = 0; i < l->address_count; i++)
		if (!address_is_loopback(&l->addresses[i]))
			return false;
	return l->address_count > 0;
}

/* The value of ID= and ID_LIKE= in os-release(5): "debian", "ubuntu debian" ... */
static bool is_like(const struct exam *e, const char *name)
{
	char text[4096];

	if (fs_read_small(e->host->root, "etc/os-release", text, sizeof(text)) <= 0)
		return false;
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");
		const char *hit = strstr(line, name);
		if ((str_starts(line, "ID=") || str_starts(line, "ID_LIKE=")) && hit &&
			hit < line + len)
			return true;
		if (!line[len])
			break;
	}
	return false;
}

static void say_fix(const struct exam *e, struct report *r)
{
	const struct nss_source *myhostname = resolver_source(&e->resolver, "myhostname");
	bool installed = resolver_has_module(e->host, "myhostname");

	if (!installed && is_like(e, "debian"))
		report_fix(r, "let the C library know these names",
			"sudo apt install libnss-myhostname");
	else if (installed && !myhostname)
		report_fix(r, "let the C library ask nss-myhostname, which is installed",
			"sudo sed -i 's/^hosts:.*files/& myhostname/' /etc/nsswitch.conf");
	else
		report_fix(r,
			"install nss-myhostname (a part of systemd) and name it in the hosts "
			"line of /etc/nsswitch.conf",
			NULL);
	report_fix(r, "or name each one you use",
		"echo '127.0.0.1 shop.localhost' | sudo tee -a /etc/hosts");
}

static void run(const struct exam *e, struct report *r)
{
	const struct lookup_answer *l = &e->subdomain;
	struct resolver_answer a;

	resolver_predict(&e->resolver, DOCTOR_SUBDOMAIN, &a);
	if (leads_home(l)) {
		report_add(r, "subdomains", SEVERITY_OK, "names below localhost lead here");
		report_evidence(r, a.source ? a.source : "getaddrinfo", "%s is %s",
			DOCTOR_SUBDOMAIN, exam_addresses(e, l->addresses, l->address_count));
		return;
	}
	if (l->address_count) {
		report_add(r, "subdomain-maps-elsewhere", SEVERITY_MEDIUM,
			"names below localhost lead away from this machine");
		report_evidence(r, "getaddrinfo", "%s is %s", DOCTOR_SUBDOMAIN,
			exam_addresses(e, l->addresses, l->address_count));
		say_fix(e, r);
		return;
	}
	report_add(r, "subdomain-localhost-unresolvable", SEVERITY_LOW,
		"names such as shop.localhost work in browsers only");
	report_evidence(r, "getaddrinfo", "%s: %s", DOCTOR_SUBDOMAIN,
		l->timed_out ? "no answer in time" : l->failure_text);
	report_evidence(r, "/etc/nsswitch.conf", "%s",
		resolver_source(&e->resolver, "myhostname") ||
				resolver_source(&e->resolver, "resolve")
			? "names myhostname or resolve, but it does not answer"
			: "names neither myhostname nor resolve");
	if (a.asks_network)
		report_evidence(r, "/etc/resolv.conf", "a name server was asked: %s",
			exam_addresses(e, e->resolver.dns.servers, e->resolver.dns.server_count));
	say_fix(e, r);
}

const struct doctor_check doctor_subdomains = {
	.subject = "subdomains",
	.summary = "whether NAME.localhost leads to this machine outside browsers",
	.run = run,
};
