/*
 * nft_text - see nft_text.h.
 *
 * nft adds conditions that a rule implies ("meta l4proto tcp" before "tcp dport") and hides them again
 * when it lists the rule; so do we: such a condition waits until the next one shows whether it is needed.
 */
#include "sys/nft_text.h"

#include "base/str.h"
#include "base/text.h"
#include "sys/nft_judge_private.h"
#include "sys/nft_value.h"
#include "sys/xtables.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

enum { ELEMENTS_SHOWN = 12 };

struct writer {
	struct buf *out;
	struct arena *arena;
	const struct table *table;
	const struct rule *rule;
	struct nft_selector regs[SPAN_MAX / 4];
	uint8_t l4, family; /* known from conditions so far; family: NFPROTO_* */
	bool l4_waits, family_waits;
	size_t skip; /* expressions that the one before has written already */
};

static void word(struct writer *w, const char *text)
{
	buf_printf(w->out, "%s%s", w->out->len ? " " : "", text);
}

static void flush(struct writer *w)
{
	if (w->family_waits)
		word(w, w->family == NFPROTO_IPV4 ? "meta nfproto ipv4" : "meta nfproto ipv6");
	if (w->l4_waits && w->l4 == IPPROTO_TCP)
		word(w, "meta l4proto tcp");
	else if (w->l4_waits && w->l4 == IPPROTO_UDP)
		word(w, "meta l4proto udp");
	else if (w->l4_waits)
		buf_printf(w->out, "%smeta l4proto %u", w->out->len ? " " : "", w->l4);
	w->family_waits = w->l4_waits = false;
}

static struct nft_selector *slot(struct writer *w, uint32_t reg)
{
	struct netlink_attribute a = {.data = (const uint8_t[4]){(uint8_t)(reg >> 24),
					      (uint8_t)(reg >> 16), (uint8_t)(reg >> 8),
					      (uint8_t)reg},
		.len = 4};
	size_t at = nft_register(&a);

	return at == NFT_NO_REGISTER ? NULL : &w->regs[at / 4];
}

