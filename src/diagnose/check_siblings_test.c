#include <case_file.h>

extern const struct diagnose_check diagnose_siblings;

static struct owner *start(struct case_file *k, pid_t pid, const char *exe, const char *cwd,
	int64_t started_ms)
{
	struct owner *o = snap_owner(&k->world, pid, exe);

	o->cwd = cwd;
	o->started_ms = started_ms;
	return o;
}

static void answer_both(struct case_file *k)
{
	case_status(case_place(k, "::1"), 200);
	case_status(case_place(k, "127.0.0.1"), 200);
}

TEST(one_server_for_each_family)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000,
		start(k, 100, "/usr/bin/python3", "/old", 1600000000000));
	snap_listen(&k->world, "::1", 3000, start(k, 200, "/usr/bin/node", "/new", 1690000000000));
	answer_both(k);
	const struct finding *f = case_answer(k, &diagnose_siblings);
	CHECK(f && str_eq(f->id, "split-brain-listeners"));
	CHECK(case_says(f, "python 100") && case_says(f, "node 200"));
	CHECK(case_says(f, "kill 100") && case_says(f, "/old"));
	CHECK(f->fixes[0].command && str_eq(f->fixes[0].command, "kill 100")); /* the older one */
}

TEST(one_process_on_both_families)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);
	struct owner *o = snap_owner(&k->world, 100, "/usr/bin/node");

	snap_listen(&k->world, "127.0.0.1", 3000, o);
	snap_listen(&k->world, "::1", 3000, o);
	answer_both(k);
	CHECK(!case_answer(k, &diagnose_siblings));
	CHECK_INT(k->q.observed, 0);
}

TEST(two_ends_of_one_published_port)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);
	struct owner *four = start(k, 100, "/usr/bin/docker-proxy", "/", 1);
	struct owner *six = start(k, 200, "/usr/bin/docker-proxy", "/", 900000);

	snap_argv(&k->world, four, "docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0",
		"-host-port", "3000", "-container-ip", "172.17.0.2", "-container-port", "80");
	snap_argv(&k->world, six, "docker-proxy", "-proto", "tcp", "-host-ip", "::", "-host-port",
		"3000", "-container-ip", "172.17.0.2", "-container-port", "80");
	snap_listen(&k->world, "127.0.0.1", 3000, four);
	snap_listen(&k->world, "::1", 3000, six);
	answer_both(k);
	CHECK(!case_answer(k, &diagnose_siblings));
}

TEST(a_group_of_two_versions)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000,
		start(k, 100, "/usr/bin/python3", "/v1", 1600000000000));
	snap_listen(&k->world, "127.0.0.1", 3000,
		start(k, 200, "/usr/bin/python3", "/v2", 1690000000000));
	case_status(case_place(k, "127.0.0.1"), 200);
	const struct finding *f = case_answer(k, &diagnose_siblings);
	CHECK(f && str_eq(f->id, "reuseport-stale-sibling"));
	CHECK(case_says(f, "SO_REUSEPORT") && case_says(f, "kill 100"));
	CHECK(strstr(f->sentence, "different folders"));
}

TEST(one_of_the_group_is_stopped)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct owner *b;

	snap_listen(&k->world, "127.0.0.1", 3000, start(k, 100, "/usr/bin/python3", "/", 1));
	snap_listen(&k->world, "127.0.0.1", 3000, b = start(k, 200, "/usr/bin/python3", "/", 2));
	b->state = 'T';
	case_status(case_place(k, "127.0.0.1"), 200);
	const struct finding *f = case_answer(k, &diagnose_siblings);
	CHECK(f && str_eq(f->id, "reuseport-stale-sibling"));
	CHECK(case_says(f, "stopped (state T)") && case_says(f, "kill 200"));
}

TEST(equal_workers)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct owner *master = snap_owner(&k->world, 50, "/usr/sbin/nginx");
	struct owner *a = start(k, 100, "/usr/sbin/nginx", "/", 1);
	struct owner *b = start(k, 200, "/usr/sbin/nginx", "/", 900000);

	snap_parent(a, master);
	snap_parent(b, master);
	snap_listen(&k->world, "127.0.0.1", 3000, a);
	snap_listen(&k->world, "127.0.0.1", 3000, b);
	case_status(case_place(k, "127.0.0.1"), 200);
	CHECK(!case_answer(k, &diagnose_siblings));
	CHECK_INT(k->q.observed, 0);
}

TEST(a_folder_that_is_gone)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct owner *o = snap_owner(&k->world, 100, "/usr/bin/node");

	o->cwd_deleted = true;
	k->q.aim.http = k->q.aim.shown_path = true;
	snap_listen(&k->world, "127.0.0.1", 3000, o);
	struct place *p = case_place(k, "127.0.0.1");
	case_status(p, 404);
	const struct finding *f = case_answer(k, &diagnose_siblings);
	CHECK(f && str_eq(f->id, "stale-instance") && case_says(f, "kill 100"));
	case_status(p, 200); /* it works: a remark */
	CHECK(!case_answer(k, &diagnose_siblings));
	CHECK_INT(k->count, 1);
}

TEST(an_interpreter_that_was_updated)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct owner *o = snap_owner(&k->world, 100, "/usr/bin/node");

	o->exe_deleted = true;
	k->q.aim.http = k->q.aim.shown_path = true;
	snap_listen(&k->world, "127.0.0.1", 3000, o);
	case_status(case_place(k, "127.0.0.1"), 404);
	CHECK(!case_answer(k, &diagnose_siblings));
}

TESTS(one_server_for_each_family, one_process_on_both_families, two_ends_of_one_published_port,
	a_group_of_two_versions, one_of_the_group_is_stopped, equal_workers, a_folder_that_is_gone,
	an_interpreter_that_was_updated)
