/* ruleset - see ruleset.h. */
#include "sys/ruleset.h"

#include "base/str.h"
#include <linux/netfilter.h>

enum { TABLES_MAX = 4096, CHAINS_MAX = 1 << 18, RULES_MAX = 1 << 20 };

const char *hook_name(enum hook hook)
{
	static const char *const names[HOOK_COUNT] = {
		[HOOK_NONE] = "forward",
		[HOOK_OUTPUT] = "output",
		[HOOK_POSTROUTING] = "postrouting",
		[HOOK_EGRESS] = "egress",
		[HOOK_INGRESS] = "ingress",
		[HOOK_PREROUTING] = "prerouting",
		[HOOK_INPUT] = "input",
	};

	return names[hook];
}

const char *family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_NETDEV:
		return "netdev";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_BRIDGE:
		return "bridge";
	default:
		return "unknown";
	}
}

void ruleset_init(struct ruleset *r, struct arena *arena)
{
	*r = (struct ruleset){.arena = arena, .tables = VEC_INIT(TABLES_MAX)};
}

static void table_fini(struct table *t)
{
	VEC_EACH (&t->chains, c)
		vec_fini(&(*c)->rules);
	VEC_EACH (&t->sets, s)
		vec_fini(&(*s)->elements);
	vec_fini(&t->chains);
	vec_fini(&t->sets);
	vec_fini(&t->objects);
}

void ruleset_fini(struct ruleset *r)
{
	VEC_EACH (&r->tables, t)
		table_fini(*t);
	vec_fini(&r->tables);
}

struct table *ruleset_table(struct ruleset *r, enum dialect dialect, uint8_t family,
	const char *name)
{
	VEC_EACH (&r->tables, t)
		if (((*t)->dialect == DIALECT_IPTABLES) == (dialect == DIALECT_IPTABLES) &&
			(*t)->family == family && str_eq((*t)->name, name))
			return *t;
	return NULL;
}

struct chain *table_chain(const struct table *t, const char *name)
{
	VEC_EACH (&t->chains, c)
		if (str_eq((*c)->name, name))
			return *c;
	return NULL;
}

struct set *table_set(const struct table *t, const char *name)
{
	VEC_EACH (&t->sets, s)
		if (str_eq((*s)->name, name))
			return *s;
	return NULL;
}

struct object *table_object(const struct table *t, const char *name, uint32_t type)
{
	VEC_EACH (&t->objects, o)
		if ((*o)->type == type && str_eq((*o)->name, name))
			return *o;
	return NULL;
}

struct chain *table_add_chain(struct ruleset *r, struct table *t, const char *name)
{
	struct chain **slot = vec_push(&t->chains);

	if (!slot)
		return NULL;
	*slot = arena_new_of(r->arena, struct chain);
	(*slot)->name = name;
	(*slot)->rules.max = RULES_MAX;
	return *slot;
}

struct rule *chain_add_rule(struct ruleset *r, struct chain *c)
{
	if (r->rules_read >= RULES_MAX)
		return NULL;
	struct rule *rule = vec_push(&c->rules);
	if (!rule)
		return NULL;
	rule->number = (unsigned)c->rules.count;
	r->rules_read++;
	return rule;
}
