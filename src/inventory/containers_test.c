#include "inventory/containers.h"
#include "tree.h"
#include "unit.h"

#define ID1 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct user dev = {.uid = 1000, .name = "dev", .home = "/home/dev"};

struct world {
	struct tree tree;
	struct arena *arena;
	struct host host;
	struct container_names *names;
};

static struct world begin(void)
{
	struct world w = {.tree = tree_new(), .arena = arena_new()};

	tree_text(&w.tree, "proc/stat", "btime 1\n");
	must(host_open(w.tree.path, &w.host, NULL) == 0);
	return w;
}

static const char *find(struct world *w, enum container_runtime runtime, const char *id,
	const struct user *user)
{
	if (!w->names)
		w->names = container_names_new(&w->host, w->arena);
	return container_names_find(w->names, runtime, id, user);
}

static void end(struct world *w)
{
	container_names_free(w->names);
	host_close(&w->host);
	arena_free(w->arena);
	tree_fini(&w->tree);
}

TEST(reads_the_file_of_docker)
{
	struct world w = begin();

	tree_text(&w.tree, "var/lib/docker/containers/" ID1 "/config.v2.json",
		"{\"ID\": \"" ID1 "\", \"Name\": \"/shop-web-1\", \"Config\": {\"Name\": \"no\"}}");
	tree_text(&w.tree, "home/dev/.local/share/docker/containers/" ID2 "/config.v2.json",
		"{\"Name\": \"/mine\"}");
	CHECK_STR(find(&w, RUNTIME_DOCKER, ID1, NULL), "shop-web-1");
	CHECK_STR(find(&w, RUNTIME_DOCKER, ID2, &dev), "mine");
	CHECK_STR(find(&w, RUNTIME_DOCKER, "00", NULL), NULL);
	CHECK_STR(find(&w, RUNTIME_DOCKER, "../containers/" ID1, NULL), NULL);
	end(&w);
}

TEST(asks_once)
{
	struct world w = begin();

	CHECK_STR(find(&w, RUNTIME_DOCKER, ID1, NULL), NULL);
	tree_text(&w.tree, "var/lib/docker/containers/" ID1 "/config.v2.json",
		"{\"Name\": \"/late\"}");
	CHECK_STR(find(&w, RUNTIME_DOCKER, ID1, NULL), NULL);
	end(&w);
}

TEST(reads_the_lists_of_podman)
{
	struct world w = begin();

	tree_text(&w.tree, "var/lib/containers/storage/overlay-containers/containers.json",
		"[{\"id\": \"" ID1 "\", \"names\": [\"db\", \"alias\"]}, 7, {\"id\": \"x\"},"
		" {\"id\": \"cd\", \"names\": []}, {\"id\": \"z\", \"names\": [3]}]");
	tree_text(&w.tree, "run/user/1000/containers/overlay-containers/volatile-containers.json",
		"[{\"id\": \"" ID2 "\", \"names\": [\"throw-away\"]}]");
	CHECK_STR(find(&w, RUNTIME_PODMAN, ID1, NULL), "db");
	CHECK_STR(find(&w, RUNTIME_PODMAN, ID2, &dev), "throw-away");
	CHECK_STR(find(&w, RUNTIME_PODMAN, "cd", NULL), NULL);
	end(&w);
}

TEST(reads_the_log_names_of_kubernetes)
{
	struct world w = begin();

	tree_link(&w.tree, "var/log/containers/shop-7d9f_default_web-" ID1 ".log", "/nowhere");
	tree_link(&w.tree, "var/log/containers/broken-" ID2 ".log", "/nowhere");
	tree_text(&w.tree, "var/log/containers/short.log", "");
	CHECK_STR(find(&w, RUNTIME_KUBERNETES, ID1, NULL), "shop-7d9f/web");
	CHECK_STR(find(&w, RUNTIME_KUBERNETES, ID2, NULL), NULL);
	end(&w);
}

TEST(system_containers_have_names_for_ids)
{
	struct world w = begin();

	CHECK_STR(find(&w, RUNTIME_LXC, "web", NULL), "web");
	CHECK_STR(find(&w, RUNTIME_NSPAWN, "build", NULL), "build");
	CHECK_STR(find(&w, RUNTIME_NONE, "x", NULL), NULL);
	end(&w);
}

TEST(survives_broken_files)
{
	AUTO(free) char *huge = must_malloc(16 << 20);
	struct world w = begin();

	memset(huge, '[', 16 << 20);
	tree_file(&w.tree, "var/lib/docker/containers/" ID1 "/config.v2.json", huge, 16 << 20);
	tree_text(&w.tree, "var/lib/docker/containers/" ID2 "/config.v2.json", "{\"Name\": \"/\"}");
	tree_text(&w.tree, "var/lib/containers/storage/overlay-containers/containers.json", "{}");
	tree_text(&w.tree, "var/lib/containers/storage/vfs-containers/containers.json", "\xff");
	CHECK_STR(find(&w, RUNTIME_DOCKER, ID1, NULL), NULL);
	CHECK_STR(find(&w, RUNTIME_DOCKER, ID2, NULL), NULL);
	CHECK_STR(find(&w, RUNTIME_PODMAN, "ab", NULL), NULL);
	end(&w);
}

TESTS(reads_the_file_of_docker, asks_once, reads_the_lists_of_podman,
	reads_the_log_names_of_kubernetes, system_containers_have_names_for_ids,
	survives_broken_files)
