/* filters - recorded packet filters (tests/helpers/record_filters.py), for unit tests and fuzzing. */
#pragma once

#include "replay.h"
#include "sys/filter_walk.h"
#include "sys/iptables_legacy.h"
#include "sys/nft_rules.h"
#include <linux/netfilter.h>

static inline int filters_on_message(void *ctx, uint16_t type, struct reader payload)
{
	nft_parse_message(ctx, type, payload);
	return 0;
}

/* All dumps of a recording, one after the other. */
static inline void filters_replay(struct replay *r, struct ruleset *out)
{
	while (r->datagrams.left && reader_ok(&r->datagrams))
		netlink_parse(replay_receive, r, REPLAY_SEQUENCE, filters_on_message, out);
	nft_rules_finish(out);
}

/* The answer of IPT_SO_GET_INFO, then the entries. */
static inline bool filters_iptables(const void *bytes, size_t len, uint8_t family,
	struct ruleset *out)
{
	struct reader r = reader_init(bytes, len);
	const uint8_t *info = reader_bytes(&r, 84);

	return info && iptables_parse(out, family, reader_init(info, 84), r);
}

static inline struct filter_flow filters_flow(const char *address, uint16_t port)
{
	struct filter_flow f = {.proto = PROTO_TCP,
		.to_port = port,
		.device = "lo",
		.device_index = 1,
		.from_uid = 1000,
		.to_uid = 33};

	must(address_parse(address, &f.to));
	return f;
}
