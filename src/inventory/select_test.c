#include "inventory/select.h"

#include "base/arena.h"
#include "unit.h"

static uint32_t protos_of(const char *text)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct target t;

	CHECK_INT(target_parse(arena, text, &t, NULL), 0);
	return select_protos(&t);
}

TEST(asks_for_the_protocol_that_is_named)
{
	CHECK_INT(protos_of("3000"), PROTO_BIT(PROTO_TCP) | PROTO_BIT(PROTO_UDP));
	CHECK_INT(protos_of("3000/udp"), PROTO_BIT(PROTO_TCP) | PROTO_BIT(PROTO_UDP));
	CHECK(protos_of("3000/sctp") & PROTO_BIT(PROTO_SCTP));
	CHECK_INT(protos_of("unix:/run/x"), PROTO_BITS_UNIX);
}

TESTS(asks_for_the_protocol_that_is_named)
