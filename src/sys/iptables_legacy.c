/*
 * iptables_legacy - see iptables_legacy.h.
 *
 * A table is one run of entries (struct ipt_entry, ip6t_entry): first the built-in chains, each ending
 * with its policy at `underflow`, then the user's, each beginning with an ERROR target that holds its
 * name and ending with a RETURN. A jump is the offset of the first entry of the other chain.
 */
#include "sys/iptables_legacy.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "base/text.h"
#include "sys/xtables.h"
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

enum { CHAINS_MAX = 1 << 16, ENTRIES_MAX = 64 << 20 };

/* What both kinds of entries have. */
struct entry {
	const uint8_t *bytes;
	size_t len;
	size_t head; /* sizeof the fixed part; matches follow */
	uint16_t target_offset;
	struct xt_counters counters;
	bool v6;
	struct ipt_entry four;
	struct ip6t_entry six;
};

static bool entry_parse(struct reader *r, bool v6, struct entry *out)
{
	struct reader peek = *r;
	uint16_t next;

	*out = (struct entry){.v6 = v6};
	if (v6) {
		if (!reader_copy(&peek, &out->six, sizeof(out->six)))
			return false;
		out->head = sizeof(out->six);
		out->target_offset = out->six.target_offset;
		out->counters = out->six.counters;
		next = out->six.next_offset;
	} else {
		if (!reader_copy(&peek, &out->four, sizeof(out->four)))
			return false;
		out->head = sizeof(out->four);
		out->target_offset = out->four.target_offset;
		out->counters = out->four.counters;
		next = out->four.next_offset;
	}
	if (next < out->head || out->target_offset < out->head || out->target_offset > next)
		return false;
	out->len = next;
	out->bytes = reader_bytes(r, next);
	return out->bytes != NULL;
}

/* A match or target: its size(2), name(29), revision(1), data. */
static bool extension(struct reader *r, struct arena *arena, struct xt_extension *out)
{
	struct xt_entry_match m;
	struct reader peek = *r;

	if (!reader_copy(&peek, &m, sizeof(m)) || m.u.user.match_size < sizeof(m))
		return false;
	const uint8_t *bytes = reader_bytes(r, m.u.user.match_size);
	if (!bytes)
		return false;
	*out = (struct xt_extension){
		.name = arena_strndup(arena, m.u.user.name,
			strnlen(m.u.user.name, sizeof(m.u.user.name))),
		.revision = m.u.user.revision,
		.data = bytes + sizeof(m),
		.len = m.u.user.match_size - sizeof(m),
	};
	return true;
}

static bool target_of(const struct entry *e, struct arena *arena, struct xt_extension *out)
{
	struct reader r = reader_init(e->bytes + e->target_offset, e->len - e->target_offset);

	return extension(&r, arena, out);
}

static int32_t standard_verdict(const struct xt_extension *x)
{
	struct reader r = reader_init(x->data, x->len);
	int32_t verdict = XT_RETURN;

	reader_copy(&r, &verdict, sizeof(verdict));
	return verdict;
}

static const enum hook hooks[NF_INET_NUMHOOKS] = {
	[NF_INET_PRE_ROUTING] = HOOK_PREROUTING,
	[NF_INET_LOCAL_IN] = HOOK_INPUT,
	[NF_INET_FORWARD] = HOOK_NONE,
	[NF_INET_LOCAL_OUT] = HOOK_OUTPUT,
	[NF_INET_POST_ROUTING] = HOOK_POSTROUTING,
};

static int32_t priority_of(const char *table, unsigned hook)
{
	if (str_eq(table, "raw"))
		return -300;
	if (str_eq(table, "mangle"))
		return -150;
	if (str_eq(table, "security"))
		return 50;
	if (str_eq(table, "nat"))
		return hook == NF_INET_PRE_ROUTING || hook == NF_INET_LOCAL_OUT ? -100 : 100;
	return 0;
}

