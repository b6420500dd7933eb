/*
 * nft_meta - what the kernel knows of a packet besides its bytes: `meta` (net/netfilter/nft_meta.c)
 * and `ct` (nft_ct.c), and the matches and targets of xtables (nft_compat.c).
 */
#include "base/str.h"
#include "sys/nft_judge_private.h"
#include "sys/xtables.h"
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

void nft_store_name(struct nft_machine *m, const struct netlink_attribute *dreg, const char *name)
{
	char padded[16] = {0};

	str_copy(padded, sizeof(padded), name);
	nft_store(m, dreg, padded, sizeof(padded));
}

static enum match set_meta(struct nft_machine *m, const struct nft_attributes *n)
{
	size_t at = nft_register(&n->a[NFTA_META_SREG]);

	if (nft_u32(&n->a[NFTA_META_KEY]) != NFT_META_MARK || at == NFT_NO_REGISTER)
		return MATCH_YES;
	m->p->mark_open = m->out->match != MATCH_YES || !span_is_known(&m->regs, at, 4);
	memcpy(&m->p->mark, m->regs.lo + at, 4);
	return MATCH_YES;
}

static enum match store_u8(struct nft_machine *m, const struct netlink_attribute *dreg,
	uint8_t value)
{
	nft_store(m, dreg, &value, 1);
	return MATCH_YES;
}

static enum match store_u16(struct nft_machine *m, const struct netlink_attribute *dreg,
	uint16_t value)
{
	nft_store(m, dreg, &value, 2);
	return MATCH_YES;
}

static enum match store_u32(struct nft_machine *m, const struct netlink_attribute *dreg,
	uint32_t value)
{
	nft_store(m, dreg, &value, 4);
	return MATCH_YES;
}

static enum match store_open(struct nft_machine *m, const struct netlink_attribute *dreg,
	size_t len)
{
	nft_store_open(m, dreg, len);
	return MATCH_YES;
}

static enum match interface_index(struct nft_machine *m, const struct netlink_attribute *dreg,
	bool there)
{
	if (there && !m->p->device)
		return store_open(m, dreg, 4);
	return store_u32(m, dreg, there ? m->p->device_index : 0);
}

static enum match interface_name(struct nft_machine *m, const struct netlink_attribute *dreg,
	bool there)
{
	if (there && !m->p->device)
		return store_open(m, dreg, 16);
	nft_store_name(m, dreg, there ? m->p->device : "");
	return MATCH_YES;
}

static enum match interface_type(struct nft_machine *m, const struct netlink_attribute *dreg,
	bool there)
{
	if (!there)
		return MATCH_NO;
	if (!m->p->device || !str_eq(m->p->device, "lo"))
		return store_open(m, dreg, 2);
	return store_u16(m, dreg, ARPHRD_LOOPBACK);
}

static enum match user(struct nft_machine *m, const struct netlink_attribute *dreg)
{
	if (!m->p->has_socket)
		return MATCH_NO;
	if (m->p->uid == UINT32_MAX)
		return store_open(m, dreg, 4);
	return store_u32(m, dreg, m->p->uid);
}

static enum match do_meta_random(struct nft_machine *m, const struct netlink_attribute *dreg)
{
	size_t at = nft_register(dreg);

	if (at == NFT_NO_REGISTER)
		return MATCH_PERHAPS;
	nft_store_open(m, dreg, 4);
	m->chance[at / 4] = "meta random";
	return MATCH_YES;
}

/* lint: flat */
enum match nft_do_meta(struct nft_machine *m, const struct nft_attributes *n)
{
	const struct netlink_attribute *dreg = &n->a[NFTA_META_DREG];
	const struct packet *p = m->p;
	uint8_t ethertype[2] = {p->family == AF_INET ? 0x08 : 0x86,
		p->family == AF_INET ? 0x00 : 0xdd};

