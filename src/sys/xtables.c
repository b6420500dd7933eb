/* xtables - see xtables.h. What each match means stands in net/netfilter/xt_*.c. */
#include "sys/xtables.h"

#include "base/str.h"
#include "sys/nft_judge_private.h"
#include "sys/xtables_text.h"
#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connlimit.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>

struct xt_extension xt_extension_of(struct arena *arena, const struct nft_attributes *n)
{
	const struct netlink_attribute *info = &n->a[NFTA_MATCH_INFO];

	return (struct xt_extension){.name = nft_str(arena, &n->a[NFTA_MATCH_NAME]),
		.revision = nft_u32(&n->a[NFTA_MATCH_REV]),
		.data = info->data,
		.len = info->data ? info->len : 0};
}

/* Copies the structure out of the extension; false when it is too short. */
static bool take(const struct xt_extension *x, void *out, size_t len)
{
	struct reader r = reader_init(x->data, x->len);

	return reader_copy(&r, out, len);
}

static enum match inverted(enum match m, bool invert)
{
	return invert ? match_not(m) : m;
}

static enum match in_range(uint16_t low, uint16_t high, uint16_t first, uint16_t last)
{
	if (high < first || low > last)
		return MATCH_NO;
	return low >= first && high <= last ? MATCH_YES : MATCH_PERHAPS;
}

static enum match ports(const struct packet *p, bool source, uint16_t first, uint16_t last)
{
	return source ? in_range(p->from_port_low, p->from_port_high, first, last)
		      : in_range(p->to_port_low, p->to_port_high, first, last);
}

static enum match match_tcp(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_tcp t;
	uint8_t flags = p->answer ? 0x12 : 0x02;

	(void)out;
	if (!take(x, &t, sizeof(t)))
		return MATCH_PERHAPS;
	if (p->l4 != IPPROTO_TCP)
		return MATCH_NO;
	enum match m = match_and(inverted(ports(p, true, t.spts[0], t.spts[1]),
					 t.invflags & XT_TCP_INV_SRCPT),
		inverted(ports(p, false, t.dpts[0], t.dpts[1]), t.invflags & XT_TCP_INV_DSTPT));
	m = match_and(m,
		inverted(match_of((flags & t.flg_mask) == t.flg_cmp),
			t.invflags & XT_TCP_INV_FLAGS));
	return t.option ? match_and(m, MATCH_PERHAPS) : m;
}

static enum match match_udp(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_udp u;

	(void)out;
	if (!take(x, &u, sizeof(u)))
		return MATCH_PERHAPS;
	if (p->l4 != IPPROTO_UDP)
		return MATCH_NO;
	return match_and(inverted(ports(p, true, u.spts[0], u.spts[1]),
				 u.invflags & XT_UDP_INV_SRCPT),
		inverted(ports(p, false, u.dpts[0], u.dpts[1]), u.invflags & XT_UDP_INV_DSTPT));
}

static enum match match_multiport(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_multiport_v1 m;
	enum match result = MATCH_NO;

	(void)out;
	if (x->revision != 1 || !take(x, &m, sizeof(m)))
		return MATCH_PERHAPS;
	for (size_t i = 0; i < MIN(m.count, (uint8_t)XT_MULTI_PORTS); i++) {
		uint16_t first = m.ports[i];
		bool range = m.pflags[i] && i + 1 < MIN(m.count, (uint8_t)XT_MULTI_PORTS);
		uint16_t last = range ? m.ports[++i] : first;
		enum match source = ports(p, true, first, last);
		enum match to = ports(p, false, first, last);
		if (m.flags != XT_MULTIPORT_DESTINATION)
			result = MAX(result, source);
		if (m.flags != XT_MULTIPORT_SOURCE)
			result = MAX(result, to);
	}
	return inverted(result, m.invert);
}

static enum match match_comment(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	(void)x;
	(void)p;
	(void)out;
	return MATCH_YES;
}

