#include "base/str.h"
#include "model/endpoint.h"
#include "unit.h"

static struct endpoint at(const char *address, uint16_t port)
{
	struct endpoint e = {.port = port};

	if (!address_parse(address, &e.address))
		abort();
	return e;
}

TEST(formats)
{
	struct endpoint rows[] = {at("127.0.0.1", 3000), at("::1", 3000), at("0.0.0.0", 0),
		{.proto = PROTO_UNIX_STREAM, .path = "/run/x\n"}, {.proto = PROTO_UNIX_DGRAM},
		{.proto = PROTO_UNIX_STREAM, .path = "@hidden"}, {.proto = PROTO_PACKET}};
	static const char *const want[] = {"127.0.0.1:3000", "[::1]:3000", "0.0.0.0:0",
		"unix:/run/x\\n", "unix:", "unix:@hidden", "packet:any"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO(buf) struct buf b = BUF_INIT(200);
		endpoint_format(&b, &rows[i]);
		CHECK_STR(b.data, want[i]);
	}
}

TEST(names_protocols)
{
	for (int p = 0; p < PROTO_COUNT; p++)
		CHECK(!str_empty(proto_name(p)));
	CHECK_STR(proto_name(PROTO_TCP), "tcp");
	CHECK(proto_is_unix(PROTO_UNIX_DGRAM) && !proto_is_unix(PROTO_UDP));
	CHECK((PROTO_BITS_UNIX & PROTO_BITS_ALL) == PROTO_BITS_UNIX);
}

TEST(tells_who_takes_a_connection)
{
	static const struct {
		const char *bound;
		bool v6only;
		const char *dialled;
		bool accepts;
	} rows[] = {
		{"127.0.0.1", false, "127.0.0.1", true},
		{"127.0.0.1", false, "127.0.0.2", false},
		{"127.0.0.1", false, "::1", false},
		{"127.0.0.1", false, "::ffff:127.0.0.1", true},
		{"0.0.0.0", false, "127.0.0.1", true},
		{"0.0.0.0", false, "::1", false},
		{"::", false, "127.0.0.1", true},
		{"::", true, "127.0.0.1", false},
		{"::", true, "::1", true},
		{"::1", false, "::1", true},
		{"::1", false, "127.0.0.1", false},
		{"::ffff:127.0.0.1", false, "127.0.0.1", true},
		{"::ffff:0.0.0.0", false, "127.0.0.1", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct endpoint bound = at(rows[i].bound, 80);
		struct address to = at(rows[i].dialled, 0).address;
		if (endpoint_accepts(&bound, rows[i].v6only, &to, 80) != rows[i].accepts)
			fprintf(stderr, "%s and %s\n", rows[i].bound, rows[i].dialled);
		CHECK_INT(endpoint_accepts(&bound, rows[i].v6only, &to, 80), rows[i].accepts);
		CHECK(!endpoint_accepts(&bound, rows[i].v6only, &to, 81));
	}
}

/* Loopback traffic arrives by lo, whatever address a socket on another device is bound to. */
TEST(a_socket_on_a_device_does_not_answer_on_loopback)
{
	static const struct {
		const char *bound;
		uint32_t ifindex;
		const char *to;
		bool accepts;
	} rows[] = {
		{"0.0.0.0", 0, "127.0.0.1", true},
		{"0.0.0.0", 1, "127.0.0.1", true},
		{"0.0.0.0", 2, "127.0.0.1", false},
		{"0.0.0.0", 2, "192.0.2.1", true},
		{"::", 2, "::1", false},
		{"::", 2, "127.0.0.1", false},
		{"::", 2, "::ffff:127.0.0.1", false},
		{"::", 2, "2001:db8::1", true},
		{"127.0.0.1", 2, "127.0.0.1", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct endpoint bound = at(rows[i].bound, 80);
		struct address to = at(rows[i].to, 0).address;
		bound.ifindex = rows[i].ifindex;
		if (endpoint_accepts(&bound, false, &to, 80) != rows[i].accepts)
			fprintf(stderr, "%s%%%u and %s\n", rows[i].bound, bound.ifindex,
				rows[i].to);
		CHECK_INT(endpoint_accepts(&bound, false, &to, 80), rows[i].accepts);
	}
}

TESTS(formats, names_protocols, tells_who_takes_a_connection,
	a_socket_on_a_device_does_not_answer_on_loopback)
