#include "base/must.h"
#include "sys/vitals_part.h"
#include "tree.h"
#include "unit.h"
#include <arpa/inet.h>
#include <sched.h>
#include <sys/wait.h>

#define NETSTAT                                                                                    \
	"TcpExt: SyncookiesSent ListenOverflows ListenDrops IPReversePathFilter TCPSynRetrans\n"   \
	"TcpExt: 0 12 13 4 5\n"                                                                    \
	"IpExt: ListenDrops InNoRoutes\n"                                                          \
	"IpExt: 77 1\n"

TEST(finds_a_column)
{
	CHECK_INT(net_counters_parse(NETSTAT, "TcpExt:", "ListenDrops"), 13);
	CHECK_INT(net_counters_parse(NETSTAT, "IpExt:", "ListenDrops"), 77);
	CHECK_INT(net_counters_parse(NETSTAT, "TcpExt:", "TCPSynRetrans"), 5);
	CHECK_INT(net_counters_parse(NETSTAT, "TcpExt:", "Listen"), 0);
	CHECK_INT(net_counters_parse(NETSTAT, "UdpLite:", "ListenDrops"), 0);
	CHECK_INT(net_counters_parse("TcpExt: A B\nTcpExt: 1\n", "TcpExt:", "B"), 0);
	CHECK_INT(net_counters_parse("TcpExt: A B", "TcpExt:", "B"), 0);
	CHECK_INT(net_counters_parse("", "TcpExt:", "B"), 0);
}

TEST(reads_a_fixture)
{
	AUTO(tree) struct tree t = tree_new();
	struct net_counters c;
	struct host h;

	tree_text(&t, "proc/net/snmp", "Tcp: MaxConn OutSegs InErrs OutRsts\nTcp: -1 10 0 9\n");
	must(host_open(t.path, &h, NULL) == 0);
	CHECK(!net_counters_read(&h, &c));
	tree_text(&t, "proc/net/netstat", NETSTAT);
	tree_text(&t, "proc/net/stat/rt_cache",
		"entries  in_brd   in_martian_dst in_martian_src out_hit\n"
		"00000005 00000001 0000000a       00000010       00000001\n"
		"00000005 00000001 00000000       00000001       00000001\n");
	CHECK(net_counters_read(&h, &c));
	CHECK_INT(c.listen_overflows, 12);
	CHECK_INT(c.listen_drops, 13);
	CHECK_INT(c.syn_retransmits, 5);
	CHECK_INT(c.out_resets, 9);
	CHECK_INT(c.martians, 4 + 10 + 16 + 1);
	host_close(&h);
}

/* Refused connections are counted, and in the namespace that they happen in. */
static int refuse_three(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct net_counters before, after;
	struct host h;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(host_open(NULL, &h, NULL) == 0);
	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") != 0)
		return 0;
	must(net_counters_read(&h, &before));
	for (int i = 0; i < 3; i++) {
		AUTO(close) int fd = socket(AF_INET, SOCK_STREAM, 0);
		must(connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0);
	}
	must(net_counters_read(&h, &after));
	host_close(&h);
	return before.out_resets == 0 && after.out_resets == 3 ? 0 : 1;
}

TEST(counts_what_this_kernel_refuses)
{
	int status = 0;
	pid_t child = fork();

	must(child >= 0);
	if (child == 0)
		_exit(refuse_three());
	must(waitpid(child, &status, 0) == child);
	CHECK_INT(status, 0);
}

TESTS(finds_a_column, reads_a_fixture, counts_what_this_kernel_refuses)
