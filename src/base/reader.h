/*
 * reader - bounded reading of foreign bytes.
 *
 * A read past the end returns zero and sticks: a decoder is a straight line and one reader_ok().
 * Nothing is copied; pointers are borrowed from the bytes given to reader_init().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *p;
	size_t left;
	bool failed;
};

static inline struct reader reader_init(const void *bytes, size_t len)
{
	return (struct reader){.p = bytes, .left = len};
}

static inline bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

/* The next `len` bytes, or NULL (and failed) when fewer are left. */
static inline const uint8_t *reader_bytes(struct reader *r, size_t len)
{
	if (r->failed || len > r->left) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *p = r->p;
	r->p += len;
	r->left -= len;
	return p;
}

static inline void reader_skip(struct reader *r, size_t len)
{
	reader_bytes(r, len);
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t reader_be16(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t reader_be24(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 3);

	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t reader_be32(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint16_t reader_le16(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 2);

	return p ? (uint16_t)(p[1] << 8 | p[0]) : 0;
}

static inline uint32_t reader_le24(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 3);

	return p ? (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint32_t reader_le32(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 4);

	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

/* Copies a fixed-size kernel structure out; zeroes it when too few bytes are left. */
static inline bool reader_copy(struct reader *r, void *out, size_t len)
{
	const uint8_t *p = reader_bytes(r, len);

	if (p)
		memcpy(out, p, len);
	else
		memset(out, 0, len);
	return p != NULL;
}

/* The bytes up to (not with) the next `end`, which is skipped too; NULL when it never comes. */
static inline const uint8_t *reader_until(struct reader *r, uint8_t end, size_t *out_len)
{
	const uint8_t *hit = r->failed || !r->left ? NULL : memchr(r->p, end, r->left);

	*out_len = hit ? (size_t)(hit - r->p) : 0;
	if (!hit) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *p = r->p;
	r->left -= *out_len + 1;
	r->p = hit + 1;
	return p;
}
