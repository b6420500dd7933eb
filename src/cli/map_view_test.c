/*
 * map_view_test - whole maps of invented machines: tests/golden/map/NAME.txt, .svg and .dot.
 */
#include "cli/map_view.h"

#include "golden.h"
#include "map/lab.h"
#include "render/dot.h"
#include "render/svg.h"
#include <fcntl.h>
#include <locale.h>

static struct owner *serve(struct lab *lab, pid_t pid, const char *program, const char *name,
	const char *address, uint16_t port)
{
	struct owner *o = lab_owner(lab, pid, program);

	lab_service(lab, o, name, address, port);
	return o;
}

static void link_up(struct lab *lab, struct owner *client, struct owner *server,
	const char *address, uint16_t port, int count)
{
	static uint16_t from = 32768;

	for (int i = 0; i < count; i++)
		lab_pair(lab, client, server, address, from++, port);
}

/* A developer's machine: two projects, a proxy, a container, a browser. */
static struct lab *shop(void)
{
	static const struct container cache = {RUNTIME_DOCKER, "0123456789abcdef", "cache"};
	struct lab *lab = lab_new();
	struct owner *chromium = lab_owner(lab, 43120, "chromium");
	struct owner *code = lab_owner(lab, 40102, "code"), *psql = lab_owner(lab, 60412, "psql");
	struct owner *console = serve(lab, 50001, "loopscope", "loopscope", "127.0.0.1", 62893);
	struct owner *nginx = serve(lab, 911, "nginx", "nginx", "127.0.0.1", 8080);
	struct owner *web = serve(lab, 4121, "node", "shop web", "127.0.0.1", 5173);
	struct owner *api = serve(lab, 4188, "node", "shop api", "127.0.0.1", 3000);
	struct owner *eslint =
		serve(lab, 40200, "node", "eslint language server", "127.0.0.1", 41235);
	struct owner *tools = serve(lab, 43100, "chromium", "Chromium DevTools", "127.0.0.1", 9222);
	struct owner *ledger = serve(lab, 5210, "python3", "ledger api", "127.0.0.1", 8000);
	struct owner *db15 = serve(lab, 700, "postgres", "PostgreSQL 15", "127.0.0.1", 5432);
	struct owner *db16 = serve(lab, 800, "postgres", "PostgreSQL 16", "127.0.0.2", 5432);
	struct owner *proxy = serve(lab, 900, "docker-proxy", "Redis", "0.0.0.0", 6379);
	struct owner *redis = lab_owner(lab, 901, "redis-server");
	struct service *inside = lab_service(lab, redis, "Redis, the process", "0.0.0.0", 6379);

	((struct service *)lab->services.items[lab->services.count - 2])->problems =
		PROBLEM_EXPOSED;
	inside->netns = 1;
	inside->netns_label = "cache";
	inside->container = &cache;
	serve(lab, 601, "sshd", "sshd", "0.0.0.0", 22);
	serve(lab, 602, "cupsd", "CUPS", "127.0.0.1", 631);
	serve(lab, 603, "node", "shop api", "127.0.0.1", 3001);
	lab_unix(lab, lab_owner(lab, 604, "dockerd"), "docker", "/run/docker.sock");
	link_up(lab, chromium, console, "127.0.0.1", 62893, 1);
	link_up(lab, chromium, web, "127.0.0.1", 5173, 1);
	link_up(lab, chromium, nginx, "127.0.0.1", 8080, 4);
	link_up(lab, nginx, web, "127.0.0.1", 5173, 2);
	link_up(lab, nginx, api, "127.0.0.1", 3000, 3);
	link_up(lab, code, tools, "127.0.0.1", 9222, 1);
	link_up(lab, code, eslint, "127.0.0.1", 41235, 1);
	link_up(lab, psql, db15, "127.0.0.1", 5432, 1);
	link_up(lab, api, db15, "127.0.0.1", 5432, 10);
	link_up(lab, api, proxy, "127.0.0.1", 6379, 2);
	link_up(lab, ledger, db16, "127.0.0.2", 5432, 5);
	for (uint16_t i = 0; i < 2; i++) {
		lab_end(lab, proxy, "172.18.0.1", 50001 + i, "172.18.0.2", 6379);
		lab_end(lab, redis, "172.18.0.2", 6379, "172.18.0.1", 50001 + i)->netns = 1;
	}
	return lab;
}

