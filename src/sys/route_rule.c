/*
 * route_rule - one policy rule: its fields, its text as `ip rule` writes it, and whom it turns away.
 *
 * The order of the words is print_rule()'s in iproute2's iprule.c, so that the text can be searched
 * for in its output. A rule with "not" matches when any of its conditions does not
 * (fib_rule_match() in net/core/fib_rules.c).
 */
#include "sys/route_part.h"

#include "base/str.h"
#include "base/text.h"
#include "sys/netlink.h"
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#define TEXT_MAX  1024
#define NAME_SIZE 16 /* IFNAMSIZ */

/* What only the text needs. */
struct details {
	struct fib_rule_hdr h;
	uint32_t mark, mask;
	bool has_mark, l3mdev, has_target;
	char iif[NAME_SIZE], oif[NAME_SIZE];
	uint8_t ip_proto, protocol;
	struct fib_rule_port_range sport, dport;
	uint32_t target, suppress_prefix, suppress_group;
	bool unread; /* an attribute that is not read here */
};

static void take_name(const struct netlink_attribute *a, char out[NAME_SIZE])
{
	size_t len = strnlen((const char *)a->data, a->len);

	if (len < NAME_SIZE)
		memcpy(out, a->data, len);
}

static void take_address(const struct netlink_attribute *a, uint8_t family, struct address *out)
{
	size_t len = family == AF_INET ? 4 : 16;

	if (a->len != len)
		return;
	*out = (struct address){.family = family};
	memcpy(out->bytes, a->data, len);
}

static void take_ports(const struct netlink_attribute *a, struct fib_rule_port_range *out)
{
	struct reader r = reader_init(a->data, a->len);

	reader_copy(&r, out, sizeof(*out));
}

/* Conditions and effects that the record has no field for. */
static void take_detail(const struct netlink_attribute *a, struct details *d)
{
	switch (a->type) {
	case FRA_FWMARK:
		d->has_mark = netlink_u32(a, &d->mark);
		break;
	case FRA_FWMASK:
		d->has_mark = netlink_u32(a, &d->mask);
		break;
	case FRA_IIFNAME:
		take_name(a, d->iif);
		break;
	case FRA_OIFNAME:
		take_name(a, d->oif);
		break;
	case FRA_L3MDEV:
		d->l3mdev = a->len && a->data[0];
		break;
	case FRA_IP_PROTO:
		d->ip_proto = a->len ? a->data[0] : 0;
		break;
	case FRA_PROTOCOL:
		d->protocol = a->len ? a->data[0] : 0;
		break;
	case FRA_SPORT_RANGE:
		take_ports(a, &d->sport);
		break;
	case FRA_DPORT_RANGE:
		take_ports(a, &d->dport);
		break;
	case FRA_GOTO:
		d->has_target = netlink_u32(a, &d->target);
		break;
	case FRA_SUPPRESS_PREFIXLEN:
		netlink_u32(a, &d->suppress_prefix);
		break;
	case FRA_SUPPRESS_IFGROUP:
		netlink_u32(a, &d->suppress_group);
		break;
	case FRA_UNSPEC:
	case FRA_PAD:
	case FRA_FLOW: /* realms only label a route */
		break;
	default:
		d->unread = true;
		break;
	}
}

static void take(const struct netlink_attribute *a, struct policy_rule *rule, struct details *d)
{
	switch (a->type) {
	case FRA_PRIORITY:
		netlink_u32(a, &rule->priority);
		break;
	case FRA_TABLE:
		netlink_u32(a, &rule->table);
		break;
	case FRA_SRC:
		take_address(a, d->h.family, &rule->from);
		break;
	case FRA_DST:
		take_address(a, d->h.family, &rule->to);
		break;
	case FRA_UID_RANGE: {
		struct reader r = reader_init(a->data, a->len);
		struct fib_rule_uid_range range;
		rule->has_uids = reader_copy(&r, &range, sizeof(range));
		rule->uid_low = range.start;
		rule->uid_high = range.end;
		break;
	}
	default:
		take_detail(a, d);
		break;
	}
}

static const char *action_name(uint8_t action)
{
	static const char *const names[] = {
		[FR_ACT_TO_TBL] = "lookup",
		[FR_ACT_GOTO] = "goto",
		[FR_ACT_NOP] = "nop",
		[FR_ACT_BLACKHOLE] = "blackhole",
		[FR_ACT_UNREACHABLE] = "unreachable",
		[FR_ACT_PROHIBIT] = "prohibit",
	};

	return action < ARRAY_SIZE(names) && names[action] ? names[action] : "?";
}