static struct chain *builtin(struct ruleset *out, struct table *t, unsigned hook)
{
	static const char *const names[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT",
		"POSTROUTING"};
	struct chain *c = table_add_chain(out, t, names[hook]);

	if (!c)
		return NULL;
	c->base = true;
	c->hook = hooks[hook];
	c->priority = priority_of(t->name, hook);
	c->type = str_eq(t->name, "nat") ? CHAIN_NAT : CHAIN_FILTER;
	return c;
}

static void drop_last_rule(struct ruleset *out, struct chain *c)
{
	if (c && !c->base && c->rules.count) {
		c->rules.count--;
		out->rules_read--;
	}
}

static const char *find_comment(struct arena *arena, const struct entry *e)
{
	struct reader r = reader_init(e->bytes + e->head, e->target_offset - e->head);
	struct xt_extension x;

	while (extension(&r, arena, &x))
		if (str_eq(x.name, "comment"))
			return arena_strndup(arena, (const char *)x.data,
				strnlen((const char *)x.data, x.len));
	return NULL;
}

static void add_rule(struct ruleset *out, struct chain *c, const struct entry *e)
{
	struct rule *rule = chain_add_rule(out, c);

	if (!rule)
		return;
	rule->entry = arena_memdup(out->arena, e->bytes, e->len);
	rule->entry_len = e->len;
	rule->counted = true;
	rule->packets = e->counters.pcnt;
	rule->bytes = e->counters.bcnt;
	rule->comment = find_comment(out->arena, e);
}

/* Where the entry at this offset belongs. */
static struct chain *chain_at(struct ruleset *out, struct table *t, const struct ipt_getinfo *info,
	uint32_t offset, struct chain *now)
{
	for (unsigned h = 0; h < NF_INET_NUMHOOKS; h++) {
		if (!(info->valid_hooks >> h & 1) || info->hook_entry[h] != offset)
			continue;
		struct chain *c = builtin(out, t, h);
		if (c)
			c->start = offset;
		return c;
	}
	return now;
}

static bool is_policy(const struct ipt_getinfo *info, uint32_t offset)
{
	for (unsigned h = 0; h < NF_INET_NUMHOOKS; h++)
		if (info->valid_hooks >> h & 1 && info->underflow[h] == offset)
			return true;
	return false;
}

static struct table *add_table(struct ruleset *out, uint8_t family, const struct ipt_getinfo *info)
{
	struct table **slot = vec_push(&out->tables);

	if (!slot)
		return NULL;
	struct table *t = arena_new_of(out->arena, struct table);
	t->dialect = DIALECT_IPTABLES;
	t->family = family;
	t->name = arena_strndup(out->arena, info->name, strnlen(info->name, sizeof(info->name)));
	t->chains.max = CHAINS_MAX;
	*slot = t;
	return t;
}

bool iptables_parse(struct ruleset *out, uint8_t family, struct reader info_bytes,
	struct reader entries)
{
	struct ipt_getinfo info; /* the same for IPv6 */
	const uint8_t *begin = entries.p;
	struct chain *c = NULL;
	struct entry e;

	if (!reader_copy(&info_bytes, &info, sizeof(info)))
		return false;
	struct table *t = add_table(out, family, &info);
	if (!t)
		return false;
	while (entries.left) {
		uint32_t offset = (uint32_t)(entries.p - begin);
		struct xt_extension target;
		if (!entry_parse(&entries, family == NFPROTO_IPV6, &e) ||
			!target_of(&e, out->arena, &target))
			return false;
		c = chain_at(out, t, &info, offset, c);
		if (str_eq(target.name, XT_ERROR_TARGET)) {
			drop_last_rule(out, c);
			c = NULL;
			if (entries.left)
				c = table_add_chain(out, t,
					arena_strndup(out->arena, (const char *)target.data,
						strnlen((const char *)target.data, target.len)));
			if (c)
				c->start = offset + (uint32_t)e.len;
		} else if (c && c->base && is_policy(&info, offset)) {
			c->policy_drop = standard_verdict(&target) == -NF_DROP - 1;
			c->counted = true;
			c->packets = e.counters.pcnt;
			c = NULL;
		} else if (c) {
			add_rule(out, c, &e);
		}
	}
	return true;
}

