/* nft_rules - see nft_rules.h. */
#include "sys/nft_rules.h"

#include "base/must.h"
#include "base/str.h"
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

enum {
	CHAINS_MAX = 1 << 18,
	SETS_MAX = 1 << 16,
	ELEMENTS_MAX = 1 << 20,
	EXPRS_MAX = 256,
	COMMENT_TYPE = 0, /* NFTNL_UDATA_RULE_COMMENT: libnftnl's, not the kernel's */
};

struct nft_attributes nft_attributes(const void *data, size_t len)
{
	struct reader r = reader_init(data, len);
	struct nft_attributes out = {0};
	struct netlink_attribute a;

	while (netlink_attribute(&r, &a))
		if (a.type < NFT_ATTRIBUTES)
			out.a[a.type] = a;
	return out;
}

uint32_t nft_u32(const struct netlink_attribute *a)
{
	struct reader r = reader_init(a->data, a->data ? a->len : 0);

	return reader_be32(&r);
}

uint64_t nft_u64(const struct netlink_attribute *a)
{
	struct reader r = reader_init(a->data, a->data ? a->len : 0);
	uint64_t high = reader_be32(&r);

	return high << 32 | reader_be32(&r);
}

bool nft_str_eq(const struct netlink_attribute *a, const char *s)
{
	size_t len = a->data ? strnlen((const char *)a->data, a->len) : 0;

	return len == strlen(s) && memcmp(a->data ? a->data : (const uint8_t *)"", s, len) == 0;
}

const char *nft_str(struct arena *arena, const struct netlink_attribute *a)
{
	if (!a->data)
		return "";
	return arena_strndup(arena, (const char *)a->data, strnlen((const char *)a->data, a->len));
}

bool nft_expr_parse(struct arena *arena, const struct netlink_attribute *a, struct nft_expr *out)
{
	struct nft_attributes n = nft_nest(a);
	const struct netlink_attribute *data = &n.a[NFTA_EXPR_DATA];

	if (!n.a[NFTA_EXPR_NAME].data)
		return false;
	out->name = nft_str(arena, &n.a[NFTA_EXPR_NAME]);
	out->len = data->data ? data->len : 0;
	out->data = arena_memdup(arena, data->data ? data->data : (const uint8_t *)"", out->len);
	return true;
}

struct nft_data nft_data_parse(struct arena *arena, const struct netlink_attribute *a)
{
	struct nft_attributes n = nft_nest(a);
	struct nft_data out = {.value = n.a[NFTA_DATA_VALUE].data,
		.len = n.a[NFTA_DATA_VALUE].data ? n.a[NFTA_DATA_VALUE].len : 0};

	if (n.a[NFTA_DATA_VERDICT].data) {
		struct nft_attributes v = nft_nest(&n.a[NFTA_DATA_VERDICT]);
		out.has_verdict = true;
		out.verdict = (int32_t)nft_u32(&v.a[NFTA_VERDICT_CODE]);
		out.chain = v.a[NFTA_VERDICT_CHAIN].data ? nft_str(arena, &v.a[NFTA_VERDICT_CHAIN])
							 : NULL;
	}
	return out;
}

static bool parse_table(struct ruleset *out, uint8_t family, struct reader r)
{
	struct nft_attributes n = nft_attributes(r.p, r.left);
	struct table **slot = n.a[NFTA_TABLE_NAME].data ? vec_push(&out->tables) : NULL;

	if (!slot)
		return false;
	struct table *t = arena_new_of(out->arena, struct table);
	t->family = family;
	t->name = nft_str(out->arena, &n.a[NFTA_TABLE_NAME]);
	t->dormant = nft_u32(&n.a[NFTA_TABLE_FLAGS]) & NFT_TABLE_F_DORMANT;
	t->chains.max = CHAINS_MAX;
	t->sets.max = t->objects.max = SETS_MAX;
	*slot = t;
	return true;
}

static struct table *find_table(struct ruleset *r, uint8_t family,
	const struct netlink_attribute *name)
{
	VEC_EACH (&r->tables, t)
		if ((*t)->family == family && (*t)->dialect != DIALECT_IPTABLES &&
			nft_str_eq(name, (*t)->name))
			return *t;
	return NULL;
}

