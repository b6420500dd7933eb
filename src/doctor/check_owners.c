/*
 * owners - by which rung the owners of sockets are found: the BPF iterator, or a walk through /proc.
 *
 * The iterator is really loaded, as only that tells whether this kernel takes it: kernels without
 * BTF, with lockdown or without CONFIG_BPF_SYSCALL refuse it whatever the rights are.
 */
#include "doctor/check.h"

#include "base/clock.h"
#include "sys/holders.h"
#include <errno.h>
#include <sys/utsname.h>

static const char *kernel_release(const struct exam *e)
{
	struct utsname name;

	return uname(&name) == 0 ? arena_strdup(e->arena, name.release) : "?";
}

static void walk_instead(const struct exam *e, struct report *r, const char *why)
{
	report_add(r, "owners-walk", SEVERITY_OK,
		"owners are found by walking /proc, process by process");
	report_evidence(r, "BPF iterator", "not used: %s", why);
	report_evidence(r, "kernel", "%s", kernel_release(e));
}

static void run(const struct exam *e, struct report *r)
{
	struct holder_query query = {.protos = PROTO_BIT(PROTO_TCP),
		.states = SOCKET_BIT(SOCKET_LISTEN)};
	struct holder_list list = {.v = VEC_INIT(1 << 20)};
	struct err err = {0};
	AUTO(buf) struct buf took = BUF_INIT(100);

	if (!holders_can_iterate()) {
		bool rights = exam_right(e, CAPS_BPF) && exam_right(e, CAPS_PERFMON);
		walk_instead(e, r,
			rights ? "this loopscope was built without it"
			       : "it needs CAP_BPF and CAP_PERFMON");
		return;
	}
	uint64_t start = clock_mono_ns();
	int result = holders_iterate(&query, &list, &err);
	clock_duration(&took, clock_mono_ns() - start);
	if (result < 0) {
		walk_instead(e, r, err.text);
		if (e->own_user_namespace)
			report_evidence(r, "/proc/self/ns/user",
				"BPF is refused in a user namespace of its own");
	} else {
		report_add(r, "owners", SEVERITY_OK, "the BPF iterator finds every socket's owner");
		report_evidence(r, "BPF iterator", "%zu listening descriptors in %s", list.v.count,
			took.data);
		report_evidence(r, "kernel", "%s", kernel_release(e));
	}
	vec_fini(&list.v);
}

const struct doctor_check doctor_owners = {
	.subject = "owners",
	.summary = "whether the BPF iterator works, or /proc has to be walked",
	.run = run,
};