static const char *table_name(struct arena *arena, uint32_t table)
{
	switch (table) {
	case RT_TABLE_UNSPEC:
		return NULL;
	case RT_TABLE_LOCAL:
		return "local";
	case RT_TABLE_MAIN:
		return "main";
	case RT_TABLE_DEFAULT:
		return "default";
	default:
		return arena_printf(arena, "%u", table);
	}
}

static void add_prefix(struct buf *out, const char *word, const struct address *a, uint8_t bits)
{
	buf_str(out, word);
	if (a->family == AF_UNSPEC) {
		buf_printf(out, " 0/%u", bits);
		return;
	}
	buf_char(out, ' ');
	address_format(out, a);
	if (bits != (a->family == AF_INET ? 32 : 128))
		buf_printf(out, "/%u", bits);
}

static void add_device(struct buf *out, const char *word, const char *name, bool detached)
{
	if (!*name)
		return;
	buf_printf(out, " %s ", word);
	text_escape(out, name, strlen(name));
	if (detached)
		buf_str(out, " [detached]");
}

static void add_ports(struct buf *out, const char *word, const struct fib_rule_port_range *p)
{
	if (p->start && p->start == p->end)
		buf_printf(out, " %s %u", word, p->start);
	else if (p->start)
		buf_printf(out, " %s %u-%u", word, p->start, p->end);
}

static void add_ip_proto(struct buf *out, uint8_t proto)
{
	switch (proto) {
	case 0:
		break;
	case IPPROTO_TCP:
		buf_str(out, " ipproto tcp");
		break;
	case IPPROTO_UDP:
		buf_str(out, " ipproto udp");
		break;
	default:
		buf_printf(out, " ipproto %u", proto);
		break;
	}
}

static void add_conditions(struct buf *out, const struct policy_rule *rule, const struct details *d)
{
	if (rule->inverted)
		buf_str(out, "not ");
	if (rule->from_bits)
		add_prefix(out, "from", &rule->from, rule->from_bits);
	else
		buf_str(out, "from all");
	if (rule->to_bits)
		add_prefix(out, " to", &rule->to, rule->to_bits);
	if (d->h.tos)
		buf_printf(out, " tos 0x%02x", d->h.tos);
	if (d->has_mark && d->mask != UINT32_MAX)
		buf_printf(out, " fwmark 0x%x/0x%x", d->mark, d->mask);
	else if (d->has_mark)
		buf_printf(out, " fwmark 0x%x", d->mark);
	add_device(out, "iif", d->iif, d->h.flags & FIB_RULE_IIF_DETACHED);
	add_device(out, "oif", d->oif, d->h.flags & FIB_RULE_OIF_DETACHED);
	if (d->l3mdev)
		buf_str(out, " lookup [l3mdev-table]");
	if (rule->has_uids)
		buf_printf(out, " uidrange %u-%u", rule->uid_low, rule->uid_high);
	add_ip_proto(out, d->ip_proto);
	add_ports(out, "sport", &d->sport);
	add_ports(out, "dport", &d->dport);
}

static void add_effect(struct buf *out, const struct policy_rule *rule, const struct details *d)
{
	if (rule->table_name) {
		buf_printf(out, " lookup %s", rule->table_name);
		if (d->suppress_prefix != UINT32_MAX)
			buf_printf(out, " suppress_prefixlength %u", d->suppress_prefix);
		if (d->suppress_group != UINT32_MAX)
			buf_printf(out, " suppress_ifgroup %u", d->suppress_group);
	}
	if (d->h.action == FR_ACT_GOTO) {
		buf_str(out, " goto ");
		if (d->has_target)
			buf_printf(out, "%u", d->target);
		else
			buf_str(out, "none");
		if (d->h.flags & FIB_RULE_UNRESOLVED)
			buf_str(out, " [unresolved]");
	} else if (d->h.action != FR_ACT_TO_TBL) {
		buf_printf(out, " %s", rule->action);
	}
	if (d->protocol == RTPROT_BOOT)
		buf_str(out, " proto boot");
	else if (d->protocol == RTPROT_STATIC)
		buf_str(out, " proto static");
	else if (d->protocol && d->protocol != RTPROT_KERNEL)
		buf_printf(out, " proto %u", d->protocol);
}

