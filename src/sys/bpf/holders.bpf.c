// SPDX-License-Identifier: GPL-2.0
/*
 * holders - for every descriptor of every process that is a wanted socket: inode, pid, fd, netns.
 *
 * An iter/task_file program (Linux 5.11: bpf_sock_from_file) with constants for its filter, loaded
 * by a light skeleton: the kernel applies the CO-RE relocations, no vmlinux.h and no libbpf at run
 * time. Only fields that exist since 5.11 are touched.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "holders.h"

#define AF_UNIX	  1
#define AF_INET	  2
#define AF_INET6  10
#define AF_PACKET 17

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	union {
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct inode {
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
};

struct upid {
	int nr;
	void *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[];
};

struct task_struct {
	int tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

/* Set before loading: the filter is constant for the verifier, unused branches are free. */
const volatile __u32 want_states;
const volatile __u32 want_port;
const volatile __u8 want_inet, want_unix, want_packet, tcp_only;
const volatile __u8 nested; /* the reader is not in the first pid namespace */

char LICENSE[] SEC("license") = "GPL";

/* The process id as the reader of the iterator sees it: in a container numbers are others. */
static __always_inline __u32 pid_here(struct task_struct *task)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	int number = 0;

	if (!nested)
		return task->tgid;
	__u32 level = BPF_CORE_READ(reader, thread_pid, level);
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	const void *numbers = (const char *)pid + bpf_core_field_offset(pid->numbers);
	bpf_probe_read_kernel(&number, sizeof(number),
		(const char *)numbers + (level & 31) * sizeof(struct upid));
	return number;
}

SEC("iter/task_file")
int dump(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	struct socket *socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	struct sock *sk = socket->sk;
	if (!sk)
		return 0;

	unsigned short family = sk->__sk_common.skc_family;
	if (family == AF_INET || family == AF_INET6) {
		__u16 protocol = sk->sk_protocol;
		if (!want_inet || !(want_states & (1u << (sk->__sk_common.skc_state & 31))))
			return 0;
		if (tcp_only && protocol != 6 && protocol != 262 /* MPTCP */)
			return 0;
		if (want_port && sk->__sk_common.skc_num != want_port &&
			sk->__sk_common.skc_dport != __builtin_bswap16(want_port))
			return 0;
	} else if (!(family == AF_UNIX && want_unix) && !(family == AF_PACKET && want_packet)) {
		return 0;
	}

	struct holder_record record = {
		.inode = file->f_inode->i_ino,
		.pid = pid_here(task),
		.fd = ctx->fd,
		.netns = sk->__sk_common.skc_net.net->ns.inum,
	};
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
