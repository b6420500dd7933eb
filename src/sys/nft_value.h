/*
 * nft_value - what a register of a rule was loaded with, and how such a value is written. The kernel
 * keeps bytes without a type; the type follows from where they came from.
 */
#pragma once

#include "base/buf.h"
#include "sys/nft_rules.h"

enum nft_kind {
	NFT_KIND_RAW,
	NFT_KIND_PORT,
	NFT_KIND_IP4,
	NFT_KIND_IP6,
	NFT_KIND_NAME, /* of an interface; '*' where the value is shorter */
	NFT_KIND_INDEX,
	NFT_KIND_NUMBER, /* host byte order */
	NFT_KIND_NETWORK_NUMBER,
	NFT_KIND_MARK,
	NFT_KIND_STATE,
	NFT_KIND_STATUS,
	NFT_KIND_DIRECTION,
	NFT_KIND_L4PROTO,
	NFT_KIND_NFPROTO,
	NFT_KIND_ETHERTYPE,
	NFT_KIND_ADDRESS_TYPE,
	NFT_KIND_USER,
	NFT_KIND_FLAGS, /* of TCP */
};

struct nft_selector {
	char text[96]; /* "tcp dport" */
	enum nft_kind kind;
	uint16_t len;	      /* bytes */
	const uint8_t *mask;  /* a bitwise and came after it; NULL = none */
	const uint8_t *value; /* an immediate's bytes; NULL = not one */
};

void nft_value_text(struct buf *out, const struct nft_selector *s, const uint8_t *bytes,
	size_t len);

/* The selector of a meta, ct, payload, fib or other loading expression. l4: 0 = not known. */
bool nft_selector_of(const struct nft_expr *e, const struct nft_attributes *n, uint8_t family,
	uint8_t l4, struct nft_selector *out, uint32_t *out_register);
