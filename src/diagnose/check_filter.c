/*
 * filter - a rule of the packet filters drops, refuses or limits the connection.
 *
 * The rule is found by judging the rules for this very connection, and proved by its counter that moved,
 * or because the connection fared as the rule says. Without the right to read rules the kernel's own facts
 * are left: a listener that is there and has room, and a SYN that is refused or not answered.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/fence.h"
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

/* How much speaks for a rule. */
enum weight { WEIGHT_NONE, WEIGHT_PERHAPS, WEIGHT_SURE, WEIGHT_MOVED };

static bool is_reset(const struct filter_rule *r)
{
	return r->with && strstr(r->with, "reset");
}

/* Is what was seen what this rule does? */
static bool fits(const struct filter_rule *r, const struct place *p)
{
	const struct talk_job *t = &p->talk;

	switch (r->deed) {
	case FILTER_DROP:
	case FILTER_QUEUE:
		return p->wrong & OBSERVED_UNANSWERED;
	case FILTER_REJECT:
		if (!(p->wrong & (OBSERVED_REFUSED | OBSERVED_UNREACHABLE)))
			return false;
		return !p->talked || !r->with || is_reset(r) == !t->icmp;
	case FILTER_LIMIT:
		return p->wrong & FENCE_BEFORE_SERVER;
	default:
		return false;
	}
}

static enum weight weigh(const struct inquiry *q, const struct place *p,
	const struct filter_rule *r)
{
	if (!fits(r, p))
		return WEIGHT_NONE;
	if (fence_moved(p, r))
		return WEIGHT_MOVED;
	/* a counter that stood still met none of our packets */
	if (p->talked && r->counted && fence_later(p, r))
		return WEIGHT_NONE;
	if (r->sure && r->deed != FILTER_LIMIT)
		return WEIGHT_SURE;
	if (!fence_is_riddle(q, p))
		return WEIGHT_NONE;
	return r->sure ? WEIGHT_SURE : WEIGHT_PERHAPS;
}

static const struct filter_rule *find_rule(const struct inquiry *q, const struct place *p,
	enum weight *out)
{
	const struct filter_rule *best = NULL;

	*out = WEIGHT_NONE;
	for (size_t i = 0; i < p->filter.count; i++) {
		enum weight w = weigh(q, p, &p->filter.rules[i]);
		if (w > *out) {
			best = &p->filter.rules[i];
			*out = w;
		}
	}
	return best;
}

static void say_talk(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct talk_job *t = &p->talk;
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);
	AUTO(buf) struct buf text = BUF_INIT(200);

	if (!p->talked)
		return;
	if (t->icmp) {
		buf_printf(&text, " by an ICMP message, type/code %u/%u", t->icmp_type,
			t->icmp_code);
		if (p->address.family == AF_INET && t->icmp_type == ICMP_DEST_UNREACH &&
			(t->icmp_code == ICMP_PKT_FILTERED || t->icmp_code == ICMP_NET_ANO ||
				t->icmp_code == ICMP_HOST_ANO))
			buf_str(&text, " (administratively prohibited)");
		if (p->address.family == AF_INET6 && t->icmp_type == ICMP6_DST_UNREACH &&
			t->icmp_code == ICMP6_DST_UNREACH_ADMIN)
			buf_str(&text, " (administratively prohibited)");
		claim_evidence(c, "probe", "%s: %s%s", at, strerror(t->error), text.data);
	} else if (p->wrong & OBSERVED_UNANSWERED) {
		claim_evidence(c, "probe", "%s: no answer to the SYN in %u ms", at,
			(unsigned)(t->total_ns / 1000000));
	} else if (t->error) {
		claim_evidence(c, "probe", "%s: %s, by a reset", at, strerror(t->error));
	}
}

/* Who writes such chains: a rule that is deleted by hand comes back when they load theirs again. */
static const char *manager_of(const struct filter_rule *r)
{
	if (str_starts(r->chain, "ufw"))
		return "ufw";
	if (str_eq(r->table, "firewalld"))
		return "firewalld";
	if (str_starts(r->chain, "DOCKER"))
		return "Docker";
	if (str_starts(r->chain, "KUBE-"))
		return "Kubernetes";
	return NULL;
}

static void say_rule(const struct inquiry *q, struct claims *c, const struct place *p,
	const struct filter_rule *r)
{
	const struct filter_rule *later = fence_later(p, r);

	claim_evidence(c, r->system, "%s", fence_rule(q, r));
	if (r->counted && later && p->talked)
		claim_evidence(c, r->system,
			"its counter: %llu packets before the probe, %llu after",
			(unsigned long long)r->packets, (unsigned long long)later->packets);
	else if (r->counted)
		claim_evidence(c, r->system, "its counter: %llu packets",
			(unsigned long long)r->packets);
	if (r->answer)
		claim_evidence(c, r->system, "it meets the server's answer, not the question");
	say_talk(q, c, p);
	claim_evidence(c, "sock_diag", "%s", fence_listener(q, p));
}

