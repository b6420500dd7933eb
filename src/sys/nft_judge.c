/*
 * nft_judge - see nft_judge.h.
 *
 * What each expression does stands in net/netfilter/nft_*.c. Registers are 64 bytes, named in words of
 * 16 (NFT_REG_1...) or 4 (NFT_REG32_00...). A condition that chance decides (numgen random) counts as
 * a limit: some connections meet it, others do not.
 */
#include "sys/nft_judge.h"

#include "base/str.h"
#include "sys/nft_judge_private.h"
#include "sys/nft_text.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

void outcome_add(struct outcome *o, struct deed deed)
{
	if (o->deed_count < DEEDS_MAX)
		o->deeds[o->deed_count++] = deed;
}

size_t nft_register(const struct netlink_attribute *a)
{
	uint32_t n = nft_u32(a);

	if (n >= NFT_REG_1 && n <= NFT_REG_4)
		return (n - NFT_REG_1) * NFT_REG_SIZE;
	if (n >= NFT_REG32_00 && n <= NFT_REG32_15)
		return (n - NFT_REG32_00) * NFT_REG32_SIZE;
	return NFT_NO_REGISTER;
}

void nft_store(struct nft_machine *m, const struct netlink_attribute *dreg, const void *bytes,
	size_t len)
{
	size_t at = nft_register(dreg);

	if (at == NFT_NO_REGISTER || len > SPAN_MAX - at)
		return;
	span_set(&m->regs, at, bytes, len);
	span_set(&m->regs, at + len, "\0\0\0", -len & 3); /* the rest of the word is zeroed */
	m->chance[at / 4] = NULL;
}

void nft_store_open(struct nft_machine *m, const struct netlink_attribute *dreg, size_t len)
{
	size_t at = nft_register(dreg);

	if (at == NFT_NO_REGISTER || len > SPAN_MAX - at)
		return;
	span_open(&m->regs, at, len);
	m->chance[at / 4] = NULL;
}

/* A condition on a value that chance decides is met sometimes. */
static enum match by_chance(struct nft_machine *m, size_t at, enum match result)
{
	if (result != MATCH_PERHAPS || at >= SPAN_MAX || !m->chance[at / 4])
		return result;
	m->out->limit = m->chance[at / 4];
	m->out->over = true;
	return MATCH_YES;
}

static enum match do_payload(struct nft_machine *m, const struct nft_attributes *n)
{
	const struct netlink_attribute *dreg = &n->a[NFTA_PAYLOAD_DREG];
	uint32_t base = nft_u32(&n->a[NFTA_PAYLOAD_BASE]);
	uint32_t offset = nft_u32(&n->a[NFTA_PAYLOAD_OFFSET]),
		 len = nft_u32(&n->a[NFTA_PAYLOAD_LEN]);
	const struct span *s = base == NFT_PAYLOAD_NETWORK_HEADER ? &m->p->net
		: base == NFT_PAYLOAD_TRANSPORT_HEADER		  ? &m->p->transport
								  : NULL;
	size_t there = base == NFT_PAYLOAD_NETWORK_HEADER ? m->p->net_len : m->p->transport_len;
	size_t at = nft_register(dreg);

	if (!dreg->data)
		return MATCH_YES; /* it writes to the packet */
	if (at == NFT_NO_REGISTER || len > SPAN_MAX - at)
		return MATCH_PERHAPS;
	nft_store_open(m, dreg, len);
	if (!s || offset > there || len > there - offset)
		return s ? MATCH_PERHAPS : MATCH_YES;
	if (len < 4)
		nft_store(m, dreg, "\0\0\0", 4);
	memcpy(m->regs.lo + at, s->lo + offset, len);
	memcpy(m->regs.hi + at, s->hi + offset, len);
	memcpy(m->regs.open + at, s->open + offset, len);
	return MATCH_YES;
}

static enum match do_cmp(struct nft_machine *m, const struct nft_attributes *n)
{
	size_t at = nft_register(&n->a[NFTA_CMP_SREG]);
	struct nft_data d = nft_data_parse(m->arena, &n->a[NFTA_CMP_DATA]);
	enum match result = MATCH_PERHAPS;

