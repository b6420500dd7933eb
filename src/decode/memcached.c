/*
 * memcached - the text protocol's "version" command (memcached's doc/protocol.txt), which reads and
 * changes nothing.
 *
 *	VERSION 1.6.18 CRLF
 */
#include "decode/line.h"

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result begins = line_begins(r, "VERSION ");
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	if (!line_next(&r, &l))
		return DECODE_NEED_MORE;
	out->detail = line_copy(arena, l.text, l.len, 80);
	line_drop(&l, "VERSION ");
	out->version = line_version(arena, l.text, l.len);
	return out->version ? DECODE_YES : DECODE_NO;
}

const struct decoder decoder_memcached = {
	.name = "memcached",
	.title = "memcached",
	.summary = "the memcached cache",
	.ports = (const uint16_t[]){11211, 0},
	.hello = "version\r\n",
	.hello_len = 9,
	.recognise = recognise,
};