static enum hook hook_of(uint8_t family, uint32_t number)
{
	static const enum hook inet[] = {
		[NF_INET_PRE_ROUTING] = HOOK_PREROUTING,
		[NF_INET_LOCAL_IN] = HOOK_INPUT,
		[NF_INET_FORWARD] = HOOK_NONE,
		[NF_INET_LOCAL_OUT] = HOOK_OUTPUT,
		[NF_INET_POST_ROUTING] = HOOK_POSTROUTING,
		[NF_INET_INGRESS] = HOOK_INGRESS,
	};

	if (family == NFPROTO_NETDEV)
		return number == NF_NETDEV_INGRESS   ? HOOK_INGRESS
			: number == NF_NETDEV_EGRESS ? HOOK_EGRESS
						     : HOOK_NONE;
	if (family != NFPROTO_INET && family != NFPROTO_IPV4 && family != NFPROTO_IPV6)
		return HOOK_NONE;
	return number < ARRAY_SIZE(inet) ? inet[number] : HOOK_NONE;
}

static void parse_hook(struct ruleset *out, uint8_t family, const struct netlink_attribute *nest,
	struct chain *c)
{
	struct nft_attributes n = nft_nest(nest);
	struct netlink_attribute a;

	c->base = true;
	c->hook = hook_of(family, nft_u32(&n.a[NFTA_HOOK_HOOKNUM]));
	c->priority = (int32_t)nft_u32(&n.a[NFTA_HOOK_PRIORITY]);
	if (n.a[NFTA_HOOK_DEV].data)
		c->devices[c->device_count++] = nft_str(out->arena, &n.a[NFTA_HOOK_DEV]);
	struct reader devices = reader_init(n.a[NFTA_HOOK_DEVS].data,
		n.a[NFTA_HOOK_DEVS].data ? n.a[NFTA_HOOK_DEVS].len : 0);
	while (c->device_count < ARRAY_SIZE(c->devices) && netlink_attribute(&devices, &a))
		if (a.type == NFTA_DEVICE_NAME)
			c->devices[c->device_count++] = nft_str(out->arena, &a);
}

static bool parse_chain(struct ruleset *out, uint8_t family, struct reader r)
{
	struct nft_attributes n = nft_attributes(r.p, r.left);
	struct table *t = find_table(out, family, &n.a[NFTA_CHAIN_TABLE]);
	struct chain *c = t && n.a[NFTA_CHAIN_NAME].data
		? table_add_chain(out, t, nft_str(out->arena, &n.a[NFTA_CHAIN_NAME]))
		: NULL;

	if (!c)
		return false;
	if (n.a[NFTA_CHAIN_HOOK].data)
		parse_hook(out, family, &n.a[NFTA_CHAIN_HOOK], c);
	c->policy_drop = n.a[NFTA_CHAIN_POLICY].data && nft_u32(&n.a[NFTA_CHAIN_POLICY]) == NF_DROP;
	if (nft_str_eq(&n.a[NFTA_CHAIN_TYPE], "nat"))
		c->type = CHAIN_NAT;
	else if (nft_str_eq(&n.a[NFTA_CHAIN_TYPE], "route"))
		c->type = CHAIN_ROUTE;
	if (n.a[NFTA_CHAIN_COUNTERS].data) {
		struct nft_attributes counters = nft_nest(&n.a[NFTA_CHAIN_COUNTERS]);
		c->counted = true;
		c->packets = nft_u64(&counters.a[NFTA_COUNTER_PACKETS]);
	}
	return true;
}

/* libnftnl's TLVs: type(1) length(1) bytes. */
static const char *parse_comment(struct arena *arena, const struct netlink_attribute *a)
{
	struct reader r = reader_init(a->data, a->data ? a->len : 0);

	while (reader_ok(&r) && r.left >= 2) {
		uint8_t type = reader_u8(&r), len = reader_u8(&r);
		const uint8_t *bytes = reader_bytes(&r, len);
		if (bytes && type == COMMENT_TYPE)
			return arena_strndup(arena, (const char *)bytes,
				strnlen((const char *)bytes, len));
	}
	return NULL;
}

static void parse_exprs(struct ruleset *out, const struct netlink_attribute *nest,
	struct rule *rule)
{
	struct reader count = reader_init(nest->data, nest->data ? nest->len : 0), r = count;
	struct netlink_attribute a;
	size_t n = 0;

	while (n < EXPRS_MAX && netlink_attribute(&count, &a))
		n++;
	rule->exprs = arena_array(out->arena, struct nft_expr, n ? n : 1);
	while (rule->expr_count < n && netlink_attribute(&r, &a))
		if (a.type == NFTA_LIST_ELEM &&
			nft_expr_parse(out->arena, &a, &rule->exprs[rule->expr_count]))
			rule->expr_count++;
}

