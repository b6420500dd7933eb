#include <case_file.h>

#include <errno.h>

extern const struct diagnose_check diagnose_sandbox;

static struct case_file *works_for_us(const char *error, struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 3000);
	struct owner *node = snap_owner(&k->world, 4121, "/usr/bin/node");

	node->started_ms = 1600000000000;
	snap_listen(&k->world, "127.0.0.1", 3000, node);
	*out = case_place(k, "127.0.0.1");
	case_status(*out, 200);
	k->q.symptom.op = OPERATION_CONNECT;
	k->q.symptom.error = error;
	k->q.symptom.client = "curl";
	return k;
}

TEST(others_may_connect)
{
	struct place *p;
	AUTO(case) struct case_file *k = works_for_us("EACCES", &p);
	const struct finding *f = case_answer(k, &diagnose_sandbox);

	CHECK(f != NULL);
	CHECK_STR(f->id, "sandbox-denies-network");
	CHECK_STR(f->certainty, "inferred");
	CHECK(case_says(f, "Landlock"));
}

TEST(a_refusal_is_no_sandbox)
{
	struct place *p;
	AUTO(case) struct case_file *k = works_for_us("ECONNREFUSED", &p);

	CHECK(case_answer(k, &diagnose_sandbox) == NULL);
}

TEST(selinux_is_named)
{
	struct place *p;
	AUTO(case) struct case_file *k = works_for_us("EACCES", &p);

	k->q.selinux_enforcing = true;
	const struct finding *f = case_answer(k, &diagnose_sandbox);
	CHECK(f != NULL);
	CHECK_STR(f->id, "lsm-denial");
	CHECK(case_says(f, "httpd_can_network_connect"));
}

TEST(a_profile_of_the_client_is_named)
{
	struct place *p;
	AUTO(case) struct case_file *k = works_for_us("EACCES", &p);
	struct owner *curl = snap_owner(&k->world, 300, "/usr/bin/curl");

	case_take(k);
	case_vitals(k, curl, 'S')->first.lsm_label = "curl (enforce)";
	const struct finding *f = case_answer(k, &diagnose_sandbox);
	CHECK(f != NULL);
	CHECK_STR(f->id, "lsm-denial");
	CHECK(case_says(f, "curl (enforce)"));
}

TEST(a_prohibiting_route_comes_first)
{
	struct place *p;
	AUTO(case) struct case_file *k = works_for_us("EACCES", &p);

	p->has_route = true;
	p->route.error = EACCES;
	CHECK(case_answer(k, &diagnose_sandbox) == NULL);
}

TEST(our_own_sandbox)
{
	struct place *p;
	AUTO(case) struct case_file *k = works_for_us(NULL, &p);

	p->talk = (struct talk_job){.end = TALK_FAILED, .error = EPERM};
	k->q.symptom.op = OPERATION_UNKNOWN;
	CHECK(case_answer(k, &diagnose_sandbox) == NULL);
	k->q.self.seccomp = 2;
	const struct finding *f = case_answer(k, &diagnose_sandbox);
	CHECK(f != NULL);
	CHECK_STR(f->id, "sandbox-denies-network");
	CHECK(case_says(f, "Seccomp: 2"));
}

TEST(a_command_whose_calls_never_arrive)
{
	struct place *p;
	AUTO(case) struct case_file *k = works_for_us(NULL, &p);
	char *argv[] = {(char[]){"curl"}, NULL};
	struct attempt_run run = {.argv = argv, .rung = "bpf", .status = 7 << 8};

	k->query.attempt = &run;
	const struct finding *f = case_answer(k, &diagnose_sandbox);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "inferred");
	run.rung = "sockets";
	f = case_answer(k, &diagnose_sandbox);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "guessed");
	run.status = 0;
	CHECK(case_answer(k, &diagnose_sandbox) == NULL);
}

TESTS(others_may_connect, a_refusal_is_no_sandbox, selinux_is_named,
	a_profile_of_the_client_is_named, a_prohibiting_route_comes_first, our_own_sandbox,
	a_command_whose_calls_never_arrive)