static void before(struct writer *w, const struct nft_selector *s)
{
	if (str_starts(s->text, "ip ") || str_starts(s->text, "ip6 "))
		w->family_waits = false;
	if (str_starts(s->text, "tcp ") || str_starts(s->text, "udp ") ||
		str_starts(s->text, "th "))
		w->l4_waits = false;
	flush(w);
	word(w, s->text);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static size_t prefix_of(const uint8_t *mask, size_t len)
{
	size_t bits = 0;

	while (bits < len * 8 && mask[bits / 8] >> (7 - bits % 8) & 1)
		bits++;
	return bits;
}

static void masked(struct writer *w, const struct nft_selector *s, uint32_t op,
	const struct nft_data *d)
{
	if ((s->kind == NFT_KIND_STATE || s->kind == NFT_KIND_STATUS ||
		    s->kind == NFT_KIND_FLAGS) &&
		is_zero(d->value, d->len)) {
		buf_str(w->out, op == NFT_CMP_NEQ ? " " : " != ");
		nft_value_text(w->out, s, s->mask, d->len);
		return;
	}
	if (s->kind == NFT_KIND_IP4 || s->kind == NFT_KIND_IP6) {
		buf_str(w->out, op == NFT_CMP_NEQ ? " != " : " ");
		nft_value_text(w->out, s, d->value, d->len);
		buf_printf(w->out, "/%zu", prefix_of(s->mask, d->len));
		return;
	}
	buf_str(w->out, " & ");
	nft_value_text(w->out, s, s->mask, d->len);
	buf_str(w->out, op == NFT_CMP_NEQ ? " != " : " == ");
	nft_value_text(w->out, s, d->value, d->len);
}

/* "dport >= 8000, dport <= 8100" is 8000-8100. */
static bool write_range(struct writer *w, size_t i, const struct nft_selector *s, uint32_t reg,
	const struct nft_data *low)
{
	if (i + 1 >= w->rule->expr_count || !str_eq(w->rule->exprs[i + 1].name, "cmp"))
		return false;
	const struct nft_expr *e = &w->rule->exprs[i + 1];
	struct nft_attributes n = nft_attributes(e->data, e->len);
	struct nft_data high = nft_data_parse(w->arena, &n.a[NFTA_CMP_DATA]);
	if (nft_u32(&n.a[NFTA_CMP_SREG]) != reg || nft_u32(&n.a[NFTA_CMP_OP]) != NFT_CMP_LTE ||
		!high.value)
		return false;
	buf_char(w->out, ' ');
	nft_value_text(w->out, s, low->value, low->len);
	buf_char(w->out, '-');
	nft_value_text(w->out, s, high.value, high.len);
	w->skip = 1;
	return true;
}

static void write_cmp(struct writer *w, size_t i, const struct nft_attributes *n)
{
	static const char *const ops[] = {" ", " != ", " < ", " <= ", " > ", " >= "};
	uint32_t op = nft_u32(&n->a[NFTA_CMP_OP]), reg = nft_u32(&n->a[NFTA_CMP_SREG]);
	struct nft_data d = nft_data_parse(w->arena, &n->a[NFTA_CMP_DATA]);
	struct nft_selector *s = slot(w, reg);

	if (!s || !d.value || !d.len || op >= ARRAY_SIZE(ops))
		return;
	if (s->kind == NFT_KIND_L4PROTO && op == NFT_CMP_EQ) {
		w->l4 = d.value[0];
		w->l4_waits = true;
		return;
	}
	if (s->kind == NFT_KIND_NFPROTO && op == NFT_CMP_EQ) {
		w->family = d.value[0];
		w->family_waits = true;
		return;
	}
	before(w, s);
	if (s->mask && s->len >= d.len) {
		masked(w, s, op, &d);
	} else if (op != NFT_CMP_GTE || !write_range(w, i, s, reg, &d)) {
		buf_str(w->out, ops[op]);
		nft_value_text(w->out, s, d.value, d.len);
	}
}

static void write_element_key(struct writer *w, const struct nft_selector *s, size_t count,
	const uint8_t *key, const uint8_t *end, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < count && at < len; i++) {
		size_t part = MIN((size_t)s[i].len, len - at);
		buf_str(w->out, i ? " . " : "");
		nft_value_text(w->out, &s[i], key + at, part);
		if (end && memcmp(key + at, end + at, part) != 0) {
			buf_char(w->out, '-');
			nft_value_text(w->out, &s[i], end + at, part);
		}
		at += (part + 3) & ~(size_t)3;
	}
}

static void verdict_text(struct buf *out, int32_t code, const char *chain)
{
	switch (code) {
	case NF_DROP:
		buf_str(out, "drop");
		break;
	case NF_ACCEPT:
		buf_str(out, "accept");
		break;
	case NFT_RETURN:
		buf_str(out, "return");
		break;
	case NFT_JUMP:
	case NFT_GOTO:
		buf_str(out, code == NFT_JUMP ? "jump " : "goto ");
		text_escape(out, chain ? chain : "?", strlen(chain ? chain : "?"));
		break;
	case NFT_CONTINUE:
		buf_str(out, "continue");
		break;
	default:
		buf_str(out, (code & NF_VERDICT_MASK) == NF_QUEUE ? "queue" : "break");
	}
}

/* The last key of an interval is one less than the key that ends it. */
static const uint8_t *last_key(struct arena *arena, const struct set_element *end, uint16_t len)
{
	if (!end || !end->key || end->key_len != len)
		return NULL;
	uint8_t *key = arena_memdup(arena, end->key, len);
	for (size_t i = len; i-- > 0;)
		if (key[i]-- != 0)
			break;
	return key;
}