static void find_counter(struct rule *rule)
{
	for (size_t i = 0; i < rule->expr_count; i++) {
		if (!str_eq(rule->exprs[i].name, "counter"))
			continue;
		struct nft_attributes n = nft_attributes(rule->exprs[i].data, rule->exprs[i].len);
		rule->counted = true;
		rule->packets = nft_u64(&n.a[NFTA_COUNTER_PACKETS]);
		rule->bytes = nft_u64(&n.a[NFTA_COUNTER_BYTES]);
	}
}

/* iptables-nft keeps its comment in a match. */
static const char *match_comment(struct arena *arena, const struct rule *rule)
{
	for (size_t i = 0; i < rule->expr_count; i++) {
		if (!str_eq(rule->exprs[i].name, "match"))
			continue;
		struct nft_attributes n = nft_attributes(rule->exprs[i].data, rule->exprs[i].len);
		if (nft_str_eq(&n.a[NFTA_MATCH_NAME], "comment"))
			return nft_str(arena, &n.a[NFTA_MATCH_INFO]);
	}
	return NULL;
}

static bool parse_rule(struct ruleset *out, uint8_t family, struct reader r)
{
	struct nft_attributes n = nft_attributes(r.p, r.left);
	struct table *t = find_table(out, family, &n.a[NFTA_RULE_TABLE]);
	struct chain *c = NULL;

	if (!t)
		return false;
	/* rules come chain by chain, in order: the last one is nearly always it */
	if (out->last_chain && nft_str_eq(&n.a[NFTA_RULE_CHAIN], out->last_chain->name) &&
		out->last_table == t)
		c = out->last_chain;
	VEC_EACH (&t->chains, it)
		if (!c && nft_str_eq(&n.a[NFTA_RULE_CHAIN], (*it)->name))
			c = *it;
	struct rule *rule = c ? chain_add_rule(out, c) : NULL;
	if (!rule)
		return false;
	out->last_chain = c;
	out->last_table = t;
	rule->handle = nft_u64(&n.a[NFTA_RULE_HANDLE]);
	rule->comment = parse_comment(out->arena, &n.a[NFTA_RULE_USERDATA]);
	parse_exprs(out, &n.a[NFTA_RULE_EXPRESSIONS], rule);
	find_counter(rule);
	if (!rule->comment)
		rule->comment = match_comment(out->arena, rule);
	return true;
}

static void parse_fields(const struct netlink_attribute *desc, struct set *s)
{
	struct nft_attributes n = nft_nest(desc);
	const struct netlink_attribute *concat = &n.a[NFTA_SET_DESC_CONCAT];
	struct reader r = reader_init(concat->data, concat->data ? concat->len : 0);
	struct netlink_attribute a;

	while (s->field_count < SET_FIELDS_MAX && netlink_attribute(&r, &a)) {
		struct nft_attributes field = nft_nest(&a);
		uint32_t len = nft_u32(&field.a[NFTA_SET_FIELD_LEN]);
		if (len > 0 && len <= NFT_DATA_VALUE_MAXLEN)
			s->field_len[s->field_count++] = (uint8_t)len;
	}
}

static bool parse_set(struct ruleset *out, uint8_t family, struct reader r)
{
	struct nft_attributes n = nft_attributes(r.p, r.left);
	struct table *t = find_table(out, family, &n.a[NFTA_SET_TABLE]);
	struct set **slot = t && n.a[NFTA_SET_NAME].data ? vec_push(&t->sets) : NULL;

	if (!slot)
		return false;
	struct set *s = arena_new_of(out->arena, struct set);
	s->name = nft_str(out->arena, &n.a[NFTA_SET_NAME]);
	s->flags = nft_u32(&n.a[NFTA_SET_FLAGS]);
	s->key_type = nft_u32(&n.a[NFTA_SET_KEY_TYPE]);
	s->key_len = nft_u32(&n.a[NFTA_SET_KEY_LEN]);
	s->data_type = nft_u32(&n.a[NFTA_SET_DATA_TYPE]);
	s->elements.max = ELEMENTS_MAX;
	parse_fields(&n.a[NFTA_SET_DESC], s);
	*slot = s;
	return true;
}

