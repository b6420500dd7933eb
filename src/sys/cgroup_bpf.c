/*
 * cgroup_bpf - see cgroup_bpf.h.
 *
 * The folder of cgroup v2 is /sys/fs/cgroup, or /sys/fs/cgroup/unified where v1 is mounted as well. The
 * id of a cgroup is the inode of its folder, and is a file handle (FILEID_KERNFS in
 * include/linux/exportfs.h) that open_by_handle_at(2) takes; without CAP_DAC_READ_SEARCH the folders are
 * walked.
 */
#include "sys/cgroup_bpf.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

enum { PROGRAMS_MAX = 4096, IDS_MAX = 64, DEPTH_MAX = 64, WALK_MAX = 200000 };

static const struct {
	enum bpf_attach_type type;
	const char *name;
} hooks[] = {
	{BPF_CGROUP_INET_INGRESS, "ingress"},
	{BPF_CGROUP_INET_EGRESS, "egress"},
	{BPF_CGROUP_INET_SOCK_CREATE, "sock_create"},
	{BPF_CGROUP_INET4_BIND, "bind4"},
	{BPF_CGROUP_INET6_BIND, "bind6"},
	{BPF_CGROUP_INET4_POST_BIND, "post_bind4"},
	{BPF_CGROUP_INET6_POST_BIND, "post_bind6"},
	{BPF_CGROUP_INET4_CONNECT, "connect4"},
	{BPF_CGROUP_INET6_CONNECT, "connect6"},
	{BPF_CGROUP_UDP4_SENDMSG, "sendmsg4"},
	{BPF_CGROUP_UDP6_SENDMSG, "sendmsg6"},
	{BPF_CGROUP_UDP4_RECVMSG, "recvmsg4"},
	{BPF_CGROUP_UDP6_RECVMSG, "recvmsg6"},
	{BPF_CGROUP_INET4_GETPEERNAME, "getpeername4"},
	{BPF_CGROUP_INET6_GETPEERNAME, "getpeername6"},
	{BPF_CGROUP_INET4_GETSOCKNAME, "getsockname4"},
	{BPF_CGROUP_INET6_GETSOCKNAME, "getsockname6"},
	{BPF_CGROUP_SETSOCKOPT, "setsockopt"},
	{BPF_CGROUP_GETSOCKOPT, "getsockopt"},
	{BPF_CGROUP_SOCK_OPS, "sock_ops"},
	{BPF_CGROUP_INET_SOCK_RELEASE, "sock_release"},
	{BPF_LSM_CGROUP, "lsm"},
};

typedef VEC(struct cgroup_program) programs;

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* The folder of cgroup v2, owned; -ENOENT when it is not mounted in its place. */
static int open_mount(const struct host *host)
{
	static const char *const places[] = {"sys/fs/cgroup", "sys/fs/cgroup/unified"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct statfs st;
		AUTO(close)
		int fd = openat(host->root, places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && fstatfs(fd, &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC)
			return steal_fd(&fd);
	}
	return -ENOENT;
}

static void read_name(struct arena *arena, struct cgroup_program *p)
{
	union bpf_attr by_id = {.prog_id = p->id}, get = {0};
	struct bpf_prog_info info = {0};
	AUTO(close) int fd = bpf(BPF_PROG_GET_FD_BY_ID, &by_id);

	if (fd < 0)
		return;
	get.info.bpf_fd = (uint32_t)fd;
	get.info.info_len = sizeof(info);
	get.info.info = (uintptr_t)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &get) < 0 || !info.name[0])
		return;
	p->name = arena_strndup(arena, info.name, strnlen(info.name, sizeof(info.name)));
	if (str_starts(p->name, "sd_"))
		p->by = "systemd";
	else if (str_starts(p->name, "cil_"))
		p->by = "Cilium";
}

/* The programs of one folder at one hook. */
static int query(struct arena *arena, int folder, size_t hook, const char *path, programs *out)
{
	uint32_t ids[IDS_MAX];
	union bpf_attr attr = {0};

	attr.query.target_fd = (uint32_t)folder;
	attr.query.attach_type = hooks[hook].type;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = IDS_MAX;
	if (bpf(BPF_PROG_QUERY, &attr) < 0) {
		if (errno == EINVAL || errno == EOPNOTSUPP)
			return 0; /* an older kernel does not know this hook */
		if (errno != ENOSPC)
			return -errno; /* ENOSPC: there are more, the first ones were copied */
	}
	for (size_t i = 0; i < MIN(attr.query.prog_cnt, (uint32_t)IDS_MAX); i++) {
		struct cgroup_program *p = vec_push(out);
		if (!p)
			return 0;
		*p = (struct cgroup_program){.hook = hooks[hook].name, .path = path, .id = ids[i]};
		read_name(arena, p);
	}
	return 0;
}

