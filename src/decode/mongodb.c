/*
 * mongodb - the wire protocol (OP_MSG, MongoDB 3.6 and later).
 *
 * Asked is isMaster, the old name of `hello` that every version knows: each client sends it before
 * it logs in, and it changes nothing. The newest wire version in the answer tells the release.
 *
 *	length(4) request(4) answer-to(4) opcode(4)=2013 | flags(4) kind(1)=0 document
 *	all of it little-endian
 *	document (bsonspec.org):  length(4) { type(1) name NUL value } NUL
 *
 * A client that speaks HTTP to it is told so in HTTP, with a fixed text.
 */
#include "decode/line.h"

#include "base/str.h"

#define REQUEST	     0x6c6f6f70
#define OP_MSG	     2013
#define LENGTH_MAX   (48u << 20)
#define DOCUMENT_MAX (16u << 10)

/* clang-format off */
static const uint8_t is_master[] = {
	55, 0, 0, 0, 'p', 'o', 'o', 'l', 0, 0, 0, 0, 0xdd, 0x07, 0, 0, /* header */
	0, 0, 0, 0, 0,						       /* flags, kind */
	34, 0, 0, 0,						       /* document */
	0x10, 'i', 's', 'M', 'a', 's', 't', 'e', 'r', 0, 1, 0, 0, 0,
	0x02, '$', 'd', 'b', 0, 6, 0, 0, 0, 'a', 'd', 'm', 'i', 'n', 0, 0,
};
/* clang-format on */

/* The size of a BSON value, or 0 for a type that hello never returns; r stands before the value. */
static size_t value_size(uint8_t type, struct reader r)
{
	uint32_t length = reader_le32(&r);

	switch (type) {
	case 0x01: /* double */
	case 0x09: /* date */
	case 0x11: /* timestamp */
	case 0x12: /* int64 */
		return 8;
	case 0x02: /* string: its length is not counted */
		return (size_t)length + 4;
	case 0x03: /* document */
	case 0x04: /* array */
		return length;
	case 0x05: /* binary: length, subtype, bytes */
		return (size_t)length + 5;
	case 0x07: /* object id */
		return 12;
	case 0x08: /* bool */
		return 1;
	case 0x10: /* int32 */
		return 4;
	default:
		return 0;
	}
}

static const char *release_of(uint32_t wire_version)
{
	static const struct {
		uint32_t wire;
		const char *release;
	} rows[] = {{6, "3.6"}, {7, "4.0"}, {8, "4.2"}, {9, "4.4"}, {13, "5.0"}, {17, "6.0"},
		{21, "7.0"}, {25, "8.0"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].wire == wire_version)
			return rows[i].release;
	}
	return NULL;
}

/* The top level of the answer; stops quietly at what it does not understand. */
static void read_document(struct arena *arena, struct reader r, struct decoded *out)
{
	const char *kind = "", *set = NULL;
	uint32_t wire = 0;

	reader_skip(&r, 4);
	for (uint8_t type; (type = reader_u8(&r)) != 0;) {
		size_t len;
		const char *name = (const char *)reader_until(&r, '\0', &len);
		size_t size = value_size(type, r);
		if (!name || size == 0)
			break;
		struct reader value = r;
		reader_skip(&r, size);
		if (!reader_ok(&r))
			break;
		if (type == 0x10 && str_eq(name, "maxWireVersion"))
			wire = reader_le32(&value);
		else if (type == 0x02 && str_eq(name, "msg"))
			kind = "router, ";
		else if (type == 0x02 && str_eq(name, "setName") && size > 5) {
			reader_skip(&value, 4);
			set = line_copy(arena, (const char *)reader_bytes(&value, size - 4),
				size - 5, 60);
		}
	}
	const char *release = release_of(wire);
	out->detail = arena_printf(arena, "%swire version %u%s%s%s%s", kind, wire,
		release ? ", as of MongoDB " : "", release ? release : "",
		set ? ", replica set " : "", set ? set : "");
}

static enum decode_result told_in_http(struct reader r, struct decoded *out)
{
	enum decode_result begins = line_begins(r, "HTTP/1.0 200 OK\r\n");
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	while (line_next(&r, &l)) {
		if (l.len == 0) {
			begins = line_begins(r, "It looks like you are trying to access MongoDB");
			out->detail = "says over HTTP that it is MongoDB";
			out->rather = "mongodb";
			return begins;
		}
	}
	return DECODE_NEED_MORE;
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result http = told_in_http(r, out);
	if (http != DECODE_NO)
		return http;

	uint32_t length = reader_le32(&r);
	if (reader_ok(&r) && (length < 26 || length > LENGTH_MAX))
		return DECODE_NO;
	reader_skip(&r, 4);
	uint32_t answer_to = reader_le32(&r);
	if (reader_ok(&r) && answer_to != REQUEST)
		return DECODE_NO;
	uint32_t opcode = reader_le32(&r);
	if (reader_ok(&r) && opcode != OP_MSG)
		return DECODE_NO;
	reader_skip(&r, 4);
	uint8_t kind = reader_u8(&r);
	if (kind != 0)
		return DECODE_NO;
	size_t document = reader_ok(&r) ? MIN(length - 21u, DOCUMENT_MAX) : 0;
	const uint8_t *bytes = reader_bytes(&r, document);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	read_document(arena, reader_init(bytes, document), out);
	return DECODE_YES;
}

const struct decoder decoder_mongodb = {
	.name = "mongodb",
	.title = "MongoDB",
	.summary = "databases that speak MongoDB's wire protocol",
	.ports = (const uint16_t[]){27017, 27018, 27019, 0},
	.hello = is_master,
	.hello_len = sizeof(is_master),
	.recognise = recognise,
};