	if (at == NFT_NO_REGISTER || !d.value || d.len > SPAN_MAX - at)
		return MATCH_PERHAPS;
	switch (nft_u32(&n->a[NFTA_CMP_OP])) {
	case NFT_CMP_EQ:
		result = span_equal(&m->regs, at, d.value, d.len);
		break;
	case NFT_CMP_NEQ:
		result = match_not(span_equal(&m->regs, at, d.value, d.len));
		break;
	case NFT_CMP_LTE:
		result = span_between(&m->regs, at, NULL, d.value, d.len);
		break;
	case NFT_CMP_GTE:
		result = span_between(&m->regs, at, d.value, NULL, d.len);
		break;
	case NFT_CMP_LT:
		result = match_not(span_between(&m->regs, at, d.value, NULL, d.len));
		break;
	case NFT_CMP_GT:
		result = match_not(span_between(&m->regs, at, NULL, d.value, d.len));
		break;
	}
	return by_chance(m, at, result);
}

static enum match do_range(struct nft_machine *m, const struct nft_attributes *n)
{
	size_t at = nft_register(&n->a[NFTA_RANGE_SREG]);
	struct nft_data from = nft_data_parse(m->arena, &n->a[NFTA_RANGE_FROM_DATA]);
	struct nft_data to = nft_data_parse(m->arena, &n->a[NFTA_RANGE_TO_DATA]);

	if (at == NFT_NO_REGISTER || !from.value || !to.value || from.len != to.len)
		return MATCH_PERHAPS;
	enum match result = span_between(&m->regs, at, from.value, to.value, from.len);
	if (nft_u32(&n->a[NFTA_RANGE_OP]) == NFT_RANGE_NEQ)
		result = match_not(result);
	return by_chance(m, at, result);
}

static enum match do_bitwise(struct nft_machine *m, const struct nft_attributes *n)
{
	size_t from = nft_register(&n->a[NFTA_BITWISE_SREG]);
	size_t to = nft_register(&n->a[NFTA_BITWISE_DREG]);
	uint32_t len = nft_u32(&n->a[NFTA_BITWISE_LEN]);
	struct nft_data mask = nft_data_parse(m->arena, &n->a[NFTA_BITWISE_MASK]);
	struct nft_data xor = nft_data_parse(m->arena, &n->a[NFTA_BITWISE_XOR]);

	if (to == NFT_NO_REGISTER || from == NFT_NO_REGISTER || len > SPAN_MAX - to ||
		len > SPAN_MAX - from)
		return MATCH_PERHAPS;
	if (nft_u32(&n->a[NFTA_BITWISE_OP]) != NFT_BITWISE_MASK_XOR || mask.len < len ||
		xor.len < len) {
		span_open(&m->regs, to, len);
		return MATCH_YES;
	}
	for (size_t i = 0; i < len; i++) {
		bool open = m->regs.open[from + i] && mask.value[i] != 0;
		uint8_t byte = (m->regs.lo[from + i] & mask.value[i]) ^ xor.value[i];
		if (open)
			span_open(&m->regs, to + i, 1);
		else
			span_set(&m->regs, to + i, &byte, 1);
	}
	return MATCH_YES;
}

static enum match do_byteorder(struct nft_machine *m, const struct nft_attributes *n)
{
	size_t from = nft_register(&n->a[NFTA_BYTEORDER_SREG]);
	size_t to = nft_register(&n->a[NFTA_BYTEORDER_DREG]);
	uint32_t len = nft_u32(&n->a[NFTA_BYTEORDER_LEN]);
	uint32_t size = nft_u32(&n->a[NFTA_BYTEORDER_SIZE]);
	struct span swapped = {0};

	if (to == NFT_NO_REGISTER || from == NFT_NO_REGISTER || len > SPAN_MAX - to ||
		len > SPAN_MAX - from || (size != 2 && size != 4 && size != 8) || len % size)
		return MATCH_PERHAPS;
	for (size_t i = 0; i < len; i++) {
		size_t source = from + i - i % size + (size - 1 - i % size);
		swapped.lo[i] = m->regs.lo[source];
		swapped.hi[i] = m->regs.hi[source];
		swapped.open[i] = m->regs.open[source];
	}
	memcpy(m->regs.lo + to, swapped.lo, len);
	memcpy(m->regs.hi + to, swapped.hi, len);
	memcpy(m->regs.open + to, swapped.open, len);
	m->chance[to / 4] = m->chance[from / 4];
	return MATCH_YES;
}

