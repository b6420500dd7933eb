#include <case_file.h>

extern const struct diagnose_check diagnose_proxy_variable;

static struct case_file *site(const char *const *environment)
{
	struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	k->q.aim.scheme = "http";
	k->query.environment = environment;
	case_status(case_place(k, "127.0.0.1"), 200);
	return k;
}

TEST(a_proxy_in_the_way)
{
	static const char *const environment[] = {"http_proxy=http://127.0.0.1:3128",
		"no_proxy=example.com", NULL};
	AUTO(case) struct case_file *k = site(environment);
	const struct finding *f = case_answer(k, &diagnose_proxy_variable);

	CHECK_STR(f ? f->id : NULL, "proxy-env-hijack");
	CHECK(case_says(f, "http_proxy=http://127.0.0.1:3128"));
	CHECK(case_says(f, "no_proxy=example.com does not cover localhost"));
	CHECK(case_says(f, "nothing listens on port 3128"));
	CHECK(case_says(f, "4121"));
	CHECK(case_says(f, "export no_proxy=example.com,localhost,127.0.0.1,::1"));
}

TEST(an_exempt_host)
{
	static const char *const environment[] = {"http_proxy=http://127.0.0.1:3128",
		"no_proxy=localhost,127.0.0.1", NULL};
	AUTO(case) struct case_file *k = site(environment);

	CHECK_STR(case_cause(k, &diagnose_proxy_variable), NULL);
}

TEST(a_proxy_for_another_scheme)
{
	static const char *const environment[] = {"https_proxy=http://127.0.0.1:3128", NULL};
	AUTO(case) struct case_file *k = site(environment);

	CHECK_STR(case_cause(k, &diagnose_proxy_variable), NULL);
}

TEST(a_text_that_ends_at_the_proxy)
{
	static const char *const environment[] = {"http_proxy=http://127.0.0.1:3128", NULL};
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3128);

	k->query.environment = environment;
	k->q.aim.is_text = true;
	k->q.symptom = (struct symptom){.op = OPERATION_CONNECT, .error = "ECONNREFUSED"};
	case_place(k, "127.0.0.1");
	CHECK_STR(case_cause(k, &diagnose_proxy_variable), "proxy-env-hijack");
}

TEST(a_text_that_ends_at_the_server)
{
	static const char *const environment[] = {"http_proxy=http://127.0.0.1:3128", NULL};
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	k->query.environment = environment;
	k->q.aim.is_text = k->q.aim.http = true;
	k->q.symptom = (struct symptom){.op = OPERATION_CONNECT, .error = "ECONNREFUSED"};
	case_place(k, "127.0.0.1");
	CHECK_STR(case_cause(k, &diagnose_proxy_variable), NULL);
}

TESTS(a_proxy_in_the_way, an_exempt_host, a_proxy_for_another_scheme, a_text_that_ends_at_the_proxy,
	a_text_that_ends_at_the_server)
