#include "base/must.h"
#include "fake_world.h"
#include "free/verify.h"
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

static struct verify_goal goal(const char *address, uint16_t port, uint64_t cookie)
{
	struct verify_goal g = {.what = "port 3000", .cookie = cookie};

	g.endpoint.proto = PROTO_TCP;
	g.endpoint.port = port;
	must(address_parse(address, &g.endpoint.address));
	return g;
}

static struct free_verdict judge(struct snap *after, const struct snapshot *before,
	const struct free_plan *plan, uint64_t cookie, int plain, int reuse)
{
	struct verify_goal g = goal("127.0.0.1", 3000, cookie);
	struct free_verdict v;

	verify_judge(after->s->arena, &g, before, snap_take(after), plan, plain, reuse, &v);
	return v;
}

/* The same sockets, other answers of bind(). */
static struct free_verdict again(struct snap *after, int plain, int reuse)
{
	struct verify_goal g = goal("127.0.0.1", 3000, 0);
	struct free_verdict v;

	verify_judge(after->s->arena, &g, NULL, after->s, NULL, plain, reuse, &v);
	return v;
}

TEST(free_is_free)
{
	AUTO(snap) struct snap w = snap_new();

	snap_listen(&w, "127.0.0.1", 3001, snap_owner(&w, 10, "/usr/bin/node"));
	snap_listen(&w, "::1", 3000, snap_owner(&w, 11, "/usr/bin/node"));
	struct free_verdict v = judge(&w, NULL, NULL, 5, 0, 0);
	CHECK(verify_is_free(v.state));
	CHECK_STR(v.sentence, "port 3000 is free");
	CHECK_STR(v.endpoint, "127.0.0.1:3000");
}

TEST(old_connections_linger)
{
	AUTO(snap) struct snap w = snap_new();

	for (uint16_t i = 0; i < 2; i++) {
		size_t s = snap_socket(&w, PROTO_TCP, SOCKET_TIME_WAIT, "127.0.0.1", 3000, NULL);
		w.sockets.items[s].remote = ADDRESS_LOOPBACK4;
		w.sockets.items[s].remote_port = 50000 + i;
		w.sockets.items[s].timer_ms = 41000 + 700 * i;
	}
	struct free_verdict v = judge(&w, NULL, NULL, 5, -EADDRINUSE, 0);
	CHECK(verify_is_free(v.state));
	CHECK_STR(verify_state_name(v.state), "lingers");
	CHECK_INT(v.lingering, 2);
	CHECK_STR(v.sentence, "port 3000 is free");
	CHECK_STR(v.note,
		"2 old connections are in TIME_WAIT for up to 42 s; only servers without "
		"SO_REUSEADDR mind");
}

TEST(the_same_socket_in_another_process)
{
	AUTO(snap) struct snap w = snap_new();
	size_t s = snap_listen(&w, "127.0.0.1", 3000, snap_owner(&w, 20, "/usr/bin/chromium"));
	struct free_verdict v =
		judge(&w, NULL, NULL, w.sockets.items[s].cookie, -EADDRINUSE, -EADDRINUSE);

	CHECK_STR(verify_state_name(v.state), "held");
	CHECK_STR(v.sentence, "port 3000 is still held by chromium 20");
	CHECK_STR(v.next, "loopscope free pid:20");
}

TEST(somebody_like_the_victim_is_a_restart)
{
	AUTO(snap) struct snap w = snap_new();
	struct owner *old = snap_owner(&w, 20, "/usr/bin/node"),
		     *runner = snap_owner(&w, 5, "/usr/bin/node"),
		     *again = snap_owner(&w, 30, "/usr/bin/node");
	struct free_victim victim = {.owner = old};
	struct free_plan plan = {.victims = &victim, .victim_count = 1};

	snap_argv(&w, runner, "node", "/s/node_modules/.bin/nodemon");
	snap_parent(again, runner);
	snap_listen(&w, "127.0.0.1", 3000, again);
	struct free_verdict v = judge(&w, NULL, &plan, 5, -EADDRINUSE, -EADDRINUSE);
	CHECK_STR(verify_state_name(v.state), "restarted");
	CHECK_STR(v.sentence, "port 3000 is taken again: nodemon 5 started node 30");
	CHECK_STR(v.next, "loopscope explain 3000");
}

TEST(somebody_else_took_it)
{
	AUTO(snap) struct snap w = snap_new();
	struct owner *old = snap_owner(&w, 20, "/usr/bin/node");
	struct free_victim victim = {.owner = old};
	struct free_plan plan = {.victims = &victim, .victim_count = 1};

	snap_listen(&w, "0.0.0.0", 3000, snap_owner(&w, 30, "/usr/bin/python3"));
	struct free_verdict v = judge(&w, NULL, &plan, 5, -EADDRINUSE, -EADDRINUSE);
	CHECK_STR(verify_state_name(v.state), "taken");
	CHECK_STR(v.sentence, "port 3000 was taken meanwhile by python 30");
}

