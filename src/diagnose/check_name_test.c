#include <case_file.h>

extern const struct diagnose_check diagnose_name;

static const struct nss_source usual[] = {{.name = "files"}, {.name = "dns"}};

/* A name that the C library cannot find; no line of /etc/hosts names it. */
static struct case_file *lost(const char *name)
{
	struct case_file *k = case_new(name, 3000);

	k->q.hosts_there = k->q.hosts_readable = true;
	k->q.hosts_mode = 0644;
	k->q.looked_up = true;
	k->q.lookup.failure = -2;
	k->q.lookup.failure_text = "Name or service not known";
	k->q.resolver.chain.sources = usual;
	k->q.resolver.chain.source_count = 2;
	k->q.resolver.chain.line = 7;
	return k;
}

static void hosts(struct case_file *k, const char *text)
{
	resolver_parse_hosts(k->arena, text, strlen(text), &k->q.resolver.hosts);
}

/* The name was found, and leads there. */
static struct place *leads(struct case_file *k, const char *address, bool ours)
{
	struct place *p = case_place(k, address);

	k->q.lookup = (struct lookup_answer){.address_count = 1, .addresses = {p->address}};
	p->ours = p->talked = ours;
	return p;
}

TEST(localhost_without_its_line)
{
	AUTO(case) struct case_file *k = lost("localhost");

	case_status(case_place(k, "127.0.0.1"), 200);
	const struct finding *f = case_answer(k, &diagnose_name);
	CHECK_STR(f ? f->id : NULL, "localhost-unresolvable");
	CHECK_STR(f ? f->certainty : NULL, "proved");
	CHECK(case_says(f, "Name or service not known"));
	CHECK(case_says(f, "/etc/nsswitch.conf:7"));
	CHECK(case_says(f, "127.0.0.1:3000 accepts connections"));
	CHECK(case_fix(f,
		"printf '127.0.0.1 localhost\\n::1 localhost\\n' | sudo tee -a /etc/hosts"));
}

TEST(a_localhost_that_works_is_no_fault)
{
	AUTO(case) struct case_file *k = lost("localhost");

	case_status(leads(k, "127.0.0.1", true), 200);
	CHECK(!case_answer(k, &diagnose_name));
	CHECK_INT(k->count, 0);
}

TEST(a_name_below_localhost)
{
	AUTO(case) struct case_file *k = lost("api.localhost");
	const struct finding *f = case_answer(k, &diagnose_name);

	CHECK_STR(f ? f->id : NULL, "subdomain-localhost-unresolvable");
	CHECK(case_says(f, "Host: api.localhost"));
	CHECK(case_fix(f, "echo '127.0.0.1 api.localhost' | sudo tee -a /etc/hosts"));
}

TEST(a_name_in_no_database)
{
	AUTO(case) struct case_file *k = lost("myapp.test");

	k->q.resolver.dns.server_count = 1;
	must(address_parse("192.0.2.53", &k->q.resolver.dns.servers[0]));
	const struct finding *f = case_answer(k, &diagnose_name);
	CHECK_STR(f ? f->id : NULL, "name-unresolvable");
	CHECK(case_says(f, "192.0.2.53"));
	CHECK(!case_says(f, "compose"));
	CHECK(case_fix(f, "echo '127.0.0.1 myapp.test' | sudo tee -a /etc/hosts"));
}

TEST(a_bare_name_may_be_one_of_compose)
{
	AUTO(case) struct case_file *k = lost("db");
	const struct finding *f = case_answer(k, &diagnose_name);

	CHECK_STR(f ? f->id : NULL, "name-unresolvable");
	CHECK(case_says(f, "compose service"));
}

TEST(hosts_that_may_not_be_read)
{
	AUTO(case) struct case_file *k = lost("devbox");

	k->q.hosts_readable = false;
	k->q.hosts_mode = 0600;
	const struct finding *f = case_answer(k, &diagnose_name);
	CHECK_STR(f ? f->id : NULL, "hosts-file-unreadable");
	CHECK(case_says(f, "mode 0600"));
	CHECK(case_says(f, "uid 1000"));
	CHECK(case_fix(f, "sudo chmod 644 /etc/hosts"));
}

