#include <case_file.h>

#include <errno.h>

extern const struct diagnose_check diagnose_cgroup_bpf;

static const struct cgroup_program deny_in = {"ingress", "/system.slice/api.service", 7, "sd_fw",
	"systemd"};
static const struct cgroup_program deny_connect = {"connect4", "/job", 8, NULL, NULL};

static struct case_file *unanswered(struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 3000);
	struct owner *node = snap_owner(&k->world, 4121, "/usr/bin/node");

	snap_listen(&k->world, "127.0.0.1", 3000, node);
	*out = case_place(k, "127.0.0.1");
	(*out)->cgroup = "/system.slice/api.service";
	(*out)->talk.end = TALK_UNANSWERED;
	(*out)->talk.error = ETIMEDOUT;
	k->q.self.cgroup = "/user.slice";
	k->q.cgroup_programs = &deny_in;
	k->q.cgroup_program_count = 1;
	return k;
}

TEST(finds_the_program_of_the_server)
{
	struct place *p;
	AUTO(case) struct case_file *k = unanswered(&p);
	const struct finding *f = case_answer(k, &diagnose_cgroup_bpf);

	CHECK(f != NULL);
	CHECK_STR(f->id, "cgroup-bpf-deny");
	CHECK_STR(f->certainty, "inferred");
	CHECK(case_says(f, "api.service"));
	CHECK(case_says(f, "node 4121"));
	CHECK(case_says(f, "cgroup_inet_ingress id 7"));
}

TEST(a_program_that_lets_all_pass_is_no_alarm)
{
	struct place *p;
	AUTO(case) struct case_file *k = unanswered(&p);

	case_status(p, 200);
	CHECK(case_answer(k, &diagnose_cgroup_bpf) == NULL);
}

TEST(a_sibling_is_not_above)
{
	struct place *p;
	AUTO(case) struct case_file *k = unanswered(&p);

	p->cgroup = "/system.slice/api.service2";
	CHECK(case_answer(k, &diagnose_cgroup_bpf) == NULL);
	p->cgroup = "/system.slice/api.service/sub";
	CHECK(case_answer(k, &diagnose_cgroup_bpf) != NULL);
}

TEST(a_full_queue_explains_the_silence)
{
	struct place *p;
	AUTO(case) struct case_file *k = unanswered(&p);

	k->world.sockets.items[0].rqueue = 6;
	k->world.sockets.items[0].wqueue = 5;
	CHECK(case_answer(k, &diagnose_cgroup_bpf) == NULL);
}

TEST(finds_the_program_of_the_client)
{
	struct place *p;
	AUTO(case) struct case_file *k = unanswered(&p);

	p->talk.end = TALK_FAILED;
	p->talk.error = EPERM;
	k->q.self.cgroup = "/job/deep";
	k->q.cgroup_programs = &deny_connect;
	const struct finding *f = case_answer(k, &diagnose_cgroup_bpf);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "cgroup_inet4_connect id 8"));
	k->q.cgroup_program_count = 0;
	f = case_answer(k, &diagnose_cgroup_bpf);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "inferred");
	k->q.self.seccomp = 2;
	CHECK(case_answer(k, &diagnose_cgroup_bpf) == NULL);
}

TESTS(finds_the_program_of_the_server, a_program_that_lets_all_pass_is_no_alarm,
	a_sibling_is_not_above, a_full_queue_explains_the_silence, finds_the_program_of_the_client)
