/*
 * h2 - HTTP/2 without TLS: gRPC servers and others that speak nothing older.
 *
 * The client sends the connection preface and an empty SETTINGS frame, opens no stream, and the
 * server answers with its own SETTINGS (RFC 9113 section 3.4). gRPC cannot be told apart from
 * other HTTP/2 without a request.
 *
 *	length(3) type(1)=4 flags(1) stream(4)=0 | { identifier(2) value(4) }      sections 4.1, 6.5
 */
#include "decode/line.h"

#define SETTINGS	       4
#define ACK		       1
#define MAX_CONCURRENT_STREAMS 3
#define LENGTH_MAX	       (6 * 64)

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	uint32_t length = reader_be24(&r);
	if (reader_ok(&r) && (length % 6 || length > LENGTH_MAX))
		return DECODE_NO;
	uint8_t type = reader_u8(&r);
	if (reader_ok(&r) && type != SETTINGS)
		return DECODE_NO;
	uint8_t flags = reader_u8(&r);
	uint32_t stream = reader_be32(&r);
	if ((flags & ACK) || stream != 0)
		return DECODE_NO;
	const uint8_t *payload = reader_bytes(&r, length);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;

	out->detail = "HTTP/2 without TLS";
	struct reader settings = reader_init(payload, length);
	while (settings.left) {
		uint16_t id = reader_be16(&settings);
		uint32_t value = reader_be32(&settings);
		if (id == MAX_CONCURRENT_STREAMS)
			out->detail = arena_printf(arena, "HTTP/2 without TLS, %u streams at once",
				value);
	}
	return DECODE_YES;
}

const struct decoder decoder_h2 = {
	.name = "h2",
	.title = "HTTP/2",
	.summary = "HTTP/2 without TLS: gRPC servers and others",
	.ports = (const uint16_t[]){50051, 0},
	.hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
	.hello_len = 33,
	.recognise = recognise,
};
