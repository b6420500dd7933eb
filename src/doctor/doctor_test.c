/* Each check on an exam made by hand; nothing here asks the machine. */
#include "doctor/check.h"

#include "base/must.h"
#include "base/str.h"
#include "unit.h"
#include <fcntl.h>
#include <sys/stat.h>

extern const struct doctor_check doctor_rights, doctor_loopback, doctor_ipv6, doctor_localhost,
	doctor_subdomains, doctor_proxy, doctor_machine;

static struct doctor_query query;
static struct host host;

static struct exam make(struct arena *a)
{
	static const struct host_address usual[] = {
		{.address = {AF_INET, {127, 0, 0, 1}, 0},
			.prefix_bits = 8,
			.up = true,
			.loopback = true,
			.device = "lo"},
		{.address = {AF_INET6, {[15] = 1}, 0},
			.prefix_bits = 128,
			.up = true,
			.loopback = true,
			.device = "lo"},
	};
	struct exam e = {.host = &host,
		.arena = a,
		.query = &query,
		.addresses = usual,
		.address_count = 2};

	query = (struct doctor_query){0};
	host = (struct host){.root = -1, .proc = -1};
	e.localhost.addresses[e.localhost.address_count++] = ADDRESS_LOOPBACK4;
	return e;
}

static const struct finding *look(const struct exam *e, const struct doctor_check *check)
{
	static struct doctor_report report;

	exam_run(e, &check, 1, &report);
	CHECK_INT(report.finding_count, 1);
	CHECK(str_eq(report.findings[0].subject, check->subject));
	return &report.findings[0];
}

static void check_finding(const struct finding *f, const char *id, enum severity severity)
{
	CHECK_STR(f->id, id);
	CHECK_INT(f->severity, severity);
	if (f->severity > SEVERITY_NOTE)
		CHECK(f->evidence_count > 0 && f->fix_count > 0);
}

TEST(tells_rights)
{
	AUTO(arena) struct arena *a = arena_new();
	struct exam e = make(a);
	struct doctor_report report;
	const struct doctor_check *list[] = {&doctor_rights};

	check_finding(look(&e, &doctor_rights), "rights-missing", SEVERITY_NOTE);
	CHECK_INT(look(&e, &doctor_rights)->evidence_count, 6);
	e.rights = UINT64_MAX;
	check_finding(look(&e, &doctor_rights), "rights", SEVERITY_OK);
	e.own_user_namespace = true;
	check_finding(look(&e, &doctor_rights), "rights-of-container", SEVERITY_NOTE);
	e.rights = 0;
	exam_run(&e, list, 1, &report);
	CHECK_INT(report.blind_count, 1);
	CHECK_STR(report.blind[0].needs, "sudo loopscope doctor");
	CHECK_STR(report.answer, "loopscope sees your own processes; 1 thing is hidden.");
	e.rights = (uint64_t)1 << CAPS_BPF | (uint64_t)1 << CAPS_PERFMON;
	exam_run(&e, list, 1, &report);
	CHECK_STR(report.answer, "loopscope sees every socket's owner; 1 thing is hidden.");
}

TEST(tells_loopback)
{
	AUTO(arena) struct arena *a = arena_new();
	struct exam e = make(a);
	struct host_address lo = e.addresses[0];

	check_finding(look(&e, &doctor_loopback), "loopback", SEVERITY_OK);
	e.addresses = &lo;
	e.address_count = 1;
	lo.prefix_bits = 32;
	check_finding(look(&e, &doctor_loopback), "loopback-narrow", SEVERITY_LOW);
	lo.up = false;
	check_finding(look(&e, &doctor_loopback), "loopback-down", SEVERITY_FAULT);
	e.address_count = 0;
	check_finding(look(&e, &doctor_loopback), "loopback-missing", SEVERITY_FAULT);
}

TEST(tells_ipv6)
{
	AUTO(arena) struct arena *a = arena_new();
	struct exam e = make(a);

	check_finding(look(&e, &doctor_ipv6), "ipv6", SEVERITY_OK);
	e.address_count = 1;
	check_finding(look(&e, &doctor_ipv6), "ipv6-off", SEVERITY_OK);
	e.localhost.addresses[e.localhost.address_count++] = ADDRESS_LOOPBACK6;
	check_finding(look(&e, &doctor_ipv6), "ipv6-off-but-named", SEVERITY_LOW);
}

static void set_files(struct exam *e, const char *hosts, const char *nsswitch)
{
	resolver_parse_hosts(e->arena, hosts, strlen(hosts), &e->resolver.hosts);
	resolver_parse_nsswitch(e->arena, nsswitch, strlen(nsswitch), &e->resolver.chain);
	e->resolver.has_hosts = true;
	struct nss_source *sources = arena_memdup(e->arena, e->resolver.chain.sources,
		e->resolver.chain.source_count * sizeof(*sources));
	for (size_t i = 0; i < e->resolver.chain.source_count; i++)
		sources[i].installed = true;
	e->resolver.chain.sources = sources;
}

