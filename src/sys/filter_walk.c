/*
 * filter_walk - see filter_walk.h.
 *
 * Order of a packet over loopback: output, postrouting, egress and ingress of the device, prerouting,
 * input; in each hook by priority. An accept ends a base chain only, a drop ends everything
 * (nf_hook_slow in net/netfilter/core.c). The connection tracking entry travels with the packet, so on
 * its way in it is still a new connection, and since its NAT was decided on the way out, nat chains at
 * prerouting and input do not see it (nf_nat_inet_fn in net/netfilter/nf_nat_core.c).
 *
 * A condition that cannot be judged splits the packet: one copy meets the rule, one passes by. What is
 * carried along is how sure it is that a packet comes here at all. A limit splits it differently: `below`
 * is the connection that stays within all limits, `above` the one that exceeds one; they are walked
 * together, and what only `above` meets is a FILTER_LIMIT.
 */
#include "sys/filter_walk.h"

#include "base/str.h"
#include "sys/iptables_legacy.h"
#include "sys/xtables.h"
#include <linux/netfilter.h>

enum { STEPS_MAX = 2000000, DEPTH_MAX = 64, CONNTRACK_PRIORITY = -200 };

enum { BELOW, ABOVE, CLASSES };

/* How surely a packet of each class is at this place: MATCH_NO = none comes here. */
struct presence {
	enum match at[CLASSES];
	const char *limit; /* what the one above exceeds */
};

/* What came of a chain. */
struct passage {
	struct presence back; /* came back: to the rule after the jump, or to the policy */
	bool left;	      /* some were accepted, or may have been, and do not come back */
};

struct place {
	const struct table *table;
	struct chain *chain;
	enum hook hook;
	unsigned depth;
};

static bool is_there(const struct presence *p)
{
	return p->at[BELOW] != MATCH_NO || p->at[ABOVE] != MATCH_NO;
}

static void note(struct walk *w, const struct place *at, const struct rule *rule,
	enum filter_deed deed, enum match level, const struct deed *d, const char *limit)
{
	/* the answer belongs to a connection that was counted already */
	VEC_EACH (&w->findings, it)
		if (limit && it->deed == FILTER_LIMIT && it->rule == rule && rule)
			return;
	struct walk_finding *f = vec_push(&w->findings);

	if (!f)
		return;
	*f = (struct walk_finding){.table = at->table,
		.chain = at->chain,
		.rule = rule,
		.hook = at->hook,
		.answer = w->packet.answer,
		.sure = level == MATCH_YES,
		.deed = limit ? FILTER_LIMIT : deed,
		.with = limit ? limit
			: d   ? d->with
			      : NULL};
	if (d && deed == FILTER_REDIRECT) {
		if (!address_eq(&d->to, &w->packet.to))
			f->to = d->to;
		f->to_port = d->to_port == w->packet.to_port_low ? 0 : d->to_port;
	}
}

/* One finding for a rule: what everybody meets hides what only those above a limit do. */
static void note_classes(struct walk *w, const struct place *at, const struct rule *rule,
	enum filter_deed deed, const struct presence *p, const struct deed *d)
{
	if (p->at[BELOW] != MATCH_NO)
		note(w, at, rule, deed, p->at[BELOW], d, NULL);
	else if (p->at[ABOVE] != MATCH_NO)
		note(w, at, rule, deed, p->at[ABOVE], d, p->limit);
}

static struct passage walk_chain(struct walk *w, const struct place *at, struct presence in);

static void redirect(struct walk *w, const struct place *at, const struct rule *rule,
	const struct deed *d, const struct presence *p)
{
	note_classes(w, at, rule, FILTER_REDIRECT, p, d);
	/* of two possible ways only the usual one is followed */
	if (p->at[BELOW] == MATCH_YES && (at->hook == HOOK_OUTPUT || w->flow->arrives))
		packet_redirect(&w->packet, &d->to, d->to_port);
}

/* A packet that may meet a rule, and so may pass it too. */
static struct presence lower(struct presence p, enum match m)
{
	for (int i = 0; i < CLASSES; i++)
		p.at[i] = MIN(p.at[i], m);
	return p;
}

