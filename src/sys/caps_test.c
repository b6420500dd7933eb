#include "sys/caps.h"

#include "base/fs.h"
#include "unit.h"
#include <fcntl.h>
#include <inttypes.h>

static const enum caps_right rights[] = {CAPS_DAC_READ_SEARCH, CAPS_KILL, CAPS_NET_ADMIN,
	CAPS_NET_RAW, CAPS_SYS_PTRACE, CAPS_SYS_ADMIN, CAPS_PERFMON, CAPS_BPF};

static uint64_t effective(void)
{
	char text[4096];
	uint64_t set = 0;

	if (fs_read_small(AT_FDCWD, "/proc/thread-self/status", text, sizeof(text)) <= 0)
		return 0;
	const char *line = strstr(text, "\nCapEff:");
	CHECK(line && sscanf(line, "\nCapEff: %" SCNx64, &set) == 1);
	return set;
}

TEST(agrees_with_proc)
{
	uint64_t set = effective();
	bool admin = set >> CAPS_SYS_ADMIN & 1;

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		bool included = admin && (rights[i] == CAPS_BPF || rights[i] == CAPS_PERFMON);
		CHECK_INT(caps_have(rights[i]), included || (set >> rights[i] & 1));
	}
}

TEST(loses_rights_with_the_user)
{
	if (geteuid() != 0)
		return;
	CHECK_INT(seteuid(65534), 0);
	CHECK_INT(effective(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		CHECK(!caps_have(rights[i]));
	CHECK_INT(seteuid(0), 0);
}

TEST(names_each_right)
{
	CHECK_STR(caps_name(CAPS_BPF), "CAP_BPF");
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		CHECK(strncmp(caps_name(rights[i]), "CAP_", 4) == 0);
	CHECK(caps_name((enum caps_right)1) == NULL);
}

TESTS(agrees_with_proc, loses_rights_with_the_user, names_each_right)
