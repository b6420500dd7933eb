#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char folder[64];

/* A new empty folder for each test; left to the system's cleaning of /tmp when a test fails. */
static int enter(void)
{
	str_copy(folder, sizeof(folder), "/tmp/fs-test.XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		abort();
	return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void put(const char *path, const char *text)
{
	struct err err;

	CHECK_INT(fs_write_atomic(path, text, strlen(text), &err), 0);
}

TEST(reads_files)
{
	AUTO(close) int dir = enter();
	AUTO(buf) struct buf b = BUF_INIT(100);
	char small[4];

	put("f", "hello");
	CHECK_INT(fs_read_at(dir, "f", &b), 0);
	CHECK_INT(fs_read_at(dir, "f", &b), 0);
	CHECK_STR(b.data, "hellohello"); /* it appends */
	CHECK(!b.overflow);
	CHECK_INT(fs_read_at(dir, "none", &b), -ENOENT);
	CHECK_INT(fs_read_small(dir, "f", small, sizeof(small)), 3);
	CHECK_STR(small, "hel");
	CHECK_INT(fs_read_small(dir, "none", small, sizeof(small)), -ENOENT);
	CHECK_INT(fs_read_at(dir, ".", &b), -EISDIR);
	unlink("f");
	rmdir(folder);
}

TEST(cuts_long_files)
{
	AUTO(close) int dir = enter();
	AUTO(buf) struct buf exact = BUF_INIT(5);
	AUTO(buf) struct buf less = BUF_INIT(4);

	put("f", "hello");
	CHECK_INT(fs_read_at(dir, "f", &exact), 0);
	CHECK(!exact.overflow);
	CHECK_INT(fs_read_at(dir, "f", &less), 0);
	CHECK_STR(less.data, "hell");
	CHECK(less.overflow);
	unlink("f");
	rmdir(folder);
}

TEST(reads_proc)
{
	AUTO(buf) struct buf b = BUF_INIT(1 << 20);

	CHECK_INT(fs_read_at(AT_FDCWD, "/proc/self/status", &b), 0);
	CHECK(strstr(b.data, "Pid:") != NULL);
}

TEST(reads_links)
{
	AUTO(close) int dir = enter();
	char out[6];

	CHECK_INT(symlink("abcde", "five"), 0);
	CHECK_INT(symlink("abcdef", "six"), 0);
	CHECK_INT(fs_readlink_at(dir, "five", out, sizeof(out)), 5);
	CHECK_STR(out, "abcde");
	CHECK_INT(fs_readlink_at(dir, "six", out, sizeof(out)), -ENAMETOOLONG);
	CHECK_INT(fs_readlink_at(dir, "none", out, sizeof(out)), -ENOENT);
	unlink("five");
	unlink("six");
	rmdir(folder);
}

TEST(makes_folders)
{
	AUTO(close) int dir = enter();
	struct err err;
	struct stat st;

	CHECK_INT(fs_mkdirs("a/b/c", 0700, &err), 0);
	CHECK_INT(fs_mkdirs("a/b/c/", 0700, &err), 0);
	CHECK_INT(stat("a/b/c", &st), 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	CHECK_INT(fs_mkdirs("/", 0700, &err), 0);
	CHECK_INT(fs_mkdirs("", 0700, &err), -ENOENT);
	put("file", "");
	CHECK_INT(fs_mkdirs("file", 0700, &err), -ENOTDIR);
	CHECK_INT(fs_mkdirs("file/x", 0700, &err), -ENOTDIR);
	unlink("file");
	rmdir("a/b/c");
	rmdir("a/b");
	rmdir("a");
	rmdir(folder);
}

TEST(replaces_files_whole)
{
	AUTO(close) int dir = enter();
	AUTO(buf) struct buf b = BUF_INIT(100);
	struct err err;
	struct stat st;

	put("f", "old");
	put("f", "new");
	fs_read_at(dir, "f", &b);
	CHECK_STR(b.data, "new");
	CHECK_INT(stat("f", &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(fs_write_atomic("none/f", "x", 1, &err), -ENOENT);
	CHECK(strstr(err.text, "cannot create 'none/f") != NULL);
	mkdir("d", 0700);
	CHECK(fs_write_atomic("d", "x", 1, &err) < 0); /* and leaves nothing behind: */
	unlink("f");
	rmdir("d");
	CHECK_INT(rmdir(folder), 0);
}

TEST(finds_the_state_folder)
{
	AUTO(close) int dir = enter();
	AUTO(buf) struct buf b = BUF_INIT(8192);
	AUTO(buf) struct buf want = BUF_INIT(8192);
	AUTO(buf) struct buf longer = BUF_INIT(8192);
	struct err err;

	setenv("XDG_STATE_HOME", folder, 1);
	CHECK_INT(fs_state_dir(&b, &err), 0);
	buf_printf(&want, "%s/loopscope", folder);
	CHECK_STR(b.data, want.data);
	chmod("loopscope", 0770);
	CHECK_INT(fs_state_dir(&b, &err), -EPERM);
	rmdir("loopscope");

	setenv("XDG_STATE_HOME", "relative", 1); /* counts as not set */
	setenv("HOME", folder, 1);
	buf_clear(&b);
	CHECK_INT(fs_state_dir(&b, &err), 0);
	CHECK(str_ends(b.data, "/.local/state/loopscope"));
	rmdir(".local/state/loopscope");
	rmdir(".local/state");
	rmdir(".local");
	unsetenv("HOME");
	CHECK_INT(fs_state_dir(&b, &err), -ENOENT);

	buf_char(&longer, '/');
	buf_pad(&longer, 'x', 5000);
	setenv("XDG_STATE_HOME", longer.data, 1);
	CHECK_INT(fs_state_dir(&b, &err), -ENAMETOOLONG);
	rmdir(folder);
}

TEST(shortens_paths)
{
	static const struct {
		const char *path, *home, *want;
	} rows[] = {
		{"/home/me/src", "/home/me", "~/src"},
		{"/home/me", "/home/me", "~"},
		{"/home/me2/x", "/home/me", "/home/me2/x"},
		{"/home/me/src", "/home/me/", "~/src"},
		{"/x", "/", "/x"},
		{"/x", "", "/x"},
		{"/x", NULL, "/x"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO(buf) struct buf b = BUF_INIT(100);
		fs_short_path(&b, rows[i].path, rows[i].home);
		CHECK_STR(b.data, rows[i].want);
	}
}

TEST(reads_only_regular_files_in_foreign_folders)
{
	char place[] = "/tmp/loopscope-fs-XXXXXX";
	AUTO(buf) struct buf b = BUF_INIT(8);

	must(mkdtemp(place));
	AUTO(close) int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(mkfifoat(dir, "fifo", 0600) == 0 && mkdirat(dir, "folder", 0700) == 0);
	AUTO(close) int fd = openat(dir, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(write(fd, "0123456789", 10) == 10);

	CHECK_INT(fs_read_regular_at(dir, "fifo", &b),
		-EINVAL); /* and does not wait for a writer */
	CHECK_INT(fs_read_regular_at(dir, "folder", &b), -EINVAL);
	CHECK_INT(fs_read_regular_at(dir, "absent", &b), -ENOENT);
	CHECK_INT(fs_read_regular_at(dir, "file", &b), 0);
	CHECK_STR(b.data, "01234567");
	CHECK(b.overflow);

	unlinkat(dir, "fifo", 0);
	unlinkat(dir, "file", 0);
	unlinkat(dir, "folder", AT_REMOVEDIR);
	rmdir(place);
}

TESTS(reads_files, cuts_long_files, reads_proc, reads_links, makes_folders, replaces_files_whole,
	finds_the_state_folder, shortens_paths, reads_only_regular_files_in_foreign_folders)
