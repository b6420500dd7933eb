#include <case_file.h>

extern const struct diagnose_check diagnose_bind_holder;

static struct case_file *wants(const char *address)
{
	struct case_file *k = case_new(address, 3000);

	k->q.symptom.op = OPERATION_BIND;
	k->q.bind_error = k->q.bind_error_reuse = EADDRINUSE;
	case_place(k, address ? address : "0.0.0.0");
	return k;
}

static struct owner *holds(struct case_file *k, const char *exe, const char *address)
{
	struct owner *o = snap_owner(&k->world, 4121, exe);

	snap_listen(&k->world, address, 3000, o);
	return o;
}

TEST(a_live_process)
{
	AUTO(case) struct case_file *k = wants(NULL);

	holds(k, "/usr/bin/node", "127.0.0.1");
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-live-process");
	CHECK_STR(f ? f->certainty : NULL, "proved");
	CHECK(case_says(f, "LISTEN 127.0.0.1:3000 node 4121"));
	CHECK(case_fix(f, "kill 4121"));
	CHECK(case_fix(f, "loopscope free 3000"));
}

TEST(a_holder_that_cannot_be_seen)
{
	AUTO(case) struct case_file *k = wants(NULL);

	snap_listen(&k->world, "0.0.0.0", 3000, NULL);
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-live-process");
	CHECK_STR(f ? f->subject : NULL, "root: the owner of the socket");
	CHECK(!case_says(f, "kill "));
	CHECK(case_fix(f, "sudo loopscope free 3000"));
}

TEST(a_suspended_job)
{
	AUTO(case) struct case_file *k = wants(NULL);
	struct owner *o = holds(k, "/usr/bin/node", "0.0.0.0");

	o->state = 'T';
	o->terminal = "pts/3";
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-suspended-job");
	CHECK(case_says(f, "pid 4121 is stopped (state T), started on pts/3"));
	CHECK(case_fix(f, "kill 4121 && kill -CONT 4121"));
}

TEST(a_child_that_inherited_it)
{
	AUTO(case) struct case_file *k = wants(NULL);

	holds(k, "/usr/bin/sleep", "0.0.0.0");
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-inherited-fd");
	CHECK(case_says(f, "sleep 4121"));
	CHECK(case_fix(f, "kill 4121"));
}

/* The server itself lives, and holds it too: its child is not to blame. */
TEST(a_child_beside_its_server)
{
	AUTO(case) struct case_file *k = wants(NULL);

	holds(k, "/usr/bin/sleep", "0.0.0.0");
	snap_hold(&k->world, 0, snap_owner(&k->world, 5000, "/usr/bin/node"), 20);
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-live-process");
	CHECK(case_fix(f, "kill 5000"));
	CHECK(case_says(f, "node 5000"));
}

/* A browser does listen when it is told to. */
TEST(a_browser_that_listens)
{
	AUTO(case) struct case_file *k = wants(NULL);

	snap_argv(&k->world, holds(k, "/usr/bin/chromium", "127.0.0.1"), "chromium",
		"--remote-debugging-port=3000");
	CHECK_STR(case_cause(k, &diagnose_bind_holder), "port-held-live-process");
}

TEST(a_browser_that_a_server_opened)
{
	AUTO(case) struct case_file *k = wants(NULL);

	holds(k, "/usr/bin/chromium", "127.0.0.1")->orphaned = true;
	CHECK_STR(case_cause(k, &diagnose_bind_holder), "port-held-inherited-fd");
}

TEST(a_published_port)
{
	AUTO(case) struct case_file *k = wants(NULL);

	snap_argv(&k->world, holds(k, "/usr/bin/docker-proxy", "0.0.0.0"), "docker-proxy", "-proto",
		"tcp", "-host-ip", "0.0.0.0", "-host-port", "3000", "-container-ip", "172.17.0.2",
		"-container-port", "8080");
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-published-container");
	CHECK(case_says(f, "172.17.0.2:8080"));
	CHECK(case_fix(f, "docker ps -a --filter publish=3000"));
	CHECK(!case_says(f, "kill "));
}

TEST(a_published_port_of_root)
{
	AUTO(case) struct case_file *k = wants(NULL);
	struct owner *proxy = snap_owner(&k->world, 4121, "/usr/bin/docker-proxy");
	struct owner *const list[] = {proxy};

	proxy->uid = 0;
	snap_argv(&k->world, proxy, "docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0",
		"-host-port", "3000", "-container-ip", "172.17.0.2", "-container-port", "80");
	snap_listen(&k->world, "0.0.0.0", 3000, NULL);
	k->q.processes = list;
	k->q.process_count = 1;
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-published-container");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "4121"));
	proxy->uid = 1001; /* somebody else's words about the port are not believed */
	k->q.observed = 0;
	CHECK_STR(case_cause(k, &diagnose_bind_holder), "port-held-live-process");
}

TEST(a_supervisor)
{
	AUTO(case) struct case_file *k = wants(NULL);

	snap_listen(&k->world, "0.0.0.0", 3000,
		snap_owner(&k->world, 1, "/usr/lib/systemd/systemd"));
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-socket-activation");
	CHECK(case_fix(f, "systemctl list-sockets | grep -w 3000"));
	CHECK(!case_says(f, "kill "));
}

TEST(one_address_in_the_way_of_all)
{
	AUTO(case) struct case_file *k = wants("0.0.0.0");

	holds(k, "/usr/bin/node", "127.0.0.2");
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-overlapping-bind");
	CHECK(case_says(f, "0.0.0.0:3000 cannot be had, because 127.0.0.2:3000 is taken"));
	CHECK(case_fix(f, "kill 4121"));
}

TEST(all_addresses_in_the_way_of_one)
{
	AUTO(case) struct case_file *k = wants("127.0.0.1");

	holds(k, "/usr/bin/node", "::");
	const struct finding *f = case_answer(k, &diagnose_bind_holder);
	CHECK_STR(f ? f->id : NULL, "port-held-overlapping-bind");
	CHECK(case_says(f, "the IPv6 wildcard takes IPv4 too"));
	CHECK(case_says(f, "4121"));
}

TEST(another_address_is_in_nobodys_way)
{
	AUTO(case) struct case_file *k = wants("127.0.0.1");

	holds(k, "/usr/bin/node", "127.0.0.2");
	case_answer(k, &diagnose_bind_holder);
	CHECK_INT(k->count, 0);
}

TEST(a_bind_that_works_now)
{
	AUTO(case) struct case_file *k = wants("127.0.0.1");

	holds(k, "/usr/bin/node", "127.0.0.1");
	k->q.bind_error = k->q.bind_error_reuse = 0;
	case_answer(k, &diagnose_bind_holder);
	CHECK_INT(k->count, 0);
}

TESTS(a_live_process, a_holder_that_cannot_be_seen, a_suspended_job, a_child_that_inherited_it,
	a_child_beside_its_server, a_browser_that_listens, a_browser_that_a_server_opened,
	a_published_port, a_published_port_of_root, a_supervisor, one_address_in_the_way_of_all,
	all_addresses_in_the_way_of_one, another_address_is_in_nobodys_way, a_bind_that_works_now)
