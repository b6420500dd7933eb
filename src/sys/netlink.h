/*
 * netlink - dump requests to the kernel, retried until the answer is whole.
 *
 * A dump is a snapshot only while nothing changes: the kernel marks an interrupted one with
 * NLM_F_DUMP_INTR, and answers ENOBUFS when the receive buffer overran. Both mean "part is missing":
 * the request is made again from the start, up to a limit, and only then reported as -EAGAIN.
 * Source: netlink(7), include/uapi/linux/netlink.h.
 */
#pragma once

#include "base/err.h"
#include "base/reader.h"
#include <linux/netlink.h>

/* Called for every message of a dump; the reader holds the payload after the nlmsghdr. */
typedef int (*netlink_fn)(void *ctx, uint16_t type, struct reader payload);
/* Called before a repeated dump: forget what the interrupted one delivered. */
typedef void (*netlink_restart_fn)(void *ctx);

/* An open netlink socket (fd, owned by the caller) for a protocol such as NETLINK_SOCK_DIAG. */
int netlink_open(int protocol, struct err *err);

/*
 * Sends one dump request (type, payload) and hands every answer to fn. Returns 0, -EAGAIN when all
 * retries were interrupted (what was delivered stays delivered), another -errno, or what fn
 * returned when it was negative.
 */
int netlink_dump(int fd, uint16_t type, const void *payload, size_t len, netlink_fn fn,
	netlink_restart_fn restart, void *ctx);

/*
 * Sends a request about one thing (RTM_GETROUTE, RTM_GETLINK) and hands its answer to fn. Returns 0,
 * the -errno that the kernel answered, -EBADMSG for an answer that is none, or a negative from fn.
 */
int netlink_ask(int fd, uint16_t type, const void *payload, size_t len, netlink_fn fn, void *ctx);

/* As netlink_dump from a callback instead of a socket: recorded replies in tests and fuzzing. */
typedef ssize_t (*netlink_receive_fn)(void *source, void *buffer, size_t size);
int netlink_parse(netlink_receive_fn receive, void *source, uint32_t sequence, netlink_fn fn,
	void *ctx);

/* One attribute (rtattr) off a reader; false at the end or when the rest is malformed. */
struct netlink_attribute {
	uint16_t type;
	const uint8_t *data;
	uint16_t len;
};
bool netlink_attribute(struct reader *r, struct netlink_attribute *out);

/* Whole numbers out of an attribute; false when it is too short. */
bool netlink_u32(const struct netlink_attribute *a, uint32_t *out);
bool netlink_u64(const struct netlink_attribute *a, uint64_t *out);
