/*
 * filter - what this machine's packet filters do to one connection: nftables, and iptables of both
 * kinds (iptables-nft rules are nftables; the legacy ones have tables of their own, which nft does
 * not list).
 *
 * The rules are read from the kernel and judged here, condition by condition, for the packets that
 * the connection would send: its SYN on the way out and in, and the answer back. A condition that
 * cannot be judged makes a rule a "perhaps". Reads only, needs CAP_NET_ADMIN (of the network namespace's
 * user namespace); nothing is loaded that was not there.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/endpoint.h"
#include "sys/host.h"

/* A connection that is about to be opened on this machine, in the calling thread's namespace. */
struct filter_flow {
	enum proto proto; /* TCP or UDP */
	struct address from, to;
	uint16_t from_port; /* 0 = some ephemeral port */
	uint16_t to_port;
	const char *device; /* it leaves and arrives by this one: "lo" */
	uint32_t device_index;
	bool arrives;		   /* it comes from another machine: judged from prerouting on,
				     * and not its answer */
	uint32_t from_uid, to_uid; /* of the two processes; UINT32_MAX = not known */
};

enum filter_deed {
	FILTER_DROP,
	FILTER_REJECT,	 /* answers with a reset or an ICMP message */
	FILTER_REDIRECT, /* DNAT or redirect: another address or port gets it */
	FILTER_LIMIT,	 /* drops or refuses only what is above a rate or a number */
	FILTER_QUEUE,	 /* hands it to a program */
};

const char *filter_deed_name(int deed); /* "drop", "reject", "redirect", "limit", "queue" */

/* A rule, or a chain's policy, that decides (or may decide) what becomes of the flow. */
struct filter_rule {
	const char *system; /* "nft", "iptables", "ip6tables" (legacy) */
	const char *family; /* "inet", "ip", "ip6" ... */
	const char *table, *chain;
	const char *hook; /* "output", "input", "prerouting", ... the hook that led to the chain */
	bool answer;	  /* it meets the answer on its way back, not the SYN */
	bool policy;	  /* it is the policy of the chain, not a rule */
	uint64_t handle;  /* nft; 0 = none */
	unsigned number;  /* position in the chain, from 1; 0 for policies */
	int deed;	  /* enum filter_deed */
	bool sure;	  /* every condition on the way was judged: this happens */
	const char *text; /* as the tool would show it: "tcp dport 5432 counter drop" */
	const char
		*with; /* REJECT: "tcp reset", "icmp port-unreachable"; LIMIT: "ct count over 10" */
	const char *comment;	   /* NULL = none */
	struct address to_address; /* REDIRECT; unspec = the same */
	uint16_t to_port;	   /* REDIRECT; 0 = the same */
	bool counted;		   /* packets is a counter of this rule */
	uint64_t packets;
	const char *remove; /* the command that takes it away, ready to run; NULL = none is known */
};

struct filter_answer {
	const struct filter_rule *rules; /* in the order the packets meet them */
	size_t count;
	size_t rules_read; /* all rules of all tables */
	/* what could not be read: "nftables", "legacy iptables"; NULL = all was */
	const char *unseen, *why, *needs;
};

/*
 * 0, also when parts could not be read (see unseen); negative only when the flow makes no sense.
 * Everything is in the arena. A second call with the same flow tells by `packets` which rule met a packet
 * between them.
 */
int filter_judge(const struct host *host, struct arena *arena, const struct filter_flow *flow,
	struct filter_answer *out, struct err *err);

/* conntrack: tracked connections and the limit, both 0 where it is not loaded; drops of a full table. */
struct filter_conntrack {
	uint64_t count, max, dropped;
};
bool filter_conntrack_read(const struct host *host, struct filter_conntrack *out);
