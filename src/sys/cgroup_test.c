#include "base/str.h"
#include "sys/cgroup.h"
#include "unit.h"

#define ID1  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2  "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define USER "/user.slice/user-1000.slice/user@1000.service"

static struct cgroup parse(const char *text)
{
	struct cgroup c = {.path = "?", .path_len = 1, .slice_uid = -2};

	if (!cgroup_parse(text, strlen(text), &c))
		fprintf(stderr, "not parsed: %s\n", text);
	return c;
}

struct unit_row {
	const char *text, *unit;
	bool is_user;
	int slice_uid;
};

static void check_units(const struct unit_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cgroup c = parse(rows[i].text);
		CHECK_STR(c.unit, rows[i].unit);
		CHECK_INT(c.unit_is_user, rows[i].is_user);
		CHECK_INT(c.slice_uid, rows[i].slice_uid);
		CHECK_INT(c.runtime, RUNTIME_NONE);
	}
}

TEST(finds_system_units)
{
	static const struct unit_row rows[] = {
		{"0::/system.slice/nginx.service\n", "nginx.service", false, -1},
		{"0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n",
			"postgresql@15-main.service", false, -1},
		{"0::/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service",
			false, -1},
		{"0::/system.slice/docker.service\n", "docker.service", false, -1},
		{"0::/system.slice/libvirtd.service/machine/x\n", "libvirtd.service", false, -1},
		{"0::/system.slice/cups.socket\n", "cups.socket", false, -1},
		{"0::/init.scope\n", "init.scope", false, -1},
		{"0::/system.slice\n", "system.slice", false, -1},
		{"0::/\n", "", false, -1},
		{"0::/system.slice/_notify_on_release.service\n", "notify_on_release.service",
			false, -1},
		{"0::/system.slice/system-dbus\\x2d:1.3\\x2dorg.x.slice/dbus-:1.3-org.x@0.service\n",
			"dbus-:1.3-org.x@0.service", false, -1},
		{"0::/system.slice/ssh.service (deleted)\n", "ssh.service", false, -1},
		{"0::/openrc.sshd\n", "", false, -1},
	};

	check_units(rows, ARRAY_SIZE(rows));
}

TEST(finds_user_units)
{
	static const struct unit_row rows[] = {
		{"0::/user.slice/user-1000.slice/session-2.scope\n", "session-2.scope", false,
			1000},
		{"0::" USER "/init.scope\n", "user@1000.service", false, 1000},
		{"0::" USER "\n", "user@1000.service", false, 1000},
		{"0::" USER "/app.slice/pipewire.service\n", "pipewire.service", true, 1000},
		{"0::" USER "/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1a2b.scope\n",
			"vte-spawn-1a2b.scope", true, 1000},
		{"0::" USER "/app.slice/app-gnome-google\\x2dchrome-3456.scope\n",
			"app-gnome-google-chrome-3456.scope", true, 1000},
		{"0::" USER "/app.slice/app-dbus\\x2d:1.2\\x2dorg.kde.slice/x.service\n",
			"x.service", true, 1000},
		{"0::" USER "/tmux-spawn-8d4ae7d2.scope\n", "tmux-spawn-8d4ae7d2.scope", true,
			1000},
		{"0::" USER "/session.slice/org.gnome.Shell@wayland.service\n",
			"org.gnome.Shell@wayland.service", true, 1000},
		{"0::/user.slice/user-0.slice/session-1.scope\n", "session-1.scope", false, 0},
		{"0::/user.slice/user-x.slice/session-1.scope\n", "session-1.scope", false, -1},
		{"0::/../../"
		 "user.slice/user-1000.slice/session-2.scope\n",
			"session-2.scope", false, 1000},
	};

	check_units(rows, ARRAY_SIZE(rows));
}

TEST(keeps_the_exact_name_of_a_unit)
{
	struct cgroup c = parse("0::" USER "/app.slice/app-a\\x2db-1.scope/sub\n");

	CHECK_INT(c.unit_id_len, strlen("app-a\\x2db-1.scope"));
	CHECK(memcmp(c.unit_id, "app-a\\x2db-1.scope", c.unit_id_len) == 0);
	/* what would break a path or a line stays escaped */
	CHECK_STR(parse("0::/a\\x2fb\\x0ac\\xff\\x.service").unit, "a\\x2fb\\x0ac\\xff\\x.service");
}

