#include "map/lab.h"
#include "unit.h"

/* chromium -> nginx -> shop api -> postgres, whose backend accepted; psql through the unix socket */
static struct lab *shop(void)
{
	struct lab *lab = lab_new();
	struct owner *chromium = lab_owner(lab, 90, "chromium"),
		     *nginx = lab_owner(lab, 10, "nginx");
	struct owner *api = lab_owner(lab, 20, "node"), *postgres = lab_owner(lab, 30, "postgres");
	struct owner *backend = lab_owner(lab, 31, "postgres"), *psql = lab_owner(lab, 91, "psql");

	backend->ppid = 30;
	lab_service(lab, api, "shop api", "127.0.0.1", 3000);
	lab_service(lab, postgres, "postgres 15", "127.0.0.1", 5432);
	lab_service(lab, nginx, "nginx", "0.0.0.0", 8080);
	lab_service(lab, lab_owner(lab, 40, "sshd"), "sshd", "0.0.0.0", 22);
	lab_unix(lab, postgres, "postgres 15", "/run/postgresql/.s.PGSQL.5432");
	lab_pair(lab, chromium, nginx, "127.0.0.1", 40000, 8080);
	lab_pair(lab, chromium, nginx, "127.0.0.1", 40001, 8080);
	lab_pair(lab, nginx, api, "127.0.0.1", 40002, 3000);
	lab_pair(lab, api, backend, "127.0.0.1", 40003, 5432);
	lab_unix_pair(lab, psql, backend, "/run/postgresql/.s.PGSQL.5432");
	return lab;
}

TEST(names_both_ends)
{
	struct lab *lab = shop();
	const struct graph *g = lab_graph(lab);

	CHECK_STR(lab_text(lab, g),
		"shop api > postgres 15 1 127.0.0.1:5432\n"
		"nginx > shop api 1 127.0.0.1:3000\n"
		"chromium > nginx 2 127.0.0.1:8080\n"
		"psql > postgres 15 1 unix:/run/postgresql/.s.PGSQL.5432\n"
		"sshd\n");
	CHECK_INT(g->connections, 5);
	CHECK_INT(g->node_count, 6);
	CHECK_INT(g->alone, 1);
	CHECK_STR(g->nodes[0].name, "sshd");
	CHECK_STR(g->nodes[2].detail, "127.0.0.1:5432 +1");
	CHECK_INT(g->nodes[2].processes, 2);
	CHECK_INT(g->nodes[2].accepted, 2);
	CHECK_INT(g->nodes[2].endpoint_count, 2);
	CHECK_STR(g->nodes[4].id, "client:chromium/mira");
	CHECK_STR(g->nodes[4].detail, "pid 90");
	lab_free(lab);
}

TEST(one_process_is_one_node)
{
	struct lab *lab = lab_new();
	struct owner *a = lab_owner(lab, 1, "node"), *b = lab_owner(lab, 2, "node");

	lab_service(lab, a, "one", "127.0.0.1", 1001);
	lab_service(lab, a, "one, metrics", "127.0.0.1", 1002);
	lab_service(lab, b, "two", "127.0.0.1", 1003);
	lab_pair(lab, a, b, "127.0.0.1", 40000, 1003);
	lab_pair(lab, b, a, "127.0.0.1", 40001, 1001);
	lab_pair(lab, b, a, "127.0.0.1", 40002, 1002);
	lab_pair(lab, a, a, "127.0.0.1", 40003, 1001);
	lab_end(lab, b, "127.0.0.1", 40004, "127.0.0.1", 40004); /* TCP connected to itself */
	CHECK_STR(lab_text(lab, lab_graph(lab)),
		"one > one 1 127.0.0.1:1001\n"
		"one > two 1 127.0.0.1:1003\n"
		"two > one 1 127.0.0.1:1001\n"
		"two > one 1 127.0.0.1:1002\n"
		"two > two 1 127.0.0.1:40004\n");
	lab_free(lab);
}

