// SPDX-License-Identifier: GPL-2.0
/*
 * attempts - every connect, bind and listen of one process and all its descendants, with its outcome.
 *
 * Raw system call tracepoints with BTF (tp_btf): the one kind that no kernel refuses. A call is noted
 * when it starts and told when it returns; a TCP connection that is still being opened then (a
 * non-blocking connect) is told when its socket leaves SYN_SENT, which often happens in a softirq
 * where the current task is somebody else: it is found by its socket. The same attempt again is only
 * counted.
 *
 * The first process is found by its number in the reader's pid namespace; its depth there tells which
 * of the numbers of its descendants the reader knows.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "attempts.h"

#define AF_UNIX	 1
#define AF_INET	 2
#define AF_INET6 10

#define SOCK_STREAM 1
#define SOCK_DGRAM  2

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT	2
#define TCP_SYN_RECV	3
#define TCP_CLOSE	7

#define EINTR	    4
#define EINPROGRESS 115
#define ERESTARTSYS 512

#define S_IFMT	 0170000
#define S_IFSOCK 0140000

#define DNS_PORT 53

/* sockaddr_in and sockaddr_in6 in one; of a sockaddr_un only the family matters. */
struct socket_address {
	__u16 family;
	__be16 port;
	union {
		__u8 address4[4];
		__u32 flow;
	};
	__u8 address6[16];
	__u32 scope;
};

#define UNIX_PATH 108

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long dx, si, di;
};
#define ARGUMENT_0(regs) ((regs)->di)
#define ARGUMENT_1(regs) ((regs)->si)
#define ARGUMENT_2(regs) ((regs)->dx)
enum {
	CALL_CONNECT = 42,
	CALL_BIND = 49,
	CALL_LISTEN = 50,
	CALL_WRITE = 1,
	CALL_WRITEV = 20,
	CALL_SENDTO = 44,
	CALL_SENDMSG = 46,
	CALL_SENDMMSG = 307,
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	unsigned long long regs[31];
};
#define ARGUMENT_0(regs) ((regs)->regs[0])
#define ARGUMENT_1(regs) ((regs)->regs[1])
#define ARGUMENT_2(regs) ((regs)->regs[2])
enum {
	CALL_CONNECT = 203,
	CALL_BIND = 200,
	CALL_LISTEN = 201,
	CALL_WRITE = 64,
	CALL_WRITEV = 66,
	CALL_SENDTO = 206,
	CALL_SENDMSG = 211,
	CALL_SENDMMSG = 269,
};
#else
#error "the system call numbers of this architecture are not known here"
#endif

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	union {
		struct {
			__be32 skc_daddr;
			__be32 skc_rcv_saddr;
		};
	};
	union {
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
	int sk_err;
};

struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[];
};

struct unix_sock {
	struct unix_address *addr;
};

/* Anonymous in the kernel too, which must agree for the relocation. */
typedef enum { SS_FREE, SS_UNCONNECTED } socket_state;

struct socket {
	socket_state state;
	struct sock *sk;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[];
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

struct task_struct {
	int tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct files_struct *files;
	struct signal_struct *signal;
};

#pragma clang attribute pop

/* Set before loading. */
const volatile __u32 first_pid;
const volatile __u32 pid_namespace;

__u32 found_first; /* the first process was met */
__u32 level;	   /* of the reader's pid namespace */
__u32 lost;	   /* attempts that found no room or could not be read */

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32); /* thread group, of the first pid namespace */
	__type(value, __u8);
} watched SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ATTEMPT_SLOTS);
	__type(key, __u64); /* pid_tgid */
	__type(value, struct attempt_flight);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ATTEMPT_SLOTS);
	__type(key, __u64); /* struct sock * */
	__type(value, struct attempt_flight);
} flights SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ATTEMPT_SLOTS);
	__type(key, __u64); /* struct sock *, of a datagram socket that was connected */
	__type(value, struct attempt_flight);
} quiet SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ATTEMPT_SLOTS);
	__type(key, struct attempt_key);
	__type(value, struct attempt_value);
} attempts SEC(".maps");

