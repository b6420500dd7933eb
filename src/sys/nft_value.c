/* nft_value - see nft_value.h. */
#include "sys/nft_value.h"

#include "base/str.h"
#include "base/text.h"
#include "model/address.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

static uint64_t host_number(const uint8_t *bytes, size_t len)
{
	uint64_t v = 0;
	uint16_t half;
	uint32_t word;

	if (len == 2) {
		memcpy(&half, bytes, 2);
		return half;
	}
	if (len == 4) {
		memcpy(&word, bytes, 4);
		return word;
	}
	if (len == 8)
		memcpy(&v, bytes, 8);
	else if (len == 1)
		v = bytes[0];
	return v;
}

static void flags_text(struct buf *out, uint64_t value, const char *const *names, size_t count)
{
	const char *comma = "";

	for (size_t i = 0; i < count; i++)
		if (names[i] && value >> i & 1) {
			buf_printf(out, "%s%s", comma, names[i]);
			comma = ",";
		}
	if (!*comma)
		buf_printf(out, "0x%llx", (unsigned long long)value);
}

static void address_text(struct buf *out, int family, const uint8_t *bytes, size_t len)
{
	struct address a = {.family = (uint8_t)family};
	size_t whole = family == AF_INET ? 4 : 16;

	memcpy(a.bytes, bytes, MIN(len, whole));
	address_format(out, &a);
	if (len < whole)
		buf_printf(out, "/%zu", len * 8);
}

static void name_text(struct buf *out, const uint8_t *bytes, size_t len)
{
	size_t n = strnlen((const char *)bytes, len);

	buf_char(out, '"');
	text_escape(out, (const char *)bytes, n);
	buf_str(out, n == len && len < IFNAMSIZ ? "*\"" : "\"");
}

static void raw_text(struct buf *out, const uint8_t *bytes, size_t len)
{
	buf_str(out, "0x");
	for (size_t i = 0; i < len; i++)
		buf_printf(out, "%02x", bytes[i]);
}

static void l4_text(struct buf *out, uint8_t n)
{
	switch (n) {
	case IPPROTO_TCP:
		buf_str(out, "tcp");
		break;
	case IPPROTO_UDP:
		buf_str(out, "udp");
		break;
	case IPPROTO_ICMP:
		buf_str(out, "icmp");
		break;
	case IPPROTO_ICMPV6:
		buf_str(out, "ipv6-icmp");
		break;
	case IPPROTO_SCTP:
		buf_str(out, "sctp");
		break;
	default:
		buf_printf(out, "%u", n);
	}
}