TEST(another_socket_of_the_group)
{
	AUTO(snap) struct snap before = snap_new();
	AUTO(snap) struct snap w = snap_new();
	size_t s = snap_listen(&w, "127.0.0.1", 3000, snap_owner(&w, 30, "/usr/bin/node"));

	snap_listen(&before, "127.0.0.1", 3000, snap_owner(&before, 30, "/usr/bin/node"));
	before.sockets.items[0].cookie = w.sockets.items[s].cookie;
	struct free_verdict v = judge(&w, snap_take(&before), NULL, 5, -EADDRINUSE, -EADDRINUSE);
	CHECK_STR(verify_state_name(v.state), "shared");
}

TEST(bound_or_used_without_a_listener)
{
	AUTO(snap) struct snap w = snap_new();
	AUTO(snap) struct snap other = snap_new();

	snap_socket(&w, PROTO_TCP, SOCKET_BOUND, "127.0.0.1", 3000,
		snap_owner(&w, 30, "/usr/bin/python3"));
	struct free_verdict v = judge(&w, NULL, NULL, 0, -EADDRINUSE, -EADDRINUSE);
	CHECK_STR(v.sentence, "port 3000 is bound by python 30, which does not listen on it");
	CHECK_STR(v.next, "kill 30");
	v = again(&w, -EADDRINUSE, 0); /* it had set SO_REUSEADDR */
	CHECK(verify_is_free(v.state));
	CHECK_STR(v.note,
		"python 30 has bound it and does not listen; only servers without "
		"SO_REUSEADDR mind");

	struct owner *curl = snap_owner(&other, 40, "/usr/bin/curl");
	snap_connect(&other, curl, 3000, curl, 8080);
	v = judge(&other, NULL, NULL, 0, -EADDRINUSE, -EADDRINUSE);
	CHECK_STR(verify_state_name(v.state), "used");
	CHECK_STR(v.sentence,
		"port 3000 is the local port of a connection of curl 40 to "
		"127.0.0.1:8080, so nobody can listen on it now");
}

TEST(in_use_by_nobody_that_can_be_seen)
{
	AUTO(snap) struct snap w = snap_new();
	struct free_verdict v = judge(&w, NULL, NULL, 0, -EADDRINUSE, -EADDRINUSE);

	CHECK_STR(v.sentence, "port 3000 is in use, by whom cannot be seen");
	AUTO(snap) struct snap low = snap_new();
	CHECK(verify_is_free(judge(&low, NULL, NULL, 0, -EACCES, -EACCES).state));
}

TEST(looks_at_this_machine)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(snapshot) struct snapshot *after = NULL;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	struct host host;
	struct free_verdict v;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(host_open(NULL, &host, NULL) == 0);
	must(bind(fd, (struct sockaddr *)&in, len) == 0 && listen(fd, 1) == 0);
	must(getsockname(fd, (struct sockaddr *)&in, &len) == 0);
	struct verify_goal g = goal("127.0.0.1", ntohs(in.sin_port), 0);
	struct verify_query q = {.goals = &g, .count = 1};
	CHECK_INT(verify_run(&host, arena, &q, &v, &after, NULL), 0);
	CHECK_STR(verify_state_name(v.state), "taken");
	CHECK(v.owner && v.owner->pid == getpid());
	snapshot_free(steal(&after));
	close(fd);
	q.settle_ms = 20000;
	q.watch_ms = 50;
	CHECK_INT(verify_run(&host, arena, &q, &v, &after, NULL), 0);
	CHECK_STR(verify_state_name(v.state), "free");
	host_close(&host);
}

TEST(only_who_could_start_again_is_watched)
{
	AUTO(fake_world) struct fake_world f;
	fake_world_init(&f);
	struct owner *a = snap_owner(&f.snap, 100, "/usr/bin/node"),
		     *master = snap_owner(&f.snap, 90, "/usr/bin/node"),
		     *b = snap_owner(&f.snap, 101, "/usr/bin/node");
	snap_parent(a, f.zsh);
	snap_parent(master, f.zsh);
	snap_parent(b, master);
	struct free_victim va = {.owner = a}, vb = {.owner = b};
	struct free_plan plan = {.victims = &va, .victim_count = 1};
	struct world *w = fake_world_ready(&f);
	CHECK_INT(verify_watch_ms(w, &plan), 0); /* a prompt starts nothing by itself */
	plan.victims = &vb;
	CHECK(verify_watch_ms(w, &plan) > 0);
}

TESTS(free_is_free, old_connections_linger, the_same_socket_in_another_process,
	somebody_like_the_victim_is_a_restart, somebody_else_took_it, another_socket_of_the_group,
	bound_or_used_without_a_listener, in_use_by_nobody_that_can_be_seen, looks_at_this_machine,
	only_who_could_start_again_is_watched)