static void write_set(struct writer *w, const struct set *s, const struct nft_selector *selectors,
	size_t count)
{
	const struct set_element *stop = s->elements.items + s->elements.count;
	bool intervals = (s->flags & NFT_SET_INTERVAL) && !s->field_count;
	size_t shown = 0;

	if (!(s->flags & NFT_SET_ANONYMOUS)) {
		buf_printf(w->out, "@%s", s->name);
		return;
	}
	buf_str(w->out, "{ ");
	VEC_EACH (&s->elements, e) {
		const uint8_t *end = e->key_end;
		if (e->interval_end)
			continue;
		if (shown++ >= ELEMENTS_SHOWN) {
			buf_str(w->out, ", ...");
			break;
		}
		if (intervals && !end)
			end = last_key(w->arena, e + 1 < stop ? e + 1 : NULL, e->key_len);
		buf_str(w->out, shown > 1 ? ", " : "");
		if (e->key)
			write_element_key(w, selectors, count, e->key, end, e->key_len);
		else
			buf_char(w->out, '*');
		if (e->has_verdict) {
			buf_str(w->out, " : ");
			verdict_text(w->out, e->verdict, e->chain);
		}
	}
	buf_str(w->out, " }");
}

/* How many registers from s on make up the key. */
static size_t key_parts(const struct writer *w, const struct nft_selector *s, size_t key_len)
{
	size_t count = 0, at = 0, next = (size_t)(s - w->regs);

	while (at < key_len && next < ARRAY_SIZE(w->regs) && w->regs[next].len) {
		size_t words = (w->regs[next].len + 3u) / 4;
		at += words * 4;
		next += words;
		count++;
	}
	return count;
}

static void write_lookup(struct writer *w, const struct nft_attributes *n)
{
	const struct set *set = table_set(w->table, nft_str(w->arena, &n->a[NFTA_LOOKUP_SET]));
	struct nft_selector *s = slot(w, nft_u32(&n->a[NFTA_LOOKUP_SREG]));
	const struct netlink_attribute *dreg = &n->a[NFTA_LOOKUP_DREG];
	struct nft_selector parts[SPAN_MAX / 4];

	if (!s || !set)
		return;
	size_t count = key_parts(w, s, set->key_len), next = (size_t)(s - w->regs);
	for (size_t i = 0; i < count; i++) {
		parts[i] = w->regs[next];
		next += (w->regs[next].len + 3u) / 4;
	}
	for (size_t i = 0; i < count; i++) {
		if (i == 0)
			before(w, &parts[i]);
		else
			buf_printf(w->out, " . %s", parts[i].text);
	}
	if (nft_u32(&n->a[NFTA_LOOKUP_FLAGS]) & NFT_LOOKUP_F_INV)
		buf_str(w->out, " !=");
	if (dreg->data)
		buf_str(w->out, set->data_type == NFT_DATA_VERDICT ? " vmap" : " map");
	buf_char(w->out, ' ');
	write_set(w, set, parts, count);
}

static void write_immediate(struct writer *w, const struct nft_attributes *n)
{
	struct nft_data d = nft_data_parse(w->arena, &n->a[NFTA_IMMEDIATE_DATA]);

	if (!d.has_verdict) {
		struct nft_selector *s = slot(w, nft_u32(&n->a[NFTA_IMMEDIATE_DREG]));
		if (s)
			*s = (struct nft_selector){.len = (uint16_t)MIN(d.len, (size_t)64),
				.value = d.value};
		return;
	}
	flush(w);
	buf_str(w->out, w->out->len ? " " : "");
	verdict_text(w->out, d.verdict, d.chain);
}

static void write_reject(struct writer *w, const struct nft_attributes *n)
{
	static const char *const any[] = {"no-route", "port-unreachable", "host-unreachable",
		"admin-prohibited"};
	const struct netlink_attribute *a = &n->a[NFTA_REJECT_ICMP_CODE];
	uint8_t code = a->data && a->len ? a->data[0] : 0;
	uint32_t type = nft_u32(&n->a[NFTA_REJECT_TYPE]);
	bool v6 = w->table->family == NFPROTO_IPV6 || w->family == NFPROTO_IPV6;

	if (type == NFT_REJECT_TCP_RST) {
		w->l4_waits = false;
		flush(w);
		word(w, "reject with tcp reset");
	} else if (type == NFT_REJECT_ICMPX_UNREACH) {
		flush(w);
		word(w, "reject");
		if (code != NFT_REJECT_ICMPX_PORT_UNREACH && code < ARRAY_SIZE(any))
			buf_printf(w->out, " with icmpx %s", any[code]);
	} else {
		flush(w);
		word(w, "reject");
		if (code != (v6 ? 4 : 3))
			buf_printf(w->out, " with %s", reject_name(w->arena, v6, code));
	}
}

