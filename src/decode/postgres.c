/*
 * postgres - PostgreSQL, PgBouncer and what speaks their protocol.
 *
 * SSLRequest asks whether TLS is there (protocol documentation, section "SSL Session Encryption").
 * It comes before the start-up message, so no database, user or log line is involved.
 *
 *	request:  length(4)=8 code(4)=80877103
 *	answer:   'S' or 'N', one byte; or ErrorResponse 'E' length(4) { field(1) text NUL } 0
 */
#include "decode/line.h"

#define ERROR_MAX (8u << 10)

static enum decode_result read_error(struct arena *arena, struct reader r, struct decoded *out)
{
	const char *message = NULL;

	reader_skip(&r, 1);
	uint32_t length = reader_be32(&r);
	if (reader_ok(&r) && (length < 6 || length > ERROR_MAX))
		return DECODE_NO;
	const uint8_t *body = reader_bytes(&r, reader_ok(&r) ? length - 4 : 0);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	struct reader fields = reader_init(body, length - 4);
	for (uint8_t field; (field = reader_u8(&fields)) != 0;) {
		size_t len;
		const char *text = (const char *)reader_until(&fields, '\0', &len);
		if (!text)
			return DECODE_NO;
		if (field == 'M')
			message = line_copy(arena, text, len, 180);
	}
	if (!message)
		return DECODE_NO;
	out->detail = arena_printf(arena, "error: %s", message);
	return DECODE_YES;
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	struct reader all = r;
	size_t total = r.left;
	uint8_t answer = reader_u8(&r);

	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	if (answer == 'E')
		return read_error(arena, all, out);
	if ((answer != 'S' && answer != 'N') || total != 1)
		return DECODE_NO;
	out->detail = answer == 'S' ? "offers TLS" : "no TLS";
	out->more = true; /* a second byte would show that it is something else */
	return DECODE_YES;
}

const struct decoder decoder_postgres = {
	.name = "postgres",
	.title = "PostgreSQL",
	.summary = "PostgreSQL and what speaks its protocol",
	.ports = (const uint16_t[]){5432, 5433, 6432, 0},
	.hello = "\0\0\0\x08\x04\xd2\x16\x2f",
	.hello_len = 8,
	.only_after_hello = true,
	.recognise = recognise,
};
