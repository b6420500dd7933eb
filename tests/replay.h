/*
 * replay - recorded netlink answers (tests/helpers/record_netlink.py) as a source for netlink_parse.
 *
 *   struct replay r = replay_load("unix.bin");
 *   netlink_parse(replay_receive, &r, 1, fn, ctx);
 *
 * The format: a byte (enum proto), then every datagram as its length (4 bytes, little-endian) and
 * its bytes. Recordings are loaded once and live until the program ends.
 */
#pragma once

#include "base/fs.h"
#include "base/must.h"
#include "base/reader.h"
#include <fcntl.h>
#include <sys/types.h>

#define REPLAY_SEQUENCE 1

struct replay {
	uint8_t proto;
	struct reader datagrams;
};

static inline struct replay replay_of(const void *bytes, size_t len)
{
	struct reader r = reader_init(bytes, len);
	uint8_t proto = reader_u8(&r);

	return (struct replay){proto, r};
}

static inline struct replay replay_load(const char *name)
{
	static struct buf files[16];
	static size_t count;
	char path[512];

	must(count < ARRAY_SIZE(files));
	struct buf *file = &files[count++];
	buf_init(file, 1 << 20);
	snprintf(path, sizeof(path), "%s/fixtures/netlink/%s", getenv("LOOPSCOPE_TESTS"), name);
	must(fs_read_at(AT_FDCWD, path, file) == 0);
	return replay_of(file->data, file->len);
}

/* A netlink_receive_fn. */
static inline ssize_t replay_receive(void *source, void *buffer, size_t size)
{
	struct reader *r = &((struct replay *)source)->datagrams;
	size_t len = reader_le32(r);
	const uint8_t *bytes = reader_bytes(r, len);

	if (!bytes || len > size)
		return 0;
	memcpy(buffer, bytes, len);
	return (ssize_t)len;
}
