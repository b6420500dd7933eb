/*
 * nft_text - rules as `nft list ruleset` shows them, those of iptables-nft as `iptables -S` does. Good
 * enough to be recognised, not to be read back: long sets are cut.
 */
#pragma once

#include "base/buf.h"
#include "sys/nft_rules.h"
#include "sys/ruleset.h"

void nft_rule_text(struct buf *out, struct arena *arena, const struct table *t,
	const struct rule *rule);
/* Without "-A CHAIN". */
void iptables_nft_rule_text(struct buf *out, struct arena *arena, const struct table *t,
	const struct rule *rule);

/* "limit rate over 10/second", "ct count over 10", "quota over 10 mbytes" */
const char *nft_text_limit(struct arena *arena, const struct nft_attributes *n);
const char *nft_text_connlimit(struct arena *arena, const struct nft_attributes *n);
const char *nft_text_quota(struct arena *arena, const struct nft_attributes *n);
