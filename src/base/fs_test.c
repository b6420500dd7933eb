#include "base/fs.h"
#include "base/must.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

TEST(reads_only_regular_files_in_foreign_folders)
{
	char folder[] = "/tmp/loopscope-fs-XXXXXX";
	AUTO(buf) struct buf b = BUF_INIT(8);

	must(mkdtemp(folder));
	AUTO(close) int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
	rmdir(folder);
}

TESTS(reads_only_regular_files_in_foreign_folders)