TEST(reads_v1_and_hybrid)
{
	struct cgroup c = parse("12:pids:/user.slice/user-1000.slice/session-4.scope\n"
				"11:cpuset:/\n"
				"4:memory:/user.slice\n"
				"1:name=systemd:/user.slice/user-1000.slice/session-4.scope\n"
				"0::/user.slice/user-1000.slice/session-4.scope\n");

	CHECK_STR(c.unit, "session-4.scope");
	c = parse("3:cpu:/\n2:freezer:/\n1:name=systemd:/system.slice/ssh.service\n");
	CHECK_STR(c.unit, "ssh.service");
	CHECK_INT(c.path_len, strlen("/system.slice/ssh.service"));
	c = parse("9:name=systemd:/\n4:memory:/jobs/17\n0::/\n");
	CHECK_STR(c.unit, "");
	CHECK(memcmp(c.path, "/jobs/17", c.path_len) == 0);
	/* hybrid with Docker on v1: the v2 line names the runtime's own service */
	c = parse("5:cpu,cpuacct:/docker/" ID1 "\n1:name=systemd:/docker/" ID1
		  "\n0::/system.slice/containerd.service\n");
	CHECK_INT(c.runtime, RUNTIME_DOCKER);
	CHECK_STR(c.container, ID1);
	CHECK_STR(c.unit, "");
	/* a path may hold colons */
	CHECK_STR(parse("0::/system.slice/a:b:c.service\n").unit, "a:b:c.service");
}

struct container_row {
	const char *text;
	enum container_runtime runtime;
	const char *id;
	bool monitor;
};

static void check_containers(const struct container_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cgroup c = parse(rows[i].text);
		CHECK_INT(c.runtime, rows[i].runtime);
		CHECK_STR(c.container, rows[i].id);
		CHECK_INT(c.monitor, rows[i].monitor);
	}
}

TEST(finds_docker)
{
	static const struct container_row rows[] = {
		{"0::/system.slice/docker-" ID1 ".scope\n", RUNTIME_DOCKER, ID1},
		{"0::/docker/" ID1 "\n", RUNTIME_DOCKER, ID1},
		{"0::/docker/" ID1 "/init.scope\n", RUNTIME_DOCKER, ID1},
		{"0::" USER "/user.slice/docker-" ID1 ".scope\n", RUNTIME_DOCKER, ID1},
		{"0::/../docker-" ID1 ".scope\n", RUNTIME_DOCKER, ID1},
		{"7:cpu:/actions_job/" ID1 "\n", RUNTIME_DOCKER, ID1},
		{"7:cpu:/ecs/0f3a/" ID1 "\n", RUNTIME_DOCKER, ID1},
		/* Docker in Docker, and a kind node: the outer one */
		{"0::/docker/" ID1 "/docker/" ID2 "\n", RUNTIME_DOCKER, ID1},
		{"0::/system.slice/docker-" ID1 ".scope/kubelet.slice/kubelet-kubepods.slice/"
		 "kubelet-kubepods-podd1a2.slice/cri-containerd-" ID2 ".scope\n",
			RUNTIME_DOCKER, ID1},
		/* not containers */
		{"0::/docker/buildkit/ab12cd\n", RUNTIME_NONE, ""},
		{"0::/docker\n", RUNTIME_NONE, ""},
		{"0::/system.slice/docker-1234.scope\n", RUNTIME_NONE, ""},
		{"4:memory:/process_api/06d9a334b192296f1e276f0603903d16\n", RUNTIME_NONE, ""},
	};

	check_containers(rows, ARRAY_SIZE(rows));
	CHECK_STR(parse("0::" USER "/user.slice/docker-" ID1 ".scope").unit,
		"docker-" ID1 ".scope");
}

TEST(finds_podman)
{
	static const struct container_row rows[] = {
		{"0::/machine.slice/libpod-" ID1 ".scope\n", RUNTIME_PODMAN, ID1},
		{"0::/machine.slice/libpod-" ID1 ".scope/container\n", RUNTIME_PODMAN, ID1},
		{"0::" USER "/user.slice/libpod-" ID1 ".scope/container\n", RUNTIME_PODMAN, ID1},
		{"0::/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID1 ".scope\n",
			RUNTIME_PODMAN, ID1},
		{"0::/libpod_parent/libpod-" ID1 "\n", RUNTIME_PODMAN, ID1},
		{"0::/system.slice/web.service/libpod-payload-" ID1 "\n", RUNTIME_PODMAN, ID1},
		{"0::/machine.slice/libpod-conmon-" ID1 ".scope\n", RUNTIME_PODMAN, ID1, true},
		{"0::/libpod_parent/libpod-conmon-" ID1 "\n", RUNTIME_PODMAN, ID1, true},
	};

	check_containers(rows, ARRAY_SIZE(rows));
	CHECK_STR(parse("0::/system.slice/web.service/libpod-payload-" ID1).unit, "web.service");
}

