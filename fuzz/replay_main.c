/*
 * replay_main - runs a fuzz target over the files of a folder, without a fuzzer.
 *
 * Seeds and former crashes are thereby unit tests of every build. Each input is copied to the heap
 * exactly, so that the sanitizers see a read past its end.
 */
#include "base/fs.h"
#include "base/must.h"
#include <errno.h>
#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(int folder, const char *name)
{
	AUTO(buf) struct buf b;

	buf_init(&b, 16 << 20);
	int r = fs_read_regular_at(folder, name, &b);
	if (r == -EINVAL)
		return 0; /* a folder */
	if (r < 0) {
		fprintf(stderr, "cannot read '%s'\n", name);
		return -1;
	}
	AUTO(free) uint8_t *exact = must_malloc(b.len);
	memcpy(exact, b.data, b.len);
	LLVMFuzzerTestOneInput(exact, b.len);
	return 1;
}

int main(int argc, char **argv)
{
	AUTO(closedir) DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	int count = 0;

	if (!folder) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	for (struct dirent *e; (e = readdir(folder));) {
		int r = replay(dirfd(folder), e->d_name);
		if (r < 0)
			return 1;
		count += r;
	}
	printf("%d inputs\n", count);
	return count ? 0 : 1;
}
