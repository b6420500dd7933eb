/*
 * tls - any service behind TLS (RFC 8446, RFC 5246); "https" when it chooses HTTP by ALPN.
 *
 * The ClientHello offers TLS 1.2 as the newest version, on purpose: in 1.2 the ALPN choice stands
 * in the clear (RFC 7301), in 1.3 it is encrypted. A server that knows 1.3 says so all the same, by
 * the last eight bytes of its random (RFC 8446 section 4.1.3). One that insists on 1.3 sends an
 * alert.
 *
 *	record:       type(1) version(2) length(2) | fragment                       section 5.1
 *	handshake:    type(1)=2 length(3) | ServerHello                             section 4
 *	ServerHello:  version(2) random(32) session-length(1) session cipher(2) compression(1)
 *	              extensions-length(2) { type(2) length(2) data }               section 4.1.3
 *	alert:        level(1) description(1)                                       section 6
 */
#include "decode/line.h"

#include "base/str.h"
#include "decode/alert.h"

#define RECORD_ALERT	       21
#define RECORD_HANDSHAKE       22
#define RECORD_MAX	       (16384u + 256)
#define SERVER_HELLO	       2
#define EXT_ALPN	       16
#define EXT_SUPPORTED_VERSIONS 43

/* clang-format off */
static const uint8_t client_hello[] = {
	22, 3, 1, 0, 163,   /* record; 3.1 is what old servers expect to see here */
	1, 0, 0, 159, 3, 3, /* ClientHello, TLS 1.2 */
	/* random: nothing secret will ever be sent, so it may be fixed */
	'l', 'o', 'o', 'p', 's', 'c', 'o', 'p', 'e', ' ', 'l', 'o', 'o', 'k', 's', ' ',
	'o', 'n', 'c', 'e', ' ', 'a', 'n', 'd', ' ', 'l', 'e', 'a', 'v', 'e', 's', '.',
	0,     /* no session */
	0, 30, /* ciphers: ECDHE with AES-GCM, ChaCha20 and AES-CBC, then plain RSA */
	0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, 0xc0, 0x09,
	0xc0, 0x13, 0xc0, 0x0a, 0xc0, 0x14, 0x00, 0x9c, 0x00, 0x9d, 0x00, 0x2f, 0x00, 0x35,
	0x00, 0xff,
	1, 0,  /* no compression */
	0, 88, /* extensions */
	0, 0, 0, 14, 0, 12, 0, 0, 9, 'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't', /* server name */
	0, 10, 0, 10, 0, 8, 0, 29, 0, 23, 0, 24, 0, 25, /* x25519, P-256, P-384, P-521 */
	0, 11, 0, 2, 1, 0,				/* points: uncompressed */
	0, 13, 0, 24, 0, 22,				/* signatures */
	4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 6, 3, 8, 6, 6, 1, 8, 7, 2, 1,
	0, 16, 0, 14, 0, 12, 2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1', /* ALPN */
	0, 23, 0, 0,					/* extended master secret */
};
/* clang-format on */

struct hello {
	uint16_t version;
	bool knows_13;
	struct line alpn;
};

static enum decode_result read_alert(struct arena *arena, struct reader r, struct decoded *out)
{
	uint8_t level = reader_u8(&r), description = reader_u8(&r);
	const char *name = tls_alert_name(description);

	out->rather = "tls"; /* what anyone hears who opens with something else */
	if (level != 1 && level != 2)
		return DECODE_NO;
	if (description == 70) /* our hello stops at 1.2 */
		out->detail = "TLS alert: protocol version, so probably TLS 1.3 only";
	else if (name)
		out->detail = arena_printf(arena, "TLS alert: %s", name);
	else
		out->detail = arena_printf(arena, "TLS alert %u", description);
	return DECODE_YES;
}

static void read_extension(uint16_t type, struct reader data, struct hello *out)
{
	if (type == EXT_SUPPORTED_VERSIONS) {
		out->version = reader_be16(&data);
	} else if (type == EXT_ALPN) {
		reader_skip(&data, 2);
		size_t len = reader_u8(&data);
		out->alpn = (struct line){(const char *)reader_bytes(&data, len), len};
		if (!reader_ok(&data))
			out->alpn.len = 0;
	}
}

static bool read_server_hello(struct reader r, struct hello *out)
{
	out->version = reader_be16(&r);
	const uint8_t *random = reader_bytes(&r, 32);
	reader_skip(&r, reader_u8(&r));
	reader_skip(&r, 3);
	if (!reader_ok(&r))
		return false;
	out->knows_13 = memcmp(random + 24, "DOWNGRD\x01", 8) == 0;
	struct reader extensions = r;
	reader_skip(&extensions, 2); /* there are none when nothing is left */
	while (extensions.left) {
		uint16_t type = reader_be16(&extensions), len = reader_be16(&extensions);
		const uint8_t *data = reader_bytes(&extensions, len);
		if (!reader_ok(&extensions))
			break;
		read_extension(type, reader_init(data, len), out);
	}
	return out->version >= 0x0300 && out->version <= 0x0304;
}

static void describe(struct arena *arena, const struct hello *h, struct decoded *out)
{
	static const char *const names[] = {"SSL 3", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};
	const char *alpn = line_copy(arena, h->alpn.text, h->alpn.len, 40);

	out->detail = arena_printf(arena, "%s%s%s%s", names[h->version & 7],
		h->knows_13 ? " and 1.3" : "", alpn ? ", ALPN " : "", alpn ? alpn : "");
	if (alpn && (str_eq(alpn, "h2") || str_starts(alpn, "http/")))
		out->speaks = "https";
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	struct hello h = {0};

	uint8_t type = reader_u8(&r);
	if (reader_ok(&r) && type != RECORD_ALERT && type != RECORD_HANDSHAKE)
		return DECODE_NO;
	uint8_t major = reader_u8(&r);
	if (reader_ok(&r) && major != 3)
		return DECODE_NO;
	uint8_t minor = reader_u8(&r);
	uint16_t length = reader_be16(&r);
	if (reader_ok(&r) &&
		(minor > 4 || length < 2 || length > RECORD_MAX ||
			(type == RECORD_ALERT && length != 2)))
		return DECODE_NO;
	const uint8_t *fragment = reader_bytes(&r, length);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	struct reader body = reader_init(fragment, length);
	if (type == RECORD_ALERT)
		return read_alert(arena, body, out);

	uint8_t message = reader_u8(&body);
	uint32_t message_len = reader_be24(&body);
	const uint8_t *hello = reader_bytes(&body, message_len);
	if (!hello || message != SERVER_HELLO ||
		!read_server_hello(reader_init(hello, message_len), &h))
		return DECODE_NO;
	describe(arena, &h, out);
	return DECODE_YES;
}

const struct decoder decoder_tls = {
	.name = "tls",
	.title = "TLS",
	.summary = "services behind TLS; https when HTTP is inside",
	.ports = (const uint16_t[]){443, 8443, 3443, 4443, 5443, 6443, 9443, 465, 636, 853, 993,
		995, 5671, 8883, 0},
	.hello = client_hello,
	.hello_len = sizeof(client_hello),
	.recognise = recognise,
};