TEST(groups_clients)
{
	static const struct project shop_project = {.root = "/home/mira/shop", .name = "shop"};
	static const struct container cache = {RUNTIME_DOCKER, "0123456789abcdef", "cache"};
	struct lab *lab = lab_new();
	struct owner *server = lab_owner(lab, 1, "redis-server");

	lab_service(lab, server, "redis", "127.0.0.1", 6379);
	for (int i = 0; i < 6; i++) {
		struct owner *o = lab_owner(lab, 10 + i, "python3.11");
		o->project = i < 3 ? &shop_project : NULL;
		o->container = i == 5 ? &cache : NULL;
		lab_pair(lab, o, server, "127.0.0.1", (uint16_t)(40000 + i), 6379);
	}
	const struct graph *g = lab_graph(lab);
	CHECK_INT(g->node_count, 4);
	CHECK_STR(g->nodes[1].id, "client:python/mira");
	CHECK_STR(g->nodes[1].detail, "2 processes");
	CHECK_STR(g->nodes[2].id, "client:python/mira@/home/mira/shop");
	CHECK_STR(g->nodes[2].context, "shop");
	CHECK_INT(g->nodes[2].opened, 3);
	CHECK_STR(g->nodes[3].id, "client:python/mira@cache");
	CHECK_STR(g->nodes[3].context, "docker: cache");
	lab_free(lab);
}

TEST(keeps_ends_without_owner)
{
	struct lab *lab = lab_new();
	struct owner *server = lab_owner(lab, 1, "node");

	lab_service(lab, server, "web", "127.0.0.1", 3000);
	lab_service(lab, NULL, "postgres", "127.0.0.1", 5432)->held_by = "root (process hidden)";
	/* waits to be accepted: the kernel holds the server's end */
	lab_pair(lab, lab_owner(lab, 2, "curl"), NULL, "127.0.0.1", 40000, 3000);
	lab->sockets.items[lab->sockets.count - 1].ownerless = OWNERLESS_NOT_ACCEPTED;
	/* both ends of other users */
	lab_pair(lab, NULL, NULL, "127.0.0.1", 40001, 5432);
	lab->sockets.items[lab->sockets.count - 2].ownerless = OWNERLESS_HIDDEN;
	lab->sockets.items[lab->sockets.count - 1].ownerless = OWNERLESS_HIDDEN;
	/* the client's end was gone when the sockets were listed */
	lab_end(lab, server, "127.0.0.1", 3000, "127.0.0.1", 40002);
	CHECK_STR(lab_text(lab, lab_graph(lab)),
		"curl > web 1 127.0.0.1:3000 waiting\n"
		"an end that is not listed > web 1 127.0.0.1:3000\n"
		"root (process hidden) > postgres 1 127.0.0.1:5432\n");
	lab_free(lab);
}

TEST(guesses_when_nobody_listens_any_more)
{
	struct lab *lab = lab_new();

	lab_pair(lab, lab_owner(lab, 1, "nc"), lab_owner(lab, 2, "ncat"), "127.0.0.1", 50000, 1234);
	CHECK_STR(lab_text(lab, lab_graph(lab)), "nc > ncat 1 127.0.0.1:1234?\n");
	lab_free(lab);
}

TEST(finds_the_listener_that_took_it)
{
	struct lab *lab = lab_new();
	struct owner *any = lab_owner(lab, 1, "any"), *exact = lab_owner(lab, 2, "exact");
	struct owner *six = lab_owner(lab, 3, "six"), *client = lab_owner(lab, 4, "client");
	struct owner *twin = lab_owner(lab, 5, "twin");

	lab_service(lab, any, "any", "0.0.0.0", 80);
	lab_service(lab, exact, "exact", "127.0.0.1", 80);
	lab_service(lab, six, "six", "::", 81);
	lab_service(lab, twin, "twin",
		"::", 81); /* shares the port: who holds the socket decides */
	lab_pair(lab, client, exact, "127.0.0.1", 40000, 80);
	lab_pair(lab, client, any, "127.0.0.2", 40001, 80);
	lab_pair(lab, client, twin, "::ffff:127.0.0.1", 40002, 81);
	CHECK_STR(lab_text(lab, lab_graph(lab)),
		"client > any 1 127.0.0.2:80\n"
		"client > exact 1 127.0.0.1:80\n"
		"client > twin 1 [::ffff:127.0.0.1]:81\n"
		"six\n");
	lab_free(lab);
}

