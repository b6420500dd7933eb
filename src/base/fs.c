/* fs - see fs.h. */
#include "base/fs.h"

#include "base/must.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int read_to_end(int fd, struct buf *b)
{
	for (size_t chunk = 4096;; chunk = MIN(chunk * 2, (size_t)1 << 20)) {
		size_t room = MIN(chunk, b->max - b->len);
		if (room == 0) {
			char more;
			b->overflow = b->overflow || read(fd, &more, 1) > 0;
			return 0;
		}
		buf_reserve(b, room);
		ssize_t n = read(fd, b->data + b->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		b->data[b->len] = '\0';
	}
}

int fs_read_at(int dirfd, const char *path, struct buf *b)
{
	AUTO(close) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : read_to_end(fd, b);
}

int fs_read_fd(int fd, struct buf *b)
{
	return read_to_end(fd, b);
}

int fs_read_regular_at(int dirfd, const char *path, struct buf *b)
{
	AUTO(close) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? read_to_end(fd, b) : -EINVAL;
}

ssize_t fs_read_small(int dirfd, const char *path, char *out, size_t size)
{
	AUTO(close) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;

	must(size > 0);
	if (fd < 0)
		return -errno;
	while (used < size - 1) {
		ssize_t n = read(fd, out + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	out[used] = '\0';
	return (ssize_t)used;
}

ssize_t fs_readlink_at(int dirfd, const char *path, char *out, size_t size)
{
	ssize_t n = readlinkat(dirfd, path, out, size);

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	out[n] = '\0';
	return n;
}

static int mkdir_one(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int fs_mkdirs(const char *path, mode_t mode, struct err *err)
{
	AUTO(free) char *copy = must_strdup(path);

	if (str_empty(path))
		return err_set(err, -ENOENT, "cannot create a folder without a name");
	for (char *p = copy + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;
		*p = '\0';
		int r = mkdir_one(copy, mode);
		if (r < 0)
			return err_set(err, r, "cannot create folder '%s': %m", copy);
		*p = end;
		if (!end)
			return 0;
	}
}

int fs_write_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fs_write_atomic(const char *path, const void *bytes, size_t len, struct err *err)
{
	AUTO(buf) struct buf temporary = BUF_INIT(8192);

	buf_printf(&temporary, "%s.XXXXXX", path);
	AUTO(close) int fd = mkostemp(temporary.data, O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "cannot create '%s': %m", temporary.data);
	int r = fs_write_all(fd, bytes, len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(temporary.data, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temporary.data);
		return err_set(err, r, "cannot write '%s': %m", path);
	}
	return 0;
}

int fs_state_path(struct buf *out, struct err *err)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (!str_empty(xdg) && xdg[0] == '/')
		buf_printf(out, "%s/loopscope", xdg);
	else if (!str_empty(home) && home[0] == '/')
		buf_printf(out, "%s/.local/state/loopscope", home);
	else
		return err_set(err, -ENOENT, "neither XDG_STATE_HOME nor HOME names a folder");
	if (out->overflow)
		return err_set(err, -ENAMETOOLONG, "the path of the state folder is too long");
	return 0;
}

int fs_state_dir(struct buf *out, struct err *err)
{
	AUTO(buf) struct buf path = BUF_INIT(4096);
	struct stat st;

	int r = fs_state_path(&path, err);
	if (r == 0)
		r = fs_mkdirs(path.data, 0700, err);
	if (r < 0)
		return r;
	if (stat(path.data, &st) < 0)
		return err_set(err, -errno, "cannot look at '%s': %m", path.data);
	if (st.st_uid != geteuid() || (st.st_mode & 022)) {
		AUTO(buf) struct buf quoted = BUF_INIT(4 * 4096);
		str_shell_quote(&quoted, path.data);
		err_set(err, -EPERM, "'%s' can be written by another user", path.data);
		err_fix(err, "chmod 700 %s", quoted.data);
		return -EPERM;
	}
	buf_add(out, path.data, path.len);
	return 0;
}

void fs_short_path(struct buf *out, const char *path, const char *home)
{
	size_t n = str_empty(home) ? 0 : strlen(home);

	while (n && home[n - 1] == '/')
		n--;
	if (n && strncmp(path, home, n) == 0 && (path[n] == '/' || path[n] == '\0')) {
		buf_char(out, '~');
		path += n;
	}
	buf_str(out, path);
}