/* A verdict of an immediate or of a map's element. */
static enum match add_verdict(struct nft_machine *m, int32_t code, const char *chain,
	enum match match)
{
	struct deed d = {.match = match, .chain = chain};

	switch (code) {
	case NF_DROP:
		d.verdict = VERDICT_DROP;
		break;
	case NF_ACCEPT:
		d.verdict = VERDICT_ACCEPT;
		break;
	case NFT_RETURN:
		d.verdict = VERDICT_RETURN;
		break;
	case NFT_JUMP:
		d.verdict = VERDICT_JUMP;
		break;
	case NFT_GOTO:
		d.verdict = VERDICT_GOTO;
		break;
	case NFT_BREAK:
		return MATCH_NO;
	case NFT_CONTINUE:
		return MATCH_YES;
	default:
		if ((code & NF_VERDICT_MASK) != NF_QUEUE)
			return MATCH_PERHAPS;
		d.verdict = VERDICT_QUEUE;
	}
	outcome_add(m->out, d);
	return MATCH_YES;
}

static enum match do_immediate(struct nft_machine *m, const struct nft_attributes *n)
{
	struct nft_data d = nft_data_parse(m->arena, &n->a[NFTA_IMMEDIATE_DATA]);

	if (d.has_verdict)
		return add_verdict(m, d.verdict, d.chain, MATCH_YES);
	if (d.value)
		nft_store(m, &n->a[NFTA_IMMEDIATE_DREG], d.value, d.len);
	return MATCH_YES;
}

static enum match do_lookup(struct nft_machine *m, const struct nft_attributes *n)
{
	const char *name = nft_str(m->arena, &n->a[NFTA_LOOKUP_SET]);
	size_t at = nft_register(&n->a[NFTA_LOOKUP_SREG]);
	const struct netlink_attribute *dreg = &n->a[NFTA_LOOKUP_DREG];
	struct set *s = table_set(m->table, name);
	bool inverted = nft_u32(&n->a[NFTA_LOOKUP_FLAGS]) & NFT_LOOKUP_F_INV;

	if (!s || at == NFT_NO_REGISTER)
		return MATCH_PERHAPS;
	struct nft_hits hits = {0};
	enum match result = nft_set_find(s, &m->regs, at, &hits);
	if (!dreg->data)
		return by_chance(m, at, inverted ? match_not(result) : result);
	if (result == MATCH_NO)
		return MATCH_NO;
	enum match chance = by_chance(m, at, result);
	for (size_t i = 0; i < hits.count; i++) {
		const struct set_element *e = hits.elements[i];
		if (e->has_verdict)
			add_verdict(m, e->verdict, e->chain,
				hits.count > 1 && chance == result ? MATCH_PERHAPS : chance);
		else if (e->data && hits.count == 1)
			nft_store(m, dreg, e->data, e->data_len);
		else
			nft_store_open(m, dreg, e->data_len);
	}
	return chance;
}

static const char *icmp_name(bool v6, uint32_t code)
{
	static const char *const four[] = {[0] = "net-unreachable",
		[1] = "host-unreachable",
		[2] = "prot-unreachable",
		[3] = "port-unreachable",
		[9] = "net-prohibited",
		[10] = "host-prohibited",
		[13] = "admin-prohibited"};
	static const char *const six[] = {[0] = "no-route",
		[1] = "admin-prohibited",
		[3] = "addr-unreachable",
		[4] = "port-unreachable",
		[5] = "policy-fail",
		[6] = "reject-route"};

	if (v6)
		return code < ARRAY_SIZE(six) ? six[code] : NULL;
	return code < ARRAY_SIZE(four) ? four[code] : NULL;
}

const char *reject_name(struct arena *arena, bool v6, uint32_t code)
{
	const char *name = icmp_name(v6, code);

	if (!name)
		return arena_printf(arena, "icmp%s code %u", v6 ? "v6" : "", code);
	return arena_printf(arena, "icmp%s %s", v6 ? "v6" : "", name);
}