TEST(knows_the_network_and_namespaces)
{
	struct lab *lab = lab_new();
	struct owner *sshd = lab_owner(lab, 1, "sshd"), *proxy = lab_owner(lab, 2, "docker-proxy");
	struct owner *redis = lab_owner(lab, 3, "redis-server");

	lab_service(lab, sshd, "sshd", "0.0.0.0", 22);
	struct service *inside = lab_service(lab, redis, "redis", "0.0.0.0", 6379);
	inside->netns = 1;
	inside->netns_label = "web";
	lab_end(lab, sshd, "192.0.2.10", 22, "203.0.113.9", 60000);
	lab_end(lab, sshd, "192.0.2.10", 22, "203.0.113.9", 60001);
	lab_end(lab, proxy, "192.0.2.10", 50000, "198.51.100.7", 443);
	/* from our namespace into the other one: no peer in the snapshot */
	lab_end(lab, proxy, "172.17.0.1", 50001, "172.17.0.2", 6379);
	lab_end(lab, redis, "172.17.0.2", 6379, "172.17.0.1", 50001)->netns = 1;
	const struct graph *g = lab_graph(lab);
	CHECK_STR(lab_text(lab, g),
		"docker-proxy > redis 1 172.17.0.2:6379\n"
		"docker-proxy > 198.51.100.7 1 198.51.100.7:443\n"
		"203.0.113.9 > sshd 2 192.0.2.10:22\n");
	CHECK_STR(graph_via_name(g->edges[0].via), "namespace");
	CHECK_STR(graph_via_name(g->edges[1].via), "network");
	CHECK_STR(g->nodes[1].context, "in web");
	CHECK_STR(g->nodes[1].id, "0.0.0.0:6379@web");
	lab_free(lab);
}

TEST(leaves_plumbing_out)
{
	struct lab *lab = lab_new();
	struct owner *dbus = lab_owner(lab, 1, "dbus-daemon"), *app = lab_owner(lab, 2, "app");
	struct owner *docker = lab_owner(lab, 3, "dockerd");

	lab_unix(lab, docker, "docker", "/run/docker.sock");
	lab_unix(lab, dbus, "dbus", "/run/dbus/system_bus_socket");
	lab_unix_pair(lab, app, dbus, "/run/dbus/system_bus_socket");
	lab_unix_pair(lab, app, docker, "/run/docker.sock");
	lab_unix_pair(lab, app, app, NULL);
	const struct graph *g = lab_graph(lab);
	CHECK_STR(lab_text(lab, g), "app > docker 1 unix:/run/docker.sock\n");
	CHECK_INT(g->left_out, 1);
	CHECK_INT(g->left_out_services, 1);
	CHECK_INT(g->pairs, 1);
	g = graph_build(lab->arena, lab_snapshot(lab), true);
	CHECK_STR(lab_text(lab, g),
		"app > dbus 1 unix:/run/dbus/system_bus_socket\n"
		"app > docker 1 unix:/run/docker.sock\n");
	lab_free(lab);
}

TEST(counts_workers_to_their_service)
{
	struct lab *lab = lab_new();
	struct owner *systemd = lab_owner(lab, 1, "systemd"), *app = lab_owner(lab, 10, "gunicorn");
	struct owner *worker = lab_owner(lab, 11, "gunicorn"), *db = lab_owner(lab, 20, "db");
	struct owner *other = lab_owner(lab, 12, "gunicorn"), *shell = lab_owner(lab, 13, "sh");

	worker->ppid = other->ppid = shell->ppid = 10;
	struct service *web = lab_service(lab, systemd, "web", "127.0.0.1", 8000);
	((const struct owner **)web->owners)[1] = app;
	web->owner_count = 2;
	lab_service(lab, systemd, "cups", "127.0.0.1", 631);
	lab_service(lab, db, "db", "127.0.0.1", 5432);
	lab_pair(lab, lab_owner(lab, 99, "curl"), worker, "127.0.0.1", 40000, 8000);
	lab_pair(lab, worker, db, "127.0.0.1", 40001, 5432); /* it accepted for web */
	lab_pair(lab, other, db, "127.0.0.1", 40002, 5432);  /* a child running the same program */
	lab_pair(lab, shell, db, "127.0.0.1", 40003, 5432);
	CHECK_STR(lab_text(lab, lab_graph(lab)),
		"web > db 2 127.0.0.1:5432\n"
		"curl > web 1 127.0.0.1:8000\n"
		"sh > db 1 127.0.0.1:5432\n"
		"cups\n");
	lab_free(lab);
}

TEST(says_nothing_of_an_empty_machine)
{
	struct lab *lab = lab_new();
	const struct graph *g = lab_graph(lab);

	CHECK_INT(g->node_count, 0);
	CHECK_INT(g->edge_count, 0);
	CHECK_INT(g->connections, 0);
	lab_free(lab);
}

TESTS(names_both_ends, one_process_is_one_node, groups_clients, keeps_ends_without_owner,
	guesses_when_nobody_listens_any_more, finds_the_listener_that_took_it,
	knows_the_network_and_namespaces, leaves_plumbing_out, counts_workers_to_their_service,
	says_nothing_of_an_empty_machine)
