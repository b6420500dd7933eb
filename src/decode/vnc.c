/*
 * vnc - remote screens; the server speaks first (RFC 6143 section 7.1.1).
 *
 *	RFB 003.008 LF
 */
#include "decode/line.h"

#include <ctype.h>

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result begins = line_begins(r, "RFB ");
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	if (!line_next(&r, &l))
		return r.left > 12 ? DECODE_NO : DECODE_NEED_MORE;
	if (l.len != 11 || l.text[7] != '.' || !isdigit((unsigned char)l.text[6]) ||
		!isdigit((unsigned char)l.text[10]))
		return DECODE_NO;
	out->detail = line_copy(arena, l.text, l.len, 11);
	return DECODE_YES;
}

const struct decoder decoder_vnc = {
	.name = "vnc",
	.title = "VNC",
	.summary = "remote screens",
	.ports = (const uint16_t[]){5900, 5901, 0},
	.recognise = recognise,
};