static void number_text(struct buf *out, const uint8_t *bytes, size_t len)
{
	uint64_t v = 0;

	if (len > 8) {
		raw_text(out, bytes, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		v = v << 8 | bytes[i];
	buf_printf(out, "%llu", (unsigned long long)v);
}

static void index_text(struct buf *out, uint64_t index)
{
	char name[IF_NAMESIZE];

	if (index && index <= UINT32_MAX && if_indextoname((unsigned)index, name))
		buf_printf(out, "\"%s\"", name);
	else
		buf_printf(out, "%llu", (unsigned long long)index);
}

/* lint: flat */
void nft_value_text(struct buf *out, const struct nft_selector *s, const uint8_t *bytes, size_t len)
{
	static const char *const states[] = {"invalid", "established", "related", "new", NULL, NULL,
		"untracked"};
	static const char *const statuses[] = {"expected", "seen-reply", "assured", "confirmed",
		"snat", "dnat"};
	static const char *const tcp[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"};
	uint64_t n = host_number(bytes, len);

	switch (s->kind) {
	case NFT_KIND_PORT:
	case NFT_KIND_NETWORK_NUMBER:
		number_text(out, bytes, len);
		break;
	case NFT_KIND_IP4:
		address_text(out, AF_INET, bytes, len);
		break;
	case NFT_KIND_IP6:
		address_text(out, AF_INET6, bytes, len);
		break;
	case NFT_KIND_NAME:
		name_text(out, bytes, len);
		break;
	case NFT_KIND_INDEX:
		index_text(out, n);
		break;
	case NFT_KIND_NUMBER:
	case NFT_KIND_USER:
		buf_printf(out, "%llu", (unsigned long long)n);
		break;
	case NFT_KIND_MARK:
		buf_printf(out, "0x%08llx", (unsigned long long)n);
		break;
	case NFT_KIND_STATE:
		flags_text(out, n, states, ARRAY_SIZE(states));
		break;
	case NFT_KIND_STATUS:
		flags_text(out, n, statuses, ARRAY_SIZE(statuses));
		break;
	case NFT_KIND_FLAGS:
		flags_text(out, n, tcp, ARRAY_SIZE(tcp));
		break;
	case NFT_KIND_DIRECTION:
		buf_str(out, n ? "reply" : "original");
		break;
	case NFT_KIND_L4PROTO:
		l4_text(out, (uint8_t)n);
		break;
	case NFT_KIND_NFPROTO:
		buf_str(out, n == NFPROTO_IPV4 ? "ipv4" : n == NFPROTO_IPV6 ? "ipv6" : "other");
		break;
	case NFT_KIND_ETHERTYPE:
		buf_str(out, bytes[0] == 0x08 ? "ip" : bytes[0] == 0x86 ? "ip6" : "other");
		break;
	case NFT_KIND_ADDRESS_TYPE:
		if (n == 2)
			buf_str(out, "local");
		else
			buf_printf(out, "%llu", (unsigned long long)n);
		break;
	case NFT_KIND_RAW:
		raw_text(out, bytes, len);
		break;
	}
}

struct row {
	uint32_t key;
	const char *text;
	enum nft_kind kind;
	uint8_t len;
};

static const struct row meta_rows[] = {
	{NFT_META_LEN, "meta length", NFT_KIND_NUMBER, 4},
	{NFT_META_PROTOCOL, "meta protocol", NFT_KIND_ETHERTYPE, 2},
	{NFT_META_PRIORITY, "meta priority", NFT_KIND_NUMBER, 4},
	{NFT_META_MARK, "meta mark", NFT_KIND_MARK, 4},
	{NFT_META_IIF, "iif", NFT_KIND_INDEX, 4},
	{NFT_META_OIF, "oif", NFT_KIND_INDEX, 4},
	{NFT_META_IIFNAME, "iifname", NFT_KIND_NAME, 16},
	{NFT_META_OIFNAME, "oifname", NFT_KIND_NAME, 16},
	{NFT_META_IIFTYPE, "iiftype", NFT_KIND_NUMBER, 2},
	{NFT_META_OIFTYPE, "oiftype", NFT_KIND_NUMBER, 2},
	{NFT_META_SKUID, "meta skuid", NFT_KIND_USER, 4},
	{NFT_META_SKGID, "meta skgid", NFT_KIND_USER, 4},
	{NFT_META_NFPROTO, "meta nfproto", NFT_KIND_NFPROTO, 1},
	{NFT_META_L4PROTO, "meta l4proto", NFT_KIND_L4PROTO, 1},
	{NFT_META_PKTTYPE, "meta pkttype", NFT_KIND_NUMBER, 1},
	{NFT_META_CPU, "meta cpu", NFT_KIND_NUMBER, 4},
	{NFT_META_IIFGROUP, "iifgroup", NFT_KIND_NUMBER, 4},
	{NFT_META_OIFGROUP, "oifgroup", NFT_KIND_NUMBER, 4},
	{NFT_META_CGROUP, "meta cgroup", NFT_KIND_NUMBER, 4},
	{NFT_META_PRANDOM, "meta random", NFT_KIND_NUMBER, 4},
	{NFT_META_TIME_NS, "meta time", NFT_KIND_NUMBER, 8},
	{NFT_META_TIME_DAY, "meta day", NFT_KIND_NUMBER, 1},
	{NFT_META_TIME_HOUR, "meta hour", NFT_KIND_NUMBER, 4},
};

static const struct row ct_rows[] = {
	{NFT_CT_STATE, "ct state", NFT_KIND_STATE, 4},
	{NFT_CT_DIRECTION, "ct direction", NFT_KIND_DIRECTION, 1},
	{NFT_CT_STATUS, "ct status", NFT_KIND_STATUS, 4},
	{NFT_CT_MARK, "ct mark", NFT_KIND_MARK, 4},
	{NFT_CT_EXPIRATION, "ct expiration", NFT_KIND_NUMBER, 4},
	{NFT_CT_L3PROTOCOL, "ct l3proto", NFT_KIND_NFPROTO, 1},
	{NFT_CT_PROTOCOL, "ct protocol", NFT_KIND_L4PROTO, 1},
	{NFT_CT_SRC_IP, "ct ip saddr", NFT_KIND_IP4, 4},
	{NFT_CT_DST_IP, "ct ip daddr", NFT_KIND_IP4, 4},
	{NFT_CT_SRC_IP6, "ct ip6 saddr", NFT_KIND_IP6, 16},
	{NFT_CT_DST_IP6, "ct ip6 daddr", NFT_KIND_IP6, 16},
	{NFT_CT_PROTO_SRC, "ct proto-src", NFT_KIND_PORT, 2},
	{NFT_CT_PROTO_DST, "ct proto-dst", NFT_KIND_PORT, 2},
	{NFT_CT_ZONE, "ct zone", NFT_KIND_NUMBER, 2},
};

static bool from_rows(const struct row *rows, size_t count, uint32_t key, const char *other,
	struct nft_selector *out)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].key != key)
			continue;
		str_copy(out->text, sizeof(out->text), rows[i].text);
		out->kind = rows[i].kind;
		out->len = rows[i].len;
		return true;
	}
	snprintf(out->text, sizeof(out->text), "%s %u", other, key);
	out->len = 4;
	return true;
}

