/*
 * cassandra - the CQL protocol of Cassandra and ScyllaDB, version 4 (native_protocol_v4.spec).
 *
 * OPTIONS asks which start-up options there are; it is answered before any login.
 *
 *	version(1) flags(1) stream(2) opcode(1) length(4) body       answers set bit 7 of version
 *	SUPPORTED(6):  pairs(2) { key, list }      key: length(2) bytes    list: count(2) { string }
 */
#include "decode/line.h"

#include "base/str.h"

#define OPCODE_ERROR	 0
#define OPCODE_SUPPORTED 6
#define BODY_MAX	 (64u << 10)

static struct line read_string(struct reader *r)
{
	struct line l = {.len = reader_be16(r)};

	l.text = (const char *)reader_bytes(r, l.len);
	if (!reader_ok(r))
		l.len = 0;
	return l;
}

static void read_options(struct arena *arena, struct reader body, unsigned version,
	struct decoded *out)
{
	const char *cql = NULL;
	bool scylla = false;

	for (unsigned pairs = reader_be16(&body); pairs && reader_ok(&body); pairs--) {
		struct line key = read_string(&body);
		for (unsigned n = reader_be16(&body); n && reader_ok(&body); n--) {
			struct line value = read_string(&body);
			if (key.len == 11 && line_starts(&key, "CQL_VERSION"))
				cql = line_version(arena, value.text, value.len);
		}
		scylla = scylla || line_starts(&key, "SCYLLA_");
	}
	out->detail = arena_printf(arena, "%sprotocol %u%s%s", scylla ? "ScyllaDB, " : "", version,
		cql ? ", CQL " : "", cql ? cql : "");
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	uint8_t version = reader_u8(&r);
	if (reader_ok(&r) && (version < 0x81 || version > 0x86))
		return DECODE_NO;
	reader_skip(&r, 1);
	uint16_t stream = reader_be16(&r);
	uint8_t opcode = reader_u8(&r);
	uint32_t length = reader_be32(&r);
	if (stream != 0 || length > BODY_MAX)
		return DECODE_NO;
	if (opcode != OPCODE_ERROR && opcode != OPCODE_SUPPORTED)
		return DECODE_NO;
	const uint8_t *body = reader_bytes(&r, length);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	if (opcode == OPCODE_SUPPORTED)
		read_options(arena, reader_init(body, length), version & 0x7f, out);
	return DECODE_YES;
}

const struct decoder decoder_cassandra = {
	.name = "cassandra",
	.title = "Cassandra",
	.summary = "the CQL native protocol of Cassandra and ScyllaDB",
	.ports = (const uint16_t[]){9042, 0},
	.hello = "\x04\0\0\0\x05\0\0\0\0",
	.hello_len = 9,
	.recognise = recognise,
};
