/* Recorded rules (tests/helpers/record_filters.py), judged without a kernel. */
#include "sys/filter_walk.h"

#include "base/str.h"
#include "filters.h"
#include "sys/nft_text.h"
#include "unit.h"

struct world {
	struct arena *arena;
	struct ruleset rules;
};

static struct world recorded(const char *name)
{
	struct world w = {.arena = arena_new()};
	struct replay r = replay_load(name);

	ruleset_init(&w.rules, w.arena);
	filters_replay(&r, &w.rules);
	return w;
}

static void end(struct world *w)
{
	ruleset_fini(&w->rules);
	arena_free(w->arena);
}

/* "drop input#1 ..." with a ? where it is not sure */
static const char *walk_to(struct world *world, const char *address, uint16_t port)
{
	struct filter_flow f = filters_flow(address, port);
	struct walk w = {.arena = world->arena, .rules = &world->rules, .flow = &f};
	AUTO(buf) struct buf text = BUF_INIT(4096);

	must(packet_init(&w.packet, NULL, &f, NULL) == 0);
	w.findings.max = 64;
	walk_run(&w);
	VEC_EACH (&w.findings, it)
		buf_printf(&text, "%s%s %s#%u%s%s", text.len ? ", " : "",
			filter_deed_name((int)it->deed), it->chain->name,
			it->rule ? it->rule->number : 0, it->answer ? " answer" : "",
			it->sure ? "" : "?");
	vec_fini(&w.findings);
	return arena_strdup(world->arena, text.data);
}

static const char *text_of(struct world *w, const char *table, const char *chain, size_t number)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);

	VEC_EACH (&w->rules.tables, t) {
		const struct chain *c = str_eq((*t)->name, table) ? table_chain(*t, chain) : NULL;
		if (!c || number > c->rules.count || text.len)
			continue;
		const struct rule *rule = &c->rules.items[number - 1];
		if ((*t)->dialect == DIALECT_NFT)
			nft_rule_text(&text, w->arena, *t, rule);
		else if ((*t)->dialect == DIALECT_IPTABLES_NFT)
			iptables_nft_rule_text(&text, w->arena, *t, rule);
		else
			iptables_rule_text(&text, w->arena, *t, rule);
	}
	return arena_strdup(w->arena, text.data);
}

TEST(judges_recorded_nftables)
{
	struct world w = recorded("nft-guard.bin");

	CHECK_INT(w.rules.rules_read, 24);
	CHECK_STR(walk_to(&w, "127.0.0.1", 5432), "drop input#1");
	CHECK_STR(walk_to(&w, "127.0.0.1", 8050), "reject input#2");
	CHECK_STR(walk_to(&w, "127.0.0.1", 4), "drop input#5");
	CHECK_STR(walk_to(&w, "127.0.0.1", 83), "limit input#6, limit input#9");
	CHECK_STR(walk_to(&w, "127.0.0.1", 84), "limit input#6, limit input#10");
	CHECK_STR(walk_to(&w, "127.0.0.1", 90), "redirect output#1, reject input#2");
	CHECK_STR(walk_to(&w, "::1", 443), "limit input#6");
	end(&w);
}

TEST(writes_recorded_nftables)
{
	struct world w = recorded("nft-guard.bin");

	static const char *const texts[] = {
		"tcp dport @ports counter packets 0 bytes 0 drop comment \"hello\"",
		"tcp dport { 80, 8000-8100 } reject with tcp reset",
		"tcp dport 9000-9100 drop",
		NULL,
		NULL,
		"ct count over 10 drop",
		NULL,
		"ct state invalid,new tcp dport 82 accept",
		"tcp dport 83 limit rate over 10/second drop",
		NULL,
		"tcp dport 85 add @flood { ip saddr limit rate over 3/hour } drop",
		"tcp dport 86 quota over 10 mbytes drop",
		"tcp dport 87 numgen random mod 4 0 drop",
		"tcp dport 88 reject with icmpx admin-prohibited",
		"ip saddr 10.0.0.0/8 drop",
		"ip6 saddr fe80::/10 drop",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i])
			CHECK_STR(text_of(&w, "guard", "input", i + 1), texts[i]);
	CHECK_STR(text_of(&w, "guard", "output", 1), "tcp dport 90 redirect to :8080");
	CHECK_STR(text_of(&w, "guard", "output", 2), "tcp dport 91 dnat to 127.0.0.2:8081");
	end(&w);
}

TEST(judges_recorded_iptables_nft)
{
	struct world w = recorded("nft-iptables.bin");

	CHECK_STR(walk_to(&w, "127.0.0.1", 6379), "reject CH#1");
	CHECK_STR(walk_to(&w, "::1", 6379), "reject CH#1");
	CHECK_STR(walk_to(&w, "127.0.0.1", 85), "reject INPUT#3");
	CHECK_STR(walk_to(&w, "127.0.0.1", 91), "limit INPUT#4");
	CHECK_STR(walk_to(&w, "127.0.0.1", 92), "drop OUTPUT#1");
	CHECK_STR(walk_to(&w, "::1", 94), "redirect OUTPUT#2");
	CHECK_STR(text_of(&w, "filter", "INPUT", 3),
		"-p tcp -m conntrack --ctstate NEW -m multiport --dports 70,80:90 -j REJECT "
		"--reject-with tcp-reset");
	end(&w);
}

static void check_legacy(const char *name, uint8_t family, const char *address)
{
	struct world w = {.arena = arena_new()};
	AUTO(buf) struct buf file = BUF_INIT(1 << 20);
	char path[512];

	snprintf(path, sizeof(path), "%s/fixtures/netlink/%s", getenv("LOOPSCOPE_TESTS"), name);
	must(fs_read_at(AT_FDCWD, path, &file) == 0);
	ruleset_init(&w.rules, w.arena);
	CHECK(filters_iptables(file.data, file.len, family, &w.rules));
	CHECK_INT(w.rules.rules_read, 9);
	CHECK_STR(walk_to(&w, address, 6379), "reject CH#1");
	CHECK_STR(walk_to(&w, address, 85), "reject INPUT#3");
	CHECK_STR(walk_to(&w, address, 91), "limit INPUT#4");
	CHECK_STR(walk_to(&w, address, 92), "drop OUTPUT#1");
	CHECK_STR(walk_to(&w, address, 99), "");
	CHECK_STR(text_of(&w, "filter", "INPUT", 1), "-i lo -p tcp -j CH");
	CHECK_STR(text_of(&w, "filter", "INPUT", 5),
		"-p tcp --dport 92 -m limit --limit 3/minute -j ACCEPT");
	end(&w);

	/* cut anywhere it is refused or shorter, and never read past its end */
	for (size_t keep = 0; keep < file.len; keep += 7) {
		AUTO(free) char *cut = must_malloc(keep + 1);
		struct world small = {.arena = arena_new()};
		memcpy(cut, file.data, keep);
		ruleset_init(&small.rules, small.arena);
		filters_iptables(cut, keep, family, &small.rules);
		walk_to(&small, address, 6379);
		end(&small);
	}
}

TEST(judges_recorded_iptables_legacy)
{
	check_legacy("iptables-filter4.bin", NFPROTO_IPV4, "127.0.0.1");
	check_legacy("iptables-filter6.bin", NFPROTO_IPV6, "::1");
}

TESTS(judges_recorded_nftables, writes_recorded_nftables, judges_recorded_iptables_nft,
	judges_recorded_iptables_legacy)
