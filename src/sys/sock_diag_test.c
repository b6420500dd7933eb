#include "sys/sock_diag.h"

#include "base/str.h"
#include "replay.h"
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

struct listing {
	struct arena *arena;
	enum proto proto;
	struct socket sockets[32];
	size_t count;
	size_t malformed;
};

static bool parse_one(struct arena *arena, enum proto proto, struct reader r, struct socket *out)
{
	if (proto_is_unix(proto))
		return sock_diag_parse_unix(arena, r, out);
	if (proto == PROTO_PACKET)
		return sock_diag_parse_packet(r, out);
	return sock_diag_parse_inet(arena, r, proto, out);
}

static int on_message(void *ctx, uint16_t type, struct reader payload)
{
	struct listing *l = ctx;

	(void)type;
	must(l->count < ARRAY_SIZE(l->sockets));
	if (parse_one(l->arena, l->proto, payload, &l->sockets[l->count]))
		l->count++;
	else
		l->malformed++;
	return 0;
}

static struct listing load(struct arena *arena, const char *name)
{
	struct replay r = replay_load(name);
	struct listing l = {.arena = arena, .proto = r.proto};

	CHECK_INT(netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, on_message, &l), 0);
	CHECK_INT(l.malformed, 0);
	return l;
}

/* "127.0.0.1:8000" of a socket's own or other end; static, for one check. */
static const char *local_text(const struct socket *s)
{
	static char text[128];
	AUTO(buf) struct buf b;

	buf_init(&b, sizeof(text) - 1);
	endpoint_format(&b, &s->local);
	str_copy(text, sizeof(text), b.data);
	return text;
}

static const struct socket *find(const struct listing *l, uint16_t port, int state)
{
	static const struct socket none;

	for (size_t i = 0; i < l->count; i++)
		if (l->sockets[i].local.port == port && l->sockets[i].state == state)
			return &l->sockets[i];
	printf("no socket with port %u in state %s\n", port, socket_state_name(state));
	return &none;
}

TEST(reads_listeners)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct listing l = load(arena, "tcp4-listeners.bin");
	const struct socket *s = find(&l, 8000, SOCKET_LISTEN);

	CHECK_INT(l.count, 2);
	CHECK_STR(local_text(s), "127.0.0.1:8000");
	CHECK_INT(s->local.proto, PROTO_TCP);
	CHECK_INT(s->wqueue, 128);
	CHECK_INT(s->rqueue, 0);
	CHECK_INT(s->uid, 0);
	CHECK(s->inode && s->cookie);
	CHECK_INT(s->remote.family, AF_UNSPEC);
	CHECK(!s->tcp && !s->dual_stack && !s->v6only);
	CHECK(socket_is_listener(s));
	s = find(&l, 8001, SOCKET_LISTEN);
	CHECK_STR(local_text(s), "0.0.0.0:8001");
	CHECK_INT(s->rqueue, 1); /* one connection nobody accepted */
	CHECK_INT(s->wqueue, 16);
}

TEST(tells_dual_stack_from_v6only)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct listing l = load(arena, "tcp6-listeners.bin");
	const struct socket *loopback = find(&l, 8000, SOCKET_LISTEN);
	const struct socket *only = find(&l, 8002, SOCKET_LISTEN);
	const struct socket *both = find(&l, 8003, SOCKET_LISTEN);

	CHECK_INT(l.count, 3);
	CHECK_STR(local_text(loopback), "[::1]:8000");
	CHECK(loopback->v6only && !loopback->dual_stack);
	CHECK(only->v6only && !only->dual_stack);
	CHECK_STR(local_text(both), "[::]:8003");
	CHECK(!both->v6only && both->dual_stack);
}

TEST(reads_connections_with_their_figures)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct listing l = load(arena, "tcp4-all.bin");
	const struct socket *client = find(&l, 40000, SOCKET_ESTABLISHED);

	CHECK_INT(client->remote_port, 8000);
	CHECK(address_eq(&client->remote, &ADDRESS_LOOPBACK4));
	CHECK(client->tcp != NULL);
	if (client->tcp) {
		CHECK_INT(client->tcp->sent_bytes, 401); /* 4 times 100, and the SYN */
		CHECK_INT(client->tcp->received_bytes, 800);
		CHECK(client->tcp->rtt_us > 0);
		CHECK_INT(client->tcp->retransmits, 0);
		CHECK(!str_empty(client->tcp->congestion));
	}
	CHECK(!socket_is_listener(client));
}

