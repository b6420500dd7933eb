/*
 * fs - files and folders, bounded. Paths are relative to a directory fd, so that tests can hand in
 * a fixture tree instead of the machine's.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

/*
 * Appends the file to b, up to b's maximum; a longer file is cut and sets b->overflow.
 * Returns 0 or a negative errno; on failure b may hold a part. Works on /proc files of unknown size.
 */
int fs_read_at(int dirfd, const char *path, struct buf *b);

/* The same from an open descriptor, to its end: a pipe, a terminal, a socket. */
int fs_read_fd(int fd, struct buf *b);

/*
 * As fs_read_at, for files in folders of other people: anything but a regular file is -EINVAL, and
 * a FIFO or a device put in the file's place cannot make the caller wait.
 */
int fs_read_regular_at(int dirfd, const char *path, struct buf *b);

/* As fs_read_at, for small text: into a fixed array, NUL-terminated. Returns bytes or -errno. */
ssize_t fs_read_small(int dirfd, const char *path, char *out, size_t size);

/* readlink into a fixed array, NUL-terminated. Returns bytes or -errno; a cut link is -ENAMETOOLONG. */
ssize_t fs_readlink_at(int dirfd, const char *path, char *out, size_t size);

/* mkdir -p with the given mode for each new folder. */
int fs_mkdirs(const char *path, mode_t mode, struct err *err);

/* Writes the whole file next to its place (mode 0600), syncs it and renames it over `path`. */
int fs_write_atomic(const char *path, const void *bytes, size_t len, struct err *err);

/* Writes all bytes to a descriptor, through EINTR and short writes. */
int fs_write_all(int fd, const void *bytes, size_t len);

/* The folder loopscope may keep state in: $XDG_STATE_HOME/loopscope, else ~/.local/state/loopscope. */
int fs_state_path(struct buf *out, struct err *err);

/* The same, created with 0700. Refuses a folder that another user could write. */
int fs_state_dir(struct buf *out, struct err *err);

/* Appends path with the home folder written as "~". */
void fs_short_path(struct buf *out, const char *path, const char *home);