static enum match do_reject(struct nft_machine *m, const struct nft_attributes *n)
{
	static const uint8_t four[] = {0, 3, 1, 13}, six[] = {0, 4, 3, 1};
	uint32_t code = n->a[NFTA_REJECT_ICMP_CODE].data && n->a[NFTA_REJECT_ICMP_CODE].len
		? n->a[NFTA_REJECT_ICMP_CODE].data[0]
		: 0;
	bool v6 = m->p->family == AF_INET6;
	struct deed d = {.verdict = VERDICT_REJECT, .match = MATCH_YES};

	switch (nft_u32(&n->a[NFTA_REJECT_TYPE])) {
	case NFT_REJECT_TCP_RST:
		d.with = "tcp reset";
		if (m->p->l4 != IPPROTO_TCP)
			d = (struct deed){.verdict = VERDICT_DROP, .match = MATCH_YES};
		break;
	case NFT_REJECT_ICMPX_UNREACH:
		code = code < ARRAY_SIZE(four) ? (v6 ? six[code] : four[code]) : code;
		d.with = reject_name(m->arena, v6, code);
		break;
	default:
		d.with = reject_name(m->arena, v6, code);
	}
	outcome_add(m->out, d);
	return MATCH_YES;
}

static enum match do_queue(struct nft_machine *m, const struct nft_attributes *n)
{
	(void)n;
	outcome_add(m->out, (struct deed){.verdict = VERDICT_QUEUE, .match = MATCH_YES});
	return MATCH_YES;
}

static enum match do_limit(struct nft_machine *m, const struct nft_attributes *n)
{
	m->out->limit = nft_text_limit(m->arena, n);
	m->out->over = nft_u32(&n->a[NFTA_LIMIT_FLAGS]) & NFT_LIMIT_F_INV;
	return MATCH_YES;
}

static enum match do_connlimit(struct nft_machine *m, const struct nft_attributes *n)
{
	m->out->limit = nft_text_connlimit(m->arena, n);
	m->out->over = nft_u32(&n->a[NFTA_CONNLIMIT_FLAGS]) & NFT_CONNLIMIT_F_INV;
	return m->p->tracked ? MATCH_YES : MATCH_PERHAPS;
}

static enum match do_quota(struct nft_machine *m, const struct nft_attributes *n)
{
	m->out->limit = nft_text_quota(m->arena, n);
	m->out->over = nft_u32(&n->a[NFTA_QUOTA_FLAGS]) & NFT_QUOTA_F_INV;
	return MATCH_YES;
}

/* A number that chance or a hash picks: offset ... offset + modulus - 1, in the host's byte order. */
static enum match store_chance(struct nft_machine *m, const struct netlink_attribute *dreg,
	const char *text)
{
	size_t at = nft_register(dreg);

	if (at == NFT_NO_REGISTER)
		return MATCH_PERHAPS;
	nft_store_open(m, dreg, 4);
	m->chance[at / 4] = text;
	return MATCH_YES;
}

static enum match do_numgen(struct nft_machine *m, const struct nft_attributes *n)
{
	bool random = nft_u32(&n->a[NFTA_NG_TYPE]) == NFT_NG_RANDOM;

	return store_chance(m, &n->a[NFTA_NG_DREG],
		arena_printf(m->arena, "numgen %s mod %u", random ? "random" : "inc",
			nft_u32(&n->a[NFTA_NG_MODULUS])));
}

static enum match do_hash(struct nft_machine *m, const struct nft_attributes *n)
{
	return store_chance(m, &n->a[NFTA_HASH_DREG], "a hash");
}

static enum match do_fib(struct nft_machine *m, const struct nft_attributes *n)
{
	const struct netlink_attribute *dreg = &n->a[NFTA_FIB_DREG];
	uint32_t result = nft_u32(&n->a[NFTA_FIB_RESULT]), flags = nft_u32(&n->a[NFTA_FIB_FLAGS]);
	const struct address *a = flags & NFTA_FIB_F_SADDR ? &m->p->from : &m->p->to;
	static const uint32_t local = 2 /* RTN_LOCAL */, one = 1;

