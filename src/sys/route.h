/*
 * route - interfaces, routes and policy rules, as any user may read them by rtnetlink(7).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/address.h"

struct link_facts {
	bool there, up; /* up: IFF_UP */
	uint32_t index, mtu;
	const char *name;
	const char *qdisc; /* the root discipline: "noqueue", "netem", "tbf"; NULL = not known */
	const char *
		qdisc_text; /* its settings in words where we can read them: "delay 100 ms, loss 10 %" */
};

/* The interface of the calling thread's namespace; there == false is no error. */
int link_read(struct arena *arena, const char *name, struct link_facts *out, struct err *err);

/*
 * What the kernel would do with a packet to `to` sent by `uid` (RTM_GETROUTE). An interface that is
 * down does not show here: the route to 127.0.0.1 outlives `ip link set lo down`.
 */
struct route_answer {
	int error; /* 0, or the errno that connect(2) would give: EACCES, ENETUNREACH, EINVAL ... */
	const char *type; /* "local", "unicast", "prohibit", "blackhole" ...; NULL = not known */
	uint32_t table;
	const char *device; /* NULL = none */
	struct address from;
};

int route_find(struct arena *arena, const struct address *to, uint32_t uid,
	struct route_answer *out, struct err *err);

/* One row of `ip rule`. */
struct policy_rule {
	uint32_t priority;
	struct address from, to; /* unspec = any */
	uint8_t from_bits, to_bits;
	uint32_t table;
	const char *table_name;	    /* "local", "main", "51820" */
	const char *action;	    /* "lookup", "prohibit", "blackhole", "unreachable" ... */
	uint32_t uid_low, uid_high; /* valid when has_uids */
	bool has_uids;
	bool inverted;	  /* "not" */
	uint32_t goes_to; /* of "goto": the priority it goes on at; 0 = no such rule */
	bool suppresses;  /* a route that the table has may be ignored (suppress_prefixlength) */
	bool other;	  /* has conditions that are not read here (marks, interfaces, ports ...) */
	const char *text; /* as `ip rule` shows it, without "N:" */
	const char *remove; /* "ip rule del pref 50", "ip -6 rule del ..." */
};

/* In the order the kernel asks them; family AF_INET or AF_INET6. */
int policy_rules(struct arena *arena, int family, struct policy_rule **out, size_t *out_count,
	struct err *err);

/*
 * The first rule that turns packets to `to` away (prohibit, unreachable, blackhole), or NULL. Rules
 * about a source or with `other` conditions are passed over. For loopback a rule that asks the table
 * "local" ends the search, since that table has the route: `ip rule` shows those behind it all the same.
 */
const struct policy_rule *policy_rule_against(const struct policy_rule *rules, size_t count,
	const struct address *to, uint32_t uid);