TEST(reads_states_without_a_process)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct listing l = load(arena, "tcp4-all.bin");
	const struct socket *waits = find(&l, 40003, SOCKET_TIME_WAIT);
	const struct socket *queued = find(&l, 8001, SOCKET_ESTABLISHED);
	const struct socket *bound = find(&l, 8004, SOCKET_BOUND);

	CHECK_INT(waits->inode, 0);
	CHECK_INT(waits->remote_port, 8000);
	CHECK_INT(waits->timer, 3);
	CHECK(waits->timer_ms > 0);
	CHECK_INT(queued->inode, 0);
	CHECK_INT(queued->remote_port, 40001);
	CHECK(bound->inode);
	CHECK_STR(local_text(bound), "127.0.0.1:8004");
	CHECK(!socket_is_listener(bound));
}

TEST(reads_mapped_ends)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct listing l = load(arena, "tcp6-all.bin");
	const struct socket *s = find(&l, 8003, SOCKET_ESTABLISHED);
	struct address remote = address_unmap(&s->remote);

	CHECK_STR(local_text(s), "[::ffff:127.0.0.1]:8003");
	CHECK(address_eq(&remote, &ADDRESS_LOOPBACK4));
	CHECK(!s->dual_stack);
}

TEST(reads_udp)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct listing l = load(arena, "udp4.bin");
	const struct socket *open = find(&l, 8005, SOCKET_CLOSE);
	const struct socket *connected = find(&l, 40004, SOCKET_ESTABLISHED);

	CHECK_INT(l.count, 2);
	CHECK(socket_is_listener(open));
	CHECK_INT(open->local.proto, PROTO_UDP);
	CHECK(!socket_is_listener(connected));
	CHECK_INT(connected->remote_port, 8005);
}

static const struct socket *find_path(const struct listing *l, const char *path, int state)
{
	static const struct socket none;

	for (size_t i = 0; i < l->count; i++)
		if (l->sockets[i].local.path && str_eq(l->sockets[i].local.path, path) &&
			l->sockets[i].state == state)
			return &l->sockets[i];
	printf("no socket '%s' in state %s\n", path, socket_state_name(state));
	return &none;
}

TEST(reads_unix_sockets)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct listing l = load(arena, "unix.bin");
	static const char *const path = "/run/loopscope-recording/service.sock";
	const struct socket *listens = find_path(&l, path, SOCKET_LISTEN);
	const struct socket *accepted = find_path(&l, path, SOCKET_ESTABLISHED);
	const struct socket *abstract = find_path(&l, "@abstract@name", SOCKET_LISTEN);
	const struct socket *datagram =
		find_path(&l, "/run/loopscope-recording/datagram.sock", SOCKET_CLOSE);

	CHECK_INT(listens->local.proto, PROTO_UNIX_STREAM);
	CHECK_INT(listens->rqueue, 1);
	CHECK_INT(listens->wqueue, 7);
	CHECK_INT(listens->unix_peer_inode, 0);
	CHECK_INT(abstract->local.proto, PROTO_UNIX_SEQPACKET);
	CHECK_INT(datagram->local.proto, PROTO_UNIX_DGRAM);
	CHECK(socket_is_listener(listens) && socket_is_listener(datagram));
	CHECK(!socket_is_listener(accepted));
	bool paired = false;
	for (size_t i = 0; i < l.count; i++)
		if (l.sockets[i].inode == accepted->unix_peer_inode)
			paired = l.sockets[i].unix_peer_inode == accepted->inode;
	CHECK(paired);
}

TEST(reads_packet_sockets)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct listing l = load(arena, "packet.bin");

	CHECK_INT(l.count, 1);
	CHECK_INT(l.sockets[0].local.proto, PROTO_PACKET);
	CHECK_INT(l.sockets[0].local.port, 0x0800);
	CHECK_INT(l.sockets[0].local.ifindex, 1);
	CHECK(l.sockets[0].inode);
}

