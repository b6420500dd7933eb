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

TESTS(ports_and_sets)
