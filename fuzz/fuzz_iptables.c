/* Recorded tables of iptables-legacy, mutated: the parser, the matches, the walk and the texts. */
#include "filters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one(const uint8_t *data, size_t size, uint8_t family, const char *address)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(ruleset) struct ruleset rules;
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	struct filter_flow f = filters_flow(address, 6379);
	struct walk w = {.arena = arena, .rules = &rules, .flow = &f};

	ruleset_init(&rules, arena);
	filters_iptables(data, size, family, &rules);
	must(packet_init(&w.packet, NULL, &f, NULL) == 0);
	w.findings.max = 64;
	walk_run(&w);
	vec_fini(&w.findings);
	VEC_EACH (&rules.tables, t)
		VEC_EACH (&(*t)->chains, c)
			VEC_EACH (&(*c)->rules, rule)
				iptables_rule_text(&text, arena, *t, rule);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	one(data, size, NFPROTO_IPV4, "127.0.0.1");
	one(data, size, NFPROTO_IPV6, "::1");
	return 0;
}
