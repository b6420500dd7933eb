/*
 * snapshot - everything known about the machine's endpoints at one instant. Immutable once built.
 *
 * All pointers belong to the arena and live as long as the snapshot. Indexes are stable.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "model/blind.h"
#include "model/owner.h"
#include "model/service.h"
#include "model/socket.h"

/* One network namespace. Index 0 is always the one loopscope itself runs in. */
struct netns {
	uint32_t inode;	   /* of /proc/PID/ns/net */
	pid_t pid;	   /* a process inside, 0 = our own */
	const char *label; /* container name, unit, or "netns 4026532621"; NULL for index 0 */
	bool seen;	   /* its sockets were listed */
};

/* One descriptor of one process on one socket; snapshot.holders is sorted by socket. */
struct holder {
	uint32_t socket; /* index */
	uint32_t owner;	 /* index */
	int32_t fd;	 /* -1 = not known */
};

/* One address of one interface of this machine, own namespace. */
struct host_address {
	struct address address;
	uint8_t prefix_bits;
	bool up;
	bool loopback;
	const char *device;
};

struct snapshot {
	struct arena *arena; /* owned */
	int64_t taken_ms;
	uint64_t took_ns;
	const char *rung; /* how owners were found: "bpf iterator", "proc walk", "none" */
	const struct socket *sockets; /* owned */
	size_t socket_count;
	struct owner *const *owners;
	size_t owner_count;
	const struct owner *suspect; /* the only process that may not be looked into, or NULL */
	const struct holder *holders;
	size_t holder_count;
	const struct netns *namespaces;
	size_t namespace_count;
	const struct host_address *addresses;
	size_t address_count;
	const struct service *const *services; /* sorted by port, then protocol */
	size_t service_count;
	const struct blind_spot *blind;
	size_t blind_count;
	bool complete; /* false: a dump stayed interrupted after all retries; blind says which */
};

void snapshot_free(struct snapshot *s);

/* Frees it too, but what its pointers led to lives on in `arena`; only the array of sockets ends. */
void snapshot_give(struct snapshot *s, struct arena *arena);

AUTO_DEFINE(snapshot, struct snapshot *, snapshot_free)
