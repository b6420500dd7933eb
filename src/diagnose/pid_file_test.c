#include "diagnose/pid_file.h"

#include "tree.h"
#include "unit.h"

/* The pid that a stale file names, 0 when there is none. */
static pid_t found(struct tree *t, struct arena *arena, uint16_t port, const char **out_path)
{
	struct diagnose_query query = {0};
	struct host host;

	must(host_open(t->path, &host, NULL) == 0);
	struct inquiry q = {.host = &host,
		.arena = arena,
		.query = &query,
		.aim = {.port = port, .has_port = true}};
	pid_file_find(&q);
	host_close(&host);
	if (out_path)
		*out_path = q.pid_file;
	return q.pid_file_pid;
}

TEST(a_stale_one_of_the_usual_service)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();
	const char *path = NULL;

	tree_text(&t, "proc/42/stat", "x");
	tree_text(&t, "run/redis/redis-server.pid", "977\n");
	CHECK_INT(found(&t, arena, 6379, &path), 977);
	CHECK_STR(path, "/run/redis/redis-server.pid");
	CHECK_INT(found(&t, arena, 6380, NULL), 0);
	tree_text(&t, "run/redis/redis-server.pid", "42\n"); /* that one lives */
	CHECK_INT(found(&t, arena, 6379, NULL), 0);
	tree_text(&t, "run/redis/redis-server.pid", "99999999999999999999999999\n");
	CHECK_INT(found(&t, arena, 6379, NULL), 0);
	tree_text(&t, "run/redis/redis-server.pid", "");
	CHECK_INT(found(&t, arena, 6379, NULL), 0);
}

TEST(a_database_that_names_its_port)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();

	tree_text(&t, "proc/42/stat", "x");
	tree_text(&t, "var/lib/postgresql/15/main/postmaster.pid",
		"977\n/var/lib/postgresql/15/main\n1700000000\n5433\n/run/postgresql\n");
	CHECK_INT(found(&t, arena, 5433, NULL), 977);
	CHECK_INT(found(&t, arena, 5432, NULL), 0);
	tree_text(&t, "var/lib/postgresql/15/main/postmaster.pid", "977\ncut\n");
	CHECK_INT(found(&t, arena, 5433, NULL), 0);
}

TESTS(a_stale_one_of_the_usual_service, a_database_that_names_its_port)
