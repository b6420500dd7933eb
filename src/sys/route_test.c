#include "sys/route.h"

#include "base/must.h"
#include "base/str.h"
#include "replay.h"
#include "sys/netlink.h"
#include "sys/route_part.h"
#include "unit.h"
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/wait.h>

static struct arena *arena; /* of the running test */

static int parse(const char *name, netlink_fn fn, void *ctx)
{
	struct replay r = replay_load(name);

	return netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, fn, ctx);
}

static int on_link(void *ctx, uint16_t type, struct reader payload)
{
	CHECK(type == RTM_NEWLINK && route_parse_link(arena, payload, ctx));
	return 0;
}

static int on_qdisc(void *ctx, uint16_t type, struct reader payload)
{
	CHECK_INT(type, RTM_NEWQDISC);
	route_parse_qdisc(arena, payload, ctx);
	return 0;
}

TEST(reads_a_link_and_its_discipline)
{
	struct link_facts lo = {0};

	arena = arena_new();
	CHECK_INT(parse("link-lo.bin", on_link, &lo), 0);
	CHECK(lo.there && lo.up);
	CHECK_INT(lo.index, 1);
	CHECK_INT(lo.mtu, 65536);
	CHECK_STR(lo.name, "lo");
	CHECK_STR(lo.qdisc, "tbf");
	CHECK(lo.qdisc_text == NULL);
	CHECK_INT(parse("qdisc-tbf.bin", on_qdisc, &lo), 0);
	CHECK_STR(lo.qdisc, "tbf");
	CHECK_STR(lo.qdisc_text, "rate 8 Mbit/s, burst 10240 bytes, limit 20000 bytes");
	lo.index = 2; /* a discipline of another interface */
	lo.qdisc = "noqueue";
	CHECK_INT(parse("qdisc-tbf.bin", on_qdisc, &lo), 0);
	CHECK_STR(lo.qdisc, "noqueue");
	arena_free(arena);
}

struct message {
	char bytes[512];
	size_t len;
};

static void add(struct message *m, uint16_t type, const void *data, size_t len)
{
	struct rtattr header = {(uint16_t)(4 + len), type};

	memcpy(m->bytes + m->len, &header, 4);
	memcpy(m->bytes + m->len + 4, data, len);
	m->len += RTA_ALIGN(4 + len);
}

/* An RTM_NEWQDISC of lo, as the kernel writes one. */
static const char *qdisc_text(const char *kind, const struct message *options)
{
	struct tcmsg header = {.tcm_ifindex = 1, .tcm_parent = TC_H_ROOT};
	struct link_facts lo = {.index = 1};
	struct message m = {.len = sizeof(header)};

	memcpy(m.bytes, &header, sizeof(header));
	add(&m, TCA_KIND, kind, strlen(kind) + 1);
	add(&m, TCA_OPTIONS, options->bytes, options->len);
	CHECK(route_parse_qdisc(arena, reader_init(m.bytes, m.len), &lo));
	CHECK_STR(lo.qdisc, kind);
	return lo.qdisc_text;
}

TEST(says_what_netem_does)
{
	struct tc_netem_qopt q = {.latency = 1562500,
		.limit = 1000,
		.loss = UINT32_MAX / 10,
		.duplicate = 42949673};
	struct tc_netem_rate rate = {.rate = 125000};
	struct tc_netem_corrupt corrupt = {.probability = UINT32_MAX / 2};
	struct message m = {.len = sizeof(q)}, empty = {.len = sizeof(q)}, cut = {.len = 3};
	int64_t latency = 100000000, jitter = 2500000;

	arena = arena_new();
	memcpy(m.bytes, &q, sizeof(q));
	CHECK_STR(qdisc_text("netem", &m), "delay 100 ms, loss 10 %, duplicate 1 %");
	q.latency = 0;
	memcpy(m.bytes, &q, sizeof(q));
	add(&m, TCA_NETEM_LATENCY64, &latency, sizeof(latency));
	add(&m, TCA_NETEM_JITTER64, &jitter, sizeof(jitter));
	add(&m, TCA_NETEM_CORRUPT, &corrupt, sizeof(corrupt));
	add(&m, TCA_NETEM_RATE, &rate, sizeof(rate));
	CHECK_STR(qdisc_text("netem", &m),
		"delay 100 ms, jitter 2.5 ms, loss 10 %, "
		"duplicate 1 %, corrupt 50 %, rate 1 Mbit/s");
	CHECK(qdisc_text("netem", &empty) == NULL);
	CHECK(qdisc_text("netem", &cut) == NULL);
	CHECK(qdisc_text("fq_codel", &m) == NULL);
	m = (struct message){.len = 4};
	memcpy(m.bytes, &(uint32_t){3}, 4);
	CHECK_STR(qdisc_text("pfifo", &m), "limit 3 packets");
	CHECK_STR(qdisc_text("bfifo", &m), "limit 3 bytes");
	arena_free(arena);
}

struct route_got {
	struct route_answer answer;
	uint32_t device;
};

static int on_route(void *ctx, uint16_t type, struct reader payload)
{
	struct route_got *got = ctx;

	CHECK(type == RTM_NEWROUTE && route_parse_route(payload, &got->answer, &got->device));
	return 0;
}

