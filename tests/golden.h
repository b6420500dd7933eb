/*
 * golden - compares a text with the file that holds what is expected, below tests/golden/.
 * UPDATE_GOLDEN=1 writes the files anew; read the diff before you commit it.
 */
#pragma once

#include "base/buf.h"
#include "base/fs.h"
#include "unit.h"
#include <fcntl.h>

/* The line of the first byte that differs. */
static inline int golden_line(const char *a, const char *b)
{
	int line = 1;

	for (; *a && *a == *b; a++, b++)
		line += *a == '\n';
	return line;
}

static inline void golden_check(const char *file, int line, const char *name, const char *text)
{
	const char *tests = getenv("LOOPSCOPE_TESTS");
	AUTO(buf) struct buf path, want;

	buf_init(&path, 4096);
	buf_init(&want, 16u << 20);
	buf_printf(&path, "%s/golden/%s", tests ? tests : "tests", name);
	if (getenv("UPDATE_GOLDEN")) {
		int fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0 || fs_write_all(fd, text, strlen(text)) < 0)
			unit_fail(file, line, path.data);
		if (fd >= 0)
			close(fd);
		return;
	}
	if (fs_read_at(AT_FDCWD, path.data, &want) < 0) {
		fprintf(stderr, "%s:%d: cannot read %s\n", file, line, path.data);
		unit_failures++;
	} else if (strcmp(want.data, text) != 0) {
		fprintf(stderr, "%s:%d: differs from %s:%d\n", file, line, path.data,
			golden_line(want.data, text));
		unit_failures++;
	}
}

#define CHECK_GOLDEN(name, text) golden_check(__FILE__, __LINE__, (name), (text))
