/* caps - see caps.h. capget(2) itself: one system call, no library. */
#include "sys/caps.h"

#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool in_set(const struct __user_cap_data_struct data[2], int right)
{
	return (data[right / 32].effective >> (right % 32)) & 1;
}

bool caps_have(enum caps_right right)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	if ((right == CAPS_BPF || right == CAPS_PERFMON) && in_set(data, CAPS_SYS_ADMIN))
		return true;
	return in_set(data, right);
}

const char *caps_name(enum caps_right right)
{
	switch (right) {
	case CAPS_DAC_READ_SEARCH:
		return "CAP_DAC_READ_SEARCH";
	case CAPS_KILL:
		return "CAP_KILL";
	case CAPS_NET_ADMIN:
		return "CAP_NET_ADMIN";
	case CAPS_NET_RAW:
		return "CAP_NET_RAW";
	case CAPS_SYS_PTRACE:
		return "CAP_SYS_PTRACE";
	case CAPS_SYS_ADMIN:
		return "CAP_SYS_ADMIN";
	case CAPS_PERFMON:
		return "CAP_PERFMON";
	case CAPS_BPF:
		return "CAP_BPF";
	}
	return NULL;
}
