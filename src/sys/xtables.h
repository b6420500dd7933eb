/*
 * xtables - the matches and targets of iptables, judged and written as iptables writes them. The same
 * bytes come from legacy tables and from the "match" and "target" expressions of iptables-nft.
 *
 * Format: the structures of include/uapi/linux/netfilter/xt_*.h, in the host's byte order unless
 * they say __be. Pure; a structure that is too short is an unknown one.
 */
#pragma once

#include "sys/nft_judge.h"
#include "sys/nft_rules.h"

struct xt_extension {
	const char *name;
	unsigned revision;
	const uint8_t *data;
	size_t len;
};

/* Of a "match" or "target" expression: NFTA_MATCH_* and NFTA_TARGET_* have the same numbers. */
struct xt_extension xt_extension_of(struct arena *arena, const struct nft_attributes *n);

/* Limits go into out->limit. */
enum match xt_match(struct arena *arena, const struct xt_extension *x, const struct packet *p,
	struct outcome *out);

/* Adds the target's deed to out, or changes the packet; MATCH_YES, or PERHAPS for unknown ones. */
enum match xt_target(struct arena *arena, const struct xt_extension *x, struct packet *p,
	struct outcome *out);

/* "-m comment --comment lockdown", "-j REJECT --reject-with icmp-port-unreachable" */
void xt_match_text(struct buf *out, const struct xt_extension *x, uint8_t family);
void xt_target_text(struct buf *out, const struct xt_extension *x, uint8_t family);