static void copy_data(struct ruleset *out, const struct nft_data *d, const uint8_t **bytes,
	uint16_t *len)
{
	if (!d->value || d->len > NFT_DATA_VALUE_MAXLEN)
		return;
	*bytes = arena_memdup(out->arena, d->value, d->len);
	*len = (uint16_t)d->len;
}

static void parse_element(struct ruleset *out, const struct netlink_attribute *nest,
	struct set_element *e)
{
	struct nft_attributes n = nft_nest(nest);
	struct nft_data key = nft_data_parse(out->arena, &n.a[NFTA_SET_ELEM_KEY]);
	struct nft_data end = nft_data_parse(out->arena, &n.a[NFTA_SET_ELEM_KEY_END]);
	struct nft_data data = nft_data_parse(out->arena, &n.a[NFTA_SET_ELEM_DATA]);
	uint32_t flags = nft_u32(&n.a[NFTA_SET_ELEM_FLAGS]);

	copy_data(out, &key, &e->key, &e->key_len);
	copy_data(out, &end, &e->key_end, &e->key_end_len);
	copy_data(out, &data, &e->data, &e->data_len);
	e->interval_end = flags & NFT_SET_ELEM_INTERVAL_END;
	e->catchall = flags & NFT_SET_ELEM_CATCHALL;
	e->has_verdict = data.has_verdict;
	e->verdict = data.verdict;
	e->chain = data.chain;
}

static bool parse_elements(struct ruleset *out, uint8_t family, struct reader r)
{
	struct nft_attributes n = nft_attributes(r.p, r.left);
	struct table *t = find_table(out, family, &n.a[NFTA_SET_ELEM_LIST_TABLE]);
	const struct netlink_attribute *list = &n.a[NFTA_SET_ELEM_LIST_ELEMENTS];
	struct reader elements = reader_init(list->data, list->data ? list->len : 0);
	struct netlink_attribute a;
	struct set *s = NULL;

	if (t)
		VEC_EACH (&t->sets, it)
			if (!s && nft_str_eq(&n.a[NFTA_SET_ELEM_LIST_SET], (*it)->name))
				s = *it;
	if (!s)
		return false;
	while (netlink_attribute(&elements, &a)) {
		struct set_element *e = vec_push(&s->elements);
		if (!e) {
			s->cut = true;
			return false;
		}
		parse_element(out, &a, e);
	}
	return true;
}

static bool parse_object(struct ruleset *out, uint8_t family, struct reader r)
{
	static const char *const names[] = {
		[NFT_OBJECT_COUNTER] = "counter",
		[NFT_OBJECT_QUOTA] = "quota",
		[NFT_OBJECT_LIMIT] = "limit",
		[NFT_OBJECT_CONNLIMIT] = "connlimit",
	};
	struct nft_attributes n = nft_attributes(r.p, r.left);
	struct table *t = find_table(out, family, &n.a[NFTA_OBJ_TABLE]);
	const struct netlink_attribute *data = &n.a[NFTA_OBJ_DATA];
	struct object **slot = t && n.a[NFTA_OBJ_NAME].data ? vec_push(&t->objects) : NULL;

	if (!slot)
		return false;
	struct object *o = arena_new_of(out->arena, struct object);
	o->name = nft_str(out->arena, &n.a[NFTA_OBJ_NAME]);
	o->type = nft_u32(&n.a[NFTA_OBJ_TYPE]);
	o->expr.name = o->type < ARRAY_SIZE(names) && names[o->type] ? names[o->type] : "object";
	o->expr.len = data->data ? data->len : 0;
	o->expr.data = arena_memdup(out->arena, data->data ? data->data : (const uint8_t *)"",
		o->expr.len);
	*slot = o;
	return true;
}

bool nft_parse_message(struct ruleset *out, uint16_t type, struct reader payload)
{
	struct nfgenmsg g;

	if (type >> 8 != NFNL_SUBSYS_NFTABLES || !reader_copy(&payload, &g, sizeof(g)))
		return false;
	switch (type & 0xff) {
	case NFT_MSG_NEWTABLE:
		return parse_table(out, g.nfgen_family, payload);
	case NFT_MSG_NEWCHAIN:
		return parse_chain(out, g.nfgen_family, payload);
	case NFT_MSG_NEWRULE:
		return parse_rule(out, g.nfgen_family, payload);
	case NFT_MSG_NEWSET:
		return parse_set(out, g.nfgen_family, payload);
	case NFT_MSG_NEWSETELEM:
		return parse_elements(out, g.nfgen_family, payload);
	case NFT_MSG_NEWOBJ:
		return parse_object(out, g.nfgen_family, payload);
	default:
		return false;
	}
}