static __always_inline const struct upid *number_at(struct pid *pid, __u32 at)
{
	const void *numbers = (const char *)pid + bpf_core_field_offset(pid->numbers);

	return (const struct upid *)((const char *)numbers + (at & 31) * sizeof(struct upid));
}

/* Until it is met, each process is asked whether it is the first; it is the child of the reader, so
 * its own pid namespace is the reader's. */
static __always_inline void find_first(struct task_struct *task, __u32 tgid)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	__u32 depth = BPF_CORE_READ(pid, level);
	struct upid own = {0};
	__u8 one = 1;

	bpf_probe_read_kernel(&own, sizeof(own), number_at(pid, depth));
	if ((__u32)own.nr != first_pid || BPF_CORE_READ(own.ns, ns.inum) != pid_namespace)
		return;
	level = depth;
	found_first = 1;
	bpf_map_update_elem(&watched, &tgid, &one, BPF_ANY);
}

static __always_inline __u32 pid_here(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	struct upid number = {0};

	bpf_probe_read_kernel(&number, sizeof(number), number_at(pid, level));
	return (__u32)number.nr;
}

static __always_inline struct socket *socket_at(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

/* --- addresses --- */

/* An abstract name may hold NULs: its length is part of it. */
static __always_inline int read_path(struct attempt_key *key, const void *from, __u32 len)
{
	if (len <= 2)
		return -1;
	len -= 2;
	asm volatile("" : "+r"(len)); /* one register, so that the verifier knows its bound */
	if (len > UNIX_PATH)
		len = UNIX_PATH;
	asm volatile("" : "+r"(len));
	key->len = (__u16)len;
	return bpf_probe_read_user(key->address, len & 127, from + 2) < 0 ? -2 : 0;
}

/* -1: not an address; -2: not in memory yet. */
static __always_inline int read_given(struct attempt_key *key, const void *from, __u32 len)
{
	struct socket_address a = {0};

	if (len < sizeof(a.family))
		return -1;
	if (bpf_probe_read_user(&a.family, sizeof(a.family), from) < 0)
		return -2;
	key->family = (__u8)a.family;
	if (a.family == AF_UNIX)
		return read_path(key, from, len);
	if (a.family == AF_INET && len >= 8) {
		if (bpf_probe_read_user(&a, 8, from) < 0)
			return -2;
		__builtin_memcpy(key->address, a.address4, sizeof(a.address4));
	} else if (a.family == AF_INET6 && len >= 24) {
		/* RFC 2133 had no scope */
		if (bpf_probe_read_user(&a, len < sizeof(a) ? 24 : sizeof(a), from) < 0)
			return -2;
		__builtin_memcpy(key->address, a.address6, sizeof(a.address6));
		key->scope = a.scope;
	} else {
		return -1;
	}
	key->port = __builtin_bswap16(a.port);
	return 0;
}

/* Where a socket is bound: what listen(2) does not say, and the port that bind(2) chose. */
static __always_inline void read_own(struct attempt_key *key, struct sock *sk)
{
	if (key->family == AF_UNIX) {
		struct unix_address *own = BPF_CORE_READ((struct unix_sock *)sk, addr);
		if (!own)
			return;
		__u32 len = (__u32)BPF_CORE_READ(own, len);
		if (len <= 2)
			return;
		len -= 2;
		if (len > 108)
			len = 108;
		key->len = (__u16)len;
		const char *name = (const char *)own + bpf_core_field_offset(own->name);
		bpf_probe_read_kernel(key->address, len & 127, name + 2);
		return;
	}
	key->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (key->kind == ATTEMPT_BINDS)
		return;
	if (key->family == AF_INET6)
		BPF_CORE_READ_INTO((struct in6_addr *)key->address, sk,
			__sk_common.skc_v6_rcv_saddr);
	else
		BPF_CORE_READ_INTO((__be32 *)key->address, sk, __sk_common.skc_rcv_saddr);
}

/* --- outcomes --- */

static __always_inline void tell(struct attempt_flight *flight, int error)
{
	flight->key.error = error;
	flight->value.count = 1;
	flight->value.took_ns = bpf_ktime_get_ns() - flight->value.at_ns;
	struct attempt_value *same = bpf_map_lookup_elem(&attempts, &flight->key);
	if (!same) {
		if (bpf_map_update_elem(&attempts, &flight->key, &flight->value, BPF_NOEXIST) == 0)
			return;
		same = bpf_map_lookup_elem(&attempts, &flight->key);
	}
	if (same)
		__sync_fetch_and_add(&same->count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
}

/*
 * Whoever takes a flight away tells it: the end of the call and the socket's state may race. `copy` is
 * one that the caller has, as the stack has no room for many.
 */
static __always_inline void land(struct attempt_flight *copy, int error)
{
	if (bpf_map_delete_elem(&flights, &copy->sk) == 0)
		tell(copy, error);
}

static __always_inline void on_send(struct task_struct *task, __u32 fd)
{
	struct socket *socket = socket_at(task, fd);
	__u64 sk = socket ? (__u64)BPF_CORE_READ(socket, sk) : 0;
	struct attempt_flight *flight = sk ? bpf_map_lookup_elem(&quiet, &sk) : NULL;

	if (!flight)
		return;
	struct attempt_flight copy = *flight;
	bpf_map_delete_elem(&quiet, &sk);
	tell(&copy, 0);
}

static __always_inline __u32 is_stream(const struct attempt_key *key)
{
	return key->type == SOCK_STREAM && key->family != AF_UNIX;
}

static __always_inline __u32 is_datagram(const struct attempt_key *key)
{
	return key->type == SOCK_DGRAM && key->family != AF_UNIX;
}

static __always_inline void on_call(struct task_struct *task, __u64 id, __u8 kind, __u32 fd,
	const void *address, __u32 len)
{
	struct attempt_flight flight = {.key.kind = kind, .in_call = 1};
	struct socket *socket = socket_at(task, fd);
	struct sock *sk = socket ? BPF_CORE_READ(socket, sk) : NULL;

	if (!sk)
		return;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
		return;
	flight.sk = (__u64)sk;
	flight.key.type = BPF_CORE_READ(sk, sk_type);
	flight.key.protocol = BPF_CORE_READ(sk, sk_protocol);
	/* a second connect only asks how the first one went */
	if (kind == ATTEMPT_CONNECTS && flight.key.type == SOCK_STREAM && family != AF_UNIX &&
		BPF_CORE_READ(socket, state) != SS_UNCONNECTED)
		return;
	if (kind == ATTEMPT_LISTENS) {
		flight.key.family = (__u8)family;
		read_own(&flight.key, sk);
	} else {
		int r = read_given(&flight.key, address, len);
		if (r == -1)
			return;
		if (r == -2) {
			flight.from = (__u64)address;
			flight.from_len = len;
		} else if (kind == ATTEMPT_CONNECTS) {
			flight.pending = is_stream(&flight.key);
		}
	}
	flight.value.at_ns = bpf_ktime_get_ns();
	flight.value.pid = pid_here(task);
	bpf_get_current_comm(flight.value.program, sizeof(flight.value.program));
	if (bpf_map_update_elem(&calls, &id, &flight, BPF_ANY) < 0 ||
		(flight.pending && bpf_map_update_elem(&flights, &flight.sk, &flight, BPF_ANY) < 0))
		__sync_fetch_and_add(&lost, 1);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long call)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tgid = (__u32)(id >> 32);

	if (!found_first)
		find_first(task, tgid);
	if (!bpf_map_lookup_elem(&watched, &tgid))
		return 0;
	__u32 fd = (__u32)ARGUMENT_0(regs);
	switch (call) {
	case CALL_CONNECT:
		on_call(task, id, ATTEMPT_CONNECTS, fd, (void *)ARGUMENT_1(regs),
			(__u32)ARGUMENT_2(regs));
		break;
	case CALL_BIND:
		on_call(task, id, ATTEMPT_BINDS, fd, (void *)ARGUMENT_1(regs),
			(__u32)ARGUMENT_2(regs));
		break;
	case CALL_LISTEN:
		on_call(task, id, ATTEMPT_LISTENS, fd, NULL, 0);
		break;
	case CALL_WRITE:
	case CALL_WRITEV:
	case CALL_SENDTO:
	case CALL_SENDMSG:
	case CALL_SENDMMSG:
		on_send(task, fd);
		break;
	}
	return 0;
}

/* A connect that returned: told now, or left to its socket. */
static __always_inline void connect_returned(struct attempt_flight *call, long result)
{
	struct attempt_flight *flight = bpf_map_lookup_elem(&flights, &call->sk);

	if (!flight)
		return;
	if (result != -EINPROGRESS && result != -EINTR && result != -ERESTARTSYS) {
		land(call, (int)-result);
		return;
	}
	/* in this order: whichever side comes second sees the other */
	__sync_fetch_and_add(&flight->in_call, -1);
	if (flight->over)
		land(call, (int)flight->over_error);
}

/* The kernel has read the address meanwhile, so it is in memory. Its socket is followed from here. */
static __always_inline int read_late(struct attempt_flight *flight, long result)
{
	struct sock *sk = (struct sock *)flight->sk;

	if (read_given(&flight->key, (const void *)flight->from, flight->from_len) < 0)
		return -1;
	flight->from = 0;
	flight->from_len = 0;
	if (flight->key.kind != ATTEMPT_CONNECTS || !is_stream(&flight->key) ||
		result != -EINPROGRESS)
		return 0;
	flight->pending = 1;
	flight->in_call = 0;
	bpf_map_update_elem(&flights, &flight->sk, flight, BPF_ANY);
	int state = BPF_CORE_READ(sk, __sk_common.skc_state);
	int error = BPF_CORE_READ(sk, sk_err);
	if (state == TCP_ESTABLISHED)
		land(flight, 0);
	else if (state == TCP_CLOSE)
		land(flight, error > 0 ? error : EINPROGRESS);
	return -1;
}

static __always_inline void returned(struct attempt_flight *flight, long result)
{
	if (flight->key.family != AF_UNIX && !flight->key.port &&
		(flight->key.kind == ATTEMPT_LISTENS ||
			(flight->key.kind == ATTEMPT_BINDS && result == 0)))
		read_own(&flight->key, (struct sock *)flight->sk);
	/*
	 * Connecting a datagram socket sends nothing, and the resolver does it to each address that
	 * it sorts: it counts when something is sent.
	 */
	if (flight->key.kind == ATTEMPT_CONNECTS && is_datagram(&flight->key)) {
		if (result == 0 && flight->key.port != DNS_PORT)
			bpf_map_update_elem(&quiet, &flight->sk, flight, BPF_ANY);
		return;
	}
	tell(flight, result == -ERESTARTSYS ? EINTR : (int)-result);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long result)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct attempt_flight *call = bpf_map_lookup_elem(&calls, &id);

	if (!call)
		return 0;
	struct attempt_flight flight = *call;
	bpf_map_delete_elem(&calls, &id);
	if (flight.pending)
		connect_returned(&flight, result);
	else if (!flight.from || read_late(&flight, result) == 0)
		returned(&flight, result);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sock, int before, int after)
{
	__u64 sk = (__u64)sock;

	if ((before != TCP_SYN_SENT && before != TCP_SYN_RECV) ||
		(after != TCP_ESTABLISHED && after != TCP_CLOSE))
		return 0;
	struct attempt_flight *flight = bpf_map_lookup_elem(&flights, &sk);
	if (!flight)
		return 0;
	int error = 0;
	if (after == TCP_CLOSE) {
		error = sock->sk_err;
		if (error <= 0)
			error = EINPROGRESS;
	}
	flight->over_error = (__u32)error;
	__sync_fetch_and_add(&flight->over, 1);
	if (flight->in_call)
		return 0;
	struct attempt_flight copy = *flight;
	land(&copy, error);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = (__u32)parent->tgid, to = (__u32)child->tgid;
	__u8 one = 1;

	if (from != to && bpf_map_lookup_elem(&watched, &from) &&
		bpf_map_update_elem(&watched, &to, &one, BPF_ANY) < 0)
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* The number may be given to a stranger once the last thread has gone. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_gone, struct task_struct *task)
{
	__u32 tgid = (__u32)task->tgid;

	if (task->signal->live.counter == 0)
		bpf_map_delete_elem(&watched, &tgid);
	return 0;
}
