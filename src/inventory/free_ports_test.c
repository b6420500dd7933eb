#include "inventory/free_ports.h"
#include "unit.h"

#include <netinet/in.h>

static int bound_socket(uint16_t *out_port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bind(fd, (struct sockaddr *)&in, sizeof(in));
	getsockname(fd, (struct sockaddr *)&in, &len);
	*out_port = ntohs(in.sin_port);
	return fd;
}

TEST(a_bound_port_is_not_free)
{
	AUTO(arena) struct arena *a = arena_new();
	struct free_ports found;
	struct err err;
	uint16_t port;
	AUTO(close) int fd = bound_socket(&port);

	CHECK_INT(free_ports_find(a, PROTO_TCP, port, port, &found, &err), 0);
	CHECK_INT(found.free_count, 0);
	CHECK_INT(found.used_count, 1);
	CHECK_INT(found.range_count, 0);
	/* the same number is another port for UDP */
	CHECK_INT(free_ports_find(a, PROTO_UDP, port, port, &found, &err), 0);
	CHECK_INT(found.used_count + found.free_count, 1);
}

TEST(ranges_are_joined_and_split)
{
	AUTO(arena) struct arena *a = arena_new();
	struct free_ports found;
	struct err err;
	uint16_t port;
	AUTO(close) int fd = bound_socket(&port);

	CHECK_INT(free_ports_find(a, PROTO_TCP, port - 1, port + 1, &found, &err), 0);
	CHECK_INT(found.free_count + found.used_count, 3);
	for (size_t i = 0; i < found.range_count; i++)
		CHECK(found.ranges[i].low > port || found.ranges[i].high < port);
}

TESTS(a_bound_port_is_not_free, ranges_are_joined_and_split)
