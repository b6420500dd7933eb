/* Recorded nf_tables dumps, mutated: the parser, the rule machine, the walk and the texts. */
#include "filters.h"
#include "sys/nft_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct arena *arena, struct ruleset *rules, const char *address)
{
	struct filter_flow f = filters_flow(address, 5432);
	struct walk w = {.arena = arena, .rules = rules, .flow = &f};

	must(packet_init(&w.packet, NULL, &f, NULL) == 0);
	w.findings.max = 64;
	walk_run(&w);
	vec_fini(&w.findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(ruleset) struct ruleset rules;
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	struct replay r = replay_of(data, size);

	ruleset_init(&rules, arena);
	filters_replay(&r, &rules);
	walk(arena, &rules, "127.0.0.1");
	walk(arena, &rules, "::1");
	VEC_EACH (&rules.tables, t)
		VEC_EACH (&(*t)->chains, c)
			VEC_EACH (&(*c)->rules, rule) {
				nft_rule_text(&text, arena, *t, rule);
				iptables_nft_rule_text(&text, arena, *t, rule);
			}
	return 0;
}
