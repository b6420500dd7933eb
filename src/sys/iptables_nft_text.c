/*
 * iptables_nft_text - a rule of iptables-nft as `iptables -S` writes it. The tool turns most of its
 * options into nft's own expressions; this turns them back. What it cannot turn back is shown as nft
 * would show the whole rule.
 */
#include "base/str.h"
#include "base/text.h"
#include "sys/nft_judge_private.h"
#include "sys/nft_text.h"
#include "sys/nft_value.h"
#include "sys/xtables.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

struct writer {
	struct buf *out;
	struct arena *arena;
	const struct table *table;
	const struct rule *rule;
	struct nft_selector regs[SPAN_MAX / 4];
	bool failed;
};

static struct nft_selector *slot(struct writer *w, const struct netlink_attribute *reg)
{
	size_t at = nft_register(reg);

	w->failed |= at == NFT_NO_REGISTER;
	return &w->regs[at == NFT_NO_REGISTER ? 0 : at / 4];
}

static const char *option_of(const struct nft_selector *s)
{
	static const char *const options[][2] = {{"iifname", "-i"}, {"oifname", "-o"},
		{"ip saddr", "-s"}, {"ip daddr", "-d"}, {"ip6 saddr", "-s"}, {"ip6 daddr", "-d"},
		{"meta l4proto", "-p"}, {"ip protocol", "-p"}, {"th sport", "--sport"},
		{"th dport", "--dport"}};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (str_eq(s->text, options[i][0]))
			return options[i][1];
	return NULL;
}

static void value(struct writer *w, const struct nft_selector *s, const struct nft_data *d)
{
	size_t bits = 0;

	if (s->kind == NFT_KIND_NAME) {
		size_t len = strnlen((const char *)d->value, d->len);
		text_escape(w->out, (const char *)d->value, len);
		buf_str(w->out, len == d->len ? "+" : "");
		return;
	}
	nft_value_text(w->out, s, d->value, d->len);
	if (!s->mask)
		return;
	while (bits < d->len * 8 && s->mask[bits / 8] >> (7 - bits % 8) & 1)
		bits++;
	buf_printf(w->out, "/%zu", bits);
}

static void write_option(struct writer *w, const struct nft_selector *s, bool invert)
{
	const char *option = option_of(s);

	w->failed |= !option;
	buf_printf(w->out, "%s%s%s ", w->out->len ? " " : "", invert ? "! " : "",
		option ? option : "");
}

/* A range of ports is "not less than" and then "not more than". */
static void write_cmp(struct writer *w, const struct nft_attributes *n)
{
	const struct nft_selector *s = slot(w, &n->a[NFTA_CMP_SREG]);
	struct nft_data d = nft_data_parse(w->arena, &n->a[NFTA_CMP_DATA]);
	uint32_t op = nft_u32(&n->a[NFTA_CMP_OP]);

	if (!d.value || op == NFT_CMP_LT || op == NFT_CMP_GT) {
		w->failed = true;
		return;
	}
	if (op == NFT_CMP_LTE)
		buf_char(w->out, ':');
	else
		write_option(w, s, op == NFT_CMP_NEQ);
	value(w, s, &d);
}

static void write_range(struct writer *w, const struct nft_attributes *n)
{
	const struct nft_selector *s = slot(w, &n->a[NFTA_RANGE_SREG]);
	struct nft_data from = nft_data_parse(w->arena, &n->a[NFTA_RANGE_FROM_DATA]);
	struct nft_data to = nft_data_parse(w->arena, &n->a[NFTA_RANGE_TO_DATA]);

	if (!from.value || !to.value) {
		w->failed = true;
		return;
	}
	write_option(w, s, nft_u32(&n->a[NFTA_RANGE_OP]) == NFT_RANGE_NEQ);
	value(w, s, &from);
	buf_char(w->out, ':');
	value(w, s, &to);
}

static void write_verdict(struct writer *w, const struct nft_attributes *n)
{
	struct nft_data d = nft_data_parse(w->arena, &n->a[NFTA_IMMEDIATE_DATA]);
	const char *name = d.chain;

	if (!name && d.has_verdict)
		name = d.verdict == NF_DROP	  ? "DROP"
			: d.verdict == NF_ACCEPT  ? "ACCEPT"
			: d.verdict == NFT_RETURN ? "RETURN"
						  : NULL;
	if (!name) {
		w->failed = true;
		return;
	}
	buf_printf(w->out, "%s%s ", w->out->len ? " " : "", d.verdict == NFT_GOTO ? "-g" : "-j");
	text_escape(w->out, name, strlen(name));
}

static void write_bitwise(struct writer *w, const struct nft_attributes *n)
{
	struct nft_selector *from = slot(w, &n->a[NFTA_BITWISE_SREG]);
	struct nft_selector *to = slot(w, &n->a[NFTA_BITWISE_DREG]);
	struct nft_data mask = nft_data_parse(w->arena, &n->a[NFTA_BITWISE_MASK]);

	*to = *from;
	to->mask = mask.value && mask.len >= from->len ? mask.value : NULL;
}

static void write_extension(struct writer *w, const char *name, const struct nft_attributes *n)
{
	struct xt_extension x = xt_extension_of(w->arena, n);

	buf_str(w->out, w->out->len ? " " : "");
	if (str_eq(name, "match"))
		xt_match_text(w->out, &x, w->table->family);
	else
		xt_target_text(w->out, &x, w->table->family);
}

static void write_expr(struct writer *w, const struct nft_expr *e)
{
	struct nft_attributes n = nft_attributes(e->data, e->len);
	struct nft_selector selector;
	uint32_t reg;

	if (nft_selector_of(e, &n, w->table->family, 0, &selector, &reg))
		*slot(w, &n.a[1]) = selector;
	else if (str_eq(e->name, "cmp"))
		write_cmp(w, &n);
	else if (str_eq(e->name, "range"))
		write_range(w, &n);
	else if (str_eq(e->name, "bitwise"))
		write_bitwise(w, &n);
	else if (str_eq(e->name, "immediate"))
		write_verdict(w, &n);
	else if (str_eq(e->name, "match") || str_eq(e->name, "target"))
		write_extension(w, e->name, &n);
	else if (!str_eq(e->name, "counter"))
		w->failed = true;
}

void iptables_nft_rule_text(struct buf *out, struct arena *arena, const struct table *t,
	const struct rule *rule)
{
	AUTO(buf) struct buf line = BUF_INIT(8192);
	struct writer w = {.out = &line, .arena = arena, .table = t, .rule = rule};

	for (size_t i = 0; i < rule->expr_count; i++)
		write_expr(&w, &rule->exprs[i]);
	if (w.failed)
		nft_rule_text(out, arena, t, rule);
	else
		buf_add(out, line.data, line.len);
}