static void write_target_address(struct writer *w, uint32_t address_reg, uint32_t port_reg)
{
	const struct nft_selector *a = address_reg ? slot(w, address_reg) : NULL;
	const struct nft_selector *p = port_reg ? slot(w, port_reg) : NULL;
	struct nft_selector kind = {.kind = a && a->len == 4 ? NFT_KIND_IP4 : NFT_KIND_IP6};

	if (!a && !p)
		return;
	buf_str(w->out, " to ");
	if (a && a->value && p && kind.kind == NFT_KIND_IP6)
		buf_char(w->out, '[');
	if (a && a->value)
		nft_value_text(w->out, &kind, a->value, a->len);
	else if (a)
		buf_str(w->out, a->text);
	if (a && a->value && p && kind.kind == NFT_KIND_IP6)
		buf_char(w->out, ']');
	if (p && p->value && p->len >= 2)
		buf_printf(w->out, ":%u", p->value[0] << 8 | p->value[1]);
}

static void write_nat(struct writer *w, const char *name, const struct nft_attributes *n)
{
	flush(w);
	if (str_eq(name, "nat")) {
		word(w, nft_u32(&n->a[NFTA_NAT_TYPE]) == NFT_NAT_DNAT ? "dnat" : "snat");
		write_target_address(w, nft_u32(&n->a[NFTA_NAT_REG_ADDR_MIN]),
			nft_u32(&n->a[NFTA_NAT_REG_PROTO_MIN]));
	} else if (str_eq(name, "redir")) {
		word(w, "redirect");
		write_target_address(w, 0, nft_u32(&n->a[NFTA_REDIR_REG_PROTO_MIN]));
	} else {
		word(w, "tproxy");
		write_target_address(w, nft_u32(&n->a[NFTA_TPROXY_REG_ADDR]),
			nft_u32(&n->a[NFTA_TPROXY_REG_PORT]));
	}
}

static void write_log(struct writer *w, const struct nft_attributes *n)
{
	const char *prefix = nft_str(w->arena, &n->a[NFTA_LOG_PREFIX]);

	flush(w);
	word(w, "log");
	if (!*prefix)
		return;
	buf_str(w->out, " prefix \"");
	text_escape(w->out, prefix, strlen(prefix));
	buf_char(w->out, '"');
}

static const char *limited(struct writer *w, const struct nft_expr *e)
{
	struct nft_attributes n = nft_attributes(e->data, e->len);

	if (str_eq(e->name, "limit"))
		return nft_text_limit(w->arena, &n);
	if (str_eq(e->name, "connlimit"))
		return nft_text_connlimit(w->arena, &n);
	if (str_eq(e->name, "quota"))
		return nft_text_quota(w->arena, &n);
	return NULL;
}

static void write_dynset(struct writer *w, const struct nft_attributes *n)
{
	const char *set = nft_str(w->arena, &n->a[NFTA_DYNSET_SET_NAME]);
	const struct nft_selector *s = slot(w, nft_u32(&n->a[NFTA_DYNSET_SREG_KEY]));
	bool update = nft_u32(&n->a[NFTA_DYNSET_OP]) == NFT_DYNSET_OP_UPDATE;
	const char *limit = NULL;
	struct nft_expr e;

	if (s && (str_starts(s->text, "ip ") || str_starts(s->text, "ip6 ")))
		w->family_waits = false;
	flush(w);
	buf_printf(w->out, "%s%s @%s { %s", w->out->len ? " " : "", update ? "update" : "add", set,
		s ? s->text : "");
	if (nft_expr_parse(w->arena, &n->a[NFTA_DYNSET_EXPR], &e))
		limit = limited(w, &e);
	if (limit)
		buf_printf(w->out, " %s", limit);
	buf_str(w->out, " }");
}

