#include <case_file.h>

extern const struct diagnose_check diagnose_unix_path;

static struct case_file *asked(const char *path, int sight, int connect_error)
{
	struct case_file *k = case_new(NULL, 0);

	k->q.aim.socket_path = path;
	k->q.file.sight = sight;
	k->q.file.connect_error = connect_error;
	return k;
}

/* A server listens on this path. */
static void served(struct case_file *k, const char *path, const char *exe)
{
	size_t i = snap_socket(&k->world, PROTO_UNIX_STREAM, SOCKET_LISTEN, path, 0,
		snap_owner(&k->world, 4121, exe));

	case_take(k);
	if (strcmp(path, k->q.aim.socket_path) == 0) {
		k->q.file.listed = true;
		k->q.file.socket = &k->q.snapshot->sockets[i];
	}
}

TEST(no_such_socket)
{
	AUTO(case) struct case_file *k = asked("/run/app/web.sock", FILE_ABSENT, ENOENT);

	k->q.file.stops_at = "/run/app";
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "unix-socket-missing");
	CHECK(case_says(f, "/run/app does not exist"));
}

TEST(no_such_socket_but_one_like_it)
{
	AUTO(case) struct case_file *k = asked("/run/php/php8.2-fpm.sock", FILE_ABSENT, ENOENT);

	served(k, "/run/php/php8.1-fpm.sock", "/usr/sbin/php-fpm8.1");
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "unix-socket-missing");
	CHECK(case_says(f, "a similar one is served: /run/php/php8.1-fpm.sock"));
	CHECK(case_says(f, "4121"));
}

TEST(a_plain_file)
{
	AUTO(case) struct case_file *k = asked("/run/web.sock", FILE_OTHER, ECONNREFUSED);

	k->q.file.mode = 0644;
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "unix-socket-missing");
	CHECK(case_says(f, "it is no socket"));
}

TEST(a_file_without_a_server)
{
	AUTO(case) struct case_file *k = asked("/run/my app/web.sock", FILE_SOCKET, ECONNREFUSED);
	const struct finding *f = case_answer(k, &diagnose_unix_path);

	CHECK_STR(f ? f->id : NULL, "unix-socket-stale");
	CHECK(case_fix(f, "rm '/run/my app/web.sock'"));
}

TEST(a_socket_that_works)
{
	AUTO(case) struct case_file *k = asked("/run/web.sock", FILE_SOCKET, 0);

	k->q.gathered = UINT32_MAX;
	served(k, "/run/web.sock", "/usr/bin/node");
	CHECK(!case_answer(k, &diagnose_unix_path));
	CHECK_INT(k->count, 0);
}

TEST(a_socket_of_another_group)
{
	AUTO(case) struct case_file *k = asked("/run/docker.sock", FILE_SOCKET, EACCES);

	k->q.file.mode = 0660;
	k->q.file.gid = 998;
	served(k, "/run/docker.sock", "/usr/bin/dockerd");
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "unix-socket-permission");
	CHECK(case_says(f, "mode 0660"));
	CHECK(case_says(f, "the one who asks is uid 1000"));
	CHECK(case_says(f, "4121"));
	CHECK(case_fix(f, "sudo usermod -aG 998 \"$USER\""));
}

/* Nobody can see whether the socket is there at all. */
TEST(a_folder_that_may_not_be_passed)
{
	AUTO(case) struct case_file *k = asked("/run/secret/web.sock", FILE_NO_ACCESS, EACCES);

	k->q.file.stops_at = "/run/secret";
	k->q.file.stop_mode = 0700;
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "unix-socket-permission");
	CHECK(case_says(f, "the folder /run/secret may not be passed: mode 0700"));
	CHECK(!case_says(f, "is there, but"));
}

TEST(a_socket_in_another_view)
{
	AUTO(case) struct case_file *k = asked("/tmp/web.sock", FILE_ABSENT, ENOENT);

	served(k, "/tmp/web.sock", "/usr/bin/node");
	case_vitals(k, k->q.file.socket->owner, 'S')->first.mnt_ns = 4026532600;
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "unix-socket-hidden-by-mount");
	CHECK(case_says(f, "4026532600"));
	CHECK(case_says(f, "4121"));
}

TEST(a_database_on_tcp)
{
	AUTO(case) struct case_file *k = asked("/run/mysqld/mysqld.sock", FILE_ABSENT, ENOENT);

	snap_listen(&k->world, "127.0.0.1", 3306, snap_owner(&k->world, 77, "/usr/sbin/mysqld"));
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "client-uses-unix-socket");
	CHECK(case_says(f, "mysqld 77"));
	CHECK(case_fix(f, "mysql -h 127.0.0.1 -P 3306"));
}

TEST(a_database_of_another_kind_is_not_meant)
{
	AUTO(case)
	struct case_file *k = asked("/run/postgresql/.s.PGSQL.5432", FILE_ABSENT, ENOENT);

	snap_listen(&k->world, "127.0.0.1", 3306, snap_owner(&k->world, 77, "/usr/sbin/mysqld"));
	CHECK_STR(case_cause(k, &diagnose_unix_path), "unix-socket-missing");
}

TEST(a_path_that_is_taken)
{
	AUTO(case) struct case_file *k = asked("/run/web.sock", FILE_SOCKET, -1);

	k->q.symptom.op = OPERATION_BIND;
	k->q.file.mode = 0755;
	served(k, "/run/web.sock", "/usr/bin/node");
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "unix-socket-path-exists");
	CHECK(case_says(f, "a server listens on it"));
	CHECK(case_fix(f, "kill 4121"));
	CHECK(!case_says(f, "rm /run"));
}

TEST(a_path_that_was_left)
{
	AUTO(case) struct case_file *k = asked("/run/my app/web.sock", FILE_SOCKET, -1);

	k->q.symptom.op = OPERATION_BIND;
	const struct finding *f = case_answer(k, &diagnose_unix_path);
	CHECK_STR(f ? f->id : NULL, "unix-socket-path-exists");
	CHECK(case_fix(f, "rm '/run/my app/web.sock'"));
}

TEST(a_path_that_is_free)
{
	AUTO(case) struct case_file *k = asked("/run/web.sock", FILE_ABSENT, -1);

	k->q.symptom = (struct symptom){.op = OPERATION_BIND, .error = "EADDRINUSE"};
	case_answer(k, &diagnose_unix_path);
	CHECK_INT(k->count, 0);
}

TESTS(no_such_socket, no_such_socket_but_one_like_it, a_plain_file, a_file_without_a_server,
	a_socket_that_works, a_socket_of_another_group, a_folder_that_may_not_be_passed,
	a_socket_in_another_view, a_database_on_tcp, a_database_of_another_kind_is_not_meant,
	a_path_that_is_taken, a_path_that_was_left, a_path_that_is_free)
