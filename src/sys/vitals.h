/*
 * vitals - how one process fares: is it stopped, frozen, out of descriptors, spinning, waiting?
 *
 * What may not be read is "not known" and never 0. Two readings some time apart tell the CPU share.
 * Sources: proc_pid_stat(5), proc_pid_status(5), proc_pid_limits(5), cgroup-v2.rst.
 */
#pragma once

#include "base/arena.h"
#include "sys/host.h"

#define VITALS_UNKNOWN UINT64_MAX

enum { VITALS_THREADS_MAX = 512 };

struct vitals {
	pid_t pid;
	bool gone;
	char state;   /* of the main thread: R S D T t Z */
	pid_t tracer; /* 0 = none */
	const char *tracer_name;
	uint64_t cpu_ms;		   /* user + system so far; VITALS_UNKNOWN */
	uint64_t main_cpu_ms;		   /* of the main thread alone */
	uint32_t threads;		   /* all of them */
	uint32_t running, uninterruptible; /* in R and D, of the first VITALS_THREADS_MAX */
	const char *wchan; /* what the main thread waits in: "do_nanosleep"; NULL = not known */
	uint64_t fd_count, fd_limit;	 /* open descriptors and the soft limit; VITALS_UNKNOWN */
	uint64_t fd_sockets;		 /* how many of them are sockets; VITALS_UNKNOWN */
	uint32_t mnt_ns, net_ns, pid_ns; /* inodes, 0 = not known */
	int seccomp;			 /* 0 off, 1 strict, 2 filter; -1 not known */
	bool no_new_privs;
	uint64_t capabilities; /* CapEff */
	const char *lsm_label; /* "docker-default (enforce)"; NULL = unconfined or not known */
	/* The v2 path; NULL = not known. One that begins with "/.." lies outside of our own cgroup
	 * namespace: nothing of it can be read, and the facts below stay unknown. */
	const char *cgroup;
	bool frozen; /* cgroup.events says so, of its cgroup or one above (v2), or the v1 freezer */
	const char *frozen_at; /* the cgroup that was frozen: where cgroup.freeze is 1 */
	const char *thaw;      /* "echo 0 > /sys/fs/cgroup/x/cgroup.freeze"; NULL = not known */
	/* Of the nearest cgroup at or above its own that has a limit; of its own when none has. */
	uint64_t throttled_us, throttled_times; /* cpu.stat; VITALS_UNKNOWN */
	const char *cpu_max;			/* "50000 100000"; NULL = none */
	uint64_t oom_kills;			/* memory.events; VITALS_UNKNOWN */
};

/* Everything in the arena; a process that is not there has `gone`. */
void vitals_read(const struct host *host, struct arena *arena, pid_t pid, struct vitals *out);

/*
 * What the kernel's counters say about refused and dropped connections in the calling thread's network
 * namespace: /proc/net/netstat, snmp, stat/rt_cache. A counter that this kernel lacks is 0.
 */
struct net_counters {
	uint64_t listen_overflows, listen_drops, syn_retransmits, out_resets, martians;
};
bool net_counters_read(const struct host *host, struct net_counters *out);

/* A process that the kernel killed for want of memory, out of /dev/kmsg. */
struct oom_kill {
	pid_t pid;
	const char *name;
	const char
		*cgroup; /* whose limit it was; NULL = the whole machine's memory, "" = not named */
	int64_t at_ms;	 /* wall clock */
	const char *line; /* the kernel's own words */
};

/* The latest first, at most max; -EPERM when the log may not be read, -ENOENT when there is none. */
int oom_kills(const struct host *host, struct arena *arena, struct oom_kill *out, size_t max,
	size_t *out_count);
