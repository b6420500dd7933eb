#include "sys/procnet.h"

#include "base/arena.h"
#include "tree.h"
#include "unit.h"
#include <errno.h>

#define HEADING                                                                                    \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "      \
	"timeout inode\n"
#define LISTENER                                                                                      \
	"   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 " \
	"16433 1 0000000000000000 100 0 0 10 0"
#define CONNECTION                                                                                    \
	"   1: 0100007F:0BB8 0100007F:D431 01 00000005:00000007 02:00000D4B 00000000  1000        0 " \
	"16440 2 0000000000000000 20 4 30 10 -1"
#define LISTENER6                                                                                  \
	"   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A "    \
	"00000000:00000000 00:00000000 00000000     0        0 900 1 0000000000000000 100 0 0 10 0"

static const char *text_of(const struct endpoint *e)
{
	static char out[100];
	AUTO(buf) struct buf b = BUF_INIT(sizeof(out) - 1);

	endpoint_format(&b, e);
	memcpy(out, b.data, b.len + 1);
	return out;
}

TEST(reads_a_listener)
{
	struct socket s;

	CHECK(procnet_parse(LISTENER, AF_INET, PROTO_TCP, &s));
	CHECK_STR(text_of(&s.local), "127.0.0.1:3000");
	CHECK_INT(s.state, SOCKET_LISTEN);
	CHECK_INT(s.remote.family, AF_UNSPEC);
	CHECK_INT(s.uid, 1000);
	CHECK_INT(s.inode, 16433);
	CHECK_INT(s.rqueue, 3);
}

TEST(reads_a_connection_and_ipv6)
{
	struct socket s;

	CHECK(procnet_parse(CONNECTION, AF_INET, PROTO_TCP, &s));
	CHECK_INT(s.state, SOCKET_ESTABLISHED);
	CHECK_INT(s.remote_port, 0xd431);
	CHECK_INT(s.rqueue, 7);
	CHECK_INT(s.wqueue, 5);
	CHECK(procnet_parse(LISTENER6, AF_INET6, PROTO_TCP, &s));
	CHECK_STR(text_of(&s.local), "[::1]:8080");
	CHECK(!s.dual_stack);
}

/* Every cut of a line must be refused or mean the same; nothing may be read behind its end. */
TEST(refuses_what_is_cut_short)
{
	struct socket s;

	CHECK(!procnet_parse(HEADING, AF_INET, PROTO_TCP, &s));
	CHECK(!procnet_parse(LISTENER6, AF_INET, PROTO_TCP, &s));
	CHECK(!procnet_parse(LISTENER, AF_INET6, PROTO_TCP, &s));
	size_t whole = strlen(LISTENER), enough = (size_t)(strstr(LISTENER, "16433") - LISTENER);
	for (size_t len = 0; len < whole; len++) {
		AUTO(free) char *line = strndup(LISTENER, len);
		bool ok = procnet_parse(line, AF_INET, PROTO_TCP, &s);
		CHECK_INT(ok, len > enough);
	}
}

TEST(lists_only_what_is_wanted)
{
	AUTO(tree) struct tree t = tree_new();
	struct socket_list list = {0};
	struct sock_query q = {.protos = PROTO_BIT(PROTO_TCP), .states = SOCKET_BIT(SOCKET_LISTEN)};
	struct host host;

	tree_text(&t, "proc/7/net/tcp", HEADING LISTENER "\n" CONNECTION "\n");
	tree_text(&t, "proc/7/net/tcp6", HEADING LISTENER6 "\n");
	must(host_open(t.path, &host, NULL) == 0);
	CHECK_INT(procnet_list(&host, 7, &q, 3, &list), 0);
	CHECK_INT(list.v.count, 2);
	CHECK_INT(list.v.items[1].netns, 3);
	list.v.count = 0;
	q.states = SOCKET_BITS_ALL;
	q.port = 3000;
	CHECK_INT(procnet_list(&host, 7, &q, 3, &list), 0);
	CHECK_INT(list.v.count, 2);
	CHECK(procnet_list(&host, 8, &q, 3, &list) < 0);
	vec_fini(&list.v);
	host_close(&host);
}

/* The process ended between two tables: the caller forgets the namespace, and its sockets with it. */
TEST(appends_all_tables_or_nothing)
{
	AUTO(tree) struct tree t = tree_new();
	struct socket_list list = {0};
	struct sock_query q = {.protos = PROTO_BIT(PROTO_TCP) | PROTO_BIT(PROTO_UDP),
		.states = SOCKET_BITS_ALL};
	struct host host;

	tree_text(&t, "proc/7/net/tcp", HEADING LISTENER "\n");
	must(host_open(t.path, &host, NULL) == 0);
	CHECK_INT(procnet_list(&host, 7, &q, 3, &list), -ENOENT);
	CHECK_INT(list.v.count, 0);
	vec_fini(&list.v);
	host_close(&host);
}

TESTS(reads_a_listener, reads_a_connection_and_ipv6, refuses_what_is_cut_short,
	lists_only_what_is_wanted, appends_all_tables_or_nothing)
