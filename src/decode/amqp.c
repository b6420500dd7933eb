/*
 * amqp - RabbitMQ and other brokers that speak AMQP 0-9-1 or 1.0.
 *
 * The client opens with a protocol header (AMQP 0-9-1 section 4.2.2, AMQP 1.0 part 2.2) and stops
 * there: the broker answers before any login. One that does not speak 0-9-1 answers with the header
 * of what it does speak.
 *
 *	"AMQP" id(1) major(1) minor(1) revision(1)
 *
 * Else comes Connection.Start (sections 2.3.5 and 1.4.2.1):
 *
 *	type(1)=1 channel(2)=0 size(4) | class(2)=10 method(2)=10 major(1) minor(1) table ... | 0xCE
 *	table:  length(4) { name-length(1) name type(1) value }      'S' = length(4) bytes
 */
#include "decode/line.h"

#define START_MAX (64u << 10)

/* Leaves the value's bytes in *value; false for types that are not strings (tables are skipped). */
static bool next_field(struct reader *r, struct line *name, struct line *value)
{
	name->len = reader_u8(r);
	name->text = (const char *)reader_bytes(r, name->len);
	value->len = 0;
	switch (reader_u8(r)) {
	case 'S':
	case 'F':
		value->len = reader_be32(r);
		value->text = (const char *)reader_bytes(r, value->len);
		break;
	case 't':
		reader_skip(r, 1);
		break;
	case 'I':
		reader_skip(r, 4);
		break;
	default:
		r->failed = true;
	}
	return reader_ok(r);
}

static void read_properties(struct arena *arena, struct reader table, struct decoded *out)
{
	struct line name, value, product = {0}, version = {0};

	while (table.left && next_field(&table, &name, &value)) {
		if (name.len == 7 && line_starts(&name, "product"))
			product = value;
		else if (name.len == 7 && line_starts(&name, "version"))
			version = value;
	}
	if (version.len)
		out->version = line_version(arena, version.text, version.len);
	if (product.len)
		out->detail = line_copy(arena, product.text, product.len, 80);
}

static enum decode_result header_of_another_version(struct arena *arena, struct reader r,
	struct decoded *out)
{
	reader_skip(&r, 4);
	uint8_t id = reader_u8(&r), major = reader_u8(&r), minor = reader_u8(&r);
	uint8_t revision = reader_u8(&r);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	out->rather = "amqp"; /* what anyone hears who opens with something else */
	if (id == 0 && major == 0)
		out->detail = arena_printf(arena, "AMQP %u-%u-%u", major, minor, revision);
	else
		out->detail = arena_printf(arena, "AMQP %u.%u.%u", major, minor, revision);
	return DECODE_YES;
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	if (line_begins(r, "AMQP") != DECODE_NO)
		return header_of_another_version(arena, r, out);

	uint8_t type = reader_u8(&r);
	uint16_t channel = reader_be16(&r);
	uint32_t size = reader_be32(&r);
	if (type != 1 || channel != 0 || size > START_MAX)
		return DECODE_NO;
	uint16_t class = reader_be16(&r), method = reader_be16(&r);
	reader_skip(&r, 2);
	uint32_t table_len = reader_be32(&r);
	const uint8_t *table = reader_bytes(&r, table_len);
	if (table_len > size)
		return DECODE_NO;
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	if (class != 10 || method != 10)
		return DECODE_NO;
	read_properties(arena, reader_init(table, table_len), out);
	return DECODE_YES;
}

const struct decoder decoder_amqp = {
	.name = "amqp",
	.title = "AMQP",
	.summary = "message brokers such as RabbitMQ",
	.ports = (const uint16_t[]){5672, 0},
	.hello = "AMQP\0\0\x09\x01",
	.hello_len = 8,
	.recognise = recognise,
};