TEST(reads_a_route)
{
	struct route_got got = {0};

	CHECK_INT(parse("route-local.bin", on_route, &got), 0);
	CHECK_STR(got.answer.type, "local");
	CHECK_INT(got.answer.table, RT_TABLE_LOCAL);
	CHECK_INT(got.answer.error, 0);
	CHECK_INT(got.device, 1);
	CHECK(address_eq(&got.answer.from, &ADDRESS_LOOPBACK4));
	CHECK_INT(parse("route-prohibited.bin", on_route, &got), -EACCES);
}

struct rules {
	struct policy_rule v[32];
	size_t count;
};

static int on_rule(void *ctx, uint16_t type, struct reader payload)
{
	struct rules *rules = ctx;

	CHECK(type == RTM_NEWRULE && rules->count < ARRAY_SIZE(rules->v));
	CHECK(route_parse_rule(arena, payload, &rules->v[rules->count++]));
	return 0;
}

TEST(writes_rules_as_ip_does)
{
	static const char *const want[] = {
		"from all to 127.0.0.1 uidrange 1000-1000 prohibit",
		"from all lookup local",
		"not from 10.0.0.0/8 to 127.0.0.0/9 blackhole",
		"from all fwmark 0x10/0xff iif lo ipproto tcp dport 80-90 lookup 51820",
		"from all dport 80 unreachable",
		"from all goto 32766",
		"from all goto 99 [unresolved]",
		"from 1.2.3.0/24 tos 0x10 oif eth9 [detached] lookup main suppress_prefixlength 0",
		"from all nop proto static",
		"from all lookup [l3mdev-table] proto 17",
		"from all lookup main",
		"from all lookup default",
	};
	struct rules rules = {0}, rules6 = {0};

	arena = arena_new();
	CHECK_INT(parse("rules4.bin", on_rule, &rules), 0);
	CHECK_INT(rules.count, ARRAY_SIZE(want));
	for (size_t i = 0; i < MIN(rules.count, ARRAY_SIZE(want)); i++)
		CHECK_STR(rules.v[i].text, want[i]);
	route_name_removal(arena, AF_INET, rules.v, rules.count);
	CHECK_INT(rules.v[0].priority, 40);
	CHECK_STR(rules.v[0].remove, "ip rule del pref 40");
	CHECK_STR(rules.v[4].remove, "ip rule del pref 60 from all dport 80 unreachable");
	CHECK(rules.v[3].other && rules.v[4].other && !rules.v[0].other && !rules.v[2].other);
	CHECK(rules.v[2].inverted && rules.v[7].suppresses);
	CHECK_INT(rules.v[5].goes_to, 32766);
	CHECK_INT(rules.v[3].table, 51820);
	CHECK_STR(rules.v[1].action, "lookup");

	CHECK_INT(parse("rules6.bin", on_rule, &rules6), 0);
	route_name_removal(arena, AF_INET6, rules6.v, rules6.count);
	CHECK_INT(rules6.count, 3);
	CHECK_STR(rules6.v[1].text, "from all to ::1 prohibit");
	CHECK_STR(rules6.v[1].remove, "ip -6 rule del pref 50");
	arena_free(arena);
}

static struct address address(const char *text)
{
	struct address a;

	must(address_parse(text, &a));
	return a;
}

static void against(const struct rules *rules, const char *to, uint32_t uid, int want)
{
	struct address a = address(to);
	const struct policy_rule *found = policy_rule_against(rules->v, rules->count, &a, uid);

	CHECK_INT(found ? (int)found->priority : -1, want);
}

TEST(finds_the_rule_that_refuses)
{
	struct rules rules = {0}, rules6 = {0};

	arena = arena_new();
	CHECK_INT(parse("rules4.bin", on_rule, &rules), 0);
	CHECK_INT(parse("rules6.bin", on_rule, &rules6), 0);
	against(&rules, "127.0.0.1", 1000, 40);
	against(&rules, "::ffff:127.0.0.1", 1000, 40);
	against(&rules, "127.0.0.1", 1001, -1); /* "lookup local" answers before 50 is asked */
	against(&rules, "127.0.0.2", 1000, -1);
	against(&rules, "192.0.2.1", 1000, 50);
	against(&rules6, "::1", 0, -1); /* the default: 0 asks local first */
	against(&(struct rules){{rules6.v[1]}, 1}, "::1", 0, 50);
	against(&(struct rules){{rules6.v[1]}, 1}, "::2", 0, -1);

	/* goto jumps over what stands between */
	struct policy_rule jump = {.priority = 10, .goes_to = 60, .action = "goto"};
	struct policy_rule no = {.priority = 50, .action = "prohibit"};
	struct policy_rule late = {.priority = 60, .action = "unreachable"};
	against(&(struct rules){{jump, no, late}, 3}, "127.0.0.1", 0, 60);
	/* /9 of 127.0.0.0 */
	struct policy_rule half = {.priority = 5,
		.action = "prohibit",
		.to = address("127.0.0.0"),
		.to_bits = 9};
	against(&(struct rules){{half}, 1}, "127.127.0.1", 0, 5);
	against(&(struct rules){{half}, 1}, "127.128.0.1", 0, -1);
	arena_free(arena);
}