static struct presence join(struct presence a, struct presence b)
{
	for (int i = 0; i < CLASSES; i++)
		a.at[i] = MAX(a.at[i], b.at[i]);
	if (!a.limit)
		a.limit = b.limit;
	return a;
}

static const struct presence nobody = {{MATCH_NO, MATCH_NO}, NULL};

/* Those who meet a rule and those who pass it by. */
static void split(const struct outcome *o, struct presence in, struct presence *meet,
	struct presence *pass)
{
	*meet = lower(in, o->match);
	*pass = lower(in, match_not(o->match));
	if (o->match == MATCH_PERHAPS)
		*meet = lower(in, MATCH_PERHAPS);
	if (!o->limit || o->match == MATCH_NO)
		return;
	/* whether one that exceeded an earlier limit exceeds this one too is not known */
	struct presence above = *meet;
	enum match other = MIN(in.at[ABOVE], MATCH_PERHAPS);
	if (o->over) {
		meet->at[BELOW] = MATCH_NO;
		meet->at[ABOVE] = MAX(above.at[BELOW], other);
		*pass = in;
		pass->at[ABOVE] = MAX(other, pass->at[ABOVE] == MATCH_NO ? MATCH_NO : other);
		meet->limit = in.at[ABOVE] && in.limit ? in.limit : o->limit;
	} else {
		meet->at[ABOVE] = other;
		pass->at[ABOVE] = MAX(above.at[BELOW], other);
		pass->limit = in.at[ABOVE] && in.limit ? in.limit : o->limit;
	}
}

/* What a deed does to those who meet it. Returns who is still to go on to the next rule. */
static struct presence do_deed(struct walk *w, const struct place *at, const struct rule *rule,
	const struct deed *d, struct presence p, struct passage *out)
{
	struct place next = *at;

	switch (d->verdict) {
	case VERDICT_NONE:
		return p;
	case VERDICT_ACCEPT:
		out->left = true;
		return nobody;
	case VERDICT_DROP:
		note_classes(w, at, rule, FILTER_DROP, &p, d);
		return nobody;
	case VERDICT_REJECT:
		note_classes(w, at, rule, FILTER_REJECT, &p, d);
		return nobody;
	case VERDICT_QUEUE:
		note_classes(w, at, rule, FILTER_QUEUE, &p, d);
		out->left = true;
		return nobody;
	case VERDICT_REDIRECT:
		redirect(w, at, rule, d, &p);
		out->left = true;
		return nobody;
	case VERDICT_RETURN:
		out->back = join(out->back, p);
		return nobody;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		break;
	}
	next.chain = d->chain ? table_chain(at->table, d->chain) : NULL;
	next.depth++;
	if (!next.chain || next.chain->walked || next.depth > DEPTH_MAX)
		return p;
	struct passage inner = walk_chain(w, &next, p);
	out->left |= inner.left;
	if (d->verdict == VERDICT_JUMP)
		return inner.back;
	out->back = join(out->back, inner.back);
	return nobody;
}

/* All came back, whichever way they took: then they are here as surely as before. */
static struct presence restore(struct presence now, struct presence before, bool left)
{
	for (int i = 0; i < CLASSES && !left; i++)
		if (now.at[i] != MATCH_NO)
			now.at[i] = MAX(now.at[i], before.at[i]);
	return now;
}

static struct presence walk_rule(struct walk *w, const struct place *at, const struct rule *rule,
	struct presence in, struct passage *out)
{
	struct outcome o;
	struct presence meet, pass;
	struct passage here = {0};

	if (at->table->dialect == DIALECT_IPTABLES)
		iptables_judge(w->arena, at->table, rule, &w->packet, &o);
	else
		nft_judge(w->arena, at->table, rule, &w->packet, &o);
	if (o.match == MATCH_NO || !o.deed_count)
		return in;
	split(&o, in, &meet, &pass);
	struct presence on = pass;
	for (size_t i = 0; i < o.deed_count; i++)
		on = join(on,
			do_deed(w, at, rule, &o.deeds[i], lower(meet, o.deeds[i].match), &here));
	out->left |= here.left;
	bool went_back = is_there(&here.back);
	out->back = join(out->back, here.back);
	return restore(on, in, here.left || went_back);
}

