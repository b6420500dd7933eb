#include "inventory/find.h"
#include "snap.h"
#include "tree.h"
#include "unit.h"
#include <errno.h>

struct answer {
	int code;
	size_t count;
	uint32_t first;
	struct err err;
};

static struct answer ask(struct snap *w, const struct host *host, const char *text)
{
	struct answer a = {0};
	struct target t;
	const uint32_t *list = NULL;

	CHECK_INT(target_parse(w->s->arena, text, &t, &a.err), 0);
	a.code = find_listeners(host, w->s->arena, w->s, &t, &list, &a.count, &a.err);
	a.first = a.code == 0 && a.count ? list[0] : UINT32_MAX;
	return a;
}

static struct host fixture(const struct tree *t)
{
	struct host host;

	tree_text(t, "etc/hosts",
		"127.0.0.1 localhost\n10.9.9.9 far # near\n127.0.0.2\tShop api\n");
	tree_text(t, "proc/stat", "btime 1\n");
	CHECK_INT(host_open(t->path, &host, NULL), 0);
	return host;
}

TEST(a_port_means_every_address_and_one_protocol)
{
	AUTO(snap) struct snap w = snap_new();
	struct host host = {.root = -1, .proc = -1};
	struct owner *node = snap_owner(&w, 10, "/usr/bin/node");

	snap_listen(&w, "127.0.0.1", 3000, node);
	snap_listen(&w, "::1", 3000, node);
	snap_socket(&w, PROTO_UDP, SOCKET_CLOSE, "0.0.0.0", 3000, node);
	snap_connect(&w, node, 40000, node, 3000);
	snap_take(&w);
	CHECK_INT(ask(&w, &host, "3000").count, 2);
	CHECK_INT(ask(&w, &host, "3000/udp").first, 2);
	CHECK_INT(ask(&w, &host, "3001").count, 0);
	CHECK_INT(ask(&w, &host, "3001").code, 0);
	CHECK_INT(ask(&w, &host, "pid:10").count, 3);
	CHECK_INT(ask(&w, &host, "pid:11").count, 0);
}

TEST(an_address_means_what_a_bind_there_collides_with)
{
	AUTO(snap) struct snap w = snap_new();
	struct host host = {.root = -1, .proc = -1};
	struct owner *a = snap_owner(&w, 10, "/usr/bin/node");

	snap_listen(&w, "127.0.0.1", 3000, a);
	snap_listen(&w, "::1", 3000, a);
	snap_listen(&w, "0.0.0.0", 4000, a);
	snap_listen(&w, "::", 5000, a);
	snap_take(&w);
	CHECK_INT(ask(&w, &host, "127.0.0.1:3000").count, 1);
	CHECK_INT(ask(&w, &host, "[::1]:3000").first, 1);
	CHECK_INT(ask(&w, &host, "localhost:3000").count, 2);
	CHECK_INT(ask(&w, &host, "http://shop.localhost:3000/x").count, 2);
	CHECK_INT(ask(&w, &host, "127.0.0.7:3000").count, 0);
	CHECK_INT(ask(&w, &host, "127.0.0.7:4000").count, 1);
	CHECK_INT(ask(&w, &host, "[::1]:4000").count, 0);
	CHECK_INT(ask(&w, &host, "127.0.0.1:5000").count, 1);
	CHECK_INT(ask(&w, &host, "0.0.0.0:3000").count, 1);
	CHECK_INT(ask(&w, &host, "[::]:3000").count, 2);
}

TEST(refuses_what_is_not_here)
{
	AUTO(tree) struct tree t = tree_new();
	AUTO(snap) struct snap w = snap_new();
	struct host host = fixture(&t);

	snap_listen(&w, "127.0.0.2", 80, snap_owner(&w, 10, "/usr/bin/node"));
	snap_take(&w);
	CHECK_STR(ask(&w, &host, "example.com:80").err.text,
		"'example.com' is not a name of this machine: it is neither localhost nor in "
		"/etc/hosts");
	CHECK_STR(ask(&w, &host, "192.0.2.1:80").err.text,
		"192.0.2.1 is not an address of this machine");
	CHECK_INT(ask(&w, &host, "far:80").code, -EINVAL);
	CHECK_INT(ask(&w, &host, "near:80").code, -EINVAL); /* stands in a comment */
	CHECK_INT(ask(&w, &host, "shop:80").count, 1);
	CHECK_STR(ask(&w, &host, "127.0.0.1").err.text, "'127.0.0.1' names no port");
	CHECK_STR(ask(&w, &host, "localhost").err.fix, "write localhost:3000");
	host_close(&host);
}

