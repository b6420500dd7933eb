/*
 * filter_packet - see filter_packet.h.
 *
 * Header layouts: RFC 791 section 3.1, RFC 8200 section 3, RFC 9293 section 3.1, RFC 768.
 */
#include "sys/filter_packet.h"

#include "base/fs.h"
#include "base/str.h"
#include <errno.h>
#include <stdlib.h>

void span_set(struct span *s, size_t at, const void *bytes, size_t len)
{
	if (at > SPAN_MAX || len > SPAN_MAX - at)
		return;
	memcpy(s->lo + at, bytes, len);
	memcpy(s->hi + at, bytes, len);
	memset(s->open + at, false, len);
}

void span_open(struct span *s, size_t at, size_t len)
{
	if (at > SPAN_MAX || len > SPAN_MAX - at)
		return;
	memset(s->lo + at, 0, len);
	memset(s->hi + at, 0xff, len);
	memset(s->open + at, true, len);
}

bool span_is_known(const struct span *s, size_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at + i >= SPAN_MAX || s->open[at + i])
			return false;
	return true;
}

enum match span_equal(const struct span *s, size_t at, const uint8_t *bytes, size_t len)
{
	bool known = true;

	if (at > SPAN_MAX || len > SPAN_MAX - at)
		return MATCH_PERHAPS;
	for (size_t i = 0; i < len; i++) {
		if (s->open[at + i])
			known = false;
		else if (s->lo[at + i] != bytes[i])
			return MATCH_NO;
	}
	if (known)
		return MATCH_YES;
	if (memcmp(bytes, s->lo + at, len) < 0 || memcmp(bytes, s->hi + at, len) > 0)
		return MATCH_NO;
	return MATCH_PERHAPS;
}

enum match span_between(const struct span *s, size_t at, const uint8_t *low, const uint8_t *high,
	size_t len)
{
	if (at > SPAN_MAX || len > SPAN_MAX - at)
		return MATCH_PERHAPS;
	const uint8_t *lo = s->lo + at, *hi = s->hi + at;
	if ((low && memcmp(hi, low, len) < 0) || (high && memcmp(lo, high, len) > 0))
		return MATCH_NO;
	if ((!low || memcmp(lo, low, len) >= 0) && (!high || memcmp(hi, high, len) <= 0))
		return MATCH_YES;
	return MATCH_PERHAPS;
}

static void set_be16(struct span *s, size_t at, uint16_t low, uint16_t high)
{
	uint8_t lo[2] = {(uint8_t)(low >> 8), (uint8_t)low};
	uint8_t hi[2] = {(uint8_t)(high >> 8), (uint8_t)high};

	span_set(s, at, lo, 2);
	memcpy(s->hi + at, hi, 2);
	s->open[at] = s->open[at + 1] = low != high;
}

static void write_ip4(struct packet *p)
{
	/* a SYN of Linux is 60 bytes long; DF is set, the identification is 0 or random */
	static const uint8_t start[] = {0x45, 0, 0, 60, 0, 0, 0x40, 0, 64};

	span_set(&p->net, 0, start, sizeof(start));
	if (p->l4 == IPPROTO_UDP)
		span_open(&p->net, 2, 2);
	span_open(&p->net, 4, 2);
	span_set(&p->net, 9, &p->l4, 1);
	span_open(&p->net, 10, 2);
	span_set(&p->net, 12, p->from.bytes, 4);
	span_set(&p->net, 16, p->to.bytes, 4);
	p->net_len = 20;
}

static void write_ip6(struct packet *p)
{
	static const uint8_t start[] = {0x60, 0, 0, 0, 0, 40, 0, 64};

	span_set(&p->net, 0, start, sizeof(start));
	span_open(&p->net, 1, 3); /* flow label */
	if (p->l4 == IPPROTO_UDP)
		span_open(&p->net, 4, 2);
	span_set(&p->net, 6, &p->l4, 1);
	span_set(&p->net, 8, p->from.bytes, 16);
	span_set(&p->net, 24, p->to.bytes, 16);
	p->net_len = 40;
}

static void write_transport(struct packet *p)
{
	uint8_t offset_flags[2] = {0xa0, p->answer ? 0x12 : 0x02}; /* SYN, and ACK */

	span_open(&p->transport, 0, SPAN_MAX);
	set_be16(&p->transport, 0, p->from_port_low, p->from_port_high);
	set_be16(&p->transport, 2, p->to_port_low, p->to_port_high);
	p->transport_len = 8;
	if (p->l4 != IPPROTO_TCP)
		return;
	if (!p->answer)
		span_set(&p->transport, 8, "\0\0\0\0", 4);
	span_set(&p->transport, 12, offset_flags, 2);
	span_set(&p->transport, 18, "\0\0", 2);
	p->transport_len = 20;
}

