/*
 * caps - which rights this process has. Numbers of include/uapi/linux/capability.h.
 */
#pragma once

#include <stdbool.h>

enum caps_right {
	CAPS_DAC_READ_SEARCH = 2,
	CAPS_KILL = 5,
	CAPS_NET_ADMIN = 12,
	CAPS_NET_RAW = 13,
	CAPS_SYS_PTRACE = 19,
	CAPS_SYS_ADMIN = 21,
	CAPS_PERFMON = 38, /* CAP_SYS_ADMIN includes these two */
	CAPS_BPF = 39,
};

/* The effective set of this process; CAP_SYS_ADMIN counts as BPF and PERFMON, as in the kernel. */
bool caps_have(enum caps_right right);
const char *caps_name(enum caps_right right); /* "CAP_BPF" */
