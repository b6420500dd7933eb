#include <case_file.h>

extern const struct diagnose_check diagnose_exited;

static struct case_file *refused(uint16_t port)
{
	struct case_file *k = case_new("127.0.0.1", port);

	case_place(k, "127.0.0.1");
	return k;
}

/* What is left of a connection, without any process; timer: how long the kernel still keeps it. */
static void left(struct case_file *k, int state, uint16_t port, uint16_t remote, uint32_t timer_ms)
{
	size_t i = snap_socket(&k->world, PROTO_TCP, state, "127.0.0.1", port, NULL);
	struct socket *s = &k->world.sockets.items[i];

	s->inode = 0;
	s->ownerless = OWNERLESS_TIME_WAIT;
	s->remote = ADDRESS_LOOPBACK4;
	s->remote_port = remote;
	s->timer_ms = timer_ms;
}

TEST(connections_are_left)
{
	AUTO(case) struct case_file *k = refused(3000);

	left(k, SOCKET_TIME_WAIT, 3000, 40001, 48000);
	left(k, SOCKET_TIME_WAIT, 3000, 40002, 20000);
	const struct finding *f = case_answer(k, &diagnose_exited);
	CHECK_STR(f ? f->id : NULL, "server-exited");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "2 connections of it are left in time-wait"));
	CHECK(case_says(f, "the last one closed 12 s ago"));
}

TEST(a_port_that_a_client_had)
{
	AUTO(case) struct case_file *k = refused(45678);

	snap_listen(&k->world, "127.0.0.1", 5432, NULL);
	left(k, SOCKET_TIME_WAIT, 45678, 5432, 48000);
	case_answer(k, &diagnose_exited);
	CHECK_INT(k->count, 0);
}

TEST(it_was_started_again)
{
	AUTO(case) struct case_file *k = refused(3000);

	left(k, SOCKET_TIME_WAIT, 3000, 40001, 48000);
	snap_listen(&k->world, "127.0.0.1", 3000, NULL);
	case_answer(k, &diagnose_exited);
	CHECK_INT(k->count, 0);
}

TEST(a_pid_file_of_nobody)
{
	AUTO(case) struct case_file *k = refused(3000);

	k->q.pid_file = "/srv/my app/tmp/server.pid";
	k->q.pid_file_pid = 4121;
	const struct finding *f = case_answer(k, &diagnose_exited);
	CHECK_STR(f ? f->id : NULL, "server-exited");
	CHECK(case_says(f, "names pid 4121"));
	CHECK(case_fix(f, "rm '/srv/my app/tmp/server.pid'"));
}

static struct oom_kill killed;

static void kill_at(struct case_file *k, const char *name, int minutes_ago)
{
	killed = (struct oom_kill){.pid = 4121,
		.name = name,
		.at_ms = k->q.now_ms - minutes_ago * 60000ll,
		.line = "Out of memory: Killed process 4121"};
	k->q.ooms = &killed;
	k->q.oom_count = 1;
}

TEST(the_database_was_killed)
{
	AUTO(case) struct case_file *k = refused(5432);

	kill_at(k, "postgres", 40);
	killed.cgroup = "/docker/db";
	const struct finding *f = case_answer(k, &diagnose_exited);
	CHECK_STR(f ? f->id : NULL, "oom-killed");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "postgres 4121"));
	CHECK(case_says(f, "Out of memory: Killed process 4121"));
	CHECK(case_says(f, "raise the memory limit of /docker/db"));
}

TEST(the_process_of_the_pid_file_was_killed)
{
	AUTO(case) struct case_file *k = refused(3000);

	kill_at(k, "ruby", 40);
	k->q.pid_file = "/srv/tmp/server.pid";
	k->q.pid_file_pid = 4121;
	CHECK_STR(case_cause(k, &diagnose_exited), "oom-killed");
}

TEST(something_was_killed_just_now)
{
	AUTO(case) struct case_file *k = refused(3000);

	kill_at(k, "node", 1);
	killed.cgroup = "";
	const struct finding *f = case_answer(k, &diagnose_exited);
	CHECK_STR(f ? f->id : NULL, "oom-killed");
	CHECK_STR(f ? f->certainty : NULL, "guessed");
	CHECK(case_says(f, "raise the memory limit of its cgroup"));
}

TEST(something_else_was_killed_long_ago)
{
	AUTO(case) struct case_file *k = refused(3000);

	kill_at(k, "chromium", 40);
	case_answer(k, &diagnose_exited);
	CHECK_INT(k->count, 0);
}

TEST(a_kill_does_not_matter_to_a_port_that_is_served)
{
	AUTO(case) struct case_file *k = refused(5432);

	kill_at(k, "postgres", 1);
	snap_listen(&k->world, "127.0.0.1", 5432, NULL);
	case_answer(k, &diagnose_exited);
	CHECK_INT(k->count, 0);
}

TESTS(connections_are_left, a_port_that_a_client_had, it_was_started_again, a_pid_file_of_nobody,
	the_database_was_killed, the_process_of_the_pid_file_was_killed,
	something_was_killed_just_now, something_else_was_killed_long_ago,
	a_kill_does_not_matter_to_a_port_that_is_served)