static void write_headers(struct packet *p)
{
	if (p->family == AF_INET)
		write_ip4(p);
	else
		write_ip6(p);
	write_transport(p);
}

static void ephemeral_ports(const struct host *host, struct packet *p)
{
	char text[64], *rest;
	unsigned long low = 32768, high = 60999;

	if (host &&
		fs_read_small(host->root, "proc/sys/net/ipv4/ip_local_port_range", text,
			sizeof(text)) > 0) {
		low = strtoul(text, &rest, 10);
		high = strtoul(rest, NULL, 10);
	}
	if (low < 1 || high > UINT16_MAX || low > high)
		low = 1, high = UINT16_MAX;
	p->from_port_low = (uint16_t)low;
	p->from_port_high = (uint16_t)high;
}

int packet_init(struct packet *p, const struct host *host, const struct filter_flow *flow,
	struct err *err)
{
	*p = (struct packet){.to = address_unmap(&flow->to), .from = address_unmap(&flow->from)};
	p->family = p->to.family;
	if (p->family != AF_INET && p->family != AF_INET6)
		return err_set(err, -EINVAL, "the flow has no address to go to");
	if (flow->proto != PROTO_TCP && flow->proto != PROTO_UDP)
		return err_set(err, -EINVAL, "filters are judged for tcp and udp only");
	p->l4 = flow->proto == PROTO_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	if (p->from.family == AF_UNSPEC)
		p->from = address_is_loopback(&p->to) && p->family == AF_INET ? ADDRESS_LOOPBACK4
									      : p->to;
	if (p->from.family != p->family)
		return err_set(err, -EINVAL, "the two addresses are of different families");
	p->from_port_low = p->from_port_high = flow->from_port;
	if (!flow->from_port)
		ephemeral_ports(host, p);
	p->to_port_low = p->to_port_high = flow->to_port;
	p->device = flow->device ? flow->device : "lo";
	p->device_index = flow->device_index;
	p->here = flow->arrives ? p->to : p->from;
	write_headers(p);
	return 0;
}

static void swap_ends(struct packet *p)
{
	struct address address = p->from;
	uint16_t low = p->from_port_low, high = p->from_port_high;

	p->from = p->to;
	p->from_port_low = p->to_port_low;
	p->from_port_high = p->to_port_high;
	p->to = address;
	p->to_port_low = low;
	p->to_port_high = high;
}

void packet_turn(struct packet *p, const struct filter_flow *flow)
{
	(void)flow;
	swap_ends(p);
	p->answer = true;
	p->mark = 0;
	p->half_seen = p->untracked;
	p->mark_open = p->untracked = p->tracked = false;
	write_headers(p);
}

/* The answer of a redirected flow gets its old source back when it leaves (nf_nat_packet). */
static void undo_redirect(struct packet *p)
{
	p->from = p->original_to;
	p->from_port_low = p->from_port_high = p->original_to_port;
	write_headers(p);
}

void packet_enter(struct packet *p, const struct filter_flow *flow, enum hook hook)
{
	bool out = hook == HOOK_OUTPUT || hook == HOOK_POSTROUTING || hook == HOOK_EGRESS;

	p->hook = hook;
	p->has_out = out;
	p->has_in = !out;
	/*
	 * On its way in a SYN belongs to nobody yet; an answer is given to the client's socket early
	 * (tcp_v4_early_demux), after prerouting.
	 */
	p->has_socket = out || (p->answer && hook == HOOK_INPUT);
	p->uid = out ? (p->answer ? flow->to_uid : flow->from_uid) : flow->from_uid;
	if (hook == HOOK_EGRESS && p->answer && p->redirected)
		undo_redirect(p);
}

void packet_redirect(struct packet *p, const struct address *to, uint16_t port)
{
	if (!p->redirected) {
		p->original_to = p->to;
		p->original_to_port = p->to_port_low;
	}
	p->redirected = true;
	if (to->family == p->family)
		p->to = *to;
	if (port)
		p->to_port_low = p->to_port_high = port;
	write_headers(p);
	if (!packet_is_local(p, &p->to))
		p->device = NULL;
}

bool packet_is_local(const struct packet *p, const struct address *a)
{
	return address_is_loopback(a) || address_eq(a, &p->here);
}
