/* pop3 - mail box servers; the server speaks first (RFC 1939 section 4: +OK and a greeting). */
#include "decode/line.h"

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result begins = line_begins(r, "+OK");
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	if (!line_next(&r, &l))
		return DECODE_NEED_MORE;
	if (l.len > 3 && l.text[3] != ' ')
		return DECODE_NO;
	out->detail = line_copy(arena, l.text, l.len, DECODED_DETAIL_MAX);
	return DECODE_YES;
}

const struct decoder decoder_pop3 = {
	.name = "pop3",
	.title = "POP3",
	.summary = "mail box servers",
	.ports = (const uint16_t[]){110, 0},
	.recognise = recognise,
};
