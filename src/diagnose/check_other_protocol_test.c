#include <case_file.h>

extern const struct diagnose_check diagnose_other_protocol;

static struct case_file *asked(enum proto proto)
{
	struct case_file *k = case_new("127.0.0.1", 5353);

	k->q.aim.proto = proto;
	case_place(k, "127.0.0.1");
	return k;
}

TEST(only_udp)
{
	AUTO(case) struct case_file *k = asked(PROTO_TCP);

	snap_socket(&k->world, PROTO_UDP, SOCKET_CLOSE, "127.0.0.1", 5353,
		snap_owner(&k->world, 512, "/usr/sbin/coredns"));
	const struct finding *f = case_answer(k, &diagnose_other_protocol);
	CHECK_STR(f ? f->id : NULL, "only-udp-listening");
	CHECK(case_says(f, "udp 127.0.0.1:5353 coredns 512"));
	CHECK(case_says(f, "ask by UDP"));
}

TEST(only_tcp)
{
	AUTO(case) struct case_file *k = asked(PROTO_UDP);

	snap_listen(&k->world, "127.0.0.1", 5353, snap_owner(&k->world, 512, "/usr/sbin/coredns"));
	const struct finding *f = case_answer(k, &diagnose_other_protocol);
	CHECK_STR(f ? f->id : NULL, "only-tcp-listening");
	CHECK(case_says(f, "tcp 127.0.0.1:5353 coredns 512"));
	CHECK(case_says(f, "ask by TCP"));
}

TEST(both_are_open)
{
	AUTO(case) struct case_file *k = asked(PROTO_TCP);
	struct owner *o = snap_owner(&k->world, 512, "/usr/sbin/coredns");

	snap_socket(&k->world, PROTO_UDP, SOCKET_CLOSE, "127.0.0.1", 5353, o);
	snap_listen(&k->world, "127.0.0.1", 5353, o);
	case_answer(k, &diagnose_other_protocol);
	CHECK_INT(k->count, 0);
}

/* A client that talks by UDP has a port of its own, which serves nobody. */
TEST(a_client_of_udp_is_no_server)
{
	AUTO(case) struct case_file *k = asked(PROTO_TCP);
	size_t i = snap_socket(&k->world, PROTO_UDP, SOCKET_ESTABLISHED, "127.0.0.1", 5353,
		snap_owner(&k->world, 90, "/usr/bin/chromium"));

	must(address_parse("127.0.0.1", &k->world.sockets.items[i].remote));
	k->world.sockets.items[i].remote_port = 53;
	case_answer(k, &diagnose_other_protocol);
	CHECK_INT(k->count, 0);
}

/* However many sockets the port has, its listener is seen. */
TEST(a_crowd_does_not_hide_the_listener)
{
	AUTO(case) struct case_file *k = asked(PROTO_TCP);
	struct owner *o = snap_owner(&k->world, 512, "/usr/sbin/coredns");

	snap_socket(&k->world, PROTO_UDP, SOCKET_CLOSE, "127.0.0.1", 5353, o);
	for (uint16_t i = 0; i < 100; i++)
		snap_connect(&k->world, NULL, 40000 + i, o, 5353);
	snap_listen(&k->world, "127.0.0.1", 5353, o);
	case_answer(k, &diagnose_other_protocol);
	CHECK_INT(k->count, 0);
}

TESTS(only_udp, only_tcp, both_are_open, a_client_of_udp_is_no_server,
	a_crowd_does_not_hide_the_listener)
