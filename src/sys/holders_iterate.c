/*
 * holders_iterate - the BPF rung of holders.h.
 *
 * Loading dominates a one-shot run, so the program is a light skeleton: one system call runs a
 * loader program that bpftool made at build time. Built only where clang, bpftool and the libbpf
 * headers are; holders_iterate_off.c stands in elsewhere.
 */
#include "sys/holders.h"

#include "sys/bpf/holders.h"
#include "sys/bpf/skeleton.h"
#include "sys/caps.h"
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>

AUTO_DEFINE(skeleton, struct holders_bpf *, holders_bpf__destroy)

bool holders_can_iterate(void)
{
	return caps_have(CAPS_BPF) && caps_have(CAPS_PERFMON);
}

static int open_iterator(struct holders_bpf *skeleton)
{
	if (holders_bpf__attach(skeleton) < 0)
		return -errno;

	union bpf_attr attr = {.iter_create.link_fd = (uint32_t)skeleton->links.dump_fd};
	int fd = (int)syscall(SYS_bpf, BPF_ITER_CREATE, &attr, sizeof(attr));
	return fd < 0 ? -errno : fd;
}

static int read_all(int fd, struct holder_list *out)
{
	struct holder_record records[2048];
	size_t kept = 0; /* bytes of a record that a read cut in two */

	for (;;) {
		ssize_t n = read(fd, (char *)records + kept, sizeof(records) - kept);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return kept ? -EBADMSG : 0;
		size_t total = kept + (size_t)n, count = total / sizeof(*records);
		for (size_t i = 0; i < count; i++) {
			struct holder_fact *h = vec_push(&out->v);
			if (!h)
				return -EOVERFLOW;
			*h = (struct holder_fact){records[i].inode, (pid_t)records[i].pid,
				(int32_t)records[i].fd, records[i].netns};
		}
		kept = total % sizeof(*records);
		memmove(records, (char *)records + count * sizeof(*records), kept);
	}
}

/* PROC_PID_INIT_INO of include/linux/proc_ns.h; the kernel gives it to no other namespace. */
static bool in_first_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == 0xEFFFFFFCu;
}

int holders_iterate(const struct holder_query *query, struct holder_list *out, struct err *err)
{
	AUTO(skeleton) struct holders_bpf *skeleton = holders_bpf__open();

	if (!skeleton)
		return err_set(err, -ENOMEM, "cannot prepare the BPF iterator");
	skeleton->rodata->want_states = query->states;
	skeleton->rodata->want_port = query->port;
	skeleton->rodata->want_inet =
		(query->protos & ~(PROTO_BITS_UNIX | PROTO_BIT(PROTO_PACKET))) != 0;
	skeleton->rodata->want_unix = (query->protos & PROTO_BITS_UNIX) != 0;
	skeleton->rodata->want_packet = (query->protos & PROTO_BIT(PROTO_PACKET)) != 0;
	skeleton->rodata->nested = !in_first_pid_namespace();
	skeleton->rodata->tcp_only =
		(query->protos & ~(PROTO_BITS_UNIX | PROTO_BIT(PROTO_PACKET))) ==
		PROTO_BIT(PROTO_TCP);
	if (holders_bpf__load(skeleton) < 0)
		return err_set(err, errno == EPERM ? -EPERM : -EOPNOTSUPP,
			"the kernel does not take the BPF iterator: %m");
	AUTO(close) int fd = open_iterator(skeleton);
	if (fd < 0)
		return err_set(err, fd, "cannot start the BPF iterator: %m");
	size_t before = out->v.count;
	int r = read_all(fd, out);
	if (r == 0)
		return 0;
	out->v.count = before;
	return err_set(err, r, "cannot read the BPF iterator: %m");
}
