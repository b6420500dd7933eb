/*
 * imap - mail box servers; the server speaks first (RFC 9051 section 7.1: an untagged OK, PREAUTH
 * or BYE).
 */
#include "decode/line.h"

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	struct line l;

	enum decode_result begins = line_begins(r, "* ");
	if (begins != DECODE_YES)
		return begins;
	if (!line_next(&r, &l))
		return DECODE_NEED_MORE;
	if (!line_starts(&l, "* OK ") && !line_starts(&l, "* PREAUTH ") &&
		!line_starts(&l, "* BYE "))
		return DECODE_NO;
	out->detail = line_copy(arena, l.text, l.len, DECODED_DETAIL_MAX);
	return DECODE_YES;
}

const struct decoder decoder_imap = {
	.name = "imap",
	.title = "IMAP",
	.summary = "mail box servers",
	.ports = (const uint16_t[]){143, 0},
	.recognise = recognise,
};