/* A chain that drops what it does not know does its work; it only forgot this machine itself. */
static void let_lo_pass(const struct inquiry *q, struct claims *c, const struct filter_rule *r)
{
	AUTO(buf) struct buf text = BUF_INIT(2000);
	bool out = str_eq(r->hook, "output") || str_eq(r->hook, "postrouting") ||
		str_eq(r->hook, "egress");

	if (str_eq(r->system, "nft")) {
		buf_printf(&text, "sudo nft insert rule %s ", r->family);
		str_shell_quote(&text, r->table);
		buf_char(&text, ' ');
		str_shell_quote(&text, r->chain);
		buf_printf(&text, " %s lo accept", out ? "oifname" : "iifname");
	} else if (r->remove) {
		buf_printf(&text, "sudo %.*s -t ", (int)strcspn(r->remove, " "), r->remove);
		str_shell_quote(&text, r->table);
		buf_str(&text, " -I ");
		str_shell_quote(&text, r->chain);
		buf_printf(&text, " -%c lo -j ACCEPT", out ? 'o' : 'i');
	} else {
		return;
	}
	claim_fix(c, arena_strdup(q->arena, text.data),
		"let this machine talk to itself, and keep the rest as it is");
}

static void advise(const struct inquiry *q, struct claims *c, const struct filter_rule *r)
{
	const char *manager = manager_of(r);

	if (r->policy)
		let_lo_pass(q, c, r);
	if (r->remove)
		claim_fix(c, arena_printf(q->arena, "sudo %s", r->remove),
			r->policy ? "let the chain accept what no rule decides"
				  : "delete the rule");
	else
		claim_fix(c, NULL, "delete the rule");
	if (manager)
		claim_fix(c, NULL, "%s wrote it, so change it there too, or it comes back",
			manager);
	else if (r->deed == FILTER_LIMIT)
		claim_fix(c, NULL, "or add a rule before it that accepts all packets on lo");
}

static const char *deed_text(const struct inquiry *q, const struct filter_rule *r)
{
	switch (r->deed) {
	case FILTER_REJECT:
		return "refuses";
	case FILTER_QUEUE:
		return "hands to a program";
	case FILTER_LIMIT:
		return arena_printf(q->arena, "limits (%s)",
			r->with ? inquiry_foreign(q, r->with, 40) : "by number or rate");
	default:
		return "drops";
	}
}

static const char *cause_of(const struct filter_rule *r)
{
	return r->deed == FILTER_LIMIT	   ? "firewall-limit"
		: r->deed == FILTER_REJECT ? "firewall-reject"
					   : "firewall-drop";
}

static uint32_t explained_by(const struct filter_rule *r)
{
	return r->deed == FILTER_REJECT ? OBSERVED_REFUSED | OBSERVED_UNREACHABLE
					: OBSERVED_UNANSWERED | OBSERVED_SLOW |
			(r->deed == FILTER_LIMIT ? OBSERVED_REFUSED | OBSERVED_UNREACHABLE : 0u);
}

static void by_rule(const struct inquiry *q, struct claims *c, const struct place *p,
	const struct filter_rule *r, enum weight weight)
{
	/* a queue that is full looks the same, unless the rule counted our packet */
	bool alone = r->deed == FILTER_REJECT || !fence_queue_full(q, p);
	bool proved = p->talked && (weight == WEIGHT_MOVED || (weight == WEIGHT_SURE && alone));
	/* a reset from nobody and one from a rule are the same: then the rule is a remark */
	bool hides = p->service || !(p->wrong & OBSERVED_REFUSED) || p->talk.icmp || !p->talked;

	claim(c, cause_of(r), proved ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		hides ? explained_by(r) : 0, "A firewall %s of %s %s connections to %s%s.",
		r->policy ? "policy" : "rule", r->system, deed_text(q, r),
		inquiry_endpoint(q, &p->address, q->aim.port),
		p->service ? "" : ", where nothing listens either");
	say_rule(q, c, p, r);
	advise(q, c, r);
}

/* It works for us, but the one who reports it is another user, and a rule is sure about that one. */
static bool for_another_user(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *error = q->symptom.error;

	if (q->observed != OBSERVED_REPORTED || !error || q->uid == q->host->uid)
		return false;
	for (size_t i = 0; i < p->filter.count; i++) {
		const struct filter_rule *r = &p->filter.rules[i];
		bool silent = r->deed == FILTER_DROP && str_eq(error, "ETIMEDOUT");
		bool loud = r->deed == FILTER_REJECT &&
			(str_eq(error, "ECONNREFUSED") || str_eq(error, "EHOSTUNREACH") ||
				str_eq(error, "EACCES") || str_eq(error, "EPERM"));
		if (!r->sure || (!silent && !loud))
			continue;
		claim(c, cause_of(r), CERTAINTY_INFERRED, OBSERVED_REPORTED,
			"A firewall rule of %s %s connections of user %u to %s.", r->system,
			deed_text(q, r), q->uid, inquiry_endpoint(q, &p->address, q->aim.port));
		say_rule(q, c, p, r);
		advise(q, c, r);
		return true;
	}
	return false;
}

