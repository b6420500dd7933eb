/*
 * tree - a temporary folder that plays the machine: what a fixture in git cannot hold (control
 * characters, huge files, many processes) is written at run time.
 *
 *   AUTO(tree) struct tree t = tree_new();
 *   tree_text(&t, "etc/passwd", "dev:x:1000:1000::/home/dev:/bin/sh\n");
 *   tree_link(&t, "proc/42/exe", "/usr/bin/node");
 *
 * Parent folders are made as needed; everything is removed at the end. Failures abort the test.
 */
#pragma once

#include "base/buf.h"
#include "base/fs.h"
#include "base/must.h"
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

struct tree {
	char path[64];
};

static inline struct tree tree_new(void)
{
	struct tree t = {"/tmp/loopscope-test-XXXXXX"};

	must(mkdtemp(t.path));
	return t;
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
	struct FTW *ftw)
{
	return remove(path);
}

static inline void tree_fini(struct tree *t)
{
	nftw(t->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Appends the absolute path of `name`, whose folders exist afterwards. */
static inline void tree_path(const struct tree *t, const char *name, struct buf *out)
{
	buf_printf(out, "%s/%s", t->path, name);
	char *slash = strrchr(out->data, '/');
	*slash = '\0';
	must(fs_mkdirs(out->data, 0700, NULL) == 0);
	*slash = '/';
}

static inline void tree_file(const struct tree *t, const char *name, const void *bytes, size_t len)
{
	AUTO(buf) struct buf path;

	buf_init(&path, 4096);
	tree_path(t, name, &path);
	AUTO(close) int fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && fs_write_all(fd, bytes, len) == 0);
}

static inline void tree_text(const struct tree *t, const char *name, const char *text)
{
	tree_file(t, name, text, strlen(text));
}

static inline void tree_link(const struct tree *t, const char *name, const char *target)
{
	AUTO(buf) struct buf path;

	buf_init(&path, 4096);
	tree_path(t, name, &path);
	must(symlink(target, path.data) == 0);
}

AUTO_DEFINE_FINI(tree, struct tree)