static int ask(int fd, bool v6, struct ruleset *out, const char *name)
{
	int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct ipt_getinfo info = {0};
	socklen_t len = sizeof(info);

	str_copy(info.name, sizeof(info.name), name);
	if (getsockopt(fd, level, IPT_SO_GET_INFO, &info, &len) < 0)
		return -errno;
	if (info.size > ENTRIES_MAX)
		return -E2BIG;
	/* struct ipt_get_entries: name, size, then the entries at the next multiple of eight */
	size_t head = offsetof(struct ipt_get_entries, entrytable);
	AUTO(free) struct ipt_get_entries *get = must_calloc(1, head + info.size);
	str_copy(get->name, sizeof(get->name), name);
	get->size = info.size;
	len = (socklen_t)(head + info.size);
	if (getsockopt(fd, level, IPT_SO_GET_ENTRIES, get, &len) < 0)
		return -errno; /* -EAGAIN: it changed in between */
	iptables_parse(out, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, reader_init(&info, sizeof(info)),
		reader_init((const uint8_t *)get + head, info.size));
	return 0;
}

static int read_family(const struct host *host, bool v6, struct ruleset *out)
{
	AUTO(buf) struct buf names = BUF_INIT(4096);
	int r = fs_read_at(host->proc,
		v6 ? "thread-self/net/ip6_tables_names" : "thread-self/net/ip_tables_names",
		&names);
	char *save;

	if (r == -ENOENT)
		return 0; /* the module is not there */
	if (r < 0)
		return r;
	AUTO(close) int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	for (char *name = strtok_r(names.data, "\n", &save); name;
		name = strtok_r(NULL, "\n", &save)) {
		r = -EAGAIN;
		for (int i = 0; i < 4 && r == -EAGAIN; i++)
			r = ask(fd, v6, out, name);
		if (r < 0)
			return r;
	}
	return 0;
}

int iptables_read(const struct host *host, struct ruleset *out, struct err *err)
{
	int r = read_family(host, false, out);

	if (r == 0)
		r = read_family(host, true, out);
	if (r < 0)
		return err_set(err, r, "cannot read the tables of iptables-legacy: %m");
	return 0;
}

static bool masked_equal(const void *value, const void *wanted, const void *mask, size_t len)
{
	const uint8_t *v = value, *w = wanted, *m = mask;

	for (size_t i = 0; i < len; i++)
		if ((v[i] ^ w[i]) & m[i])
			return false;
	return true;
}

static enum match on_interface(const struct packet *p, bool there, const char *wanted,
	const unsigned char *mask, bool invert)
{
	char name[IFNAMSIZ] = {0};

	if (!mask[0])
		return MATCH_YES; /* any */
	if (there && !p->device)
		return MATCH_PERHAPS;
	if (there)
		str_copy(name, sizeof(name), p->device);
	return match_of(masked_equal(name, wanted, mask, IFNAMSIZ) != invert);
}

static enum match match_four(const struct ipt_ip *ip, const struct packet *p)
{
	bool yes = masked_equal(p->from.bytes, &ip->src, &ip->smsk, 4) !=
		!!(ip->invflags & IPT_INV_SRCIP);

	yes &= masked_equal(p->to.bytes, &ip->dst, &ip->dmsk, 4) !=
		!!(ip->invflags & IPT_INV_DSTIP);
	if (ip->proto)
		yes &= (ip->proto == p->l4) != !!(ip->invflags & XT_INV_PROTO);
	if (ip->flags & IPT_F_FRAG)
		yes &= ip->invflags & IPT_INV_FRAG; /* a SYN is no fragment */
	enum match in = on_interface(p, p->has_in, ip->iniface, ip->iniface_mask,
		ip->invflags & IPT_INV_VIA_IN);
	enum match out = on_interface(p, p->has_out, ip->outiface, ip->outiface_mask,
		ip->invflags & IPT_INV_VIA_OUT);
	return match_and(match_of(yes), match_and(in, out));
}