	if (!packet_is_local(m->p, a) || !m->p->device) {
		nft_store_open(m, dreg, result == NFT_FIB_RESULT_OIFNAME ? 16 : 4);
		return MATCH_YES;
	}
	if (result == NFT_FIB_RESULT_ADDRTYPE)
		nft_store(m, dreg, &local, 4);
	else if (flags & NFTA_FIB_F_PRESENT)
		nft_store(m, dreg, &one, 4);
	else if (result == NFT_FIB_RESULT_OIF)
		nft_store(m, dreg, &m->p->device_index, 4);
	else
		nft_store_name(m, dreg, m->p->device);
	return MATCH_YES;
}

static enum match do_unknown_value(struct nft_machine *m, const struct netlink_attribute *dreg)
{
	if (nft_register(dreg) != NFT_NO_REGISTER)
		nft_store_open(m, dreg, MIN((size_t)16, SPAN_MAX - nft_register(dreg)));
	return MATCH_YES;
}

static enum match do_socket(struct nft_machine *m, const struct nft_attributes *n)
{
	return do_unknown_value(m, &n->a[NFTA_SOCKET_DREG]);
}

static enum match do_rt(struct nft_machine *m, const struct nft_attributes *n)
{
	return do_unknown_value(m, &n->a[NFTA_RT_DREG]);
}

static enum match do_exthdr(struct nft_machine *m, const struct nft_attributes *n)
{
	return do_unknown_value(m, &n->a[NFTA_EXTHDR_DREG]);
}

static enum match do_notrack(struct nft_machine *m, const struct nft_attributes *n)
{
	(void)n;
	if (m->out->match == MATCH_YES && !m->p->tracked)
		m->p->untracked = true;
	return MATCH_YES;
}

static enum match do_nothing(struct nft_machine *m, const struct nft_attributes *n)
{
	(void)m;
	(void)n;
	return MATCH_YES;
}

static bool register_value(const struct nft_machine *m, const struct netlink_attribute *reg,
	size_t len, const uint8_t **out)
{
	size_t at = nft_register(reg);

	if (!reg->data || at == NFT_NO_REGISTER || len > SPAN_MAX - at ||
		!span_is_known(&m->regs, at, len))
		return false;
	*out = m->regs.lo + at;
	return true;
}

static void register_address(const struct nft_machine *m, const struct netlink_attribute *reg,
	struct address *out)
{
	size_t len = m->p->family == AF_INET ? 4 : 16;
	const uint8_t *bytes;

	if (!register_value(m, reg, len, &bytes))
		return;
	out->family = m->p->family;
	memcpy(out->bytes, bytes, len);
}

