/* netns - see netns.h. setns(2) changes the calling thread only. */
#include "sys/netns.h"

#include "base/map.h"
#include "base/must.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#define NAMESPACES_MAX 4096

int netns_list(const struct host *host, struct netns_list *out, struct err *err)
{
	int fd = openat(host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	AUTO(map) struct map seen = {0};

	map_init(&seen);
	if (!dir)
		return err_set(err, -errno, "cannot list the processes in /proc: %m");
	out->v.max = NAMESPACES_MAX;
	map_set(&seen, host->net_inode, 0);
	for (struct dirent *e; (e = readdir(dir));) {
		char path[64];
		struct stat st;
		uint64_t pid;
		if (!str_u64(e->d_name, INT32_MAX, &pid))
			continue;
		snprintf(path, sizeof(path), "%d/ns/net", (int)pid);
		if (fstatat(host->proc, path, &st, 0) < 0) {
			out->denied += errno == EACCES || errno == EPERM;
			continue;
		}
		if (map_get(&seen, st.st_ino, NULL))
			continue;
		map_set(&seen, st.st_ino, 0);
		struct netns_ref *ref = vec_push(&out->v);
		if (ref)
			*ref = (struct netns_ref){(uint32_t)st.st_ino, (pid_t)pid};
	}
	return 0;
}

bool netns_holds(const struct host *host, uint32_t inode, pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%d/ns/net", (int)pid);
	return fstatat(host->proc, path, &st, 0) == 0 && (uint32_t)st.st_ino == inode;
}

int netns_run(const struct host *host, pid_t pid, int (*fn)(void *ctx), void *ctx)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/ns/net", (int)pid);
	AUTO(close) int own = openat(host->proc, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	AUTO(close) int other = openat(host->proc, path, O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return -errno;
	if (other < 0)
		return errno == EACCES ? -EPERM : -ESRCH;
	if (setns(other, CLONE_NEWNET) < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	int r = fn(ctx);
	must(setns(own, CLONE_NEWNET) == 0);
	return r;
}