static enum match match_six(const struct ip6t_ip6 *ip, const struct packet *p)
{
	bool yes = masked_equal(p->from.bytes, &ip->src, &ip->smsk, 16) !=
		!!(ip->invflags & IP6T_INV_SRCIP);

	yes &= masked_equal(p->to.bytes, &ip->dst, &ip->dmsk, 16) !=
		!!(ip->invflags & IP6T_INV_DSTIP);
	if (ip->flags & IP6T_F_PROTO && ip->proto)
		yes &= (ip->proto == p->l4) != !!(ip->invflags & XT_INV_PROTO);
	enum match in = on_interface(p, p->has_in, ip->iniface, ip->iniface_mask,
		ip->invflags & IP6T_INV_VIA_IN);
	enum match out = on_interface(p, p->has_out, ip->outiface, ip->outiface_mask,
		ip->invflags & IP6T_INV_VIA_OUT);
	return match_and(match_of(yes), match_and(in, out));
}

static const struct chain *chain_from(const struct table *t, int32_t verdict)
{
	VEC_EACH (&t->chains, c)
		if (verdict >= 0 && (*c)->start == (uint32_t)verdict)
			return *c;
	return NULL;
}

static struct deed standard_deed(const struct table *t, const struct entry *e, int32_t verdict)
{
	struct deed d = {.match = MATCH_YES};
	const struct chain *c = chain_from(t, verdict);
	bool go = e->v6 ? e->six.ipv6.flags & IP6T_F_GOTO : e->four.ip.flags & IPT_F_GOTO;

	if (verdict == XT_RETURN)
		d.verdict = VERDICT_RETURN;
	else if (verdict == -NF_ACCEPT - 1)
		d.verdict = VERDICT_ACCEPT;
	else if (verdict == -NF_DROP - 1)
		d.verdict = VERDICT_DROP;
	else if (verdict == -NF_QUEUE - 1)
		d.verdict = VERDICT_QUEUE;
	else if (c)
		d = (struct deed){.verdict = go ? VERDICT_GOTO : VERDICT_JUMP,
			.match = MATCH_YES,
			.chain = c->name};
	return d;
}

void iptables_judge(struct arena *arena, const struct table *t, const struct rule *rule,
	struct packet *p, struct outcome *out)
{
	struct reader whole = reader_init(rule->entry, rule->entry_len);
	struct xt_extension x;
	struct entry e;

	*out = (struct outcome){.match = MATCH_NO};
	if (!entry_parse(&whole, t->family == NFPROTO_IPV6, &e))
		return;
	out->match = e.v6 ? match_six(&e.six.ipv6, p) : match_four(&e.four.ip, p);
	struct reader r = reader_init(e.bytes + e.head, e.target_offset - e.head);
	while (out->match != MATCH_NO && extension(&r, arena, &x))
		out->match = match_and(out->match, xt_match(arena, &x, p, out));
	if (out->match == MATCH_NO || !target_of(&e, arena, &x))
		return;
	if (str_eq(x.name, XT_STANDARD_TARGET))
		outcome_add(out, standard_deed(t, &e, standard_verdict(&x)));
	else
		xt_target(arena, &x, p, out);
	for (size_t i = 0; i < out->deed_count; i++)
		out->deeds[i].match = match_and(out->deeds[i].match, out->match);
}

static void address_option(struct buf *out, const char *option, int family, const void *bytes,
	const void *mask, bool invert)
{
	struct address a = {.family = (uint8_t)family};
	size_t len = family == AF_INET ? 4 : 16, bits = 0;
	const uint8_t *m = mask;

	while (bits < len * 8 && m[bits / 8] >> (7 - bits % 8) & 1)
		bits++;
	if (!bits && !invert)
		return;
	memcpy(a.bytes, bytes, len);
	buf_printf(out, "%s%s%s ", out->len ? " " : "", invert ? "! " : "", option);
	address_format(out, &a);
	buf_printf(out, "/%zu", bits);
}

