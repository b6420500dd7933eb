/*
 * dns - name servers, over TCP (RFC 1035 section 4.2.2, RFC 7766).
 *
 * Asked is `version.bind`, class CHAOS, without "recursion desired": a name server answers that
 * from itself (RFC 4892 section 2), so that nothing is sent on to the network.
 *
 *	length(2) | id(2) flags(2) questions(2) answers(2) authority(2) additional(2)
 *	question:  name type(2) class(2)
 *	answer:    name type(2) class(2) ttl(4) length(2) data        TXT data: length(1) text
 */
#include "decode/line.h"

#define ID     0x6c73
#define QR     0x8000
#define OPCODE 0x7800
#define TXT    16

static const uint8_t question[] = {
	0, 30, 0x6c, 0x73, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, /* length, id, flags, one question */
	7, 'v', 'e', 'r', 's', 'i', 'o', 'n', 4, 'b', 'i', 'n', 'd', 0, 0, TXT, 0, 3 /* CHAOS */
};

/* Section 4.1.4: labels until a zero, or a pointer (two bytes with the top bits set) as the end. */
static void skip_name(struct reader *r)
{
	for (;;) {
		uint8_t len = reader_u8(r);
		if (len == 0)
			return;
		if ((len & 0xc0) == 0xc0) {
			reader_skip(r, 1);
			return;
		}
		reader_skip(r, len);
	}
}

static void read_answer(struct arena *arena, struct reader r, unsigned questions,
	struct decoded *out)
{
	while (questions-- && reader_ok(&r)) {
		skip_name(&r);
		reader_skip(&r, 4);
	}
	skip_name(&r);
	uint16_t type = reader_be16(&r);
	reader_skip(&r, 2 + 4 + 2);
	uint8_t len = reader_u8(&r);
	const char *text = (const char *)reader_bytes(&r, len);
	if (!text || type != TXT)
		return;
	out->detail = line_copy(arena, text, len, DECODED_DETAIL_MAX);
	/* "9.18.24-1-Debian", "dnsmasq-2.90", "unbound 1.17.1" */
	for (size_t i = 0; i < len && !out->version; i++) {
		if (i == 0 || text[i - 1] == '-' || text[i - 1] == ' ')
			out->version = line_version(arena, text + i, len - i);
	}
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	static const char *const rcodes[] = {"no error", "malformed", "failed", "no such name",
		"not implemented", "refused"};
	uint16_t length = reader_be16(&r), id = reader_be16(&r);

	if (reader_ok(&r) && (length < 12 || id != ID))
		return DECODE_NO;
	uint16_t flags = reader_be16(&r), questions = reader_be16(&r), answers = reader_be16(&r);
	if (reader_ok(&r) && (!(flags & QR) || (flags & OPCODE) || questions > 1 || answers > 1))
		return DECODE_NO;
	reader_skip(&r, 4);
	const uint8_t *rest = reader_bytes(&r, length >= 12 ? length - 12u : 0);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	if (answers)
		read_answer(arena, reader_init(rest, length - 12u), questions, out);
	else if ((flags & 15) < ARRAY_SIZE(rcodes))
		out->detail = arena_printf(arena, "asked for its version: %s", rcodes[flags & 15]);
	return DECODE_YES;
}

const struct decoder decoder_dns = {
	.name = "dns",
	.title = "DNS",
	.summary = "name servers, over TCP",
	.ports = (const uint16_t[]){53, 5353, 0},
	.hello = question,
	.hello_len = sizeof(question),
	.recognise = recognise,
};
