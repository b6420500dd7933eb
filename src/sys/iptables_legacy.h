/*
 * iptables_legacy - the tables of iptables-legacy and ip6tables-legacy, which nft does not show.
 *
 * /proc/net/ip_tables_names says which are there; only those are asked for (IPT_SO_GET_INFO and
 * IPT_SO_GET_ENTRIES of getsockopt(2)), since a question about another one would load its module.
 */
#pragma once

#include "base/err.h"
#include "sys/nft_judge.h"
#include "sys/ruleset.h"

/* 0, -EPERM or -EACCES without CAP_NET_ADMIN, another negative errno. */
int iptables_read(const struct host *host, struct ruleset *out, struct err *err);

/* Pure: the answers of the two questions. family NFPROTO_IPV4 or NFPROTO_IPV6. */
bool iptables_parse(struct ruleset *out, uint8_t family, struct reader info, struct reader entries);

void iptables_judge(struct arena *arena, const struct table *t, const struct rule *rule,
	struct packet *p, struct outcome *out);
void iptables_rule_text(struct buf *out, struct arena *arena, const struct table *t,
	const struct rule *rule);