static unsigned state_bit(const struct packet *p)
{
	if (p->untracked)
		return XT_CONNTRACK_STATE_UNTRACKED;
	if (!p->tracked)
		return XT_CONNTRACK_STATE_INVALID;
	return XT_CONNTRACK_STATE_BIT(p->answer ? IP_CT_ESTABLISHED : IP_CT_NEW);
}

static enum match match_state(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_state_info s;

	(void)out;
	if (!take(x, &s, sizeof(s)))
		return MATCH_PERHAPS;
	return match_of(s.statemask & state_bit(p));
}

static enum match match_conntrack(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_conntrack_mtinfo3 c = {0};
	struct xt_conntrack_mtinfo1 old;
	unsigned bits = state_bit(p) | (p->redirected ? XT_CONNTRACK_STATE_DNAT : 0);
	enum match m = MATCH_YES;

	(void)out;
	if (!take(x, &c, x->revision == 3 ? sizeof(c) : sizeof(struct xt_conntrack_mtinfo2)))
		return MATCH_PERHAPS;
	if (x->revision == 1 && take(x, &old, sizeof(old)))
		c.state_mask = old.state_mask;
	if (c.match_flags & (XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS))
		m = inverted(match_of(c.state_mask & bits),
			c.invert_flags & (XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS));
	if (c.match_flags & XT_CONNTRACK_DIRECTION)
		m = match_and(m,
			match_of(p->answer == !!(c.invert_flags & XT_CONNTRACK_DIRECTION)));
	if (c.match_flags & XT_CONNTRACK_PROTO)
		m = match_and(m,
			inverted(match_of(c.l4proto == p->l4),
				c.invert_flags & XT_CONNTRACK_PROTO));
	if (c.match_flags &
		~(XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS | XT_CONNTRACK_DIRECTION |
			XT_CONNTRACK_PROTO))
		m = match_and(m, MATCH_PERHAPS);
	return m;
}

static enum match match_owner(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_owner_match_info o;
	enum match m = MATCH_YES;

	(void)out;
	if (x->revision != 1 || !take(x, &o, sizeof(o)))
		return MATCH_PERHAPS;
	/* without a socket a wanted owner is not there, an unwanted one is not either */
	if (!p->has_socket)
		return match_of((o.match ^ o.invert) == 0);
	if (o.match & XT_OWNER_SOCKET)
		m = match_of(!(o.invert & XT_OWNER_SOCKET));
	if (o.match & XT_OWNER_UID)
		m = match_and(m,
			inverted(p->uid == UINT32_MAX
					? MATCH_PERHAPS
					: match_of(p->uid >= o.uid_min && p->uid <= o.uid_max),
				o.invert & XT_OWNER_UID));
	if (o.match & XT_OWNER_GID)
		m = match_and(m, MATCH_PERHAPS);
	return m;
}

static enum match address_type(const struct packet *p, const struct address *a, uint16_t mask)
{
	if (!mask)
		return MATCH_YES;
	if (packet_is_local(p, a))
		return match_of(mask & XT_ADDRTYPE_LOCAL);
	return mask & XT_ADDRTYPE_UNICAST ? MATCH_YES : MATCH_PERHAPS;
}

static enum match match_addrtype(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_addrtype_info_v1 a;
	struct xt_addrtype_info old;
	bool not_source, not_to;

	(void)out;
	if (x->revision == 1 && take(x, &a, sizeof(a))) {
		not_source = a.flags & XT_ADDRTYPE_INVERT_SOURCE;
		not_to = a.flags & XT_ADDRTYPE_INVERT_DEST;
	} else if (x->revision == 0 && take(x, &old, sizeof(old))) {
		a = (struct xt_addrtype_info_v1){.source = old.source, .dest = old.dest};
		not_source = old.invert_source;
		not_to = old.invert_dest;
	} else {
		return MATCH_PERHAPS;
	}
	enum match m = MATCH_YES;
	if (a.source)
		m = inverted(address_type(p, &p->from, a.source), not_source);
	if (a.dest)
		m = match_and(m, inverted(address_type(p, &p->to, a.dest), not_to));
	return m;
}

