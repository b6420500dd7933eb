#include "inventory/users.h"
#include "tree.h"
#include "unit.h"

TEST(reads_passwd)
{
	AUTO(tree) struct tree t = tree_new();
	AUTO(arena) struct arena *a = arena_new();
	struct host h;

	tree_text(&t, "etc/passwd",
		"root:x:0:0:root:/root:/bin/bash\n"
		"toor:x:0:0:again:/toor:/bin/sh\n"
		"# a comment\n"
		"broken:x:12\n"
		"odd:x:1e3:0::/:/\n"
		":x:7:0::/:/\n"
		"dev:x:1000:1000:Dev,,,:/home/dev:/bin/zsh");
	tree_text(&t, "proc/stat", "btime 1\n");
	must(host_open(t.path, &h, NULL) == 0);
	AUTO(users) struct users *u = users_new(&h, a);
	CHECK_STR(users_get(u, 0)->name, "root");
	CHECK_STR(users_get(u, 1000)->name, "dev");
	CHECK_STR(users_get(u, 1000)->home, "/home/dev");
	CHECK_STR(users_get(u, 12)->name, "12");
	CHECK(users_get(u, 12)->home == NULL);
	CHECK_STR(users_get(u, 7)->name, "7");
	CHECK(users_get(u, 7) == users_get(u, 7));
	host_close(&h);
}

TEST(knows_root_on_every_machine)
{
	AUTO(arena) struct arena *a = arena_new();
	struct host h;

	must(host_open(NULL, &h, NULL) == 0);
	AUTO(users) struct users *u = users_new(&h, a);
	CHECK_STR(users_get(u, 0)->name, "root");
	CHECK_STR(users_get(u, 3999999999u)->name, "3999999999");
	host_close(&h);
}

TESTS(reads_passwd, knows_root_on_every_machine)
