#include "sys/bind_probe.h"
#include "unit.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* A socket on 127.0.0.1 with a port of the kernel's choice; *out names it. */
static int bound(int type, bool reuse, struct endpoint *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	CHECK(fd >= 0);
	if (reuse)
		CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
	CHECK(bind(fd, (struct sockaddr *)&in, len) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&in, &len) == 0);
	*out = (struct endpoint){.proto = type == SOCK_STREAM ? PROTO_TCP : PROTO_UDP,
		.address = ADDRESS_LOOPBACK4,
		.port = ntohs(in.sin_port)};
	return fd;
}

TEST(a_listener_is_in_use_and_free_when_it_is_gone)
{
	struct endpoint e;
	int fd = bound(SOCK_STREAM, true, &e);

	CHECK(listen(fd, 1) == 0);
	CHECK_INT(bind_probe(&e, false, true), -EADDRINUSE);
	CHECK_INT(bind_probe(&e, false, false), -EADDRINUSE);
	e.address = ADDRESS_ANY4;
	CHECK_INT(bind_probe(&e, false, true), -EADDRINUSE);
	e.address = ADDRESS_ANY6;
	CHECK_INT(bind_probe(&e, false, true), -EADDRINUSE);
	CHECK_INT(bind_probe(&e, true, true), 0); /* IPv6 alone does not collide */
	close(fd);
	CHECK_INT(bind_probe(&e, false, false), 0);
}

TEST(a_bound_socket_that_never_listens_counts)
{
	struct endpoint e;
	int fd = bound(SOCK_STREAM, false, &e);

	CHECK_INT(bind_probe(&e, false, true), -EADDRINUSE);
	close(fd);
	CHECK_INT(bind_probe(&e, false, true), 0);
}

TEST(datagrams_have_ports_of_their_own)
{
	struct endpoint e;
	int fd = bound(SOCK_DGRAM, false, &e);

	CHECK_INT(bind_probe(&e, false, false), -EADDRINUSE);
	e.proto = PROTO_TCP;
	CHECK_INT(bind_probe(&e, false, true), 0);
	close(fd);
}

/* The end that closes first keeps the pair in TIME_WAIT. */
TEST(time_wait_hinders_only_without_reuse)
{
	struct endpoint e;
	struct sockaddr_storage to;
	int listener = bound(SOCK_STREAM, true, &e), client = socket(AF_INET, SOCK_STREAM, 0);
	char byte;

	CHECK(listen(listener, 1) == 0);
	socklen_t len = address_to_sockaddr(&e.address, e.port, &to);
	CHECK(connect(client, (struct sockaddr *)&to, len) == 0);
	int accepted = accept(listener, NULL, NULL);
	close(listener);
	close(accepted);
	CHECK_INT(read(client, &byte, 1), 0);
	close(client);
	CHECK_INT(bind_probe(&e, false, false), -EADDRINUSE);
	CHECK_INT(bind_probe(&e, false, true), 0);
}

TEST(says_what_bind_says)
{
	struct endpoint e = {.proto = PROTO_TCP, .port = 3000};

	CHECK(address_parse("192.0.2.1", &e.address));
	CHECK_INT(bind_probe(&e, false, true), -EADDRNOTAVAIL);
	e.proto = PROTO_UNIX_STREAM;
	CHECK_INT(bind_probe(&e, false, true), -EOPNOTSUPP);
}

TESTS(a_listener_is_in_use_and_free_when_it_is_gone, a_bound_socket_that_never_listens_counts,
	datagrams_have_ports_of_their_own, time_wait_hinders_only_without_reuse,
	says_what_bind_says)