static struct passage walk_chain(struct walk *w, const struct place *at, struct presence in)
{
	struct passage out = {0};
	struct presence now = in;

	at->chain->walked = true;
	VEC_EACH (&at->chain->rules, rule) {
		if (!is_there(&now) || w->steps++ > STEPS_MAX)
			break;
		now = walk_rule(w, at, rule, now, &out);
	}
	at->chain->walked = false;
	out.back = restore(join(now, out.back), in, out.left);
	return out;
}

/* False when nothing is left of the packet afterwards, for sure. */
static struct presence walk_base(struct walk *w, const struct place *at, struct presence in)
{
	size_t before = w->findings.count;
	struct passage p = walk_chain(w, at, in);

	if (at->chain->policy_drop && is_there(&p.back))
		note_classes(w, at, NULL, FILTER_DROP, &p.back, NULL);
	for (size_t i = before; i < w->findings.count; i++) {
		const struct walk_finding *f = &w->findings.items[i];
		if (f->sure && (f->deed == FILTER_DROP || f->deed == FILTER_REJECT))
			return nobody;
	}
	return in;
}

static bool on_device(const struct chain *c, const struct packet *p)
{
	if (!c->device_count || !p->device)
		return !c->device_count;
	for (size_t i = 0; i < c->device_count; i++)
		if (str_eq(c->devices[i], p->device))
			return true;
	return false;
}

static bool hears(const struct walk *w, const struct table *t, const struct chain *c,
	enum hook hook)
{
	const struct packet *p = &w->packet;

	if (t->dormant || !c->base || c->hook != hook || !on_device(c, p))
		return false;
	if (t->family == NFPROTO_IPV4 && p->family != AF_INET)
		return false;
	if (t->family == NFPROTO_IPV6 && p->family != AF_INET6)
		return false;
	if (c->type != CHAIN_NAT)
		return true;
	if (w->flow->arrives)
		return hook == HOOK_PREROUTING || hook == HOOK_INPUT;
	return !p->answer && (hook == HOOK_OUTPUT || hook == HOOK_POSTROUTING);
}

typedef VEC(struct place) places;

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->chain->priority > y->chain->priority) -
		(x->chain->priority < y->chain->priority);
}

static void chains_of_hook(const struct walk *w, enum hook hook, places *out)
{
	VEC_EACH (&w->rules->tables, t)
		VEC_EACH (&(*t)->chains, c) {
			struct place *p = hears(w, *t, *c, hook) ? vec_push(out) : NULL;
			if (p)
				*p = (struct place){.table = *t, .chain = *c, .hook = hook};
		}
	vec_sort(out, compare_places);
}

static struct presence walk_hook(struct walk *w, enum hook hook, struct presence in)
{
	places all = {.max = 4096};

	packet_enter(&w->packet, w->flow, hook);
	chains_of_hook(w, hook, &all);
	VEC_EACH (&all, at) {
		if (!is_there(&in))
			break;
		w->packet.tracked = !w->packet.untracked && !w->packet.half_seen &&
			(hook != HOOK_OUTPUT || at->chain->priority > CONNTRACK_PRIORITY);
		in = walk_base(w, at, in);
	}
	vec_fini(&all);
	return in;
}

/* One packet from where it is sent to where it arrives. */
static struct presence walk_packet(struct walk *w, struct presence in)
{
	int first = w->flow->arrives ? HOOK_INGRESS : HOOK_OUTPUT;

	for (int hook = first; hook <= HOOK_INPUT && is_there(&in); hook++) {
		in = walk_hook(w, (enum hook)hook, in);
		if (hook == HOOK_POSTROUTING && !w->packet.device)
			return nobody; /* it leaves this machine */
	}
	return in;
}

void walk_run(struct walk *w)
{
	struct presence in = {{MATCH_YES, MATCH_NO}, NULL};

	in = walk_packet(w, in);
	if (!is_there(&in) || w->flow->arrives)
		return;
	packet_turn(&w->packet, w->flow);
	walk_packet(w, in);
}