/* Cut anywhere, a message is malformed or merely says less; under a sanitizer nothing is read past it. */
static int cut_everywhere(void *ctx, uint16_t type, struct reader payload)
{
	struct listing *l = ctx;

	(void)type;
	for (size_t keep = 0; keep <= payload.left; keep++) {
		struct socket s = {.inode = 0xdead};
		AUTO(free) uint8_t *exact = must_malloc(keep + 1);
		memcpy(exact, payload.p, keep);
		if (!parse_one(l->arena, l->proto, reader_init(exact, keep), &s))
			l->malformed++;
		else
			CHECK(s.inode != 0xdead);
	}
	return 0;
}

TEST(survives_cut_messages)
{
	static const char *const names[] = {"tcp4-all.bin", "tcp6-all.bin", "udp4.bin", "unix.bin",
		"packet.bin"};
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct replay r = replay_load(names[i]);
		struct listing l = {.arena = arena, .proto = r.proto};
		CHECK_INT(netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, cut_everywhere, &l),
			0);
		CHECK(l.malformed > 0);
	}
}

static int open_listener(uint16_t *out_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(bind(fd, (void *)&a, sizeof(a)) == 0 && listen(fd, 3) == 0);
	must(getsockname(fd, (void *)&a, &len) == 0);
	*out_port = ntohs(a.sin_port);
	return fd;
}

TEST(asks_the_kernel_for_one_port)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(close) int netlink = netlink_open(NETLINK_SOCK_DIAG, NULL);
	struct socket_list list = {0};
	uint16_t port;
	AUTO(close) int fd = open_listener(&port);
	AUTO(close) int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sock_query q = {.protos = PROTO_BIT(PROTO_TCP),
		.states = SOCKET_BITS_ALL,
		.port = port};

	must(connect(client, (void *)&to, sizeof(to)) == 0);
	CHECK_INT(sock_diag_list(netlink, &q, 5, arena, &list, NULL), 0);
	CHECK_INT(list.v.count, 3); /* the listener and both ends */
	VEC_EACH (&list.v, s) {
		CHECK_INT(s->netns, 5);
		CHECK(s->local.port == port || s->remote_port == port);
	}
	vec_fini(&list.v);
}

/* What the kernel has no module for has no sockets, and is no error. */
TEST(lists_every_protocol)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(close) int netlink = netlink_open(NETLINK_SOCK_DIAG, NULL);
	struct socket_list list = {0};
	uint16_t port;
	AUTO(close) int fd = open_listener(&port);
	struct sock_query q = {.protos = PROTO_BITS_ALL,
		.states = SOCKET_BITS_ALL,
		.tcp_details = true};
	bool seen = false;

	CHECK_INT(sock_diag_list(netlink, &q, 0, arena, &list, NULL), 0);
	VEC_EACH (&list.v, s)
		seen = seen || (s->state == SOCKET_LISTEN && s->local.port == port);
	CHECK(seen);
	vec_fini(&list.v);
}

/* An association has numbers of its own for its states; its endpoint has TCP's. */
TEST(an_sctp_association_has_other_states)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct {
		struct inet_diag_msg m;
		struct rtattr header;
		uint8_t peer[128];
	} message = {
		.m = {.idiag_family = AF_INET,
			.idiag_state = 3,
			.id.idiag_sport = htons(3868),
			.id.idiag_dport = htons(40000)},
		.header = {sizeof(struct rtattr) + 128, INET_DIAG_PEERS},
	};
	struct socket s;

	CHECK(sock_diag_parse_inet(arena, reader_init(&message, sizeof(message)), PROTO_SCTP, &s));
	CHECK_STR(socket_state_name(s.state), "established");
	message.m.idiag_state = 200;
	CHECK(sock_diag_parse_inet(arena, reader_init(&message, sizeof(message)), PROTO_SCTP, &s));
	message.m.idiag_state = SOCKET_LISTEN;
	message.m.id.idiag_dport = 0;
	CHECK(sock_diag_parse_inet(arena, reader_init(&message, sizeof(message.m)), PROTO_SCTP,
		&s));
	CHECK(socket_is_listener(&s));
}

TESTS(reads_listeners, tells_dual_stack_from_v6only, reads_connections_with_their_figures,
	reads_states_without_a_process, reads_mapped_ends, reads_udp, reads_unix_sockets,
	reads_packet_sockets, survives_cut_messages, asks_the_kernel_for_one_port,
	lists_every_protocol, an_sctp_association_has_other_states)
