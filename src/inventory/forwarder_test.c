#include "inventory/forwarder.h"

#include "tree.h"
#include "unit.h"

static const struct forward *read_words(struct arena *arena, const char *comm, const char **words,
	size_t count)
{
	struct owner o = {.comm = comm, .argv = words, .argc = count};

	return forwarder_read(arena, &o);
}

#define READ(arena, comm, ...)                                                                     \
	read_words((arena), (comm), (const char *[]){__VA_ARGS__},                                 \
		sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static void check(const struct forward *f, const char *program, const char *to, uint16_t port,
	bool publishes)
{
	CHECK(f != NULL);
	if (!f)
		return;
	CHECK_STR(f->program, program);
	CHECK_STR(f->to, to);
	CHECK_INT(f->port, port);
	CHECK_INT(f->publishes, publishes);
}

TEST(reads_docker_proxy)
{
	AUTO(arena) struct arena *a = arena_new();

	check(READ(a, "docker-proxy", "/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip",
		      "0.0.0.0", "-host-port", "6379", "-container-ip", "172.17.0.2",
		      "-container-port", "6379"),
		"docker-proxy", "172.17.0.2:6379", 6379, true);
	check(READ(a, "docker-proxy", "docker-proxy", "-container-ip", "fd00::2", "-container-port",
		      "80"),
		"docker-proxy", "[fd00::2]:80", 80, true);
	check(READ(a, "docker-proxy", "docker-proxy", "-container-ip"), "docker-proxy", "?:?", 0,
		true);
}

TEST(reads_ssh)
{
	AUTO(arena) struct arena *a = arena_new();

	check(READ(a, "ssh", "ssh", "-L", "8080:db:5432", "host"), "ssh", "db:5432", 5432, false);
	check(READ(a, "ssh", "ssh", "-L127.0.0.1:8080:10.0.0.7:80", "host"), "ssh", "10.0.0.7:80",
		80, false);
	check(READ(a, "ssh", "ssh", "-fNL", "8080:db:5432", "host"), "ssh", "db:5432", 5432, false);
	check(READ(a, "ssh", "ssh", "-L", "8080:[::1]:80", "host"), "ssh", "[::1]:80", 80, false);
	check(READ(a, "ssh", "ssh", "-L", "[::1]:8080:db:80", "host"), "ssh", "db:80", 80, false);
	CHECK(READ(a, "ssh", "ssh", "host") == NULL);
	CHECK(READ(a, "ssh", "ssh", "-L") == NULL);
	CHECK(READ(a, "ssh", "ssh", "-p", "22", "-oLogLevel=QUIET", "host") == NULL);
}

TEST(reads_socat)
{
	AUTO(arena) struct arena *a = arena_new();

	check(READ(a, "socat", "socat", "TCP-LISTEN:80,fork", "TCP:10.0.0.7:8080,nodelay"), "socat",
		"10.0.0.7:8080", 8080, false);
	check(READ(a, "socat", "socat", "TCP6-LISTEN:80", "TCP6:[::1]:8080"), "socat", "[::1]:8080",
		8080, false);
	CHECK(READ(a, "socat", "socat", "TCP-LISTEN:80", "EXEC:cat") == NULL);
	CHECK(READ(a, "node", "node", "-L", "8080:db:5432") == NULL);
}

/* Only what publishes has a container behind it, and its namespace is known by the address. */
TEST(finds_the_container_behind_a_port)
{
	AUTO(arena) struct arena *a = arena_new();
	AUTO(tree) struct tree t = tree_new();
	struct container cache = {.name = "cache"};
	struct owner outside = {.pid = 5}, inside = {.pid = 70, .container = &cache};
	struct owner *owners[] = {&outside, &inside};
	struct netns namespaces[] = {{.inode = 1}, {.inode = 2, .pid = 70},
		{.inode = 3, .pid = 80}};
	struct snapshot s = {.owners = owners,
		.owner_count = 2,
		.namespaces = namespaces,
		.namespace_count = 3};
	struct host host;

	tree_text(&t, "proc/70/net/fib_trie",
		"Local:\n  +-- 172.17.0.0/16 2 0 2\n     |-- 172.17.0.2\n        /32 host LOCAL\n");
	must(host_open(t.path, &host, NULL) == 0);
	CHECK(forwarder_container(&host, &s,
		      READ(a, "docker-proxy", "docker-proxy", "-container-ip", "172.17.0.2",
			      "-container-port", "80")) == &cache);
	CHECK(forwarder_container(&host, &s,
		      READ(a, "docker-proxy", "docker-proxy", "-container-ip", "172.17.0.20",
			      "-container-port", "80")) == NULL);
	CHECK(forwarder_container(&host, &s, READ(a, "ssh", "ssh", "-L", "1:172.17.0.2:80")) ==
		NULL);
	host_close(&host);
}

TESTS(reads_docker_proxy, reads_ssh, reads_socat, finds_the_container_behind_a_port)
