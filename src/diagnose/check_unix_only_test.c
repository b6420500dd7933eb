#include <case_file.h>

extern const struct diagnose_check diagnose_unix_only;

static struct case_file *asked(uint16_t port, const char *path, const char *exe)
{
	struct case_file *k = case_new("127.0.0.1", port);

	snap_socket(&k->world, PROTO_UNIX_STREAM, SOCKET_LISTEN, path, 0,
		snap_owner(&k->world, 812, exe));
	case_place(k, "127.0.0.1");
	return k;
}

TEST(postgres_on_its_socket)
{
	AUTO(case)
	struct case_file *k = asked(5432, "/run/postgresql/.s.PGSQL.5432", "/usr/bin/postgres");
	const struct finding *f = case_answer(k, &diagnose_unix_only);

	CHECK_STR(f ? f->id : NULL, "listens-unix-socket-only");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "postgres 812"));
	CHECK(case_says(f, "no tcp socket listens on port 5432"));
	CHECK(case_fix(f, "psql -h /run/postgresql -p 5432"));
}

TEST(postgres_of_another_port)
{
	AUTO(case)
	struct case_file *k = asked(5432, "/run/postgresql/.s.PGSQL.5433", "/usr/bin/postgres");

	case_answer(k, &diagnose_unix_only);
	CHECK_INT(k->count, 0);
}

TEST(redis_in_a_folder_with_a_blank)
{
	AUTO(case)
	struct case_file *k = asked(6379, "/srv/my app/redis.sock", "/usr/bin/redis-server");
	const struct finding *f = case_answer(k, &diagnose_unix_only);

	CHECK_STR(f ? f->id : NULL, "listens-unix-socket-only");
	CHECK(case_fix(f, "redis-cli -s '/srv/my app/redis.sock'"));
}

TEST(what_the_client_expects_counts)
{
	AUTO(case) struct case_file *k = asked(4000, "/run/mysqld/mysqld.sock", "/usr/sbin/mysqld");

	k->q.aim.expects = "mysql";
	const struct finding *f = case_answer(k, &diagnose_unix_only);
	CHECK_STR(f ? f->id : NULL, "listens-unix-socket-only");
	CHECK(case_fix(f, "mysql --socket=/run/mysqld/mysqld.sock"));
}

TEST(the_socket_of_another_service)
{
	AUTO(case) struct case_file *k = asked(5432, "/run/mysqld/mysqld.sock", "/usr/sbin/mysqld");

	case_answer(k, &diagnose_unix_only);
	CHECK_INT(k->count, 0);
}

TEST(a_port_that_is_open_too)
{
	AUTO(case)
	struct case_file *k = asked(5432, "/run/postgresql/.s.PGSQL.5432", "/usr/bin/postgres");

	snap_listen(&k->world, "127.0.0.1", 5432, NULL);
	case_answer(k, &diagnose_unix_only);
	CHECK_INT(k->count, 0);
}

TESTS(postgres_on_its_socket, postgres_of_another_port, redis_in_a_folder_with_a_blank,
	what_the_client_expects_counts, the_socket_of_another_service, a_port_that_is_open_too)
