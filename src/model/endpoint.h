/*
 * endpoint - protocol + address + port, or a unix path, in one network namespace.
 */
#pragma once

#include "model/address.h"

enum proto {
	PROTO_TCP,
	PROTO_UDP,
	PROTO_UDPLITE,
	PROTO_SCTP,
	PROTO_RAW,
	PROTO_PACKET,
	PROTO_UNIX_STREAM,
	PROTO_UNIX_DGRAM,
	PROTO_UNIX_SEQPACKET,
	PROTO_COUNT,
};

#define PROTO_BIT(p) (1u << (p))
#define PROTO_BITS_UNIX                                                                            \
	(PROTO_BIT(PROTO_UNIX_STREAM) | PROTO_BIT(PROTO_UNIX_DGRAM) |                              \
		PROTO_BIT(PROTO_UNIX_SEQPACKET))
#define PROTO_BITS_ALL (PROTO_BIT(PROTO_COUNT) - 1)

const char *proto_name(enum proto p); /* "tcp", "udp", "unix" ... */

struct endpoint {
	enum proto proto;
	struct address address; /* unspec for unix sockets */
	uint16_t port;		/* raw: the IP protocol; packet: the ethertype */
	uint32_t ifindex;	/* SO_BINDTODEVICE, 0 = any */
	const char *path;	/* unix: the path; '@' starts an abstract name; NULL = unnamed */
};

static inline bool proto_is_unix(enum proto p)
{
	return (PROTO_BIT(p) & PROTO_BITS_UNIX) != 0;
}

/* 127.0.0.1:3000 · [::1]:3000 · *:3000 for "any, both families" is the caller's matter · unix:/x */
void endpoint_format(struct buf *out, const struct endpoint *e);

/*
 * True when a listener bound to `bound` takes connections sent to `dialled` (v4-mapped included). One
 * on a device other than lo takes none that are sent to a loopback address: they arrive by lo.
 */
bool endpoint_accepts(const struct endpoint *bound, bool v6only, const struct address *dialled,
	uint16_t port);

/* The same without regard to devices: the addresses overlap, so both can be bound only as a group. */
bool endpoint_covers(const struct endpoint *bound, bool v6only, const struct address *dialled,
	uint16_t port);