static bool between(const struct address *a, const union nf_inet_addr *low,
	const union nf_inet_addr *high)
{
	size_t len = a->family == AF_INET ? 4 : 16;

	return memcmp(a->bytes, low, len) >= 0 && memcmp(a->bytes, high, len) <= 0;
}

static enum match match_iprange(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_iprange_mtinfo i;
	bool yes = true;

	(void)out;
	if (x->revision != 1 || !take(x, &i, sizeof(i)))
		return MATCH_PERHAPS;
	if (i.flags & IPRANGE_SRC)
		yes &= between(&p->from, &i.src_min, &i.src_max) != !!(i.flags & IPRANGE_SRC_INV);
	if (i.flags & IPRANGE_DST)
		yes &= between(&p->to, &i.dst_min, &i.dst_max) != !!(i.flags & IPRANGE_DST_INV);
	return match_of(yes);
}

static enum match match_mark(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct xt_mark_mtinfo1 m; /* connmark has the same shape */
	bool connection = str_eq(x->name, "connmark");

	(void)out;
	if (x->revision != 1 || !take(x, &m, sizeof(m)))
		return MATCH_PERHAPS;
	if (connection && !p->tracked)
		return MATCH_NO;
	if (connection ? p->ct_mark_open : p->mark_open)
		return MATCH_PERHAPS;
	return inverted(match_of(((connection ? p->ct_mark : p->mark) & m.mask) == m.mark),
		m.invert);
}

/* limit, hashlimit, connlimit, quota, statistic: met by some packets and not by others. */
static enum match match_limit(struct arena *arena, const struct xt_extension *x,
	struct outcome *out)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);

	out->over = xt_limit_text(&text, x);
	out->limit = arena_strdup(arena, text.data);
	return MATCH_YES;
}

enum match xt_match(struct arena *arena, const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	static const struct {
		const char *name;
		enum match (*run)(const struct xt_extension *x, const struct packet *p,
			struct outcome *out);
	} matches[] = {
		{"addrtype", match_addrtype},
		{"comment", match_comment},
		{"connmark", match_mark},
		{"conntrack", match_conntrack},
		{"iprange", match_iprange},
		{"mark", match_mark},
		{"multiport", match_multiport},
		{"owner", match_owner},
		{"state", match_state},
		{"tcp", match_tcp},
		{"udp", match_udp},
	};

	for (size_t i = 0; i < ARRAY_SIZE(matches); i++)
		if (str_eq(x->name, matches[i].name))
			return matches[i].run(x, p, out);
	if (xt_is_limit(x))
		return match_limit(arena, x, out);
	if (str_eq(x->name, "icmp") || str_eq(x->name, "icmp6"))
		return MATCH_NO;
	return MATCH_PERHAPS;
}