/* Two that call each other, one that calls itself, callers from outside, hidden ones. */
static struct lab *knots(void)
{
	struct lab *lab = lab_new();
	struct owner *a = serve(lab, 10, "node", "ping", "127.0.0.1", 7001);
	struct owner *b = serve(lab, 11, "node", "pong", "::1", 7002);
	struct owner *c = serve(lab, 12, "beam.smp", "gossip", "127.0.0.1", 4369);
	struct owner *sshd = serve(lab, 13, "sshd", "sshd", "0.0.0.0", 22);
	struct owner *evil = lab_owner(lab, 66, "evil\x1b[31m<script>&\"'\xe2\x80\xae\xff");

	lab_service(lab, NULL, "?", "127.0.0.1", 9000)->held_by = "root (process hidden)";
	link_up(lab, a, b, "::1", 7002, 3);
	link_up(lab, b, a, "127.0.0.1", 7001, 1);
	link_up(lab, c, c, "127.0.0.1", 4369, 2);
	link_up(lab, b, c, "127.0.0.1", 4369, 1);
	link_up(lab, evil, c, "127.0.0.1", 4369, 1);
	link_up(lab, evil, NULL, "127.0.0.1", 9000, 1);
	link_up(lab, lab_owner(lab, 67, "nc"), lab_owner(lab, 68, "ncat"), "127.0.0.1", 1234, 1);
	link_up(lab, lab_owner(lab, 69, "curl"), NULL, "127.0.0.1", 7001, 1);
	lab->sockets.items[lab->sockets.count - 1].ownerless = OWNERLESS_NOT_ACCEPTED;
	lab_end(lab, sshd, "192.0.2.10", 22, "203.0.113.9", 60000);
	lab_end(lab, sshd, "192.0.2.10", 22, "2001:db8::7", 60000);
	lab_end(lab, evil, "192.0.2.10", 60001, "198.51.100.7", 443);
	lab_unix_pair(lab, evil, c, NULL);
	return lab;
}

/* Sixty nodes: ten fronts over twenty services over five stores, and clients. */
static struct lab *crowd(void)
{
	struct lab *lab = lab_new();
	struct owner *fronts[10], *mids[20], *stores[5];
	static const char *const kinds[] = {"orders", "users", "search", "mail", "billing"};

	for (int i = 0; i < 10; i++)
		fronts[i] = serve(lab, 100 + i, "nginx", arena_printf(lab->arena, "front %d", i),
			"0.0.0.0", (uint16_t)(8000 + i));
	for (int i = 0; i < 20; i++)
		mids[i] = serve(lab, 200 + i, "node",
			arena_printf(lab->arena, "%s %d", kinds[i % 5], i / 5), "127.0.0.1",
			(uint16_t)(3000 + i));
	for (int i = 0; i < 5; i++)
		stores[i] = serve(lab, 300 + i, "postgres",
			arena_printf(lab->arena, "%s store", kinds[i]), "127.0.0.1",
			(uint16_t)(5432 + i));
	for (int i = 0; i < 25; i++)
		link_up(lab, lab_owner(lab, 400 + i, arena_printf(lab->arena, "client-%02d", i)),
			fronts[i * 7 % 10], "127.0.0.1", (uint16_t)(8000 + i * 7 % 10), 1 + i % 4);
	for (int i = 0; i < 20; i++) {
		int front = i / 2, store = i % 5;
		link_up(lab, fronts[front], mids[i], "127.0.0.1", (uint16_t)(3000 + i), 2);
		link_up(lab, mids[i], stores[store], "127.0.0.1", (uint16_t)(5432 + store), 10 + i);
		if (i % 6 == 0)
			link_up(lab, mids[i], mids[(i + 7) % 20], "127.0.0.1",
				(uint16_t)(3000 + (i + 7) % 20), 1);
	}
	return lab;
}

/* One client with a pool to each of a hundred servers. */
static struct lab *fan(void)
{
	struct lab *lab = lab_new();
	struct owner *client = lab_owner(lab, 1, "client");