static int query_folder(struct arena *arena, int mount, const char *path, programs *out)
{
	const char *relative = str_eq(path, "/") ? "." : path + 1;
	AUTO(close) int fd = openat(mount, relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		int r = query(arena, fd, i, path, out);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The folder above, in the arena; NULL above the root. */
static const char *parent(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (str_eq(path, "/") || !slash)
		return NULL;
	return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

int cgroup_bpf_list(const struct host *host, struct arena *arena, const char *path,
	struct cgroup_program **out, size_t *out_count, struct err *err)
{
	AUTO(close) int mount = open_mount(host);
	programs found = {.max = PROGRAMS_MAX};
	const char *at = path;
	int r = 0;

	if (mount < 0)
		return err_set(err, mount, "no cgroup v2 is mounted at /sys/fs/cgroup");
	if (path[0] != '/' || strstr(path, "/.."))
		return err_set(err, -ENOENT, "the cgroup '%s' is not visible from here", path);
	for (int depth = 0; at && r == 0 && depth < DEPTH_MAX; depth++) {
		r = query_folder(arena, mount, at, &found);
		at = parent(arena, at);
	}
	if (r < 0) {
		vec_fini(&found);
		return err_set(err, r, "cannot list the BPF programs of cgroup '%s': %m", path);
	}
	*out_count = found.count;
	*out = arena_array(arena, struct cgroup_program, found.count + 1);
	if (found.count)
		memcpy(*out, found.items, found.count * sizeof(**out));
	vec_fini(&found);
	return 0;
}

/* The path of an open folder below the mount, as /proc/self/fd shows both. */
static const char *path_below(const struct host *host, struct arena *arena, int mount, int folder)
{
	char link[64], top[4096], path[4096];

	snprintf(link, sizeof(link), "self/fd/%d", mount);
	if (fs_readlink_at(host->proc, link, top, sizeof(top)) < 0)
		return NULL;
	snprintf(link, sizeof(link), "self/fd/%d", folder);
	if (fs_readlink_at(host->proc, link, path, sizeof(path)) < 0 ||
		str_ends(path, " (deleted)"))
		return NULL;
	const char *rest = str_after(path, top);
	return rest ? arena_strdup(arena, *rest ? rest : "/") : NULL;
}

static const char *by_handle(const struct host *host, struct arena *arena, int mount, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} u = {0};

	u.handle.handle_bytes = sizeof(id);
	u.handle.handle_type = 0xfe; /* FILEID_KERNFS */
	memcpy(u.room + sizeof(struct file_handle), &id, sizeof(id));
	AUTO(close)
	int fd = open_by_handle_at(mount, &u.handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? NULL : path_below(host, arena, mount, fd);
}

struct walk {
	struct arena *arena;
	uint64_t id;
	size_t seen;
};

static const char *search(struct walk *w, int folder, const char *path, int depth)
{
	AUTO(close) int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const char *found = NULL;

	if (!dir)
		return NULL;
	fd = -1; /* the stream has it */
	for (struct dirent *e; !found && w->seen < WALK_MAX && (e = readdir(dir));) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		w->seen++;
		const char *below = arena_printf(w->arena, "%s/%s", path, e->d_name);
		if (e->d_ino == w->id)
			return below;
		AUTO(close)
		int next = openat(folder, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next >= 0 && depth < DEPTH_MAX)
			found = search(w, next, below, depth + 1);
	}
	return found;
}

const char *cgroup_path_of(const struct host *host, struct arena *arena, uint64_t id)
{
	AUTO(close) int mount = open_mount(host);
	struct walk w = {.arena = arena, .id = id};
	struct stat st;

	if (mount < 0 || !id || fstat(mount, &st) < 0)
		return NULL;
	if (st.st_ino == id)
		return "/";
	const char *path = by_handle(host, arena, mount, id);
	return path ? path : search(&w, mount, "", 0);
}
