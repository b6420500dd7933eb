/*
 * mysql - MySQL, MariaDB and what speaks their protocol; the server speaks first.
 *
 *	length(3) sequence(1)=0 | protocol(1)=10 version NUL thread(4) salt(8) 0 ...  (little-endian)
 *	length(3) sequence(1)=0 | 0xff code(2) text                     "Host ... is not allowed"
 *
 * Protocol::HandshakeV10 and ERR_Packet in MySQL's internals manual. MariaDB puts "5.5.5-" before
 * its version, so that old replicas do not take 10 for less than 5.
 */
#include "decode/line.h"

#define LENGTH_MAX (16u << 10)

static enum decode_result read_error(struct arena *arena, struct reader r, struct decoded *out)
{
	reader_skip(&r, 1);
	uint16_t code = reader_le16(&r);
	if (reader_ok(&r) && (code < 1000 || code > 5000))
		return DECODE_NO;
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	size_t len = r.left;
	const char *text = (const char *)reader_bytes(&r, len);
	struct line l = {text, len};
	/* "#08S01" stands before the text when the server takes us for a newer client */
	if (line_starts(&l, "#") && l.len > 6)
		l = (struct line){l.text + 6, l.len - 6};
	const char *message = line_copy(arena, l.text, l.len, 180);
	out->detail = arena_printf(arena, "%serror %u: %s",
		line_find(&l, "MariaDB") ? "MariaDB, " : "", code, message ? message : "");
	return DECODE_YES;
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	uint32_t length = reader_le24(&r);
	if (reader_ok(&r) && (length < 4 || length > LENGTH_MAX))
		return DECODE_NO;
	uint8_t sequence = reader_u8(&r);
	if (sequence != 0)
		return DECODE_NO;
	const uint8_t *payload = reader_bytes(&r, reader_ok(&r) ? 1 : 0);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	if (payload[0] != 10 && payload[0] != 0xff)
		return DECODE_NO;
	const uint8_t *rest = reader_bytes(&r, length - 1);
	if (!rest)
		return DECODE_NEED_MORE;
	if (payload[0] == 0xff)
		return read_error(arena, reader_init(payload, length), out);

	struct reader packet = reader_init(rest, length - 1);
	size_t len;
	const char *text = (const char *)reader_until(&packet, '\0', &len);
	if (!text || len == 0 || packet.left < 13)
		return DECODE_NO;
	struct line version = {text, len};
	bool mariadb = line_find(&version, "MariaDB") != NULL;
	if (mariadb)
		line_drop(&version, "5.5.5-");
	const char *suffix = memchr(version.text, '-', version.len); /* "-0ubuntu0.22.04.1" */
	out->version = line_version(arena, version.text,
		suffix ? (size_t)(suffix - version.text) : version.len);
	out->detail = arena_printf(arena, "%s %s", mariadb ? "MariaDB" : "MySQL",
		arena_strndup(arena, version.text, MIN(version.len, (size_t)80)));
	return DECODE_YES;
}

const struct decoder decoder_mysql = {
	.name = "mysql",
	.title = "MySQL",
	.summary = "MySQL, MariaDB and what speaks their protocol",
	.ports = (const uint16_t[]){3306, 3307, 0},
	.recognise = recognise,
};