static void write_set_mark(struct writer *w, const char *what, uint32_t reg)
{
	const struct nft_selector *s = slot(w, reg);
	struct nft_selector mark = {.kind = NFT_KIND_MARK};

	flush(w);
	word(w, what);
	buf_str(w->out, " set ");
	if (s && s->value && s->len == 4)
		nft_value_text(w->out, &mark, s->value, 4);
	else
		buf_str(w->out, s && *s->text ? s->text : "...");
}

static void write_bitwise(struct writer *w, const struct nft_attributes *n)
{
	struct nft_selector *from = slot(w, nft_u32(&n->a[NFTA_BITWISE_SREG]));
	struct nft_selector *to = slot(w, nft_u32(&n->a[NFTA_BITWISE_DREG]));
	struct nft_data mask = nft_data_parse(w->arena, &n->a[NFTA_BITWISE_MASK]);

	if (!from || !to)
		return;
	*to = *from;
	if (mask.value && mask.len >= to->len)
		to->mask = mask.value;
}

static void write_range_expr(struct writer *w, const struct nft_attributes *n)
{
	const struct nft_selector *s = slot(w, nft_u32(&n->a[NFTA_RANGE_SREG]));
	struct nft_data from = nft_data_parse(w->arena, &n->a[NFTA_RANGE_FROM_DATA]);
	struct nft_data to = nft_data_parse(w->arena, &n->a[NFTA_RANGE_TO_DATA]);

	if (!s || !from.value || !to.value)
		return;
	before(w, s);
	buf_str(w->out, nft_u32(&n->a[NFTA_RANGE_OP]) == NFT_RANGE_NEQ ? " != " : " ");
	nft_value_text(w->out, s, from.value, from.len);
	buf_char(w->out, '-');
	nft_value_text(w->out, s, to.value, to.len);
}

static void write_extension(struct writer *w, const char *name, const struct nft_attributes *n)
{
	struct xt_extension x = xt_extension_of(w->arena, n);

	flush(w);
	buf_str(w->out, w->out->len ? " " : "");
	if (str_eq(name, "match"))
		xt_match_text(w->out, &x, w->table->family);
	else
		xt_target_text(w->out, &x, w->table->family);
}

/* Expressions that write one word or phrase. False when e is none of them. */
static bool write_statement(struct writer *w, const struct nft_expr *e,
	const struct nft_attributes *n)
{
	const char *limit = limited(w, e);

	if (limit) {
		flush(w);
		word(w, limit);
	} else if (str_eq(e->name, "counter")) {
		flush(w);
		buf_printf(w->out, "%scounter packets %llu bytes %llu", w->out->len ? " " : "",
			(unsigned long long)w->rule->packets, (unsigned long long)w->rule->bytes);
	} else if (str_eq(e->name, "masq")) {
		flush(w);
		word(w, "masquerade");
	} else if (str_eq(e->name, "queue")) {
		flush(w);
		buf_printf(w->out, "%squeue to %u", w->out->len ? " " : "",
			n->a[NFTA_QUEUE_NUM].data && n->a[NFTA_QUEUE_NUM].len == 2
				? n->a[NFTA_QUEUE_NUM].data[0] << 8 | n->a[NFTA_QUEUE_NUM].data[1]
				: 0);
	} else if (str_eq(e->name, "objref")) {
		flush(w);
		word(w,
			n->a[NFTA_OBJREF_IMM_NAME].data
				? nft_str(w->arena, &n->a[NFTA_OBJREF_IMM_NAME])
				: "objref");
	} else {
		return false;
	}
	return true;
}

