#include <case_file.h>

extern const struct diagnose_check diagnose_bind_leftover;

static struct case_file *wants(uint16_t port, int error, int error_reuse)
{
	struct case_file *k = case_new(NULL, port);

	k->q.symptom.op = OPERATION_BIND;
	k->q.bind_error = error;
	k->q.bind_error_reuse = error_reuse;
	case_place(k, "0.0.0.0");
	return k;
}

static struct socket *add(struct case_file *k, int state, uint16_t port, uint16_t remote,
	const struct owner *o)
{
	size_t i = snap_socket(&k->world, PROTO_TCP, state, "127.0.0.1", port, o);
	struct socket *s = &k->world.sockets.items[i];

	s->remote = remote ? ADDRESS_LOOPBACK4 : (struct address){0};
	s->remote_port = remote;
	s->inode = o ? s->inode : 0;
	return s;
}

TEST(time_wait)
{
	AUTO(case) struct case_file *k = wants(3000, EADDRINUSE, 0);

	add(k, SOCKET_TIME_WAIT, 3000, 40001, NULL)->timer_ms = 12000;
	add(k, SOCKET_TIME_WAIT, 3000, 40002, NULL)->timer_ms = 31200;
	const struct finding *f = case_answer(k, &diagnose_bind_leftover);
	CHECK_STR(f ? f->id : NULL, "port-held-time-wait");
	CHECK(case_says(f, "2 in TIME_WAIT, the last one for 32 s more"));
	CHECK(case_says(f, "but it works with SO_REUSEADDR"));
	CHECK(case_says(f, "set SO_REUSEADDR in the server"));
	CHECK(case_fix(f, "loopscope wait --gone 3000"));
}

TEST(time_wait_of_a_server_without_reuse)
{
	AUTO(case) struct case_file *k = wants(3000, EADDRINUSE, EADDRINUSE);

	add(k, SOCKET_TIME_WAIT, 3000, 40001, NULL)->timer_ms = 12000;
	const struct finding *f = case_answer(k, &diagnose_bind_leftover);
	CHECK_STR(f ? f->id : NULL, "port-held-time-wait");
	CHECK(case_says(f, "wait 12 s: the old server was without SO_REUSEADDR"));
}

TEST(orphans)
{
	AUTO(case) struct case_file *k = wants(3000, EADDRINUSE, 0);
	struct owner *client = snap_owner(&k->world, 77, "/usr/bin/chromium");

	add(k, SOCKET_FIN_WAIT2, 3000, 40001, NULL)->peer_owner = client;
	const struct finding *f = case_answer(k, &diagnose_bind_leftover);
	CHECK_STR(f ? f->id : NULL, "port-held-orphan-sockets");
	CHECK(case_says(f, "the other end is chromium 77"));
	CHECK(case_fix(f, "kill 77"));
	CHECK(case_fix(f, "sudo ss -K sport = :3000"));
}

TEST(open_connections)
{
	AUTO(case) struct case_file *k = wants(3000, EADDRINUSE, 0);

	add(k, SOCKET_ESTABLISHED, 3000, 40001, snap_owner(&k->world, 4121, "/usr/bin/node"));
	const struct finding *f = case_answer(k, &diagnose_bind_leftover);
	CHECK_STR(f ? f->id : NULL, "port-held-open-connections");
	CHECK(case_says(f, "1 open connection: established 127.0.0.1:3000 → 127.0.0.1:40001"));
	CHECK(case_fix(f, "kill 4121"));
}

TEST(a_client_has_the_port)
{
	AUTO(case) struct case_file *k = wants(40000, EADDRINUSE, EADDRINUSE);

	snap_listen(&k->world, "127.0.0.1", 5432, snap_owner(&k->world, 5, "/usr/bin/postgres"));
	snap_connect(&k->world, snap_owner(&k->world, 4121, "/usr/bin/node"), 40000,
		k->world.owners.items[0], 5432);
	const struct finding *f = case_answer(k, &diagnose_bind_leftover);
	CHECK_STR(f ? f->id : NULL, "port-held-ephemeral-client");
	CHECK(case_says(f, "node 4121"));
	CHECK(case_says(f, "use another port, below 32768"));
	CHECK(case_fix(f, "sudo sysctl net.ipv4.ip_local_reserved_ports=40000"));
}

TEST(a_client_of_itself)
{
	AUTO(case) struct case_file *k = wants(40000, EADDRINUSE, EADDRINUSE);

	add(k, SOCKET_ESTABLISHED, 40000, 40000, snap_owner(&k->world, 4121, "/usr/bin/python3"));
	const struct finding *f = case_answer(k, &diagnose_bind_leftover);
	CHECK_STR(f ? f->id : NULL, "self-connection");
	CHECK(case_says(f, "python 4121"));
	CHECK(case_says(f, "40000 lies in 32768-60999"));
	CHECK(case_fix(f, "kill 4121"));
}

TEST(bound_and_never_listening)
{
	AUTO(case) struct case_file *k = wants(3000, EADDRINUSE, EADDRINUSE);

	add(k, SOCKET_BOUND, 3000, 0, snap_owner(&k->world, 4121, "/usr/bin/node"));
	add(k, SOCKET_TIME_WAIT, 3000, 40001, NULL);
	const struct finding *f = case_answer(k, &diagnose_bind_leftover);
	CHECK_STR(f ? f->id : NULL, "port-held-bound-not-listening");
	CHECK(case_says(f, "bound, not listening: 127.0.0.1:3000 node 4121"));
	CHECK(case_fix(f, "kill 4121"));
}

TEST(a_listener_is_not_left_over)
{
	AUTO(case) struct case_file *k = wants(3000, EADDRINUSE, EADDRINUSE);
	struct owner *o = snap_owner(&k->world, 4121, "/usr/bin/node");

	for (uint16_t i = 0; i < 400; i++)
		add(k, SOCKET_ESTABLISHED, 3000, 40000 + i, o);
	snap_listen(&k->world, "127.0.0.1", 3000, o);
	case_answer(k, &diagnose_bind_leftover);
	CHECK_INT(k->count, 0);
}

TEST(a_bind_that_works)
{
	AUTO(case) struct case_file *k = wants(3000, 0, 0);

	add(k, SOCKET_TIME_WAIT, 3000, 40001, NULL);
	case_answer(k, &diagnose_bind_leftover);
	CHECK_INT(k->count, 0);
}

TESTS(time_wait, time_wait_of_a_server_without_reuse, orphans, open_connections,
	a_client_has_the_port, a_client_of_itself, bound_and_never_listening,
	a_listener_is_not_left_over, a_bind_that_works)
