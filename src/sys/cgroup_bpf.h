/*
 * cgroup_bpf - the BPF programs attached to a cgroup and to those above it, which may deny what its
 * sockets do (systemd's IPAddressDeny, RestrictNetworkInterfaces, SocketBindDeny; Cilium).
 *
 * Sockets keep the cgroup they were created in. BPF_PROG_QUERY, bpf(2); needs CAP_NET_ADMIN or CAP_BPF.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "sys/host.h"

struct cgroup_program {
	const char *hook; /* "ingress", "egress", "connect4", "bind6", "sock_create" ... */
	const char *path; /* of the cgroup it hangs on, "/" for the root */
	uint32_t id;
	const char *name; /* "sd_fw_ingress"; NULL when it may not be read */
	const char *by;	  /* "systemd", NULL = not known */
};

/*
 * For a cgroup path as in /proc/PID/cgroup ("/system.slice/x.service"). -EPERM without the right,
 * -ENOENT when there is no cgroup v2 mounted where it should be.
 */
int cgroup_bpf_list(const struct host *host, struct arena *arena, const char *path,
	struct cgroup_program **out, size_t *out_count, struct err *err);

/* The path of a cgroup by its id (struct socket.cgroup_id), in the arena; NULL when it is gone. */
const char *cgroup_path_of(const struct host *host, struct arena *arena, uint64_t id);
