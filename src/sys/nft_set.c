/*
 * nft_set - is a key in a set.
 *
 * Three shapes come from the kernel: plain keys; intervals as a sorted list of beginnings and ends
 * (nft_set_rbtree: an end is the first key that is no longer inside); concatenations with a first and
 * a last key, compared field by field (nft_set_pipapo). A field starts at a multiple of four bytes.
 */
#include "sys/nft_judge_private.h"
#include <linux/netfilter/nf_tables.h>

static void add_hit(struct nft_hits *out, const struct set_element *e)
{
	if (out->count < ARRAY_SIZE(out->elements))
		out->elements[out->count++] = e;
}

static enum match in_fields(const struct set *s, const struct span *regs, size_t at,
	const struct set_element *e)
{
	enum match result = MATCH_YES;
	size_t offset = 0;

	for (size_t i = 0; i < s->field_count && result != MATCH_NO; i++) {
		size_t len = s->field_len[i];
		if (offset + len > e->key_len || offset + len > e->key_end_len)
			return MATCH_PERHAPS;
		result = match_and(result,
			span_between(regs, at + offset, e->key + offset, e->key_end + offset, len));
		offset += (len + 3) & ~(size_t)3;
	}
	return result;
}

static enum match in_element(const struct set *s, const struct span *regs, size_t at,
	const struct set_element *e)
{
	if (!e->key || e->key_len > SPAN_MAX - at)
		return MATCH_PERHAPS;
	if (!e->key_end || e->key_end_len != e->key_len)
		return span_equal(regs, at, e->key, e->key_len);
	if (s->field_count)
		return in_fields(s, regs, at, e);
	return span_between(regs, at, e->key, e->key_end, e->key_len);
}

/* From e up to, not with, the key of the element after it. */
static enum match in_interval(const struct span *regs, size_t at, const struct set_element *e,
	const struct set_element *next)
{
	if (!e->key || e->key_len > SPAN_MAX - at)
		return MATCH_PERHAPS;
	enum match result = span_between(regs, at, e->key, NULL, e->key_len);
	if (next && next->key && next->key_len == e->key_len)
		result = match_and(result,
			match_not(span_between(regs, at, next->key, NULL, e->key_len)));
	return result;
}

enum match nft_set_find(const struct set *s, const struct span *regs, size_t at,
	struct nft_hits *out)
{
	bool intervals =
		(s->flags & NFT_SET_INTERVAL) && !(s->flags & NFT_SET_CONCAT) && !s->field_count;
	const struct set_element *end = s->elements.items + s->elements.count;
	const struct set_element *all_others = NULL;
	enum match best = MATCH_NO;

	VEC_EACH (&s->elements, e) {
		if (e->catchall)
			all_others = e;
		if (e->catchall || e->interval_end)
			continue;
		enum match m = intervals && !e->key_end
			? in_interval(regs, at, e, e + 1 < end ? e + 1 : NULL)
			: in_element(s, regs, at, e);
		if (m == MATCH_NO)
			continue;
		if (m == MATCH_YES)
			out->count = 0;
		add_hit(out, e);
		best = MAX(best, m);
		if (m == MATCH_YES)
			return m;
	}
	if (all_others) {
		add_hit(out, all_others);
		return out->count > 1 && all_others->has_verdict ? MATCH_PERHAPS : MATCH_YES;
	}
	return s->cut ? MATCH_PERHAPS : best;
}
