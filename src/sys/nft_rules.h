/*
 * nft_rules - reads the tables, chains, rules, sets and objects of nf_tables over nfnetlink.
 *
 * Format: include/uapi/linux/netfilter/nf_tables.h; numbers are big-endian, except in the data of
 * registers. nft_parse_message is pure: recorded answers are tests and fuzz seeds.
 */
#pragma once

#include "base/err.h"
#include "sys/ruleset.h"

/* One NFT_MSG_NEW* message (type as in nlmsg_type). False when it is malformed or over a limit. */
bool nft_parse_message(struct ruleset *out, uint16_t type, struct reader payload);

/* What only the whole can say: which tables iptables-nft wrote, intervals in order. */
void nft_rules_finish(struct ruleset *out);

/* 0, -EPERM without CAP_NET_ADMIN, another negative errno. */
int nft_rules_read(struct ruleset *out, struct err *err);

/* The attributes of a nest by type; those that are absent have data NULL. */
enum { NFT_ATTRIBUTES = 24 };
struct nft_attributes {
	struct netlink_attribute a[NFT_ATTRIBUTES];
};
struct nft_attributes nft_attributes(const void *data, size_t len);
static inline struct nft_attributes nft_nest(const struct netlink_attribute *a)
{
	return nft_attributes(a->data, a->data ? a->len : 0);
}
uint32_t nft_u32(const struct netlink_attribute *a); /* 0 when absent */
uint64_t nft_u64(const struct netlink_attribute *a);
bool nft_str_eq(const struct netlink_attribute *a, const char *s);
const char *nft_str(struct arena *arena, const struct netlink_attribute *a); /* "" when absent */

/* NFTA_EXPR_NAME and _DATA of one expression. False when there is no name. */
bool nft_expr_parse(struct arena *arena, const struct netlink_attribute *a, struct nft_expr *out);

/* NFTA_DATA_VALUE or the verdict inside a nft_data nest. */
struct nft_data {
	const uint8_t *value;
	size_t len;
	bool has_verdict;
	int32_t verdict;
	const char *chain;
};
struct nft_data nft_data_parse(struct arena *arena, const struct netlink_attribute *a);
