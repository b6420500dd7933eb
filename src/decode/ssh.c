/*
 * ssh - secure shell servers; the server speaks first (RFC 4253 section 4.2).
 *
 *	SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3 CR LF
 *
 * The RFC lets other lines come before this one; no server on a desk does so, and a line in the
 * midst of someone else's text must not count, so only the first line does.
 */
#include "decode/line.h"

#define LINE_MAX 255 /* with CR LF */

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result begins = line_begins(r, "SSH-");
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	if (!line_next(&r, &l))
		return r.left > LINE_MAX ? DECODE_NO : DECODE_NEED_MORE;
	if (l.len > LINE_MAX - 2)
		return DECODE_NO;
	out->detail = line_copy(arena, l.text, l.len, DECODED_DETAIL_MAX);
	const char *software = line_find(&l, "_"); /* OpenSSH_9.2p1, dropbear_2022.83 */
	if (software) {
		software++;
		out->version = line_version(arena, software, l.len - (size_t)(software - l.text));
	}
	return DECODE_YES;
}

const struct decoder decoder_ssh = {
	.name = "ssh",
	.title = "SSH",
	.summary = "secure shell servers",
	.ports = (const uint16_t[]){22, 2222, 0},
	.recognise = recognise,
};