TEST(tells_localhost)
{
	AUTO(arena) struct arena *a = arena_new();
	struct exam e = make(a);

	set_files(&e, "127.0.0.1 localhost\n", "hosts: files dns\n");
	const struct finding *f = look(&e, &doctor_localhost);
	check_finding(f, "localhost", SEVERITY_OK);
	CHECK_STR(f->evidence[0].source, "/etc/hosts:1");
	CHECK_STR(f->sentence, "localhost is 127.0.0.1");

	e.localhost = (struct lookup_answer){.failure = -2, .failure_text = "no such name"};
	check_finding(look(&e, &doctor_localhost), "nsswitch-misconfigured", SEVERITY_HIGH);
	set_files(&e, "127.0.0.1 vm\n", "hosts: files dns\n");
	check_finding(look(&e, &doctor_localhost), "localhost-unresolvable", SEVERITY_HIGH);
	e.localhost = (struct lookup_answer){.timed_out = true};
	f = look(&e, &doctor_localhost);
	check_finding(f, "localhost-unresolvable", SEVERITY_HIGH);
	CHECK(strstr(f->sentence, "takes too long"));

	e.localhost = (struct lookup_answer){.address_count = 1, .addresses = {ADDRESS_LOOPBACK6}};
	check_finding(look(&e, &doctor_localhost), "localhost-without-ipv4", SEVERITY_LOW);
	e.localhost.addresses[1] = ADDRESS_LOOPBACK4;
	e.localhost.addresses[1].bytes[0] = 10;
	e.localhost.address_count = 2;
	check_finding(look(&e, &doctor_localhost), "localhost-maps-elsewhere", SEVERITY_HIGH);
}

TEST(tells_subdomains)
{
	AUTO(arena) struct arena *a = arena_new();
	struct exam e = make(a);

	set_files(&e, "127.0.0.1 localhost\n", "hosts: files myhostname\n");
	e.subdomain = e.localhost;
	const struct finding *f = look(&e, &doctor_subdomains);
	check_finding(f, "subdomains", SEVERITY_OK);
	CHECK_STR(f->evidence[0].source, "myhostname");
	e.subdomain = (struct lookup_answer){.failure = -2, .failure_text = "no such name"};
	check_finding(look(&e, &doctor_subdomains), "subdomain-localhost-unresolvable",
		SEVERITY_LOW);
	e.subdomain = (struct lookup_answer){.address_count = 1,
		.addresses = {{AF_INET, {192, 0, 2, 1}, 0}}};
	check_finding(look(&e, &doctor_subdomains), "subdomain-maps-elsewhere", SEVERITY_MEDIUM);
}

static const struct finding *with(struct arena *a, const char *one, const char *two)
{
	struct exam e = make(a);
	const char *environment[] = {one, two, NULL};

	query.environment = environment;
	return look(&e, &doctor_proxy);
}

TEST(tells_proxies)
{
	AUTO(arena) struct arena *a = arena_new();

	check_finding(with(a, "HTTP_PROXY=", "NO_PROXY="), "proxy", SEVERITY_OK);
	const struct finding *f = with(a, "HTTP_PROXY=http://me:secret@p:3128", NULL);
	check_finding(f, "proxy-takes-loopback", SEVERITY_MEDIUM);
	for (size_t i = 0; i < f->evidence_count; i++)
		CHECK(!strstr(f->evidence[i].text, "secret"));
	check_finding(with(a, "http_proxy=p", "no_proxy=.corp, localhost,127.0.0.1"),
		"proxy-spares-loopback", SEVERITY_OK);
	check_finding(with(a, "http_proxy=p", "NO_PROXY=*"), "proxy-spares-loopback", SEVERITY_OK);
	check_finding(with(a, "http_proxy=p", "NO_PROXY=localhost,127.0.0.0/8"),
		"proxy-spares-loopback", SEVERITY_OK);
	check_finding(with(a, "http_proxy=p", "NO_PROXY=localhost"), "proxy-takes-loopback",
		SEVERITY_MEDIUM);
	check_finding(with(a, "http_proxy=p", "NO_PROXY=notlocalhost,127.0.0.1"),
		"proxy-takes-loopback", SEVERITY_MEDIUM);
}

static void put(int dir, const char *path, const char *text)
{
	AUTO(close) int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

TEST(tells_the_machine)
{
	AUTO(arena) struct arena *a = arena_new();
	struct exam e = make(a);
	char root[] = "/tmp/loopscope-doctor-XXXXXX";

	must(mkdtemp(root));
	AUTO(close) int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(mkdirat(dir, "proc", 0700) == 0);
	must(host_open(root, &host, NULL) == 0);
	put(dir, "proc/version", "Linux version 6.1\n");
	check_finding(look(&e, &doctor_machine), "machine", SEVERITY_OK);
	put(dir, "proc/version", "Linux version 5.15.90.1-Microsoft-standard-WSL2\n");
	check_finding(look(&e, &doctor_machine), "in-wsl", SEVERITY_NOTE);
	host.pid_inode = 4026532000u;
	put(dir, ".dockerenv", "");
	const struct finding *f = look(&e, &doctor_machine);
	check_finding(f, "in-container", SEVERITY_NOTE);
	CHECK_STR(f->sentence,
		"this is inside a container, docker: its 127.0.0.1 is not the machine's");
	host.live = true; /* /proc/self is not there, so it is not ours */
	check_finding(look(&e, &doctor_machine), "proc-foreign", SEVERITY_HIGH);
	host_close(&host);
	unlinkat(dir, "proc/version", 0);
	unlinkat(dir, ".dockerenv", 0);
	unlinkat(dir, "proc", AT_REMOVEDIR);
	rmdir(root);
}

TESTS(tells_rights, tells_loopback, tells_ipv6, tells_localhost, tells_subdomains, tells_proxies,
	tells_the_machine)
