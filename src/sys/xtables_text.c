/* xtables_text - matches and targets as `iptables -S` writes them. */
#include "sys/xtables_text.h"

#include "base/str.h"
#include "base/text.h"
#include "model/address.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_connlimit.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_statistic.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>

static bool take(const struct xt_extension *x, void *out, size_t len)
{
	struct reader r = reader_init(x->data, x->len);

	return reader_copy(&r, out, len);
}

bool xt_is_limit(const struct xt_extension *x)
{
	static const char *const names[] = {"connlimit", "hashlimit", "limit", "quota",
		"statistic"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(x->name, names[i]))
			return true;
	return false;
}

static void rate_text(struct buf *out, uint64_t average, uint64_t scale)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};

	if (!average) {
		buf_str(out, "unlimited");
		return;
	}
	size_t i = 0;
	while (i + 1 < ARRAY_SIZE(units) && scale * units[i].seconds < average)
		i++;
	buf_printf(out, "%llu/%s", (unsigned long long)(scale * units[i].seconds / average),
		units[i].name);
}

static bool hashlimit_text(struct buf *out, const struct xt_extension *x)
{
	struct xt_hashlimit_mtinfo1 one;
	struct xt_hashlimit_mtinfo3 three;
	uint64_t average = 0, scale = XT_HASHLIMIT_SCALE_v2;
	uint32_t mode = 0;

	if (x->revision == 1 && take(x, &one, sizeof(one))) {
		average = one.cfg.avg;
		scale = XT_HASHLIMIT_SCALE;
		mode = one.cfg.mode;
	} else if (take(x, &three, offsetof(struct xt_hashlimit_mtinfo3, hinfo))) {
		average = three.cfg.avg; /* revision 2 begins alike */
		mode = three.cfg.mode;
	}
	bool above = mode & XT_HASHLIMIT_INVERT;
	buf_printf(out, "hashlimit %s ", above ? "above" : "upto");
	rate_text(out, average, scale);
	return above;
}

bool xt_limit_text(struct buf *out, const struct xt_extension *x)
{
	struct xt_connlimit_info c;
	struct xt_rateinfo r;

	if (str_eq(x->name, "connlimit") && take(x, &c, offsetof(struct xt_connlimit_info, data))) {
		bool below = c.flags & XT_CONNLIMIT_INVERT;
		buf_printf(out, "connlimit %s %u", below ? "upto" : "above", c.limit);
		return !below;
	}
	if (str_eq(x->name, "hashlimit"))
		return hashlimit_text(out, x);
	if (str_eq(x->name, "limit") && take(x, &r, offsetof(struct xt_rateinfo, prev))) {
		buf_str(out, "limit ");
		rate_text(out, r.avg, XT_LIMIT_SCALE);
		return false;
	}
	buf_str(out, x->name);
	/* a quota matches until it is used up; a statistic picks some packets */
	return !str_eq(x->name, "quota") && !str_eq(x->name, "limit");
}

const char *xt_reject_name(const struct xt_extension *x, uint8_t family)
{
	static const char *const four[] = {"icmp-net-unreachable", "icmp-host-unreachable",
		"icmp-proto-unreachable", "icmp-port-unreachable", "echo-reply",
		"icmp-net-prohibited", "icmp-host-prohibited", "tcp-reset",
		"icmp-admin-prohibited"};
	static const char *const six[] = {"icmp6-no-route", "icmp6-adm-prohibited",
		"icmp6-not-neighbour", "icmp6-addr-unreachable", "icmp6-port-unreachable",
		"echo-reply", "tcp-reset", "icmp6-policy-fail", "icmp6-reject-route"};
	uint32_t with;

	if (!take(x, &with, sizeof(with)) || with >= ARRAY_SIZE(four))
		return "unknown";
	return family == NFPROTO_IPV6 ? six[with] : four[with];
}

static void port_option(struct buf *out, const char *name, const uint16_t *range, bool invert)
{
	if (range[0] == 0 && range[1] == UINT16_MAX && !invert)
		return;
	buf_printf(out, "%s%s%s %u", out->len ? " " : "", invert ? "! " : "", name, range[0]);
	if (range[1] != range[0])
		buf_printf(out, ":%u", range[1]);
}