static int run(const char *command)
{
	int status = system(command); /* ours alone: no input in it */

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The results of checks cross the fork by the exit status. */
static void in_new_namespace(void (*fn)(void))
{
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		unit_failures = 0;
		if (unshare(CLONE_NEWNET) < 0)
			_exit(77); /* no root: nothing can be shown */
		fn();
		fflush(NULL);
		_exit(unit_failures ? 1 : 0);
	}
	int status = 0;
	must(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}

static void look_at_lo(void)
{
	struct link_facts lo;

	arena = arena_new();
	CHECK_INT(link_read(arena, "lo", &lo, NULL), 0);
	CHECK(lo.there && !lo.up);
	CHECK_INT(lo.index, 1);
	CHECK_INT(link_read(arena, "nosuch0", &lo, NULL), 0);
	CHECK(!lo.there);
	CHECK_INT(link_read(arena, "a-name-that-no-interface-can-have", &lo, NULL), 0);
	CHECK(!lo.there);
	CHECK_INT(link_read(arena, "", &lo, NULL), 0);
	CHECK(!lo.there);
	if (run("ip link set lo up mtu 1400 2>/dev/null") == 0) {
		CHECK_INT(link_read(arena, "lo", &lo, NULL), 0);
		CHECK(lo.up);
		CHECK_INT(lo.mtu, 1400);
	}
	if (run("tc qdisc add dev lo root tbf rate 1mbit burst 10kb limit 20000 2>/dev/null") ==
		0) {
		CHECK_INT(link_read(arena, "lo", &lo, NULL), 0);
		CHECK_STR(lo.qdisc, "tbf");
		CHECK_STR(lo.qdisc_text, "rate 1 Mbit/s, burst 10240 bytes, limit 20000 bytes");
	}
	arena_free(arena);
}

TEST(reads_lo_of_a_new_namespace)
{
	in_new_namespace(look_at_lo);
}

static void check_route(const char *to, uint32_t uid, int error, const char *type)
{
	struct address a = address(to);
	struct route_answer answer;

	CHECK_INT(route_find(arena, &a, uid, &answer, NULL), 0);
	CHECK_INT(answer.error, error);
	CHECK_STR(answer.type, type);
}

static void ask_for_routes(void)
{
	arena = arena_new();
	if (run("ip link set lo up && ip rule add pref 100 lookup local && ip rule del pref 0 && "
		"ip -6 rule add pref 100 lookup local && ip -6 rule del pref 0") != 0)
		return;
	check_route("127.0.0.1", 1000, 0, "local");
	check_route("0.0.0.0", 1000, 0, "local");
	check_route("::ffff:127.0.0.1", 1000, 0, "local");
	check_route("::1", 1000, 0, "local");
	check_route("::", 1000, 0, "local");
	check_route("192.0.2.1", 1000, ENETUNREACH, NULL);

	must(run("ip rule add pref 40 to 127.0.0.1 uidrange 1000-1000 prohibit") == 0);
	must(run("ip rule add pref 41 to 127.0.0.2 blackhole") == 0);
	must(run("ip rule add pref 42 to 127.0.0.3 unreachable") == 0);
	must(run("ip -6 rule add pref 43 to ::1 prohibit") == 0);
	check_route("127.0.0.1", 1000, EACCES, "prohibit");
	check_route("127.0.0.1", 1001, 0, "local");
	check_route("127.0.0.2", 0, EINVAL, "blackhole");
	check_route("127.0.0.3", 0, ENETUNREACH, NULL);
	check_route("::1", 0, EACCES, "prohibit");

	struct policy_rule *rules;
	size_t count;
	CHECK_INT(policy_rules(arena, AF_INET, &rules, &count, NULL), 0);
	CHECK_INT(count, 6);
	const struct policy_rule *r = policy_rule_against(rules, count, &ADDRESS_LOOPBACK4, 1000);
	CHECK(r != NULL);
	if (r) {
		CHECK_STR(r->text, "from all to 127.0.0.1 uidrange 1000-1000 prohibit");
		CHECK_INT(run(r->remove), 0);
	}
	check_route("127.0.0.1", 1000, 0, "local");
	CHECK_INT(policy_rules(arena, AF_INET6, &rules, &count, NULL), 0);
	CHECK(policy_rule_against(rules, count, &ADDRESS_LOOPBACK6, 0) != NULL);
	must(run("ip link set lo down") == 0);
	check_route("127.0.0.2", 0, EINVAL, "blackhole");
	check_route("127.0.0.1", 0, 0, "local"); /* the route outlives the interface */
	arena_free(arena);
}

TEST(asks_this_kernel_for_routes)
{
	in_new_namespace(ask_for_routes);
}

TESTS(reads_a_link_and_its_discipline, says_what_netem_does, reads_a_route, writes_rules_as_ip_does,
	finds_the_rule_that_refuses, reads_lo_of_a_new_namespace, asks_this_kernel_for_routes)
