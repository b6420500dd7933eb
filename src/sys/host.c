/* host - see host.h. */
#include "sys/host.h"

#include "base/fs.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int64_t read_boot_ms(int proc)
{
	AUTO(buf) struct buf text = BUF_INIT(1 << 20); /* the interrupt line grows with the cores */
	uint64_t seconds;

	if (fs_read_at(proc, "stat", &text) < 0)
		return 0;
	char *line = strstr(text.data, "\nbtime ");
	if (!line)
		return 0;
	line += strlen("\nbtime ");
	line[strcspn(line, "\n")] = '\0';
	return str_u64(line, INT64_MAX / 1000, &seconds) ? (int64_t)seconds * 1000 : 0;
}

static uint32_t namespace_inode(int proc, const char *path)
{
	struct stat st;

	return fstatat(proc, path, &st, 0) == 0 ? (uint32_t)st.st_ino : 0;
}

int host_open(const char *root, struct host *out, struct err *err)
{
	struct host h = {.live = root == NULL, .uid = geteuid(), .self = getpid()};
	AUTO(close) int root_fd = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return err_set(err, -errno, "cannot open '%s': %m", root ? root : "/");
	AUTO(close) int proc_fd = openat(root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0) {
		int r = err_set(err, -errno, "cannot open '%s/proc': %m", root ? root : "");
		err_fix(err, "mount -t proc proc /proc");
		return r;
	}
	h.ticks = sysconf(_SC_CLK_TCK);
	h.boot_ms = read_boot_ms(proc_fd);
	h.net_inode = namespace_inode(proc_fd, "self/ns/net");
	h.pid_inode = namespace_inode(proc_fd, "self/ns/pid");
	h.root = steal_fd(&root_fd);
	h.proc = steal_fd(&proc_fd);
	*out = h;
	return 0;
}

void host_close(struct host *h)
{
	close(h->root);
	close(h->proc);
}

bool host_read_u64(const struct host *h, const char *path, uint64_t *out)
{
	char text[64];

	if (fs_read_small(h->root, path, text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, " \t\n")] = '\0';
	return str_u64(text, UINT64_MAX, out);
}
