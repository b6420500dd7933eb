/*
 * Recorded netlink answers, mutated: the datagram parser and, for each message, all three sock_diag
 * parsers. The format is that of tests/fixtures/netlink: a byte (enum proto), then datagrams, each
 * after its length (4 bytes, little-endian).
 */
#include "replay.h"
#include "sys/sock_diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct job {
	struct arena *arena;
	enum proto proto;
};

static void look_at(const struct socket *s)
{
	AUTO(buf) struct buf text;

	buf_init(&text, 1 << 16);
	endpoint_format(&text, &s->local);
	must(s->state < SOCKET_STATE_COUNT && s->local.proto < PROTO_COUNT);
	must(!(s->v6only && s->dual_stack));
}

static int on_message(void *ctx, uint16_t type, struct reader payload)
{
	struct job *job = ctx;
	struct socket s;

	(void)type;
	if (sock_diag_parse_inet(job->arena, payload, job->proto, &s))
		look_at(&s);
	if (sock_diag_parse_unix(job->arena, payload, &s))
		look_at(&s);
	if (sock_diag_parse_packet(payload, &s))
		look_at(&s);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct replay r = replay_of(data, size);
	struct job job = {arena, r.proto % PROTO_COUNT};

	netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, on_message, &job);
	return 0;
}