static void write_expr(struct writer *w, size_t i)
{
	const struct nft_expr *e = &w->rule->exprs[i];
	struct nft_attributes n = nft_attributes(e->data, e->len);
	uint8_t family = w->table->family == NFPROTO_IPV6 ? NFPROTO_IPV6 : w->family;
	struct nft_selector selector;
	uint32_t reg;

	if (nft_selector_of(e, &n, family, w->l4, &selector, &reg)) {
		struct nft_selector *s = slot(w, reg);
		if (s)
			*s = selector;
	} else if (str_eq(e->name, "cmp")) {
		write_cmp(w, i, &n);
	} else if (str_eq(e->name, "bitwise")) {
		write_bitwise(w, &n);
	} else if (str_eq(e->name, "lookup")) {
		write_lookup(w, &n);
	} else if (str_eq(e->name, "range")) {
		write_range_expr(w, &n);
	} else if (str_eq(e->name, "immediate")) {
		write_immediate(w, &n);
	} else if (str_eq(e->name, "reject")) {
		write_reject(w, &n);
	} else if (str_eq(e->name, "nat") || str_eq(e->name, "redir") ||
		str_eq(e->name, "tproxy")) {
		write_nat(w, e->name, &n);
	} else if (str_eq(e->name, "log")) {
		write_log(w, &n);
	} else if (str_eq(e->name, "dynset")) {
		write_dynset(w, &n);
	} else if (str_eq(e->name, "meta")) {
		write_set_mark(w, "meta mark", nft_u32(&n.a[NFTA_META_SREG]));
	} else if (str_eq(e->name, "ct")) {
		write_set_mark(w, "ct mark", nft_u32(&n.a[NFTA_CT_SREG]));
	} else if (str_eq(e->name, "match") || str_eq(e->name, "target")) {
		write_extension(w, e->name, &n);
	} else if (!write_statement(w, e, &n) && !str_eq(e->name, "byteorder")) {
		flush(w);
		word(w, e->name);
	}
}

void nft_rule_text(struct buf *out, struct arena *arena, const struct table *t,
	const struct rule *rule)
{
	AUTO(buf) struct buf line = BUF_INIT(8192);
	struct writer w = {.out = &line, .arena = arena, .table = t, .rule = rule};

	for (size_t i = 0; i < rule->expr_count; i += 1 + w.skip) {
		w.skip = 0;
		write_expr(&w, i);
	}
	flush(&w);
	if (rule->comment) {
		buf_str(&line, " comment \"");
		text_escape(&line, rule->comment, strlen(rule->comment));
		buf_char(&line, '"');
	}
	buf_add(out, line.data, line.len);
}

static const char *unit_name(uint64_t seconds)
{
	switch (seconds) {
	case 1:
		return "second";
	case 60:
		return "minute";
	case 3600:
		return "hour";
	case 86400:
		return "day";
	default:
		return "week";
	}
}

const char *nft_text_limit(struct arena *arena, const struct nft_attributes *n)
{
	bool over = nft_u32(&n->a[NFTA_LIMIT_FLAGS]) & NFT_LIMIT_F_INV;
	bool bytes = nft_u32(&n->a[NFTA_LIMIT_TYPE]) == NFT_LIMIT_PKT_BYTES;

	return arena_printf(arena, "limit rate %s%llu%s/%s", over ? "over " : "",
		(unsigned long long)nft_u64(&n->a[NFTA_LIMIT_RATE]), bytes ? " bytes" : "",
		unit_name(nft_u64(&n->a[NFTA_LIMIT_UNIT])));
}

const char *nft_text_connlimit(struct arena *arena, const struct nft_attributes *n)
{
	bool over = nft_u32(&n->a[NFTA_CONNLIMIT_FLAGS]) & NFT_CONNLIMIT_F_INV;

	return arena_printf(arena, "ct count %s%u", over ? "over " : "",
		nft_u32(&n->a[NFTA_CONNLIMIT_COUNT]));
}

const char *nft_text_quota(struct arena *arena, const struct nft_attributes *n)
{
	bool over = nft_u32(&n->a[NFTA_QUOTA_FLAGS]) & NFT_QUOTA_F_INV;
	unsigned long long bytes = nft_u64(&n->a[NFTA_QUOTA_BYTES]);
	const char *unit = bytes && bytes % (1 << 20) == 0 ? "mbytes"
		: bytes && bytes % (1 << 10) == 0	   ? "kbytes"
							   : "bytes";

	bytes = *unit == 'm' ? bytes >> 20 : *unit == 'k' ? bytes >> 10 : bytes;
	return arena_printf(arena, "quota %s%llu %s", over ? "over " : "", bytes, unit);
}
