#include "inventory/published.h"

#include "tree.h"
#include "unit.h"

/* The namespace of a container is known by its address. */
TEST(finds_the_container_behind_a_port)
{
	AUTO(tree) struct tree t = tree_new();
	struct container cache = {.name = "cache"};
	struct owner outside = {.pid = 5};
	struct owner inside = {.pid = 70, .container = &cache};
	struct owner *owners[] = {&outside, &inside};
	struct netns namespaces[] = {{.inode = 1}, {.inode = 2, .pid = 70},
		{.inode = 3, .pid = 80}};
	struct snapshot s = {
		.owners = owners,
		.owner_count = 2,
		.namespaces = namespaces,
		.namespace_count = 3,
	};
	struct forward f = {.to = "172.17.0.2:80", .port = 80, .publishes = true};
	struct host host;

	tree_text(&t, "proc/70/net/fib_trie",
		"Local:\n  +-- 172.17.0.0/16 2 0 2\n     |-- 172.17.0.2\n        /32 host LOCAL\n");
	must(host_open(t.path, &host, NULL) == 0);
	must(address_parse("172.17.0.2", &f.container));
	CHECK(published_container(&host, &s, &f) == &cache);
	must(address_parse("172.17.0.20", &f.container));
	CHECK(published_container(&host, &s, &f) == NULL);
	f.container.family = AF_UNSPEC;
	CHECK(published_container(&host, &s, &f) == NULL);
	host_close(&host);
}

TESTS(finds_the_container_behind_a_port)