static bool network_field(uint32_t offset, uint32_t len, bool v6, struct nft_selector *out)
{
	const char *ip = v6 ? "ip6" : "ip";
	uint32_t whole = v6 ? 16 : 4, source = v6 ? 8 : 12, to = v6 ? 24 : 16;

	if ((offset == source || offset == to) && len <= whole) {
		snprintf(out->text, sizeof(out->text), "%s %s", ip,
			offset == source ? "saddr" : "daddr");
		out->kind = v6 ? NFT_KIND_IP6 : NFT_KIND_IP4;
		return true;
	}
	if (offset == (v6 ? 6 : 9) && len == 1) {
		snprintf(out->text, sizeof(out->text), "%s %s", ip, v6 ? "nexthdr" : "protocol");
		out->kind = NFT_KIND_L4PROTO;
		return true;
	}
	if (offset == (v6 ? 7 : 8) && len == 1) {
		snprintf(out->text, sizeof(out->text), "%s %s", ip, v6 ? "hoplimit" : "ttl");
		out->kind = NFT_KIND_NETWORK_NUMBER;
		return true;
	}
	return false;
}

static bool transport_field(uint32_t offset, uint32_t len, uint8_t l4, struct nft_selector *out)
{
	const char *name = l4 == IPPROTO_TCP ? "tcp" : l4 == IPPROTO_UDP ? "udp" : "th";

	if ((offset == 0 || offset == 2) && len == 2) {
		snprintf(out->text, sizeof(out->text), "%s %s", name, offset ? "dport" : "sport");
		out->kind = NFT_KIND_PORT;
		return true;
	}
	if (offset == 13 && len == 1 && l4 == IPPROTO_TCP) {
		str_copy(out->text, sizeof(out->text), "tcp flags");
		out->kind = NFT_KIND_FLAGS;
		return true;
	}
	return false;
}