TEST(names_are_asked_in_steps)
{
	AUTO(snap) struct snap w = snap_new();
	struct host host = {.root = -1, .proc = -1};
	static const struct project shop = {.root = "/src/shop", .name = "shop"};
	static const struct container box = {RUNTIME_DOCKER, "0123456789abcdef", "cache"};
	struct owner *web = snap_owner(&w, 10, "/usr/bin/node"),
		     *api = snap_owner(&w, 11, "/usr/bin/node"),
		     *db = snap_owner(&w, 12, "/usr/bin/postgres"),
		     *redis = snap_owner(&w, 13, "/usr/bin/redis-server");

	web->project = api->project = &shop;
	db->unit = "postgresql@15.service";
	redis->container = &box;
	snap_listen(&w, "127.0.0.1", 3000, web);
	snap_listen(&w, "127.0.0.1", 3001, api);
	snap_listen(&w, "127.0.0.1", 5432, db);
	snap_listen(&w, "127.0.0.1", 6379, redis);
	snap_take(&w);
	CHECK_INT(ask(&w, &host, "shop").count, 2);
	CHECK_INT(ask(&w, &host, "postgresql@15.service").first, 2);
	CHECK_INT(ask(&w, &host, "postgresql@15").first, 2);
	CHECK_INT(ask(&w, &host, "container:cache").first, 3);
	CHECK_INT(ask(&w, &host, "container:01234567").first, 3);
	CHECK_INT(ask(&w, &host, "container:012").code, -ENOENT);
	CHECK_INT(ask(&w, &host, "container:shop").code, -ENOENT);
	CHECK_INT(ask(&w, &host, "postgres").first, 2);
	CHECK_STR(ask(&w, &host, "postgras").err.text,
		"no service is called 'postgras'; did you mean 'postgres'?");
}

TEST(a_name_of_two_things_is_refused)
{
	AUTO(snap) struct snap w = snap_new();
	struct host host = {.root = -1, .proc = -1};
	static const struct project one = {.root = "/src/shop", .name = "shop"},
				    two = {.root = "/src/shop-cart", .name = "shop"};
	struct owner *a = snap_owner(&w, 10, "/usr/bin/node"),
		     *b = snap_owner(&w, 11, "/usr/bin/node");

	a->project = &one;
	b->project = &two;
	snap_listen(&w, "127.0.0.1", 3000, a);
	snap_listen(&w, "127.0.0.1", 3001, b);
	snap_take(&w);
	struct answer got = ask(&w, &host, "shop");
	CHECK_INT(got.code, -EINVAL);
	CHECK_STR(got.err.text,
		"'shop' is the name of several things: 127.0.0.1:3000 (node 10), "
		"127.0.0.1:3001 (node 11)");
}

TEST(unix_sockets_go_by_their_path)
{
	AUTO(snap) struct snap w = snap_new();
	struct host host = {.root = -1, .proc = -1};
	struct owner *a = snap_owner(&w, 10, "/usr/bin/dockerd");

	snap_socket(&w, PROTO_UNIX_STREAM, SOCKET_LISTEN, "/run/x.sock", 0, a);
	snap_socket(&w, PROTO_UNIX_STREAM, SOCKET_LISTEN, "@x", 0, a);
	snap_take(&w);
	CHECK_INT(ask(&w, &host, "unix:/run/x.sock").first, 0);
	CHECK_INT(ask(&w, &host, "/run/x.sock").count, 1);
	CHECK_INT(ask(&w, &host, "unix:@x").first, 1);
	CHECK_INT(ask(&w, &host, "/run/y.sock").count, 0);
}

TESTS(a_port_means_every_address_and_one_protocol, an_address_means_what_a_bind_there_collides_with,
	refuses_what_is_not_here, names_are_asked_in_steps, a_name_of_two_things_is_refused,
	unix_sockets_go_by_their_path)
