#include <case_file.h>

extern const struct diagnose_check diagnose_forward;

/* Port 8080 is published to 172.17.0.2:3000, and hangs up; namespace 1 is the container. */
static struct case_file *published(void)
{
	struct case_file *k = case_new("127.0.0.1", 8080);
	struct owner *proxy = snap_owner(&k->world, 4121, "/usr/bin/docker-proxy");

	k->q.aim.http = true;
	k->world.other_namespaces = 1;
	snap_listen(&k->world, "127.0.0.1", 8080, proxy);
	case_place(k, "127.0.0.1")->talk =
		(struct talk_job){.end = TALK_RESET, .connected = true, .http = true};
	k->q.forward = (struct forward){.to = "172.17.0.2:3000",
		.port = 3000,
		.publishes = true,
		.program = "docker-proxy"};
	must(address_parse("172.17.0.2", &k->q.forward.container));
	k->q.forward_owner = proxy;
	k->q.forward_netns = 1;
	return k;
}

static void listen_inside(struct case_file *k, const char *address, uint16_t port, pid_t pid)
{
	size_t s = snap_listen(&k->world, address, port,
		snap_owner(&k->world, pid, "/usr/bin/python3"));

	k->world.sockets.items[s].netns = 1;
}

TEST(the_app_listens_on_its_own_loopback)
{
	AUTO(case) struct case_file *k = published();

	listen_inside(k, "127.0.0.1", 3000, 99);
	const struct finding *f = case_answer(k, &diagnose_forward);
	CHECK(f && str_eq(f->id, "container-app-on-loopback"));
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "python 99") && case_says(f, "0.0.0.0:3000"));
}

TEST(nobody_listens_on_the_containers_port)
{
	AUTO(case) struct case_file *k = published();

	listen_inside(k, "0.0.0.0", 3080, 99);
	const struct finding *f = case_answer(k, &diagnose_forward);
	CHECK(f && str_eq(f->id, "published-port-dead-backend"));
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "172.17.0.2:3000") && case_says(f, "0.0.0.0:3080 (python 99)"));
}

TEST(a_container_that_cannot_be_seen)
{
	AUTO(case) struct case_file *k = published();

	k->q.forward_netns = 0;
	const struct finding *f = case_answer(k, &diagnose_forward);
	CHECK(f && str_eq(f->id, "published-port-dead-backend"));
	CHECK_STR(f->certainty, "inferred");
}

TEST(a_container_that_does_listen)
{
	AUTO(case) struct case_file *k = published();

	listen_inside(k, "0.0.0.0", 3000, 99);
	CHECK(!case_answer(k, &diagnose_forward));
}

TEST(a_published_port_that_works)
{
	AUTO(case) struct case_file *k = published();

	case_status(&k->q.places[0], 200);
	CHECK(!case_answer(k, &diagnose_forward));
	CHECK_INT(k->q.observed, 0);
}

static struct case_file *tunnel(struct diagnosis *beyond, int verdict)
{
	struct case_file *k = published();

	k->q.forward = (struct forward){.to = "127.0.0.1:5432", .port = 5432, .program = "socat"};
	*beyond = (struct diagnosis){.verdict = verdict, .answer = "Nothing listens on port 5432."};
	k->q.beyond = beyond;
	k->q.beyond_by = "forward";
	k->q.beyond_to = "127.0.0.1:5432";
	return k;
}

TEST(the_far_end_is_down)
{
	struct diagnosis beyond;
	AUTO(case) struct case_file *k = tunnel(&beyond, VERDICT_FAULT);
	const struct finding *f = case_answer(k, &diagnose_forward);

	CHECK(f && str_eq(f->id, "forwarder-backend-down"));
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "socat 4121") && case_says(f, "loopscope diagnose 127.0.0.1:5432"));
}

TEST(the_far_end_works)
{
	struct diagnosis beyond;
	AUTO(case) struct case_file *k = tunnel(&beyond, VERDICT_HEALTHY);

	CHECK(!case_answer(k, &diagnose_forward));
}

TEST(the_far_end_is_elsewhere)
{
	struct diagnosis beyond;
	AUTO(case) struct case_file *k = tunnel(&beyond, VERDICT_FAULT);

	k->q.beyond = NULL;
	k->q.forward = (struct forward){.to = "svc/web", .port = 80, .program = "kubectl"};
	const struct finding *f = case_answer(k, &diagnose_forward);
	CHECK(f && str_eq(f->id, "forwarder-backend-down") && case_says(f, "kubectl get pods"));
	CHECK_STR(f->certainty, "inferred");
}

TEST(windows_outside)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 9, "/usr/bin/node"));
	case_status(case_place(k, "127.0.0.1"), 200);
	k->q.symptom.op = OPERATION_CONNECT;
	CHECK(!case_answer(k, &diagnose_forward)); /* no machine inside another */
	k->q.guest = "WSL";
	const struct finding *f = case_answer(k, &diagnose_forward);
	CHECK(f && str_eq(f->id, "vm-forwarding-broken"));
	CHECK_STR(f->certainty, "guessed");
}

TESTS(the_app_listens_on_its_own_loopback, nobody_listens_on_the_containers_port,
	a_container_that_cannot_be_seen, a_container_that_does_listen, a_published_port_that_works,
	the_far_end_is_down, the_far_end_works, the_far_end_is_elsewhere, windows_outside)