	if (n->a[NFTA_META_SREG].data)
		return set_meta(m, n);
	switch (nft_u32(&n->a[NFTA_META_KEY])) {
	case NFT_META_LEN:
		return p->l4 == IPPROTO_TCP ? store_u32(m, dreg, p->family == AF_INET ? 60 : 80)
					    : store_open(m, dreg, 4);
	case NFT_META_PROTOCOL:
		nft_store(m, dreg, ethertype, 2);
		return MATCH_YES;
	case NFT_META_PRIORITY:
	case NFT_META_IIFGROUP:
	case NFT_META_OIFGROUP:
		return store_u32(m, dreg, 0);
	case NFT_META_MARK:
		return p->mark_open ? store_open(m, dreg, 4) : store_u32(m, dreg, p->mark);
	case NFT_META_IIF:
		return interface_index(m, dreg, p->has_in);
	case NFT_META_OIF:
		return interface_index(m, dreg, p->has_out);
	case NFT_META_IIFNAME:
		return interface_name(m, dreg, p->has_in);
	case NFT_META_OIFNAME:
		return interface_name(m, dreg, p->has_out);
	case NFT_META_IIFTYPE:
		return interface_type(m, dreg, p->has_in);
	case NFT_META_OIFTYPE:
		return interface_type(m, dreg, p->has_out);
	case NFT_META_SKUID:
		return user(m, dreg);
	case NFT_META_SKGID:
		return p->has_socket ? store_open(m, dreg, 4) : MATCH_NO;
	case NFT_META_NFTRACE:
	case NFT_META_PKTTYPE: /* PACKET_HOST, on the way out as well */
	case NFT_META_SECPATH:
		return store_u8(m, dreg, 0);
	case NFT_META_NFPROTO:
		return store_u8(m, dreg, p->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	case NFT_META_L4PROTO:
		return store_u8(m, dreg, p->l4);
	case NFT_META_PRANDOM:
		return do_meta_random(m, dreg);
	default: /* cpu, cgroup, time of day ... */
		return store_open(m, dreg, 16);
	}
}

static uint32_t ct_state(const struct packet *p)
{
	if (p->untracked)
		return 1u << 6; /* NF_CT_STATE_UNTRACKED_BIT */
	if (!p->tracked)
		return 1; /* NF_CT_STATE_INVALID_BIT */
	return 1u << ((p->answer ? IP_CT_ESTABLISHED : IP_CT_NEW) + 1);
}

/* The addresses of the connection as conntrack keeps them; way 0 = original, 1 = reply. */
static enum match ct_end(struct nft_machine *m, const struct netlink_attribute *dreg, uint8_t way,
	bool source, bool port)
{
	const struct packet *p = m->p;
	bool client = (way == 0) == source;
	struct address a = client == !p->answer ? p->from : p->to;
	uint16_t low = client == !p->answer ? p->from_port_low : p->to_port_low;
	uint16_t high = client == !p->answer ? p->from_port_high : p->to_port_high;

	if (!client && way == 0 && p->redirected) {
		a = p->original_to;
		low = high = p->original_to_port;
	}
	if (!port) {
		nft_store(m, dreg, a.bytes, a.family == AF_INET ? 4 : 16);
		return MATCH_YES;
	}
	if (low != high)
		return store_open(m, dreg, 2);
	uint8_t bytes[2] = {(uint8_t)(low >> 8), (uint8_t)low};
	nft_store(m, dreg, bytes, 2);
	return MATCH_YES;
}

static uint32_t ct_status(const struct packet *p)
{
	bool confirmed = p->answer || (p->hook != HOOK_OUTPUT && p->hook != HOOK_POSTROUTING);

	return (p->answer ? IPS_SEEN_REPLY : 0) | (confirmed ? IPS_CONFIRMED : 0) |
		(p->redirected ? IPS_DST_NAT : 0);
}

static enum match set_ct(struct nft_machine *m, const struct nft_attributes *n)
{
	size_t at = nft_register(&n->a[NFTA_CT_SREG]);

	if (nft_u32(&n->a[NFTA_CT_KEY]) != NFT_CT_MARK || at == NFT_NO_REGISTER)
		return MATCH_YES;
	m->p->ct_mark_open = m->out->match != MATCH_YES || !span_is_known(&m->regs, at, 4);
	memcpy(&m->p->ct_mark, m->regs.lo + at, 4);
	return MATCH_YES;
}

enum match nft_do_ct(struct nft_machine *m, const struct nft_attributes *n)
{
	const struct netlink_attribute *dreg = &n->a[NFTA_CT_DREG], *d = &n->a[NFTA_CT_DIRECTION];
	uint32_t key = nft_u32(&n->a[NFTA_CT_KEY]);
	uint8_t way = d->data && d->len ? d->data[0] : 0;
	const struct packet *p = m->p;

	if (n->a[NFTA_CT_SREG].data)
		return set_ct(m, n);
	if (key == NFT_CT_STATE)
		return store_u32(m, dreg, ct_state(p));
	if (!p->tracked)
		return MATCH_NO; /* there is no entry to ask */
	switch (key) {
	case NFT_CT_DIRECTION:
		return store_u8(m, dreg, p->answer);
	case NFT_CT_STATUS:
		return store_u32(m, dreg, ct_status(p));
	case NFT_CT_MARK:
		return p->ct_mark_open ? store_open(m, dreg, 4) : store_u32(m, dreg, p->ct_mark);
	case NFT_CT_HELPER:
		return MATCH_NO;
	case NFT_CT_L3PROTOCOL:
		return store_u8(m, dreg, p->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	case NFT_CT_PROTOCOL:
		return store_u8(m, dreg, p->l4);
	case NFT_CT_SRC:
	case NFT_CT_SRC_IP:
	case NFT_CT_SRC_IP6:
		return ct_end(m, dreg, way, true, false);
	case NFT_CT_DST:
	case NFT_CT_DST_IP:
	case NFT_CT_DST_IP6:
		return ct_end(m, dreg, way, false, false);
	case NFT_CT_PROTO_SRC:
		return ct_end(m, dreg, way, true, true);
	case NFT_CT_PROTO_DST:
		return ct_end(m, dreg, way, false, true);
	default:
		return store_open(m, dreg, 16);
	}
}

enum match nft_do_match(struct nft_machine *m, const struct nft_attributes *n)
{
	struct xt_extension x = xt_extension_of(m->arena, n);

	return xt_match(m->arena, &x, m->p, m->out);
}

enum match nft_do_target(struct nft_machine *m, const struct nft_attributes *n)
{
	struct xt_extension x = xt_extension_of(m->arena, n);

	return xt_target(m->arena, &x, m->p, m->out);
}
