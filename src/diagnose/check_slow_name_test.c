#include <case_file.h>

extern const struct diagnose_check diagnose_slow_name;

static struct case_file *asked(const char *name, uint64_t took_ms)
{
	struct case_file *k = case_new(name, 3000);

	k->q.looked_up = true;
	k->q.lookup.took_ns = took_ms * 1000000;
	k->q.resolver.dns = (struct dns_config){.server_count = 1, .timeout_s = 5, .attempts = 2};
	must(address_parse("192.0.2.53", &k->q.resolver.dns.servers[0]));
	return k;
}

static void found(struct case_file *k, const char *address)
{
	k->q.lookup.address_count = 1;
	must(address_parse(address, &k->q.lookup.addresses[0]));
}

TEST(a_name_that_takes_seconds)
{
	AUTO(case) struct case_file *k = asked("myapp.test", 5012);

	found(k, "127.0.0.1");
	case_status(case_place(k, "127.0.0.1"), 200);
	const struct finding *f = case_answer(k, &diagnose_slow_name);
	CHECK_STR(f ? f->id : NULL, "slow-name-resolution");
	CHECK(case_says(f, "nameserver 192.0.2.53, timeout 5 s, 2 attempts"));
	CHECK(case_fix(f,
		"printf '127.0.0.1 myapp.test\\n::1 myapp.test\\n' | sudo tee -a /etc/hosts"));
}

TEST(a_name_that_is_never_answered)
{
	AUTO(case) struct case_file *k = asked("myapp.test", 900);

	k->q.lookup.timed_out = true;
	const struct finding *f = case_answer(k, &diagnose_slow_name);
	CHECK_STR(f ? f->id : NULL, "slow-name-resolution");
	CHECK(case_says(f, "and longer"));
}

TEST(a_name_that_is_quick)
{
	AUTO(case) struct case_file *k = asked("myapp.test", 3);

	found(k, "127.0.0.1");
	case_status(case_place(k, "127.0.0.1"), 200);
	case_answer(k, &diagnose_slow_name);
	CHECK_INT(k->count, 0);
}

/* It is another machine: naming it in /etc/hosts must not lead it here. */
TEST(a_slow_name_keeps_its_address)
{
	AUTO(case) struct case_file *k = asked("db.example.com", 5012);

	found(k, "192.0.2.77");
	case_place(k, "192.0.2.77")->ours = false;
	const struct finding *f = case_answer(k, &diagnose_slow_name);
	CHECK_STR(f ? f->id : NULL, "slow-name-resolution");
	CHECK(!case_says(f, "127.0.0.1 db.example.com"));
	CHECK(case_fix(f, "echo '192.0.2.77 db.example.com' | sudo tee -a /etc/hosts"));
}

TESTS(a_name_that_takes_seconds, a_name_that_is_never_answered, a_name_that_is_quick,
	a_slow_name_keeps_its_address)
