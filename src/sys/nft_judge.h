/*
 * nft_judge - executes the expressions of one nftables rule on a packet, as nft_do_chain does in
 * net/netfilter/nf_tables_core.c, with three-valued conditions.
 */
#pragma once

#include "sys/filter_packet.h"
#include "sys/ruleset.h"

enum verdict {
	VERDICT_NONE, /* the next rule, please */
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_REJECT,
	VERDICT_RETURN,
	VERDICT_JUMP,
	VERDICT_GOTO,
	VERDICT_QUEUE,
	VERDICT_REDIRECT,
};

/* One thing that a matching rule does; a lookup in a verdict map may have several to choose from. */
struct deed {
	enum verdict verdict;
	const char *chain; /* jump, goto */
	enum match match;  /* at most that of the rule */
	const char *with;  /* reject */
	struct address to; /* redirect; unspec = the same */
	uint16_t to_port;
};

enum { DEEDS_MAX = 32 };

struct outcome {
	enum match match;
	/* The rule asks for a rate or a number: "ct count over 10". NULL = it does not. */
	const char *limit;
	bool over; /* it matches what is above the limit, else what is below */
	struct deed deeds[DEEDS_MAX];
	size_t deed_count;
};

void outcome_add(struct outcome *o, struct deed deed);

/* Marks and notrack change the packet. Texts are in the arena. */
void nft_judge(struct arena *arena, const struct table *t, const struct rule *rule,
	struct packet *p, struct outcome *out);