/* It works now, and a rule lets only so many through. */
static bool now_and_then(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *error = q->symptom.error;
	bool before = error &&
		(str_eq(error, "ETIMEDOUT") || str_eq(error, "ECONNREFUSED") ||
			str_eq(error, "EHOSTUNREACH"));
	bool late = p->talk.connected && p->talk.connect_ns > 900000000ull;

	if (!late && !(q->observed == OBSERVED_REPORTED && (before || q->symptom.intermittent)))
		return false;
	for (size_t i = 0; i < p->filter.count; i++) {
		const struct filter_rule *r = &p->filter.rules[i];
		if (r->deed != FILTER_LIMIT)
			continue;
		claim(c, "firewall-limit",
			late && fence_moved(p, r) ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
			OBSERVED_REPORTED | OBSERVED_SLOW,
			"A firewall rule of %s lets only some connections to %s through.",
			r->system, inquiry_endpoint(q, &p->address, q->aim.port));
		if (late)
			claim_evidence(c, "probe", "the connection stood only after %u ms",
				(unsigned)(p->talk.connect_ns / 1000000));
		say_rule(q, c, p, r);
		advise(q, c, r);
		return true;
	}
	return false;
}

/* An ICMP message that routing sends too, when a redirect leads to a machine that is not there. */
static bool is_of_routing(const struct place *p)
{
	const struct talk_job *t = &p->talk;

	return p->address.family == AF_INET
		? t->icmp_type == ICMP_DEST_UNREACH && t->icmp_code <= ICMP_HOST_UNREACH
		: t->icmp_type == ICMP6_DST_UNREACH &&
			(t->icmp_code == ICMP6_DST_UNREACH_NOROUTE ||
				t->icmp_code == ICMP6_DST_UNREACH_ADDR);
}

static void look_with_root(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *which = p->address.family == AF_INET ? "iptables" : "ip6tables";

	if (fence_is_hidden(p)) {
		claim_would_prove(c, "root: firewall rules");
		claim_fix(c,
			arena_printf(q->arena, "sudo loopscope diagnose %s",
				inquiry_endpoint(q, &p->address, q->aim.port)),
			"find the rule: only root may read the rules of the firewall");
	} else {
		claim_evidence(c, "nft",
			p->filter.rules_read
				? "no rule of %zu is sure to do it"
				: "there are no rules: it may be a BPF program of XDP or tc",
			p->filter.rules_read);
	}
	claim_fix(c, arena_printf(q->arena, "sudo nft list ruleset; sudo %s -S", which),
		"look through all rules for port %u, and for those without a port", q->aim.port);
}

/* No rule is seen, but the kernel's own facts leave nothing else. */
static void by_elimination(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool hidden = fence_is_hidden(p);
	bool refused = p->wrong & (OBSERVED_REFUSED | OBSERVED_UNREACHABLE);
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);

	if (!fence_is_riddle(q, p) || (!hidden && !p->filter.rules_read && !p->talk.icmp))
		return;
	bool proved = refused && p->talk.icmp && !is_of_routing(p);
	enum certainty certainty = proved ? CERTAINTY_PROVED
		: hidden		  ? CERTAINTY_INFERRED
					  : CERTAINTY_GUESSED;
	if (refused)
		claim(c, "firewall-reject", certainty, OBSERVED_REFUSED | OBSERVED_UNREACHABLE,
			"A firewall refuses connections to %s, although the server listens there.",
			at);
	else
		claim(c, "firewall-drop", certainty, OBSERVED_UNANSWERED | OBSERVED_SLOW,
			"Something drops connections to %s before the server sees them, most likely a "
			"firewall rule.",
			at);
	if (!proved)
		claim_last_resort(c);
	claim_evidence(c, "sock_diag", "%s", fence_listener(q, p));
	say_talk(q, c, p);
	if (p->talk.icmp)
		claim_evidence(c, "probe",
			"a port that nobody serves answers with a reset, never with ICMP");
	else if (refused)
		claim_evidence(c, "probe", "the kernel refuses nobody where a server listens");
	else
		claim_evidence(c, "rtnetlink",
			"lo is up, and the route is fine; a BPF program of the server's cgroup could do it "
			"too");
	look_with_root(q, c, p);
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		enum weight weight;
		if (!p->ours)
			continue;
		if (for_another_user(q, c, p) || now_and_then(q, c, p))
			return;
		if (!(p->wrong & FENCE_BEFORE_SERVER))
			continue;
		const struct filter_rule *r = find_rule(q, p, &weight);
		if (r)
			by_rule(q, c, p, r, weight);
		else
			by_elimination(q, c, p);
		if (r && (p->service || p->wrong & OBSERVED_UNANSWERED))
			return;
	}
}

const struct diagnose_check diagnose_filter = {
	.summary = "whether a firewall rule drops, refuses or limits the connection",
	.causes = "firewall-drop firewall-reject firewall-limit",
	.needs = FACT_SOCKETS | FACT_LOOPBACK | FACT_FILTER | FACT_VITALS | FACT_TALKS | FACT_MORE,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
