#include "sys/resolver.h"

#include "base/must.h"
#include "base/str.h"
#include "unit.h"
#include <fcntl.h>
#include <sys/stat.h>

static struct hosts_file hosts_of(struct arena *a, const char *text)
{
	struct hosts_file file;

	resolver_parse_hosts(a, text, strlen(text), &file);
	return file;
}

static struct nss_chain chain_of(struct arena *a, const char *text)
{
	struct nss_chain chain;

	resolver_parse_nsswitch(a, text, strlen(text), &chain);
	for (size_t i = 0; i < chain.source_count; i++)
		((struct nss_source *)chain.sources)[i].installed = true;
	return chain;
}

static struct dns_config dns_of(struct arena *a, const char *text)
{
	struct dns_config dns;

	resolver_parse_resolv(a, text, strlen(text), &dns);
	return dns;
}

TEST(reads_hosts)
{
	AUTO(arena) struct arena *a = arena_new();
	struct hosts_file h = hosts_of(a,
		"# comment\n\n127.0.0.1\tlocalhost  LocalHost.localdomain # more\r\n"
		"  ::1 ip6-localhost\n127.0.0.1\nnonsense here\n10.0.0.1 db");

	CHECK_INT(h.entry_count, 3);
	CHECK_INT(h.entries[0].line, 3);
	CHECK_INT(h.entries[0].name_count, 2);
	CHECK_STR(h.entries[0].names[1], "LocalHost.localdomain");
	CHECK(address_eq(&h.entries[1].address, &ADDRESS_LOOPBACK6));
	CHECK_STR(h.entries[2].names[0], "db");
	CHECK_INT(h.bad_line, 5);
	CHECK_INT(hosts_of(a,
			  "\xef\xbb\xbf"
			  "127.0.0.1 localhost\n")
			  .bad_line,
		1);
	CHECK_INT(hosts_of(a, "").entry_count, 0);
}

TEST(reads_nsswitch)
{
	AUTO(arena) struct arena *a = arena_new();
	struct nss_chain c = chain_of(a,
		"passwd: files\n"
		"hosts:files mymachines resolve[!UNAVAIL=return] "
		"[notfound=continue tryagain=RETURN] myhostname dns # x\n");

	CHECK_INT(c.source_count, 5);
	CHECK_INT(c.line, 2);
	CHECK_STR(c.sources[2].name, "resolve");
	CHECK_INT(c.sources[2].on[NSS_SUCCESS], NSS_RETURN);
	CHECK_INT(c.sources[2].on[NSS_UNAVAIL], NSS_CONTINUE);
	CHECK_INT(c.sources[2].on[NSS_NOTFOUND], NSS_CONTINUE);
	CHECK_INT(c.sources[2].on[NSS_TRYAGAIN], NSS_RETURN);
	CHECK_INT(c.sources[0].on[NSS_NOTFOUND], NSS_CONTINUE);
	c = chain_of(a, "passwd: files\n#hosts: dns\n");
	CHECK_INT(c.source_count, 2);
	CHECK_STR(c.sources[0].name, "files");
	CHECK_INT(c.line, 0);
	c = chain_of(a, "hosts: [x=y] [ files\n");
	CHECK_INT(c.source_count, 0);
}

TEST(reads_resolv_conf)
{
	AUTO(arena) struct arena *a = arena_new();
	struct dns_config d = dns_of(a,
		"; old\n#nameserver 1.1.1.1\nnameserver 10.0.0.1\n"
		"nameserver fd00::1\r\nnameserver 10.0.0.3\n"
		"nameserver 10.0.0.4\nnameserver what\n"
		"search corp.example home.arpa\n"
		"options ndots:99 timeout:2 attempts:x rotate use-vc");

	CHECK_INT(d.server_count, 3);
	CHECK_INT(d.servers_ignored, 1);
	CHECK_INT(d.servers[1].family, AF_INET6);
	CHECK_INT(d.search_count, 2);
	CHECK_INT(d.ndots, 15);
	CHECK_INT(d.timeout_s, 2);
	CHECK_INT(d.attempts, 2);
	CHECK(d.rotate && d.use_tcp);
	d = dns_of(a, "");
	CHECK(d.server_count == 1 && address_eq(&d.servers[0], &ADDRESS_LOOPBACK4));
}

static struct resolver_answer predict(struct arena *a, const char *nsswitch, const char *name)
{
	struct resolver r = {0};
	struct resolver_answer answer;

	r.hosts = hosts_of(a, "127.0.0.1 localhost\n10.0.0.9 db\n::1 LOCALHOST\n");
	r.chain = chain_of(a, nsswitch);
	resolver_predict(&r, name, &answer);
	return answer;
}

TEST(predicts_which_source_answers)
{
	AUTO(arena) struct arena *a = arena_new();
	struct resolver_answer x = predict(a, "hosts: files dns\n", "localhost");

	CHECK_STR(x.source, "files");
	CHECK_INT(x.line, 1);
	CHECK_INT(x.address_count, 2);
	CHECK(!x.asks_network);
	x = predict(a, "hosts: files dns\n", "shop.localhost");
	CHECK(!x.source && x.asks_network);
	x = predict(a, "hosts: files myhostname dns\n", "Shop.LocalHost");
	CHECK_STR(x.source, "myhostname");
	CHECK_INT(x.address_count, 2);
	x = predict(a, "hosts: files resolve [!UNAVAIL=return] dns\n", "example.org");
	CHECK(!x.source && x.asks_network);
	x = predict(a, "hosts: dns [NOTFOUND=return] files\n", "localhost");
	CHECK(!x.source); /* the line in hosts is never reached */
	x = predict(a, "hosts: mdns4_minimal [NOTFOUND=return] files\n", "localhost");
	CHECK(!x.source && !x.asks_network);
	x = predict(a, "hosts:\n", "localhost");
	CHECK(!x.source && !x.asks_network);
}

static void put(int dir, const char *path, const char *text)
{
	AUTO(close) int fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

TEST(reads_a_fixture_root)
{
	AUTO(arena) struct arena *a = arena_new();
	char root[] = "/tmp/loopscope-resolver-XXXXXX";
	static const char *const folders[] = {"proc", "etc", "usr", "usr/lib",
		"usr/lib/a-linux-gnu"};
	static const char *const files[] = {"usr/lib/a-linux-gnu/libnss_myhostname.so.2",
		"etc/nsswitch.conf", "etc/hosts"};
	struct host host;
	struct resolver r;

	must(mkdtemp(root));
	AUTO(close) int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		must(mkdirat(dir, folders[i], 0700) == 0);
	put(dir, files[0], "");
	put(dir, files[1], "hosts: files myhostname resolve dns\n");
	put(dir, files[2], "127.0.0.1 localhost\n");
	must(host_open(root, &host, NULL) == 0);
	resolver_read(&host, a, &r);
	CHECK(r.has_hosts && r.has_nsswitch && !r.has_resolv);
	CHECK(resolver_source(&r, "files")->installed);
	CHECK(resolver_source(&r, "myhostname")->installed);
	CHECK(!resolver_source(&r, "resolve")->installed);
	CHECK(!resolver_source(&r, "nis"));
	host_close(&host);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(dir, files[i], 0);
	for (size_t i = ARRAY_SIZE(folders); i-- > 0;)
		unlinkat(dir, folders[i], AT_REMOVEDIR);
	rmdir(root);
}

TESTS(reads_hosts, reads_nsswitch, reads_resolv_conf, predicts_which_source_answers,
	reads_a_fixture_root)
