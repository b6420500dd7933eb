/* nft_judge_private - what the parts of the rule machine share: nft_judge.c, nft_meta.c, nft_set.c. */
#pragma once

#include "sys/nft_judge.h"
#include "sys/nft_rules.h"

struct nft_machine {
	struct arena *arena;
	const struct table *table;
	struct packet *p;
	struct outcome *out;
	struct span regs;
	const char *chance[SPAN_MAX / 4]; /* what picks the value in this word; NULL = nothing */
};

#define NFT_NO_REGISTER ((size_t)SPAN_MAX)
size_t nft_register(const struct netlink_attribute *a);
void nft_store(struct nft_machine *m, const struct netlink_attribute *dreg, const void *bytes,
	size_t len);
void nft_store_open(struct nft_machine *m, const struct netlink_attribute *dreg, size_t len);
void nft_store_name(struct nft_machine *m, const struct netlink_attribute *dreg, const char *name);
enum match nft_run(struct nft_machine *m, const struct nft_expr *e);

enum match nft_do_meta(struct nft_machine *m, const struct nft_attributes *n);
enum match nft_do_ct(struct nft_machine *m, const struct nft_attributes *n);
enum match nft_do_match(struct nft_machine *m, const struct nft_attributes *n);
enum match nft_do_target(struct nft_machine *m, const struct nft_attributes *n);

/* The elements that hold the key, or may; those that surely do come alone. */
struct nft_hits {
	const struct set_element *elements[DEEDS_MAX];
	size_t count;
};
enum match nft_set_find(const struct set *s, const struct span *regs, size_t at,
	struct nft_hits *out);

const char *reject_name(struct arena *arena, bool v6, uint32_t code);
