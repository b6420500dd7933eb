/*
 * ruleset - the packet filters of one network namespace as records: what nft_rules.c and
 * iptables_legacy.c read, what filter_walk.c walks. Private to filter.c and its parts.
 *
 * Everything lives in the arena. Rules keep their conditions as the kernel wrote them (nft: nested
 * netlink attributes; xtables: struct ipt_entry); nft_judge.c and xtables.c execute those bytes.
 */
#pragma once

#include "base/arena.h"
#include "base/reader.h"
#include "base/vec.h"
#include "sys/netlink.h"
#include <netinet/in.h> /* before linux/in.h, which then keeps out of its way */
#include <stdbool.h>
#include <stdint.h>

/* Who wrote a table, and so which command takes a rule of it away. */
enum dialect { DIALECT_NFT, DIALECT_IPTABLES_NFT, DIALECT_IPTABLES };

struct nft_expr {
	const char *name;
	const uint8_t *data; /* its attributes (NFTA_*) */
	size_t len;
};

struct rule {
	uint64_t handle;
	unsigned number; /* in its chain, from 1 */
	const char *comment;
	bool counted;
	uint64_t packets, bytes;
	struct nft_expr *exprs;
	size_t expr_count;
	const uint8_t *entry; /* legacy: struct ipt_entry or ip6t_entry, entry_len bytes of it */
	size_t entry_len;
};

enum chain_type { CHAIN_FILTER, CHAIN_NAT, CHAIN_ROUTE };

/* Where a base chain hangs; the order in which a packet over loopback meets them. */
enum hook {
	HOOK_NONE,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_EGRESS,
	HOOK_INGRESS,
	HOOK_PREROUTING,
	HOOK_INPUT,
	HOOK_COUNT,
};

const char *hook_name(enum hook hook);

struct chain {
	const char *name;
	bool base;
	enum hook hook; /* of base chains; HOOK_NONE = one that our packets never meet */
	int32_t priority;
	enum chain_type type;
	bool policy_drop;
	bool counted; /* packets is a counter of the policy */
	uint64_t packets;
	const char *devices[8]; /* netdev family; device_count 0 = all */
	size_t device_count;
	VEC(struct rule) rules;
	uint32_t start; /* legacy: offset of its first rule, which jumps name */
	bool walked;	/* now being walked: a loop in hostile input ends here */
};

struct set_element {
	const uint8_t *key, *key_end, *data; /* key_end, data: NULL = none */
	uint16_t key_len, key_end_len, data_len;
	bool interval_end, catchall;
	bool has_verdict;
	int32_t verdict;   /* NF_* or NFT_* */
	const char *chain; /* of a jump or goto */
};

enum { SET_FIELDS_MAX = 16 };

struct set {
	const char *name;
	uint32_t flags; /* NFT_SET_* */
	uint32_t key_type, key_len, data_type;
	uint8_t field_len[SET_FIELDS_MAX]; /* bytes; of a concatenation */
	size_t field_count;
	VEC(struct set_element) elements; /* intervals: sorted by key */
	bool cut;			  /* not all elements were read */
};

/* A named limit, quota or "ct count" that rules refer to. */
struct object {
	const char *name;
	uint32_t type; /* NFT_OBJECT_* */
	struct nft_expr expr;
};

struct table {
	enum dialect dialect;
	uint8_t family; /* NFPROTO_* */
	const char *name;
	bool dormant;
	VEC(struct chain *) chains;
	VEC(struct set *) sets;
	VEC(struct object *) objects;
};

struct ruleset {
	struct arena *arena;
	VEC(struct table *) tables;
	size_t rules_read;
	bool torn; /* a dump was interrupted and delivered twice: read again */
	/* of the rule read last: rules come chain by chain */
	struct chain *last_chain;
	struct table *last_table;
};

void ruleset_init(struct ruleset *r, struct arena *arena);
void ruleset_fini(struct ruleset *r);
AUTO_DEFINE_FINI(ruleset, struct ruleset)

struct table *ruleset_table(struct ruleset *r, enum dialect dialect, uint8_t family,
	const char *name);
struct chain *table_chain(const struct table *t, const char *name);
struct set *table_set(const struct table *t, const char *name);
struct object *table_object(const struct table *t, const char *name, uint32_t type);
/* New ones, empty, in the table; NULL at the maximum. */
struct chain *table_add_chain(struct ruleset *r, struct table *t, const char *name);
struct rule *chain_add_rule(struct ruleset *r, struct chain *c);

const char *family_name(uint8_t family); /* "inet", "ip", "ip6", "netdev" ... */