static bool tcp_udp_text(struct buf *out, const struct xt_extension *x)
{
	struct xt_tcp t;
	struct xt_udp u;

	if (str_eq(x->name, "udp")) {
		if (!take(x, &u, sizeof(u)))
			return false;
		port_option(out, "--sport", u.spts, u.invflags & XT_UDP_INV_SRCPT);
		port_option(out, "--dport", u.dpts, u.invflags & XT_UDP_INV_DSTPT);
		return true;
	}
	if (!take(x, &t, sizeof(t)))
		return false;
	port_option(out, "--sport", t.spts, t.invflags & XT_TCP_INV_SRCPT);
	port_option(out, "--dport", t.dpts, t.invflags & XT_TCP_INV_DSTPT);
	if (t.flg_mask == 0x17 && t.flg_cmp == 0x02)
		buf_printf(out, " %s--syn", t.invflags & XT_TCP_INV_FLAGS ? "! " : "");
	else if (t.flg_mask)
		buf_printf(out, " --tcp-flags 0x%02x 0x%02x", t.flg_mask, t.flg_cmp);
	return true;
}

static bool multiport_text(struct buf *out, const struct xt_extension *x)
{
	static const char *const names[] = {"--sports", "--dports", "--ports"};
	struct xt_multiport_v1 m;

	if (x->revision != 1 || !take(x, &m, sizeof(m)) || m.flags >= ARRAY_SIZE(names))
		return false;
	buf_printf(out, "-m multiport %s%s ", m.invert ? "! " : "", names[m.flags]);
	for (size_t i = 0; i < MIN(m.count, (uint8_t)XT_MULTI_PORTS); i++) {
		buf_printf(out, "%u", m.ports[i]);
		if (i + 1 < m.count)
			buf_char(out, m.pflags[i] ? ':' : ',');
	}
	return true;
}

static void states(struct buf *out, unsigned mask)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{XT_CONNTRACK_STATE_INVALID, "INVALID"},
		{XT_CONNTRACK_STATE_BIT(IP_CT_NEW), "NEW"},
		{XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), "RELATED"},
		{XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED), "ESTABLISHED"},
		{XT_CONNTRACK_STATE_UNTRACKED, "UNTRACKED"},
		{XT_CONNTRACK_STATE_SNAT, "SNAT"},
		{XT_CONNTRACK_STATE_DNAT, "DNAT"},
	};
	const char *comma = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (mask & names[i].bit) {
			buf_printf(out, "%s%s", comma, names[i].name);
			comma = ",";
		}
}

static bool state_text(struct buf *out, const struct xt_extension *x)
{
	struct xt_conntrack_mtinfo2 c;
	struct xt_state_info s;

	if (str_eq(x->name, "state") && take(x, &s, sizeof(s))) {
		buf_str(out, "-m state --state ");
		states(out, s.statemask);
		return true;
	}
	if (x->revision < 2 || !take(x, &c, sizeof(c)) ||
		!(c.match_flags & (XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS)))
		return false;
	buf_printf(out, "-m conntrack %s--ctstate ",
		c.invert_flags & (XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS) ? "! " : "");
	states(out, c.state_mask);
	return true;
}

static bool owner_text(struct buf *out, const struct xt_extension *x)
{
	struct xt_owner_match_info o;

	if (x->revision != 1 || !take(x, &o, sizeof(o)))
		return false;
	buf_str(out, "-m owner");
	if (o.match & XT_OWNER_UID) {
		buf_printf(out, " %s--uid-owner %u", o.invert & XT_OWNER_UID ? "! " : "",
			o.uid_min);
		if (o.uid_max != o.uid_min)
			buf_printf(out, "-%u", o.uid_max);
	}
	if (o.match & XT_OWNER_GID)
		buf_printf(out, " %s--gid-owner %u", o.invert & XT_OWNER_GID ? "! " : "",
			o.gid_min);
	return true;
}

static bool comment_text(struct buf *out, const struct xt_extension *x)
{
	AUTO(buf) struct buf safe = BUF_INIT(4096);
	size_t len = x->data
		? strnlen((const char *)x->data, MIN(x->len, (size_t)XT_MAX_COMMENT_LEN))
		: 0;

	text_escape(&safe, (const char *)x->data, len);
	buf_str(out, "-m comment --comment ");
	if (safe.len && strpbrk(safe.data, " '\""))
		buf_printf(out, "\"%s\"", safe.data);
	else
		buf_str(out, safe.data);
	return true;
}

