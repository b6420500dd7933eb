/*
 * Live: rulesets loaded by the real tools into a network namespace of the test's own. Skips what this
 * machine cannot do (no root, no nft, no iptables); nft_rules_test.c has recorded answers.
 */
#include "sys/filter.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "unit.h"
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static struct arena *arena;
static struct host host;

static void lo_up(void)
{
	AUTO(close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	must(ioctl(fd, SIOCSIFFLAGS, &r) == 0);
}

/* A fresh namespace for what follows. */
static bool fresh(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return false;
	lo_up();
	return true;
}

static bool run(const char *command)
{
	int status = system(command); /* NOLINT: the test's own text */

	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool have(const char *tool)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", tool);
	return run(command);
}

/* Loads what stands inside "table inet guard { ... }". */
static bool load(const char *body)
{
	char path[] = "/tmp/loopscope-nft-XXXXXX", command[128];
	AUTO(close) int fd = mkstemp(path);
	AUTO(buf) struct buf text = BUF_INIT(1 << 16);

	must(fd >= 0);
	buf_printf(&text, "table inet guard {\n%s\n}\n", body);
	must(fs_write_all(fd, text.data, text.len) == 0);
	snprintf(command, sizeof(command), "nft -f %s", path);
	bool ok = run(command);
	unlink(path);
	CHECK(ok);
	return ok;
}

#define INPUT(rules)                                                                               \
	"chain input {\n type filter hook input priority 0; policy accept;\n" rules "\n}"
#define OUTPUT(rules)                                                                              \
	"chain output {\n type filter hook output priority 0; policy accept;\n" rules "\n}"

static struct filter_flow flow_to(const char *address, uint16_t port)
{
	struct filter_flow f = {.proto = PROTO_TCP,
		.to_port = port,
		.device = "lo",
		.device_index = 1,
		.from_uid = 1000,
		.to_uid = 33};

	must(address_parse(address, &f.to));
	return f;
}

/* "drop input sure|reject output answer maybe ..." */
static const char *judge_flow(const struct filter_flow *f)
{
	static char line[2048];
	AUTO(buf) struct buf text = BUF_INIT(sizeof(line) - 1);
	struct filter_answer a;
	struct err err = {0};

	CHECK_INT(filter_judge(&host, arena, f, &a, &err), 0);
	CHECK_STR(a.unseen, NULL);
	for (size_t i = 0; i < a.count; i++) {
		const struct filter_rule *r = &a.rules[i];
		buf_printf(&text, "%s%s %s%s %s", i ? "|" : "", filter_deed_name(r->deed), r->hook,
			r->answer ? " answer" : "", r->sure ? "sure" : "maybe");
		if (r->with)
			buf_printf(&text, " (%s)", r->with);
		if (r->to_port)
			buf_printf(&text, " :%u", r->to_port);
		if (getenv("LOOPSCOPE_SHOW"))
			printf("%-60s %-40s # %s\n", r->text, r->remove,
				r->comment ? r->comment : "");
	}
	str_copy(line, sizeof(line), text.data);
	return line;
}

static const char *judge(const char *address, uint16_t port)
{
	struct filter_flow f = flow_to(address, port);

	return judge_flow(&f);
}

static bool nft_ready(void)
{
	if (!arena) {
		arena = arena_new();
		must(host_open(NULL, &host, NULL) == 0);
	}
	return have("nft") && fresh();
}

TEST(ports_and_sets)
{
	if (!nft_ready())
		return;
	load("set ports {\n type inet_service\n elements = { 22, 5432 }\n}\n" INPUT(
		"tcp dport @ports counter drop comment \"hello\"\n"
		"tcp dport { 80, 8000-8100 } reject with tcp reset\n"
		"tcp dport 9000-9100 drop\n"
		"tcp dport vmap { 1 : drop, 2 : accept }\n"
		"tcp dport 2 drop\n"
		"udp dport 7 drop\n"
		"ip saddr . tcp dport { 127.0.0.1 . 3-5 } drop\n"
		"tcp sport 22 drop\n"
		"tcp dport != { 1-1000, 3000, 5432, 7000-9999, 32768-65535 } drop\n"
		"ip saddr 10.0.0.0/8 drop\n"));
	CHECK_STR(judge("127.0.0.1", 5432), "drop input sure");
	CHECK_STR(judge("127.0.0.1", 3000), "");
	CHECK_STR(judge("127.0.0.1", 80), "reject input sure (tcp reset)");
	CHECK_STR(judge("127.0.0.1", 8000), "reject input sure (tcp reset)");
	CHECK_STR(judge("::1", 8100), "reject input sure (tcp reset)");
	CHECK_STR(judge("127.0.0.1", 8101), "");
	CHECK_STR(judge("127.0.0.1", 7999), "");
	CHECK_STR(judge("127.0.0.1", 9050), "drop input sure");
	CHECK_STR(judge("127.0.0.1", 1), "drop input sure");
	CHECK_STR(judge("127.0.0.1", 2), "");
	CHECK_STR(judge("127.0.0.1", 4), "drop input sure");
	CHECK_STR(judge("::1", 4), "");
	CHECK_STR(judge("127.0.0.1", 7), "");
	CHECK_STR(judge("127.0.0.1", 6000), "drop input sure");
}

TEST(jumps_and_policies)
{
	if (!nft_ready())
		return;
	load("chain web {\n tcp dport 80 drop\n tcp dport 81 return\n tcp dport 82 accept\n}\n"
	     "chain input {\n type filter hook input priority 0; policy drop;\n"
	     "iif lo tcp dport 443 accept\n"
	     "ct state established,related accept\n"
	     "jump web\n"
	     "tcp dport 83 goto web\n"
	     "tcp dport 84 accept\n}\n");
	CHECK_STR(judge("127.0.0.1", 443), "");
	CHECK_STR(judge("127.0.0.1", 80), "drop input sure");
	CHECK_STR(judge("127.0.0.1", 81), "drop input sure");
	CHECK_STR(judge("127.0.0.1", 82), "");
	CHECK_STR(judge("127.0.0.1", 83), "drop input sure");
	CHECK_STR(judge("::1", 84), "");
	CHECK_STR(judge("::1", 85), "drop input sure");
}

TEST(an_accept_before_a_drop)
{
	if (!nft_ready())
		return;
	load(INPUT("iif lo accept\ntcp dport 5432 drop\n"));
	CHECK_STR(judge("127.0.0.1", 5432), "");
}

TEST(an_accept_ends_one_base_chain_only)
{
	if (!nft_ready())
		return;
	load("chain early {\n type filter hook input priority -10; policy accept;\n accept\n}\n"
	     "chain late {\n type filter hook input priority 10; policy accept;\n"
	     " tcp dport 5432 drop\n}\n");
	CHECK_STR(judge("127.0.0.1", 5432), "drop input sure");
}

TEST(other_places)
{
	if (!nft_ready())
		return;
	load(INPUT(
		"iifname \"eth0\" drop\nip saddr 10.0.0.0/8 drop\nip daddr != 127.0.0.0/8 drop\n"
		"ip6 saddr fe80::/10 drop\nudp dport 5432 drop\ntcp dport 1-5431 drop\n"
		"tcp sport 1-1023 drop\n") "\n" OUTPUT("oifname != \"lo\" drop\nmeta skuid 33 tcp "
						       "dport 5432 drop\n"));
	CHECK_STR(judge("127.0.0.1", 5432), "");
	CHECK_STR(judge("::1", 5432), "");
}

TEST(users_and_answers)
{
	if (!nft_ready())
		return;
	load(OUTPUT("meta skuid 1000 tcp dport 5432 reject\n"
		    "meta skuid 33 tcp sport 80 drop\n"
		    "ct state established tcp sport 81 drop\n"
		    "ct state new tcp sport 82 drop\n"));
	struct filter_flow f = flow_to("127.0.0.1", 5432);
	CHECK_STR(judge_flow(&f), "reject output sure (icmp port-unreachable)");
	f.from_uid = 1001;
	CHECK_STR(judge_flow(&f), "");
	f.from_uid = UINT32_MAX;
	CHECK_STR(judge_flow(&f), "reject output maybe (icmp port-unreachable)");
	CHECK_STR(judge("127.0.0.1", 80), "drop output answer sure");
	CHECK_STR(judge("127.0.0.1", 81), "drop output answer sure");
	CHECK_STR(judge("127.0.0.1", 82), "");
}

TEST(rejects)
{
	if (!nft_ready())
		return;
	load(INPUT("tcp dport 1 reject with tcp reset\ntcp dport 2 reject\n"
		   "tcp dport 3 reject with icmpx admin-prohibited\n"
		   "tcp dport 4 reject with icmpv6 no-route\n"));
	CHECK_STR(judge("127.0.0.1", 1), "reject input sure (tcp reset)");
	CHECK_STR(judge("127.0.0.1", 2), "reject input sure (icmp port-unreachable)");
	CHECK_STR(judge("::1", 2), "reject input sure (icmpv6 port-unreachable)");
	CHECK_STR(judge("127.0.0.1", 3), "reject input sure (icmp admin-prohibited)");
	CHECK_STR(judge("::1", 4), "reject input sure (icmpv6 no-route)");
	CHECK_STR(judge("127.0.0.1", 4), "");
}

TEST(redirects)
{
	if (!nft_ready())
		return;
	load("chain out {\n type nat hook output priority -100;\n tcp dport 80 redirect to :8080\n"
	     " ip daddr 127.0.0.1 tcp dport 81 dnat ip to 127.0.0.2:8081\n}\n"
	     "chain pre {\n type nat hook prerouting priority -100;\n"
	     " tcp dport 82 redirect to :8082\n}\n" INPUT("tcp dport 8081 drop\n"));
	CHECK_STR(judge("127.0.0.1", 80), "redirect output sure :8080");
	CHECK_STR(judge("127.0.0.1", 81), "redirect output sure :8081|drop input sure");
	CHECK_STR(judge("127.0.0.1", 82), ""); /* its NAT was decided on the way out */
}

TEST(limits)
{
	if (!nft_ready())
		return;
	load("set flood {\n type ipv4_addr\n flags dynamic\n size 100\n}\n"
	     "chain input {\n type filter hook input priority 0; policy accept;\n"
	     "tcp dport 1 limit rate over 10/second drop\n"
	     "tcp dport 2 ct count over 5 reject with tcp reset\n"
	     "tcp dport 3 limit rate 20/minute accept\ntcp dport 3 drop\n"
	     "tcp dport 4 numgen random mod 4 == 0 drop\n"
	     "tcp dport 5 add @flood { ip saddr limit rate over 3/hour } drop\n"
	     "tcp dport 6 quota over 10 mbytes drop\n"
	     "tcp dport 7 limit rate over 1/day drop\ntcp dport 7 drop\n}\n");
	CHECK_STR(judge("127.0.0.1", 1), "limit input sure (limit rate over 10/second)");
	CHECK_STR(judge("127.0.0.1", 2), "limit input sure (ct count over 5)");
	CHECK_STR(judge("127.0.0.1", 3), "limit input sure (limit rate 20/minute)");
	CHECK_STR(judge("127.0.0.1", 4), "limit input sure (numgen random mod 4)");
	CHECK_STR(judge("127.0.0.1", 5), "limit input sure (limit rate over 3/hour)");
	CHECK_STR(judge("127.0.0.1", 6), "limit input sure (quota over 10 mbytes)");
	CHECK_STR(judge("127.0.0.1", 7),
		"limit input sure (limit rate over 1/day)|drop input sure");
}

TEST(what_cannot_be_judged)
{
	if (!nft_ready())
		return;
	load(INPUT("tcp dport 1 meta cpu 7 drop\n"
		   "tcp dport 2 meta cpu 7 accept\ntcp dport 2 drop\n"
		   "tcp dport 3 meta cpu 7 drop\ntcp dport 3 reject with tcp reset\n"));
	CHECK_STR(judge("127.0.0.1", 1), "drop input maybe");
	CHECK_STR(judge("127.0.0.1", 2), "drop input maybe");
	CHECK_STR(judge("127.0.0.1", 3), "drop input maybe|reject input sure (tcp reset)");
}

TEST(marks_and_connections)
{
	if (!nft_ready())
		return;
	load("chain raw {\n type filter hook output priority -300;\n tcp dport 9 notrack\n"
	     " tcp dport 1 meta mark set 0x7\n}\n" OUTPUT(
		     "meta mark 0x7 drop\nct state untracked drop\n"
		     "tcp dport 2 fib daddr type local drop\nct direction reply tcp sport 3 drop\n"
		     "tcp dport 4 ct original proto-dst 4 drop\n"));
	CHECK_STR(judge("127.0.0.1", 1), "drop output sure");
	CHECK_STR(judge("127.0.0.1", 9), "drop output sure");
	CHECK_STR(judge("127.0.0.1", 2), "drop output sure");
	CHECK_STR(judge("::1", 3), "drop output answer sure");
	CHECK_STR(judge("::1", 4), "drop output sure");
}

/* Where both kinds of iptables are there, each by its own name. */
static const char *iptables(const char *kind, const char *arguments)
{
	static char command[512];

	snprintf(command, sizeof(command), "%s %s 2>/dev/null", kind, arguments);
	return command;
}

static void check_iptables(const char *four, const char *six)
{
	if (!have(four) || !have(six) || !fresh() || !run(iptables(four, "-N CH")))
		return;
	CHECK(run(iptables(four,
		"-A CH -p tcp --dport 6379 -m comment --comment lockdown "
		"-j REJECT")));
	CHECK(run(iptables(four, "-A INPUT -i lo -p tcp -j CH")));
	CHECK(run(iptables(four, "-A INPUT -p udp -m multiport --dports 1,5:9 -j DROP")));
	CHECK(run(iptables(four,
		"-A INPUT -p tcp -m conntrack --ctstate NEW -m multiport "
		"--dports 70,80:90 -j REJECT --reject-with tcp-reset")));
	CHECK(run(iptables(four,
		"-A INPUT -p tcp --dport 91 -m connlimit --connlimit-above 3 "
		"-j DROP")));
	CHECK(run(iptables(four,
		"-A OUTPUT -m owner --uid-owner 1000 -p tcp --dport 92 -j "
		"DROP")));
	CHECK(run(iptables(four, "-A INPUT -i eth0 -j DROP")));
	CHECK(run(iptables(four, "-t nat -A OUTPUT -p tcp --dport 93 -j REDIRECT --to-ports 94")));
	CHECK(run(iptables(six, "-P INPUT DROP")));
	CHECK(run(iptables(six, "-A INPUT -p tcp ! --sport 1:1023 --dport 80 -j ACCEPT")));
	CHECK(run(iptables(six, "-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT")));
	CHECK_STR(judge("127.0.0.1", 6379), "reject input sure (icmp port-unreachable)");
	CHECK_STR(judge("127.0.0.1", 5), "");
	CHECK_STR(judge("127.0.0.1", 85), "reject input sure (tcp reset)");
	CHECK_STR(judge("127.0.0.1", 91), "limit input sure (connlimit above 3)");
	CHECK_STR(judge("127.0.0.1", 92), "drop output sure");
	CHECK_STR(judge("127.0.0.1", 93), "redirect output sure :94");
	CHECK_STR(judge("127.0.0.1", 99), "");
	CHECK_STR(judge("::1", 80), "");
	CHECK_STR(judge("::1", 81), "drop input sure");

	struct filter_flow f = flow_to("127.0.0.1", 6379);
	struct filter_answer a;
	CHECK_INT(filter_judge(&host, arena, &f, &a, NULL), 0);
	if (a.count != 1)
		return;
	CHECK_STR(a.rules[0].system, "iptables");
	CHECK_STR(a.rules[0].comment, "lockdown");
	CHECK_STR(a.rules[0].text,
		"-p tcp --dport 6379 -m comment --comment lockdown "
		"-j REJECT --reject-with icmp-port-unreachable");
	if (access("/usr/sbin/iptables-legacy", F_OK) < 0)
		return; /* the tools are in another place, and "iptables" is not theirs */
	CHECK(run(a.rules[0].remove)); /* the command is ready to run */
	CHECK_STR(judge("127.0.0.1", 6379), "");
}

TEST(iptables_nft)
{
	nft_ready();
	check_iptables("iptables-nft", "ip6tables-nft");
}

TEST(iptables_legacy)
{
	nft_ready();
	check_iptables("iptables-legacy", "ip6tables-legacy");
}

TEST(says_what_it_tells)
{
	struct filter_answer a;
	struct filter_flow f = flow_to("127.0.0.1", 5432);

	if (!nft_ready())
		return;
	load(INPUT("tcp dport 5432 counter drop comment \"no db\"\n"));
	CHECK_INT(filter_judge(&host, arena, &f, &a, NULL), 0);
	CHECK_INT(a.count, 1);
	if (a.count != 1)
		return;
	CHECK_STR(a.rules[0].text,
		"tcp dport 5432 counter packets 0 bytes 0 drop comment \"no db\"");
	CHECK_STR(a.rules[0].comment, "no db");
	CHECK_STR(a.rules[0].family, "inet");
	CHECK_STR(a.rules[0].table, "guard");
	CHECK_STR(a.rules[0].chain, "input");
	CHECK(a.rules[0].counted && a.rules[0].packets == 0);
	CHECK(run(a.rules[0].remove));
	CHECK_STR(judge("127.0.0.1", 5432), "");
}

TESTS(ports_and_sets, jumps_and_policies, an_accept_before_a_drop,
	an_accept_ends_one_base_chain_only, other_places, users_and_answers, rejects, redirects,
	limits, what_cannot_be_judged, marks_and_connections, iptables_nft, iptables_legacy,
	says_what_it_tells)