static bool payload_selector(const struct nft_attributes *n, uint8_t family, uint8_t l4,
	struct nft_selector *out)
{
	static const char *const bases[] = {"ll", "nh", "th", "ih"};
	uint32_t base = nft_u32(&n->a[NFTA_PAYLOAD_BASE]);
	uint32_t offset = nft_u32(&n->a[NFTA_PAYLOAD_OFFSET]),
		 len = nft_u32(&n->a[NFTA_PAYLOAD_LEN]);
	bool v6 = family == NFPROTO_IPV6;

	out->len = (uint16_t)MIN(len, (uint32_t)NFT_DATA_VALUE_MAXLEN);
	if (base == NFT_PAYLOAD_NETWORK_HEADER && network_field(offset, len, v6, out))
		return true;
	if (base == NFT_PAYLOAD_TRANSPORT_HEADER && transport_field(offset, len, l4, out))
		return true;
	snprintf(out->text, sizeof(out->text), "@%s,%u,%u", base < 4 ? bases[base] : "?",
		offset * 8, len * 8);
	return true;
}

static bool fib_selector(const struct nft_attributes *n, struct nft_selector *out)
{
	static const char *const results[] = {"", "oif", "oifname", "type"};
	uint32_t flags = nft_u32(&n->a[NFTA_FIB_FLAGS]), result = nft_u32(&n->a[NFTA_FIB_RESULT]);

	snprintf(out->text, sizeof(out->text), "fib %s%s%s%s %s",
		flags & NFTA_FIB_F_SADDR ? "saddr" : "daddr",
		flags & NFTA_FIB_F_MARK ? " . mark" : "", flags & NFTA_FIB_F_IIF ? " . iif" : "",
		flags & NFTA_FIB_F_OIF ? " . oif" : "", result < 4 ? results[result] : "?");
	out->kind = result == NFT_FIB_RESULT_ADDRTYPE ? NFT_KIND_ADDRESS_TYPE
		: result == NFT_FIB_RESULT_OIFNAME    ? NFT_KIND_NAME
						      : NFT_KIND_NUMBER;
	out->len = 4;
	return true;
}

bool nft_selector_of(const struct nft_expr *e, const struct nft_attributes *n, uint8_t family,
	uint8_t l4, struct nft_selector *out, uint32_t *out_register)
{
	*out = (struct nft_selector){.kind = NFT_KIND_RAW, .len = 4};
	/* the attribute of the destination register has number 1 in all but these */
	*out_register = nft_u32(&n->a[1]);
	if (str_eq(e->name, "meta") && !n->a[NFTA_META_SREG].data)
		return from_rows(meta_rows, ARRAY_SIZE(meta_rows), nft_u32(&n->a[NFTA_META_KEY]),
			"meta", out);
	if (str_eq(e->name, "ct") && !n->a[NFTA_CT_SREG].data)
		return from_rows(ct_rows, ARRAY_SIZE(ct_rows), nft_u32(&n->a[NFTA_CT_KEY]), "ct",
			out);
	if (str_eq(e->name, "payload") && n->a[NFTA_PAYLOAD_DREG].data)
		return payload_selector(n, family, l4, out);
	if (str_eq(e->name, "fib"))
		return fib_selector(n, out);
	if (str_eq(e->name, "numgen")) {
		snprintf(out->text, sizeof(out->text), "numgen %s mod %u",
			nft_u32(&n->a[NFTA_NG_TYPE]) == NFT_NG_RANDOM ? "random" : "inc",
			nft_u32(&n->a[NFTA_NG_MODULUS]));
		out->kind = NFT_KIND_NUMBER;
		return true;
	}
	if (str_eq(e->name, "socket"))
		*out_register = nft_u32(&n->a[NFTA_SOCKET_DREG]);
	else if (str_eq(e->name, "hash"))
		*out_register = nft_u32(&n->a[NFTA_HASH_DREG]);
	else if (!str_eq(e->name, "rt") && !str_eq(e->name, "exthdr") && !str_eq(e->name, "osf"))
		return false;
	str_copy(out->text, sizeof(out->text), e->name);
	return true;
}