static int compare_elements(const void *a, const void *b)
{
	const struct set_element *x = a, *y = b;
	size_t len = MIN(x->key_len, y->key_len);
	int c = len ? memcmp(x->key, y->key, len) : 0;

	if (c)
		return c;
	/* where one interval ends and the next begins, the end comes first */
	return (int)y->interval_end - (int)x->interval_end;
}

/*
 * iptables-nft keeps its rules in tables of these names, with chains in capitals: the ones that
 * `iptables` shows and changes.
 */
static bool is_iptables(const struct table *t)
{
	static const char *const names[] = {"filter", "nat", "mangle", "raw", "security"};
	static const char *const chains[] = {"INPUT", "OUTPUT", "FORWARD", "PREROUTING",
		"POSTROUTING"};
	bool known = false;

	if (t->family != NFPROTO_IPV4 && t->family != NFPROTO_IPV6)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		known |= str_eq(t->name, names[i]);
	for (size_t i = 0; known && i < ARRAY_SIZE(chains); i++) {
		const struct chain *c = table_chain(t, chains[i]);
		if (c && c->base)
			return true;
	}
	return false;
}

void nft_rules_finish(struct ruleset *out)
{
	VEC_EACH (&out->tables, t) {
		if ((*t)->dialect == DIALECT_IPTABLES)
			continue;
		(*t)->dialect = is_iptables(*t) ? DIALECT_IPTABLES_NFT : DIALECT_NFT;
		VEC_EACH (&(*t)->sets, s)
			if ((*s)->flags & NFT_SET_INTERVAL)
				vec_sort(&(*s)->elements, compare_elements);
	}
}

static int on_message(void *ctx, uint16_t type, struct reader payload)
{
	nft_parse_message(ctx, type, payload);
	return 0;
}

/* An interrupted dump starts over, and so must everything that refers to it: the caller retries. */
static void restart(void *ctx)
{
	((struct ruleset *)ctx)->torn = true;
}

static int dump(int fd, uint8_t message, struct ruleset *out)
{
	struct nfgenmsg g = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};

	return netlink_dump(fd, NFNL_SUBSYS_NFTABLES << 8 | message, &g, sizeof(g), on_message,
		restart, out);
}

static void put_string(struct buf *b, uint16_t type, const char *s)
{
	struct nlattr h = {.nla_len = (uint16_t)(sizeof(h) + strlen(s) + 1), .nla_type = type};

	buf_add(b, &h, sizeof(h));
	buf_add(b, s, strlen(s) + 1);
	buf_pad(b, '\0', (size_t)(-(strlen(s) + 1) & 3));
}

static int dump_elements(int fd, const struct table *t, const struct set *s, struct ruleset *out)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);
	struct nfgenmsg g = {.nfgen_family = t->family, .version = NFNETLINK_V0};

	buf_add(&b, &g, sizeof(g));
	put_string(&b, NFTA_SET_ELEM_LIST_TABLE, t->name);
	put_string(&b, NFTA_SET_ELEM_LIST_SET, s->name);
	return netlink_dump(fd, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, b.data, b.len,
		on_message, restart, out);
}

static int read_all(int fd, struct ruleset *out)
{
	static const uint8_t messages[] = {NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETSET,
		NFT_MSG_GETOBJ, NFT_MSG_GETRULE};

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		int r = dump(fd, messages[i], out);
		if (r < 0)
			return r;
	}
	VEC_EACH (&out->tables, t)
		VEC_EACH (&(*t)->sets, s) {
			int r = dump_elements(fd, *t, *s, out);
			if (r < 0 && r != -ENOENT)
				return r;
		}
	return 0;
}

int nft_rules_read(struct ruleset *out, struct err *err)
{
	AUTO(close) int fd = netlink_open(NETLINK_NETFILTER, err);
	int r = -EAGAIN;

	if (fd < 0)
		return fd == -EPROTONOSUPPORT ? 0 : fd;
	for (int i = 0; i < 4 && r == -EAGAIN; i++) {
		struct arena *arena = out->arena;
		ruleset_fini(out);
		ruleset_init(out, arena);
		r = read_all(fd, out);
		if (r == 0 && out->torn)
			r = -EAGAIN;
	}
	if (r < 0)
		return err_set(err, r, "cannot read the nftables rules: %m");
	nft_rules_finish(out);
	return 0;
}