TEST(finds_kubernetes_and_its_runtimes)
{
	static const struct container_row rows[] = {
		{"0::/kubepods/burstable/pod5a1b2c3d-0000-1111-2222-333344445555/" ID1 "\n",
			RUNTIME_KUBERNETES, ID1},
		{"0::/kubepods.slice/kubepods-burstable.slice/"
		 "kubepods-burstable-pod5a1b2c3d_0000_1111_2222_333344445555.slice/"
		 "cri-containerd-" ID1 ".scope\n",
			RUNTIME_KUBERNETES, ID1},
		{"0::/kubepods.slice/kubepods-pod5a1b2c3d_0000_1111_2222_333344445555.slice/crio-" ID1
		 ".scope\n",
			RUNTIME_KUBERNETES, ID1},
		{"0::/kubepods.slice/kubepods-pod5a1b2c3d_0000_1111_2222_333344445555.slice/docker-" ID1
		 ".scope\n",
			RUNTIME_KUBERNETES, ID1},
		{"6:cpu:/system.slice/containerd.service/"
		 "kubepods-besteffort-pod5a1b2c3d_0000_1111_2222_333344445555.slice:cri-containerd:" ID1
		 "\n",
			RUNTIME_KUBERNETES, ID1},
		{"0::/podruntime/docker/kubepods/besteffort/"
		 "pod5a1b2c3d-0000-1111-2222-333344445555/" ID1 "\n",
			RUNTIME_KUBERNETES, ID1},
	};
	static const struct container_row others[] = {
		{"0::/system.slice/cri-containerd-" ID1 ".scope\n", RUNTIME_CONTAINERD, ID1},
		{"0::/system.slice/nerdctl-" ID1 ".scope\n", RUNTIME_CONTAINERD, ID1},
		{"0::/system.slice/crio-" ID1 ".scope\n", RUNTIME_CRIO, ID1},
		{"0::/system.slice/crio-conmon-" ID1 ".scope\n", RUNTIME_CRIO, ID1, true},
		{"0::/kubepods.slice/kubepods-burstable.slice\n", RUNTIME_NONE, ""},
	};

	check_containers(rows, ARRAY_SIZE(rows));
	check_containers(others, ARRAY_SIZE(others));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_STR(parse(rows[i].text).pod, "5a1b2c3d-0000-1111-2222-333344445555");
	CHECK_STR(parse("0::/kubepods/podd1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4/" ID1).pod,
		"d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4"); /* a static pod */
	CHECK_STR(parse("0::/kubepods/podzzz/" ID1).pod, "");
}

TEST(finds_system_containers)
{
	static const struct container_row rows[] = {
		{"0::/lxc.payload.web\n", RUNTIME_LXC, "web"},
		{"0::/lxc.payload.web/system.slice/nginx.service\n", RUNTIME_LXC, "web"},
		{"0::/lxc.payload/web/init.scope\n", RUNTIME_LXC, "web"},
		{"0::/lxc.monitor.web\n", RUNTIME_LXC, "web", true},
		{"9:pids:/lxc/101/ns/system.slice\n", RUNTIME_LXC, "101"},
		{"0::/machine.slice/machine-web.scope/payload/system.slice/nginx.service\n",
			RUNTIME_NSPAWN, "web"},
		{"0::/machine.slice/machine-my\\x2dweb.scope\n", RUNTIME_NSPAWN, "my-web"},
		{"0::/machine.slice/systemd-nspawn@web.service/payload\n", RUNTIME_NSPAWN, "web"},
		{"0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/vcpu0\n", RUNTIME_NONE,
			""},
		{"0::/lxc\n", RUNTIME_NONE, ""},
	};

	check_containers(rows, ARRAY_SIZE(rows));
	CHECK_STR(parse("0::/lxc.payload.web/system.slice/nginx.service").unit, "");
	CHECK_STR(parse(rows[5].text).unit, "machine-web.scope");
}

TEST(survives_anything)
{
	static const char *const bad[] = {"", "\n", "0", "0:", "0::", "0::x", ":::", "::/x", "/x"};
	static const char nul[] = "0::/a\0b.service";
	char huge[600];
	struct cgroup c;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!cgroup_parse(bad[i], strlen(bad[i]), &c));
	CHECK(cgroup_parse(nul, sizeof(nul) - 1, &c));
	CHECK_STR(c.unit, "");
	memset(huge, 'x', sizeof(huge));
	memcpy(huge, "0::/", 4);
	memcpy(huge + sizeof(huge) - 8, ".service", 8);
	CHECK(cgroup_parse(huge, sizeof(huge), &c)); /* longer than any unit's name */
	CHECK_STR(c.unit, "");
	CHECK_STR(parse("0::///..//a.service//").unit, "a.service");
	CHECK_STR(parse("0::/.service").unit, "");
	CHECK_STR(parse("0::/_").unit, "");
}

TESTS(finds_system_units, finds_user_units, keeps_the_exact_name_of_a_unit, reads_v1_and_hybrid,
	finds_docker, finds_podman, finds_kubernetes_and_its_runtimes, finds_system_containers,
	survives_anything)
