#include <case_file.h>

extern const struct diagnose_check diagnose_bind_rights;

static struct case_file *wants(const char *address, uint16_t port, int error)
{
	struct case_file *k = case_new(address, port);

	k->q.symptom.op = OPERATION_BIND;
	k->q.bind_error = k->q.bind_error_reuse = error;
	case_own(k, "lo", "127.0.0.1");
	case_own(k, "eth0", "192.168.1.20");
	case_own(k, "docker0", "172.17.0.1");
	case_place(k, address ? address : "0.0.0.0");
	return k;
}

TEST(a_port_for_root)
{
	AUTO(case) struct case_file *k = wants(NULL, 80, EACCES);
	const struct finding *f = case_answer(k, &diagnose_bind_rights);

	CHECK_STR(f ? f->id : NULL, "privileged-port");
	CHECK_STR(f ? f->certainty : NULL, "proved");
	CHECK(case_says(f, "port 80 as uid 1000: Permission denied"));
	CHECK(case_says(f, "use a port from 1024 on"));
	CHECK(case_fix(f, "sudo sysctl net.ipv4.ip_unprivileged_port_start=80"));
}

TEST(root_itself_may_and_the_text_says_not)
{
	AUTO(case) struct case_file *k = wants(NULL, 80, 0);

	k->q.symptom.error = "EACCES";
	const struct finding *f = case_answer(k, &diagnose_bind_rights);
	CHECK_STR(f ? f->id : NULL, "privileged-port");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
}

TEST(a_policy_denies_it)
{
	AUTO(case) struct case_file *k = wants(NULL, 8080, EACCES);
	static const struct cgroup_program program = {.id = 42,
		.name = "deny_bind",
		.hook = "bind4",
		.path = "/app.slice"};

	k->q.cgroup_programs = &program;
	k->q.cgroup_program_count = 1;
	const struct finding *f = case_answer(k, &diagnose_bind_rights);
	CHECK_STR(f ? f->id : NULL, "bind-denied-by-policy");
	CHECK(case_says(f, "although it is not below 1024"));
	CHECK(case_says(f, "program 42 (deny_bind)"));
	CHECK(case_says(f, "semanage port -a -t http_port_t -p tcp 8080"));
}

TEST(the_port_is_taken)
{
	AUTO(case) struct case_file *k = wants(NULL, 80, EADDRINUSE);

	case_answer(k, &diagnose_bind_rights);
	CHECK_INT(k->count, 0);
}

TEST(an_address_from_another_network)
{
	AUTO(case) struct case_file *k = wants("192.168.1.10", 3000, EADDRNOTAVAIL);
	const struct finding *f = case_answer(k, &diagnose_bind_rights);

	CHECK_STR(f ? f->id : NULL, "bind-address-not-local");
	CHECK(case_says(f, "192.168.1.10 is assigned to no interface"));
	CHECK(case_says(f, "192.168.1.20 on eth0"));
	CHECK(case_says(f, "bind 192.168.1.20"));
}

TEST(an_address_that_is_ours)
{
	AUTO(case) struct case_file *k = wants("192.168.1.20", 3000, 0);

	k->q.symptom.error = "EADDRNOTAVAIL";
	case_answer(k, &diagnose_bind_rights);
	CHECK_INT(k->count, 0);
}

TESTS(a_port_for_root, root_itself_may_and_the_text_says_not, a_policy_denies_it, the_port_is_taken,
	an_address_from_another_network, an_address_that_is_ours)