static void register_port(const struct nft_machine *m, const struct netlink_attribute *reg,
	uint16_t *out)
{
	const uint8_t *bytes;

	if (register_value(m, reg, 2, &bytes))
		*out = (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static enum match do_nat(struct nft_machine *m, const struct nft_attributes *n)
{
	struct deed d = {.verdict = VERDICT_ACCEPT, .match = MATCH_YES};

	if (nft_u32(&n->a[NFTA_NAT_TYPE]) == NFT_NAT_DNAT) {
		d.verdict = VERDICT_REDIRECT;
		register_address(m, &n->a[NFTA_NAT_REG_ADDR_MIN], &d.to);
		register_port(m, &n->a[NFTA_NAT_REG_PROTO_MIN], &d.to_port);
	}
	outcome_add(m->out, d);
	return MATCH_YES;
}

static enum match do_masq(struct nft_machine *m, const struct nft_attributes *n)
{
	(void)n;
	outcome_add(m->out, (struct deed){.verdict = VERDICT_ACCEPT, .match = MATCH_YES});
	return MATCH_YES;
}

static enum match do_redir(struct nft_machine *m, const struct nft_attributes *n)
{
	/* what was sent from here goes to 127.0.0.1 or ::1 (nf_nat_redirect.c) */
	struct deed d = {.verdict = VERDICT_REDIRECT,
		.match = MATCH_YES,
		.to = m->p->family == AF_INET ? ADDRESS_LOOPBACK4 : ADDRESS_LOOPBACK6};

	register_port(m, &n->a[NFTA_REDIR_REG_PROTO_MIN], &d.to_port);
	outcome_add(m->out, d);
	return MATCH_YES;
}

static enum match do_tproxy(struct nft_machine *m, const struct nft_attributes *n)
{
	/* only when a transparent socket waits there */
	struct deed d = {.verdict = VERDICT_REDIRECT, .match = MATCH_PERHAPS};

	register_address(m, &n->a[NFTA_TPROXY_REG_ADDR], &d.to);
	register_port(m, &n->a[NFTA_TPROXY_REG_PORT], &d.to_port);
	outcome_add(m->out, d);
	return MATCH_YES;
}

static enum match do_objref(struct nft_machine *m, const struct nft_attributes *n)
{
	size_t at = nft_register(&n->a[NFTA_OBJREF_SET_SREG]);
	struct nft_hits hits = {0};

	if (n->a[NFTA_OBJREF_IMM_NAME].data) {
		const struct object *o =
			table_object(m->table, nft_str(m->arena, &n->a[NFTA_OBJREF_IMM_NAME]),
				nft_u32(&n->a[NFTA_OBJREF_IMM_TYPE]));
		return o ? nft_run(m, &o->expr) : MATCH_YES;
	}
	const struct set *s = table_set(m->table, nft_str(m->arena, &n->a[NFTA_OBJREF_SET_NAME]));
	if (!s || at == NFT_NO_REGISTER)
		return MATCH_PERHAPS;
	return nft_set_find(s, &m->regs, at, &hits);
}

static enum match do_dynset(struct nft_machine *m, const struct nft_attributes *n)
{
	const struct netlink_attribute *list = &n->a[NFTA_DYNSET_EXPRESSIONS];
	struct reader r = reader_init(list->data, list->data ? list->len : 0);
	struct netlink_attribute a;
	struct nft_expr e;
	enum match result = MATCH_YES;

	if (!list->data && nft_expr_parse(m->arena, &n->a[NFTA_DYNSET_EXPR], &e) &&
		!str_eq(e.name, "dynset"))
		return nft_run(m, &e);
	while (netlink_attribute(&r, &a))
		if (nft_expr_parse(m->arena, &a, &e) && !str_eq(e.name, "dynset"))
			result = match_and(result, nft_run(m, &e));
	return result;
}

static const struct {
	const char *name;
	enum match (*run)(struct nft_machine *m, const struct nft_attributes *n);
} expressions[] = {
	{"bitwise", do_bitwise},
	{"byteorder", do_byteorder},
	{"cmp", do_cmp},
	{"connlimit", do_connlimit},
	{"counter", do_nothing},
	{"ct", nft_do_ct},
	{"dup", do_nothing},
	{"dynset", do_dynset},
	{"exthdr", do_exthdr},
	{"fib", do_fib},
	{"flow_offload", do_nothing},
	{"hash", do_hash},
	{"immediate", do_immediate},
	{"last", do_nothing},
	{"limit", do_limit},
	{"log", do_nothing},
	{"lookup", do_lookup},
	{"masq", do_masq},
	{"match", nft_do_match},
	{"meta", nft_do_meta},
	{"nat", do_nat},
	{"notrack", do_notrack},
	{"numgen", do_numgen},
	{"objref", do_objref},
	{"payload", do_payload},
	{"queue", do_queue},
	{"quota", do_quota},
	{"range", do_range},
	{"redir", do_redir},
	{"reject", do_reject},
	{"rt", do_rt},
	{"socket", do_socket},
	{"target", nft_do_target},
	{"tproxy", do_tproxy},
};

enum match nft_run(struct nft_machine *m, const struct nft_expr *e)
{
	struct nft_attributes n = nft_attributes(e->data, e->len);

	for (size_t i = 0; i < ARRAY_SIZE(expressions); i++)
		if (str_eq(expressions[i].name, e->name))
			return expressions[i].run(m, &n);
	return MATCH_PERHAPS;
}

void nft_judge(struct arena *arena, const struct table *t, const struct rule *rule,
	struct packet *p, struct outcome *out)
{
	struct nft_machine m = {.arena = arena, .table = t, .p = p, .out = out};

	*out = (struct outcome){.match = MATCH_YES};
	for (size_t i = 0; i < rule->expr_count && out->match != MATCH_NO; i++)
		out->match = match_and(out->match, nft_run(&m, &rule->exprs[i]));
	for (size_t i = 0; i < out->deed_count; i++)
		out->deeds[i].match = MIN(out->deeds[i].match, out->match);
}