static enum match target_reject(struct arena *arena, const struct xt_extension *x,
	const struct packet *p, struct outcome *out)
{
	const char *name = xt_reject_name(x, p->family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	const char *rest = str_eq(name, "icmp6-adm-prohibited") ? "admin-prohibited"
								: str_after(name, "icmp6-");
	struct deed d = {.verdict = VERDICT_REJECT, .match = MATCH_YES};

	if (str_eq(name, "tcp-reset"))
		d.with = "tcp reset";
	else if (rest)
		d.with = arena_printf(arena, "icmpv6 %s", rest);
	else if ((rest = str_after(name, "icmp-")))
		d.with = arena_printf(arena, "icmp %s", rest);
	else
		d.with = name;
	outcome_add(out, d);
	return MATCH_YES;
}

static bool nat_range(const struct xt_extension *x, const struct packet *p,
	struct nf_nat_range *out)
{
	struct nf_nat_ipv4_multi_range_compat old;

	*out = (struct nf_nat_range){0};
	if (x->revision == 0 && p->family == AF_INET) {
		if (!take(x, &old, sizeof(old)))
			return false;
		out->flags = old.range[0].flags;
		out->min_addr.ip = old.range[0].min_ip;
		out->min_proto = old.range[0].min;
		return true;
	}
	return take(x, out, sizeof(*out));
}

static enum match target_nat(const struct xt_extension *x, const struct packet *p,
	struct outcome *out)
{
	struct deed d = {.verdict = VERDICT_REDIRECT, .match = MATCH_YES};
	struct nf_nat_range range;
	uint8_t port[2];

	if (!nat_range(x, p, &range)) {
		d.match = MATCH_PERHAPS;
		outcome_add(out, d);
		return MATCH_YES;
	}
	memcpy(port, &range.min_proto, 2);
	if (range.flags & NF_NAT_RANGE_PROTO_SPECIFIED)
		d.to_port = (uint16_t)(port[0] << 8 | port[1]);
	if (str_eq(x->name, "REDIRECT")) {
		d.to = p->family == AF_INET ? ADDRESS_LOOPBACK4 : ADDRESS_LOOPBACK6;
	} else if (range.flags & NF_NAT_RANGE_MAP_IPS) {
		d.to.family = p->family;
		memcpy(d.to.bytes, &range.min_addr, p->family == AF_INET ? 4 : 16);
	}
	outcome_add(out, d);
	return MATCH_YES;
}

static enum match target_mark(const struct xt_extension *x, struct packet *p,
	const struct outcome *out)
{
	struct xt_mark_tginfo2 t;

	if (x->revision != 2 || !take(x, &t, sizeof(t)) || out->match != MATCH_YES) {
		p->mark_open = true;
		return MATCH_YES;
	}
	p->mark = (p->mark & ~t.mask) ^ t.mark;
	return MATCH_YES;
}

static enum match target_ct(const struct xt_extension *x, struct packet *p,
	const struct outcome *out)
{
	uint16_t flags = XT_CT_NOTRACK;

	if (str_eq(x->name, "CT") && !take(x, &flags, sizeof(flags)))
		return MATCH_YES;
	if ((flags & XT_CT_NOTRACK) && !p->tracked && out->match == MATCH_YES)
		p->untracked = true;
	return MATCH_YES;
}

enum match xt_target(struct arena *arena, const struct xt_extension *x, struct packet *p,
	struct outcome *out)
{
	static const struct {
		const char *name;
		enum verdict verdict;
	} ends[] = {
		{"ACCEPT", VERDICT_ACCEPT},
		{"DROP", VERDICT_DROP},
		{"MASQUERADE", VERDICT_ACCEPT},
		{"NETMAP", VERDICT_ACCEPT},
		{"NFQUEUE", VERDICT_QUEUE},
		{"RETURN", VERDICT_RETURN},
		{"SNAT", VERDICT_ACCEPT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_eq(x->name, ends[i].name))
			outcome_add(out,
				(struct deed){.verdict = ends[i].verdict, .match = MATCH_YES});
	if (str_eq(x->name, "REJECT"))
		return target_reject(arena, x, p, out);
	if (str_eq(x->name, "DNAT") || str_eq(x->name, "REDIRECT"))
		return target_nat(x, p, out);
	if (str_eq(x->name, "MARK"))
		return target_mark(x, p, out);
	if (str_eq(x->name, "CT") || str_eq(x->name, "NOTRACK"))
		return target_ct(x, p, out);
	if (str_eq(x->name, "CONNMARK"))
		p->mark_open = p->ct_mark_open = true;
	if (str_eq(x->name, "TPROXY"))
		outcome_add(out,
			(struct deed){.verdict = VERDICT_REDIRECT, .match = MATCH_PERHAPS});
	return MATCH_YES;
}