bool route_parse_rule(struct arena *arena, struct reader payload, struct policy_rule *out)
{
	struct details d = {.mask = UINT32_MAX,
		.suppress_prefix = UINT32_MAX,
		.suppress_group = UINT32_MAX};
	AUTO(buf) struct buf text = BUF_INIT(TEXT_MAX);
	struct policy_rule rule = {0};
	struct netlink_attribute a;

	if (!reader_copy(&payload, &d.h, sizeof(d.h)))
		return false;
	if (d.h.family != AF_INET && d.h.family != AF_INET6)
		return false;
	uint8_t most = d.h.family == AF_INET ? 32 : 128;
	if (d.h.src_len > most || d.h.dst_len > most)
		return false;
	rule.from_bits = d.h.src_len;
	rule.to_bits = d.h.dst_len;
	rule.table = d.h.table;
	rule.inverted = d.h.flags & FIB_RULE_INVERT;
	while (netlink_attribute(&payload, &a))
		take(&a, &rule, &d);
	rule.action = action_name(d.h.action);
	rule.table_name = table_name(arena, rule.table);
	rule.goes_to = d.h.action == FR_ACT_GOTO && d.has_target ? d.target : 0;
	rule.suppresses = d.suppress_prefix != UINT32_MAX || d.suppress_group != UINT32_MAX;
	rule.other = d.h.tos || d.has_mark || *d.iif || *d.oif || d.l3mdev || d.ip_proto ||
		d.sport.start || d.dport.start || d.unread;
	add_conditions(&text, &rule, &d);
	add_effect(&text, &rule, &d);
	rule.text = arena_strdup(arena, text.data);
	*out = rule;
	return true;
}

/* Only what can neither mean anything to a shell nor is ip's remark. */
static bool is_plain(const char *text)
{
	return text[strspn(text,
		       "abcdefghijklmnopqrstuvwxyz"
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ./:_-")] == '\0';
}

void route_name_removal(struct arena *arena, int family, struct policy_rule *rules, size_t count)
{
	const char *ip = family == AF_INET6 ? "ip -6" : "ip";

	for (size_t i = 0; i < count; i++) {
		/* the kernel hands them out sorted */
		bool shared = (i && rules[i - 1].priority == rules[i].priority) ||
			(i + 1 < count && rules[i + 1].priority == rules[i].priority);
		rules[i].remove = shared && is_plain(rules[i].text)
			? arena_printf(arena, "%s rule del pref %u %s", ip, rules[i].priority,
				  rules[i].text)
			: arena_printf(arena, "%s rule del pref %u", ip, rules[i].priority);
	}
}

static bool in_prefix(const struct address *a, const struct address *prefix, uint8_t bits)
{
	size_t whole = bits / 8;

	if (!bits)
		return true;
	if (a->family != prefix->family || memcmp(a->bytes, prefix->bytes, whole) != 0)
		return false;
	unsigned rest = bits % 8;
	return !rest || ((a->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest)) == 0;
}

/* A packet that is about to be sent has no source yet: a rule about one does not match it. */
static bool matches(const struct policy_rule *r, const struct address *to, uint32_t uid)
{
	bool all = r->from_bits == 0 && in_prefix(to, &r->to, r->to_bits) &&
		(!r->has_uids || (uid >= r->uid_low && uid <= r->uid_high));

	return all != r->inverted;
}

static bool refuses(const struct policy_rule *r)
{
	return str_eq(r->action, "prohibit") || str_eq(r->action, "unreachable") ||
		str_eq(r->action, "blackhole");
}

const struct policy_rule *policy_rule_against(const struct policy_rule *rules, size_t count,
	const struct address *to, uint32_t uid)
{
	struct address at = address_unmap(to);
	uint32_t from_priority = 0;

	for (size_t i = 0; i < count; i++) {
		const struct policy_rule *r = &rules[i];
		if (r->priority < from_priority || r->other || !matches(r, &at, uid))
			continue;
		if (refuses(r))
			return r;
		if (r->goes_to > r->priority)
			from_priority = r->goes_to;
		/* loopback is answered by this table: what stands behind is never asked */
		if (r->table == RT_TABLE_LOCAL && !r->suppresses && address_is_loopback(&at))
			return NULL;
	}
	return NULL;
}
