#include <case_file.h>

extern const struct diagnose_check diagnose_starting;

static struct owner *list[4];

/* Port 3000 is refused; these processes run. */
static struct case_file *refused(void)
{
	struct case_file *k = case_new("127.0.0.1", 3000);

	case_place(k, "127.0.0.1");
	k->q.processes = list;
	return k;
}

static struct owner *runs(struct case_file *k, pid_t pid, const char *exe, int age_s)
{
	struct owner *o = snap_owner(&k->world, pid, exe);

	o->started_ms = k->q.now_ms - age_s * 1000ll;
	list[k->q.process_count++] = o;
	return o;
}

TEST(a_young_server)
{
	AUTO(case) struct case_file *k = refused();
	struct owner *o = runs(k, 4121, "/usr/bin/java", 8);

	snap_argv(&k->world, o, "java", "-jar", "shop.jar", "--server.port=3000");
	const struct finding *f = case_answer(k, &diagnose_starting);
	CHECK_STR(f ? f->id : NULL, "still-starting");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "has been up for 8 s"));
	CHECK(case_says(f, "pid 4121"));
	CHECK(case_fix(f, "loopscope wait 3000"));
}

TEST(the_variable_port_counts)
{
	AUTO(case) struct case_file *k = refused();
	static const uint16_t ports[] = {3000};

	runs(k, 4121, "/usr/bin/node", 8);
	k->q.process_ports = ports;
	CHECK_STR(case_cause(k, &diagnose_starting), "still-starting");
}

static const char *cause_of(const char *exe, const char *word, int age_s)
{
	AUTO(case) struct case_file *k = refused();
	struct owner *o = runs(k, 4121, exe, age_s);

	snap_argv(&k->world, o, str_basename(exe), word);
	const char *id = case_cause(k, &diagnose_starting);
	return id ? "claimed" : NULL;
}

TEST(look_alikes)
{
	CHECK_STR(cause_of("/usr/bin/node", "--port=3000", 8), "claimed");
	CHECK_STR(cause_of("/usr/bin/node", "--port=3000", 3600), NULL); /* old */
	CHECK_STR(cause_of("/usr/bin/node", "--port=30001", 8), NULL);	 /* another port */
	CHECK_STR(cause_of("/usr/bin/node", "--max=3000ms:", 8), "claimed");
	CHECK_STR(cause_of("/usr/bin/curl", "localhost:3000", 8), NULL); /* a client */
}

TEST(one_that_serves_another_port_is_up)
{
	AUTO(case) struct case_file *k = refused();
	struct owner *o = runs(k, 4121, "/usr/bin/node", 8);

	snap_argv(&k->world, o, "node", "--port=3000");
	snap_listen(&k->world, "127.0.0.1", 3001, o);
	case_answer(k, &diagnose_starting);
	CHECK_INT(k->count, 0);
}

TEST(a_client_that_was_connected_is_no_server)
{
	AUTO(case) struct case_file *k = refused();
	struct owner *o = runs(k, 4121, "/usr/bin/node", 8);
	size_t i = snap_socket(&k->world, PROTO_TCP, SOCKET_CLOSE_WAIT, "127.0.0.1", 40000, o);

	snap_argv(&k->world, o, "node", "--upstream=127.0.0.1:3000");
	k->world.sockets.items[i].remote = ADDRESS_LOOPBACK4;
	k->world.sockets.items[i].remote_port = 3000;
	case_answer(k, &diagnose_starting);
	CHECK_INT(k->count, 0);
}

TEST(it_waits_for_a_debugger)
{
	AUTO(case) struct case_file *k = refused();
	struct owner *o = runs(k, 4121, "/usr/bin/node", 3600);

	snap_argv(&k->world, o, "node", "--inspect-brk", "server.js");
	snap_listen(&k->world, "127.0.0.1", 9229, o);
	const struct finding *f = case_answer(k, &diagnose_starting);
	CHECK_STR(f ? f->id : NULL, "process-waiting-for-debugger");
	CHECK_STR(f ? f->certainty : NULL, "guessed");
	CHECK(case_says(f, "node 4121"));
	CHECK(case_says(f, "127.0.0.1:9229"));
	CHECK(case_says(f, "start it without --inspect-brk"));
}

TEST(one_that_was_told_the_port_is_more_than_a_guess)
{
	AUTO(case) struct case_file *k = refused();
	struct owner *o = runs(k, 4121, "/usr/bin/java", 3600);

	snap_argv(&k->world, o, "java", "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y",
		"--server.port=3000");
	const struct finding *f = case_answer(k, &diagnose_starting);
	CHECK_STR(f ? f->id : NULL, "process-waiting-for-debugger");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
}

/* It listens on a port of its own beside the debugger's: the debugger has come, and gone on. */
TEST(one_that_goes_on_waits_for_nobody)
{
	AUTO(case) struct case_file *k = refused();
	struct owner *o = runs(k, 4121, "/usr/bin/node", 3600);

	snap_argv(&k->world, o, "node", "--inspect-brk", "other.js");
	snap_listen(&k->world, "127.0.0.1", 9229, o);
	snap_listen(&k->world, "127.0.0.1", 4000, o);
	case_answer(k, &diagnose_starting);
	CHECK_INT(k->count, 0);
}

TEST(that_of_another_user_is_not_meant)
{
	AUTO(case) struct case_file *k = refused();
	struct owner *o = runs(k, 4121, "/usr/bin/node", 3600);

	snap_argv(&k->world, o, "node", "--inspect-brk", "server.js");
	o->uid = 1001;
	case_answer(k, &diagnose_starting);
	CHECK_INT(k->count, 0);
}

TESTS(a_young_server, the_variable_port_counts, look_alikes, one_that_serves_another_port_is_up,
	a_client_that_was_connected_is_no_server, it_waits_for_a_debugger,
	one_that_was_told_the_port_is_more_than_a_guess, one_that_goes_on_waits_for_nobody,
	that_of_another_user_is_not_meant)