static bool addrtype_text(struct buf *out, const struct xt_extension *x)
{
	struct xt_addrtype_info_v1 a;

	if (x->revision != 1 || !take(x, &a, sizeof(a)))
		return false;
	buf_str(out, "-m addrtype");
	if (a.source)
		buf_printf(out, " %s--src-type %s", a.flags & XT_ADDRTYPE_INVERT_SOURCE ? "! " : "",
			a.source == XT_ADDRTYPE_LOCAL ? "LOCAL" : "...");
	if (a.dest)
		buf_printf(out, " %s--dst-type %s", a.flags & XT_ADDRTYPE_INVERT_DEST ? "! " : "",
			a.dest == XT_ADDRTYPE_LOCAL ? "LOCAL" : "...");
	return true;
}

static bool limit_option(struct buf *out, const struct xt_extension *x)
{
	AUTO(buf) struct buf text = BUF_INIT(512);

	xt_limit_text(&text, x);
	char *space = strchr(text.data, ' ');
	if (!space)
		return false;
	*space = '\0';
	if (str_eq(x->name, "limit"))
		buf_printf(out, "-m limit --limit %s", space + 1);
	else
		buf_printf(out, "-m %s --%s-%s", text.data, text.data, space + 1);
	return true;
}

static bool mark_text(struct buf *out, const struct xt_extension *x)
{
	struct xt_mark_mtinfo1 m;

	if (x->revision != 1 || !take(x, &m, sizeof(m)))
		return false;
	buf_printf(out, "-m %s %s--mark 0x%x", x->name, m.invert ? "! " : "", m.mark);
	if (m.mask != UINT32_MAX)
		buf_printf(out, "/0x%x", m.mask);
	return true;
}

void xt_match_text(struct buf *out, const struct xt_extension *x, uint8_t family)
{
	static const struct {
		const char *name;
		bool (*write)(struct buf *out, const struct xt_extension *x);
	} matches[] = {
		{"addrtype", addrtype_text},
		{"comment", comment_text},
		{"connlimit", limit_option},
		{"connmark", mark_text},
		{"conntrack", state_text},
		{"hashlimit", limit_option},
		{"limit", limit_option},
		{"mark", mark_text},
		{"multiport", multiport_text},
		{"owner", owner_text},
		{"state", state_text},
		{"tcp", tcp_udp_text},
		{"udp", tcp_udp_text},
	};

	(void)family;
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
		AUTO(buf) struct buf text = BUF_INIT(4096);
		if (str_eq(x->name, matches[i].name) && matches[i].write(&text, x)) {
			buf_str(out, text.data);
			return;
		}
	}
	buf_str(out, "-m ");
	text_escape(out, x->name, strlen(x->name));
	buf_str(out, " ...");
}

static void nat_text(struct buf *out, const struct xt_extension *x, uint8_t family)
{
	struct nf_nat_ipv4_multi_range_compat old;
	struct nf_nat_range r = {0};
	struct address a = {.family = family == NFPROTO_IPV6 ? AF_INET6 : AF_INET};
	uint8_t port[2];

	if (x->revision == 0 && family != NFPROTO_IPV6 && take(x, &old, sizeof(old))) {
		r.flags = old.range[0].flags;
		r.min_addr.ip = old.range[0].min_ip;
		r.min_proto = old.range[0].min;
	} else if (!take(x, &r, sizeof(r))) {
		return;
	}
	memcpy(port, &r.min_proto, 2);
	unsigned number = (unsigned)(port[0] << 8 | port[1]);
	if (str_eq(x->name, "REDIRECT")) {
		if (r.flags & NF_NAT_RANGE_PROTO_SPECIFIED)
			buf_printf(out, " --to-ports %u", number);
		return;
	}
	memcpy(a.bytes, &r.min_addr, 16);
	buf_printf(out, " --to-%s ", str_eq(x->name, "SNAT") ? "source" : "destination");
	if (r.flags & NF_NAT_RANGE_MAP_IPS)
		address_format(out, &a);
	if (r.flags & NF_NAT_RANGE_PROTO_SPECIFIED)
		buf_printf(out, ":%u", number);
}

void xt_target_text(struct buf *out, const struct xt_extension *x, uint8_t family)
{
	buf_str(out, "-j ");
	text_escape(out, x->name, strlen(x->name));
	if (str_eq(x->name, "REJECT"))
		buf_printf(out, " --reject-with %s", xt_reject_name(x, family));
	else if (str_eq(x->name, "DNAT") || str_eq(x->name, "REDIRECT") || str_eq(x->name, "SNAT"))
		nat_text(out, x, family);
}
