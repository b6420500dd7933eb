/*
 * filter_walk - takes the packets of a flow through the base chains of a ruleset in the kernel's order
 * and notes every rule and policy that drops, refuses or redirects them.
 */
#pragma once

#include "sys/filter_packet.h"
#include "sys/nft_judge.h"

struct walk_finding {
	const struct table *table;
	const struct chain *chain;
	const struct rule *rule; /* NULL: the policy of the chain */
	enum hook hook;
	bool answer, sure;
	enum filter_deed deed;
	const char *with;
	struct address to;
	uint16_t to_port;
};

struct walk {
	struct arena *arena;
	const struct ruleset *rules;
	const struct filter_flow *flow;
	struct packet packet;
	VEC(struct walk_finding) findings;
	unsigned steps; /* rules judged so far; hostile rulesets cannot keep us for ever */
};

void walk_run(struct walk *w);