static void interface_option(struct buf *out, const char *option, const char *name,
	const unsigned char *mask, bool invert)
{
	size_t len = strnlen(name, IFNAMSIZ);

	if (!len)
		return;
	buf_printf(out, "%s%s%s ", out->len ? " " : "", invert ? "! " : "", option);
	text_escape(out, name, len);
	if (len < IFNAMSIZ && !mask[len])
		buf_char(out, '+');
}

static void protocol_option(struct buf *out, unsigned proto, bool invert)
{
	if (!proto)
		return;
	buf_printf(out, "%s%s-p ", out->len ? " " : "", invert ? "! " : "");
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP)
		buf_str(out, proto == IPPROTO_TCP ? "tcp" : "udp");
	else
		buf_printf(out, "%u", proto);
}

static void head_text(struct buf *out, const struct entry *e)
{
	const struct ipt_ip *f = &e->four.ip;
	const struct ip6t_ip6 *s = &e->six.ipv6;

	if (e->v6) {
		address_option(out, "-s", AF_INET6, &s->src, &s->smsk,
			s->invflags & IP6T_INV_SRCIP);
		address_option(out, "-d", AF_INET6, &s->dst, &s->dmsk,
			s->invflags & IP6T_INV_DSTIP);
		interface_option(out, "-i", s->iniface, s->iniface_mask,
			s->invflags & IP6T_INV_VIA_IN);
		interface_option(out, "-o", s->outiface, s->outiface_mask,
			s->invflags & IP6T_INV_VIA_OUT);
		protocol_option(out, s->proto, s->invflags & XT_INV_PROTO);
		return;
	}
	address_option(out, "-s", AF_INET, &f->src, &f->smsk, f->invflags & IPT_INV_SRCIP);
	address_option(out, "-d", AF_INET, &f->dst, &f->dmsk, f->invflags & IPT_INV_DSTIP);
	interface_option(out, "-i", f->iniface, f->iniface_mask, f->invflags & IPT_INV_VIA_IN);
	interface_option(out, "-o", f->outiface, f->outiface_mask, f->invflags & IPT_INV_VIA_OUT);
	protocol_option(out, f->proto, f->invflags & XT_INV_PROTO);
}

static const char *verdict_word(const struct deed *d)
{
	if (d->chain)
		return d->chain;
	switch (d->verdict) {
	case VERDICT_RETURN:
		return "RETURN";
	case VERDICT_ACCEPT:
		return "ACCEPT";
	case VERDICT_DROP:
		return "DROP";
	default:
		return "QUEUE";
	}
}

void iptables_rule_text(struct buf *out, struct arena *arena, const struct table *t,
	const struct rule *rule)
{
	AUTO(buf) struct buf line = BUF_INIT(8192);
	struct reader whole = reader_init(rule->entry, rule->entry_len);
	struct xt_extension x;
	struct entry e;

	if (!entry_parse(&whole, t->family == NFPROTO_IPV6, &e))
		return;
	head_text(&line, &e);
	struct reader r = reader_init(e.bytes + e.head, e.target_offset - e.head);
	while (extension(&r, arena, &x)) {
		buf_str(&line, line.len ? " " : "");
		xt_match_text(&line, &x, t->family);
	}
	if (target_of(&e, arena, &x)) {
		buf_str(&line, line.len ? " " : "");
		if (str_eq(x.name, XT_STANDARD_TARGET)) {
			struct deed d = standard_deed(t, &e, standard_verdict(&x));
			buf_printf(&line, "%s %s", d.verdict == VERDICT_GOTO ? "-g" : "-j",
				verdict_word(&d));
		} else {
			xt_target_text(&line, &x, t->family);
		}
	}
	buf_add(out, line.data, line.len);
}