	for (uint16_t i = 0; i < 100; i++)
		link_up(lab, client,
			serve(lab, 10 + i, "server",
				i < 20 ? arena_printf(lab->arena, "shard %d", i) : "worker",
				"127.0.0.1", (uint16_t)(3000 + i)),
			"127.0.0.1", (uint16_t)(3000 + i), 2 + i % 3);
	return lab;
}

static void check_map(struct lab *lab, const char *name, struct graph_limits limits)
{
	struct cli cli = {.arena = lab->arena};
	const struct graph *g = lab_graph(lab), *folded = graph_fold(lab->arena, g, &limits);
	struct map_remarks remarks;
	struct picture picture;
	AUTO(buf) struct buf text;

	buf_init(&text, 1 << 20);
	setlocale(LC_CTYPE, "C.UTF-8");
	out_init(&cli.out, open("/dev/null", O_WRONLY | O_CLOEXEC), COLOR_NEVER);
	cli.out.utf8 = true;
	cli.out.columns = 80;
	map_remarks(lab->arena, folded, &remarks);
	out_printf(&cli.out, "%s\n\n", map_headline(lab->arena, g));
	map_tree(&cli, folded, false);
	CHECK_GOLDEN(arena_printf(lab->arena, "map/%s.txt", name), cli.out.text.data);

	map_picture(lab->arena, folded, &picture);
	picture.title = "Who talks to whom";
	picture.subtitle = map_headline(lab->arena, g);
	picture.remarks = remarks.texts;
	picture.remark_count = remarks.count;
	svg_write(&text, &picture);
	CHECK_GOLDEN(arena_printf(lab->arena, "map/%s.svg", name), text.data);
	buf_clear(&text);
	dot_write(&text, &picture);
	CHECK_GOLDEN(arena_printf(lab->arena, "map/%s.dot", name), text.data);
	close(cli.out.fd);
	buf_clear(&cli.out.text);
	out_end(&cli.out);
	lab_free(lab);
}

TEST(a_developers_machine)
{
	check_map(shop(), "shop", (struct graph_limits){.computers = 5, .alike = 5});
}

TEST(cycles_and_strangers)
{
	check_map(knots(), "knots", (struct graph_limits){.computers = 5, .alike = 5});
}

TEST(sixty_nodes)
{
	check_map(crowd(), "crowd", (struct graph_limits){.alike = 5, .nodes = 60});
}

TEST(many_of_a_kind)
{
	check_map(fan(), "fan", (struct graph_limits){.alike = 5, .nodes = 10});
}

TEST(one_service)
{
	struct lab *lab = lab_new();

	serve(lab, 1, "node", "shop web", "127.0.0.1", 3000);
	check_map(lab, "one", (struct graph_limits){.alike = 5});
}

TEST(nobody)
{
	check_map(lab_new(), "nobody", (struct graph_limits){.alike = 5});
}

static const char *around(struct lab *lab, const char *text)
{
	struct target target;
	struct selection selected;
	struct host host = {.root = -1};
	const struct graph *g = lab_graph(lab);

	CHECK_INT(target_parse(lab->arena, text, &target, NULL), 0);
	CHECK_INT(select_services(&host, &lab->s, &target, &selected, NULL), 0);
	return map_headline(lab->arena, graph_around(lab->arena, g, &target, &selected, 2));
}

TEST(answers_for_a_target)
{
	struct lab *lab = shop();

	CHECK_STR(around(lab, "3000"), "3 connections to shop api, 12 from it.");
	CHECK_STR(around(lab, "8000"), "5 connections from ledger api, none to it.");
	CHECK_STR(around(lab, "127.0.0.2:5432"), "5 connections to PostgreSQL 16, none from it.");
	CHECK_STR(around(lab, "22"), "Nobody is connected to sshd, and it is connected to nobody.");
	CHECK_STR(around(lab, "5432"), "16 connections to these 2 programs, none from them.");
	lab_free(lab);
}

TESTS(a_developers_machine, cycles_and_strangers, sixty_nodes, many_of_a_kind, one_service, nobody,
	answers_for_a_target)