TEST(hosts_with_a_byte_order_mark)
{
	AUTO(case) struct case_file *k = lost("localhost");

	k->q.hosts_bom = true;
	const struct finding *f = case_answer(k, &diagnose_name);
	CHECK_STR(f ? f->id : NULL, "hosts-file-unreadable");
	CHECK(case_says(f, "/etc/hosts:1"));
	CHECK(case_says(f, "BOM"));
}

TEST(a_mark_that_does_no_harm_is_not_blamed)
{
	AUTO(case) struct case_file *k = lost("myapp.test");

	hosts(k, "127.0.0.1 myapp.test\n");
	k->q.hosts_bom = true;
	CHECK_STR(case_cause(k, &diagnose_name), "nsswitch-misconfigured");
}

TEST(hosts_that_nobody_asks)
{
	AUTO(case) struct case_file *k = lost("myapp.test");

	hosts(k, "127.0.0.1 localhost\n127.0.0.1 myapp.test\n");
	k->q.resolver.chain.sources = usual + 1;
	k->q.resolver.chain.source_count = 1;
	const struct finding *f = case_answer(k, &diagnose_name);
	CHECK_STR(f ? f->id : NULL, "nsswitch-misconfigured");
	CHECK(case_says(f, "/etc/hosts:2"));
	CHECK(case_says(f, "hosts: dns"));
	CHECK(case_fix(f, "sudo sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf"));
}

TEST(localhost_at_another_machine_names_the_line_that_does_it)
{
	AUTO(case) struct case_file *k = lost("localhost");

	hosts(k, "127.0.0.1 localhost\n\n10.0.0.9 localhost\n");
	leads(k, "10.0.0.9", false);
	const struct finding *f = case_answer(k, &diagnose_name);
	CHECK_STR(f ? f->id : NULL, "localhost-maps-elsewhere");
	CHECK_STR(f ? f->certainty : NULL, "proved");
	CHECK(case_says(f, "/etc/hosts:3"));
	CHECK(case_says(f, "no interface of this machine has 10.0.0.9"));
	CHECK(case_fix(f, "sudo sed -i '3s/^[^ \\t]*/127.0.0.1/' /etc/hosts"));
}

/* The name server says so: there is no line to correct, one is missing. */
TEST(localhost_at_another_machine_by_a_name_server)
{
	AUTO(case) struct case_file *k = lost("localhost");

	leads(k, "10.0.0.9", false);
	const struct finding *f = case_answer(k, &diagnose_name);
	CHECK_STR(f ? f->id : NULL, "localhost-maps-elsewhere");
	CHECK(case_says(f, "no line gives localhost this address"));
	CHECK(!case_says(f, "correct the line"));
	CHECK(case_fix(f, "echo '127.0.0.1 localhost' | sudo tee -a /etc/hosts"));
}

TEST(a_remote_name_is_no_fault)
{
	AUTO(case) struct case_file *k = lost("example.com");

	leads(k, "192.0.2.9", false);
	CHECK(!case_answer(k, &diagnose_name));
}

TEST(an_address_is_no_name)
{
	AUTO(case) struct case_file *k = lost("127.0.0.1");

	case_place(k, "127.0.0.1");
	case_answer(k, &diagnose_name);
	CHECK_INT(k->count, 0);
}

TESTS(localhost_without_its_line, a_localhost_that_works_is_no_fault, a_name_below_localhost,
	a_name_in_no_database, a_bare_name_may_be_one_of_compose, hosts_that_may_not_be_read,
	hosts_with_a_byte_order_mark, a_mark_that_does_no_harm_is_not_blamed,
	hosts_that_nobody_asks, localhost_at_another_machine_names_the_line_that_does_it,
	localhost_at_another_machine_by_a_name_server, a_remote_name_is_no_fault,
	an_address_is_no_name)
