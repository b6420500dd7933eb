/*
 * host - where this machine's facts are read from: /proc, /sys, /etc and /run below one root.
 *
 * Tests hand in a fixture folder; the program uses "/". All readers in sys/ take a host.
 */
#pragma once

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct host {
	int root;	 /* fd of "/" or of the fixture; paths below it are relative: "etc/hosts" */
	int proc;	 /* fd of root/proc */
	bool live;	 /* root is the real "/": system calls may complete what files say */
	long ticks;	 /* clock ticks a second */
	int64_t boot_ms; /* wall clock at boot, from /proc/stat btime; 0 = unknown */
	uint32_t net_inode; /* of our own network namespace, 0 = unknown */
	uint32_t pid_inode; /* of our own pid namespace, 0 = unknown */
	uid_t uid;	    /* effective user */
	pid_t self;
};

/* root NULL means "/". Fails only when there is no /proc. */
int host_open(const char *root, struct host *out, struct err *err);
void host_close(struct host *h);

/* One number out of a file such as "proc/sys/net/ipv4/ip_unprivileged_port_start"; false if absent. */
bool host_read_u64(const struct host *h, const char *path, uint64_t *out);
