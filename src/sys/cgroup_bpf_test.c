/* Live: a cgroup of the test's own, with a program that allows everything. Skips without root. */
#include "sys/cgroup_bpf.h"

#include "base/must.h"
#include "base/str.h"
#include "tree.h"
#include "unit.h"
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* "return 1": the packet may pass. */
static int load_program(const char *name)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_CGROUP_SKB,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t) "GPL",
		.expected_attach_type = BPF_CGROUP_INET_INGRESS};

	str_copy(attr.prog_name, sizeof(attr.prog_name), name);
	return bpf(BPF_PROG_LOAD, &attr);
}

static bool attach(int folder, int program)
{
	union bpf_attr attr = {0};

	attr.target_fd = (uint32_t)folder;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_INET_INGRESS;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return bpf(BPF_PROG_ATTACH, &attr) == 0;
}

static bool has(const struct cgroup_program *list, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].path, path) && str_eq(list[i].hook, "ingress") && list[i].name &&
			str_eq(list[i].name, "sd_fw_ingress") && list[i].by)
			return str_eq(list[i].by, "systemd");
	return false;
}

TEST(finds_programs_of_a_cgroup_and_those_above)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct host host;
	struct cgroup_program *list = NULL;
	size_t count = 0;
	char top[128], inner[160], path[64], inner_path[80];
	const char *mount = access("/sys/fs/cgroup/unified", F_OK) == 0 ? "/sys/fs/cgroup/unified"
									: "/sys/fs/cgroup";
	struct stat st;

	must(host_open(NULL, &host, NULL) == 0);
	snprintf(path, sizeof(path), "/loopscope-test-%d", (int)getpid());
	snprintf(top, sizeof(top), "%s%s", mount, path);
	snprintf(inner, sizeof(inner), "%s/inner", top);
	snprintf(inner_path, sizeof(inner_path), "%s/inner", path);
	AUTO(close) int program = load_program("sd_fw_ingress");
	if (program >= 0 && mkdir(top, 0755) == 0) {
		AUTO(close) int folder = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (mkdir(inner, 0755) == 0 && attach(folder, program)) {
			CHECK_INT(cgroup_bpf_list(&host, arena, inner_path, &list, &count, NULL),
				0);
			CHECK(has(list, count, path));
			CHECK(stat(inner, &st) == 0);
			CHECK_STR(cgroup_path_of(&host, arena, st.st_ino), inner_path);
		}
		rmdir(inner);
		rmdir(top);
	}
	host_close(&host);
}

TEST(says_when_there_is_no_cgroup_v2)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(tree) struct tree t = tree_new();
	struct cgroup_program *list = NULL;
	struct host host;
	size_t count = 0;

	tree_text(&t, "proc/stat", "btime 1\n");
	must(host_open(t.path, &host, NULL) == 0);
	CHECK_INT(cgroup_bpf_list(&host, arena, "/", &list, &count, NULL), -ENOENT);
	CHECK_STR(cgroup_path_of(&host, arena, 1), NULL);
	host_close(&host);
}

TESTS(finds_programs_of_a_cgroup_and_those_above, says_when_there_is_no_cgroup_v2)
