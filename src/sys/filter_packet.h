/*
 * filter_packet - a made-up packet of a flow as a filter sees it at one hook: header bytes and what
 * the kernel knows besides (interfaces, user, connection tracking). Private to filter.c and its parts.
 *
 * What cannot be known (an ephemeral port, sequence numbers) is a span of values. A condition then
 * has three answers: yes, no, perhaps.
 */
#pragma once

#include "model/address.h"
#include "sys/filter.h"
#include "sys/ruleset.h"

enum match { MATCH_NO, MATCH_PERHAPS, MATCH_YES };

static inline enum match match_not(enum match m)
{
	return (enum match)(MATCH_YES - m);
}

static inline enum match match_and(enum match a, enum match b)
{
	return a < b ? a : b;
}

static inline enum match match_of(bool yes)
{
	return yes ? MATCH_YES : MATCH_NO;
}

enum { SPAN_MAX = 64 };

/* Bytes between lo and hi, compared as the kernel does, from the first byte on. */
struct span {
	uint8_t lo[SPAN_MAX], hi[SPAN_MAX];
	bool open[SPAN_MAX]; /* this byte is not known; where false, lo == hi */
};

void span_set(struct span *s, size_t at, const void *bytes, size_t len);
void span_open(struct span *s, size_t at, size_t len); /* any value */
bool span_is_known(const struct span *s, size_t at, size_t len);
enum match span_equal(const struct span *s, size_t at, const uint8_t *bytes, size_t len);
/* low <= value <= high; NULL = no bound. */
enum match span_between(const struct span *s, size_t at, const uint8_t *low, const uint8_t *high,
	size_t len);

struct packet {
	uint8_t family, l4; /* AF_INET*, IPPROTO_* */
	struct address from, to;
	uint16_t from_port_low, from_port_high, to_port_low, to_port_high;
	bool answer;
	struct span net, transport;
	size_t net_len, transport_len;

	enum hook hook;
	const char *device; /* NULL = not known: a redirect led away from it */
	uint32_t device_index;
	bool has_in, has_out;
	bool has_socket;
	uint32_t uid;	     /* of that socket; UINT32_MAX = not known */
	struct address here; /* the machine's own address in this flow */

	/* connection tracking */
	bool tracked, untracked; /* neither: before conntrack saw it */
	bool half_seen;		 /* conntrack did not see the SYN, so the answer is nothing to it */
	bool redirected;
	struct address original_to;
	uint16_t original_to_port;
	uint32_t mark, ct_mark;
	bool mark_open, ct_mark_open; /* a rule that may match sets it */
};

/* The SYN (or first datagram) of the flow; -EINVAL when the flow makes no sense. */
int packet_init(struct packet *p, const struct host *host, const struct filter_flow *flow,
	struct err *err);
void packet_turn(struct packet *p, const struct filter_flow *flow); /* now it is the answer */
void packet_enter(struct packet *p, const struct filter_flow *flow, enum hook hook);
void packet_redirect(struct packet *p, const struct address *to, uint16_t port);

bool packet_is_local(const struct packet *p, const struct address *a);
