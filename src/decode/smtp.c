/*
 * smtp - mail servers and mail catchers; the server speaks first (RFC 5321 section 4.2: 220).
 *
 * FTP greets with 220 as well, so the greeting must say SMTP, LMTP or the like somewhere.
 */
#include "decode/line.h"

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result begins = line_begins(r, "220");
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	while (line_next(&r, &l)) {
		if (line_find(&l, "SMTP") || line_find(&l, "LMTP")) {
			out->detail = line_copy(arena, l.text, l.len, DECODED_DETAIL_MAX);
			return DECODE_YES;
		}
		if (line_find(&l, "FTP") || line_find(&l, "FileZilla") || line_starts(&l, "220 "))
			return DECODE_NO;
	}
	return DECODE_NEED_MORE;
}

const struct decoder decoder_smtp = {
	.name = "smtp",
	.title = "SMTP",
	.summary = "mail servers and mail catchers",
	.ports = (const uint16_t[]){25, 587, 1025, 2525, 0},
	.recognise = recognise,
};
