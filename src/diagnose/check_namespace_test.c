#include <case_file.h>

extern const struct diagnose_check diagnose_namespace;

static size_t inside(struct case_file *k, const char *address, uint16_t port)
{
	size_t i =
		snap_listen(&k->world, address, port, snap_owner(&k->world, 7001, "/usr/bin/node"));

	k->world.sockets.items[i].netns = 1;
	k->world.sockets.items[i].netns_label = "shop-web-1";
	return i;
}

TEST(a_listener_in_another_namespace)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	static const char *const dial[] = {NULL, "172.17.0.2"};

	inside(k, "0.0.0.0", 3000);
	k->q.namespace_addresses = (const char **)dial;
	k->q.namespace_address_count = 2;
	case_place(k, "127.0.0.1");
	const struct finding *f = case_answer(k, &diagnose_namespace);
	CHECK_STR(f ? f->id : NULL, "listening-in-other-netns");
	CHECK(case_says(f, "4026531841"));
	CHECK(case_says(f, "node 7001"));
	CHECK(case_says(f, "-p 3000:3000"));
	CHECK(case_says(f, "172.17.0.2:3000"));
}

TEST(a_listener_here_too)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	inside(k, "0.0.0.0", 3000);
	snap_listen(&k->world, "127.0.0.1", 3000, NULL);
	case_place(k, "127.0.0.1");
	case_answer(k, &diagnose_namespace);
	CHECK_INT(k->count, 0);
}

TEST(another_port_in_there)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	inside(k, "0.0.0.0", 3001);
	case_place(k, "127.0.0.1");
	case_answer(k, &diagnose_namespace);
	CHECK_INT(k->count, 0);
}

static void docker_resolver(struct case_file *k)
{
	k->q.resolver.dns.server_count = 1;
	must(address_parse("127.0.0.11", &k->q.resolver.dns.servers[0]));
}

TEST(asked_from_a_compose_service)
{
	AUTO(case) struct case_file *k = case_new("localhost", 5432);

	docker_resolver(k);
	case_place(k, "127.0.0.1");
	const struct finding *f = case_answer(k, &diagnose_namespace);
	CHECK_STR(f ? f->id : NULL, "localhost-is-the-container");
	CHECK_STR(f ? f->certainty : NULL, "inferred");
	CHECK(case_says(f, "127.0.0.11"));
	CHECK(case_says(f, "port 5432"));
	CHECK(case_says(f, "host.docker.internal"));
}

/* The program's own port would be in the same container. */
TEST(a_web_server_is_not_looked_for_outside)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	docker_resolver(k);
	case_place(k, "127.0.0.1");
	case_answer(k, &diagnose_namespace);
	CHECK_INT(k->count, 0);
}

/* The mark alone says only where we are; databases run in development containers too. */
TEST(the_mark_of_a_container_is_not_enough)
{
	AUTO(case) struct case_file *k = case_new("localhost", 5432);

	k->q.container_mark = "/.dockerenv";
	case_place(k, "127.0.0.1");
	case_answer(k, &diagnose_namespace);
	CHECK_INT(k->count, 0);
}

TESTS(a_listener_in_another_namespace, a_listener_here_too, another_port_in_there,
	asked_from_a_compose_service, a_web_server_is_not_looked_for_outside,
	the_mark_of_a_container_is_not_enough)
