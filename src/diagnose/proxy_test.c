#include "diagnose/proxy.h"

#include <case_file.h>

static struct proxy_choice choose(struct case_file *k, const char *const *environment)
{
	struct proxy_choice out;

	k->query.environment = environment;
	proxy_choose(&k->q, &out);
	return out;
}

#define ENV(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(variables_by_scheme)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	k->q.aim.http = true;
	CHECK_STR(choose(k, ENV("http_proxy=http://p:1")).variable, "http_proxy");
	CHECK_STR(choose(k, ENV("http_proxy=http://p:1")).value, "http://p:1");
	CHECK_STR(choose(k, ENV("HTTP_PROXY=http://p:1")).variable, "HTTP_PROXY");
	CHECK_STR(choose(k, ENV("HTTP_PROXY=a", "http_proxy=b")).value, "b");
	CHECK_STR(choose(k, ENV("ALL_PROXY=socks5://p")).variable, "ALL_PROXY");
	CHECK_STR(choose(k, ENV("https_proxy=http://p:1")).variable, NULL);
	CHECK_STR(choose(k, ENV("http_proxy=")).variable, NULL);
	CHECK_STR(choose(k, ENV("http_proxy_old=x")).variable, NULL);
	k->q.aim.tls = true;
	CHECK_STR(choose(k, ENV("https_proxy=http://p:1")).variable, "https_proxy");
	CHECK_STR(choose(k, ENV("http_proxy=http://p:1")).variable, NULL);
}

TEST(only_http_goes_by_them)
{
	AUTO(case) struct case_file *k = case_new("localhost", 5432);

	CHECK_STR(choose(k, ENV("all_proxy=http://p:1")).variable, NULL);
}

static bool exempt(const char *host, uint16_t port, const char *no_proxy)
{
	AUTO(case) struct case_file *k = case_new(host, port);
	char variable[200];

	k->q.aim.http = true;
	snprintf(variable, sizeof(variable), "NO_PROXY=%s", no_proxy);
	struct proxy_choice out = choose(k, ENV("http_proxy=http://p:1", variable));
	CHECK_STR(out.exempt_by, out.variable ? NULL : "NO_PROXY");
	return !out.variable;
}

TEST(names)
{
	CHECK(exempt("localhost", 3000, "localhost"));
	CHECK(exempt("LOCALHOST", 3000, "a.b, localhost"));
	CHECK(exempt("localhost", 3000, "*"));
	CHECK(exempt("api.localhost", 3000, "localhost"));
	CHECK(exempt("api.localhost", 3000, ".localhost"));
	CHECK(exempt("api.localhost", 3000, "*.localhost"));
	CHECK(!exempt("notlocalhost", 3000, "localhost"));
	CHECK(!exempt("localhost", 3000, "api.localhost"));
	CHECK(!exempt("localhost", 3000, ", ,"));
	CHECK(!exempt("localhost", 3000, "127.0.0.1"));
}

TEST(ports)
{
	CHECK(exempt("localhost", 3000, "localhost:3000"));
	CHECK(!exempt("localhost", 3000, "localhost:4000"));
	CHECK(!exempt("localhost", 3000, "localhost:x"));
	CHECK(exempt("::1", 3000, "[::1]"));
	CHECK(exempt("::1", 3000, "[::1]:3000"));
	CHECK(!exempt("::1", 3000, "[::1]:4000"));
}

TEST(networks)
{
	CHECK(exempt("127.0.0.1", 3000, "127.0.0.0/8"));
	CHECK(exempt("127.0.0.1", 3000, "0.0.0.0/0"));
	CHECK(exempt("10.1.2.3", 3000, "10.1.2.2/31"));
	CHECK(!exempt("10.1.2.4", 3000, "10.1.2.2/31"));
	CHECK(!exempt("127.0.0.1", 3000, "127.0.0.0/33"));
	CHECK(!exempt("127.0.0.1", 3000, "127.0.0.0/"));
	CHECK(!exempt("localhost", 3000, "127.0.0.0/8"));
	CHECK(exempt("::1", 3000, "::1/128"));
	CHECK(!exempt("127.0.0.1", 3000, "::/0"));
	CHECK(!exempt("127.0.0.1", 3000,
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/8"));
}

TESTS(variables_by_scheme, only_http_goes_by_them, names, ports, networks)
