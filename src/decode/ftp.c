/*
 * ftp - file transfer servers; the server speaks first (RFC 959 section 5.4: 220).
 *
 * SMTP greets with 220 as well, so the greeting must say FTP somewhere. "220-" lines continue.
 */
#include "decode/line.h"

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	static const char *const products[] = {"vsFTPd ", "ProFTPD ", "FileZilla Server ",
		"pyftpdlib "};
	enum decode_result begins = line_begins(r, "220");
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	while (line_next(&r, &l)) {
		if (line_find(&l, "SMTP"))
			return DECODE_NO;
		if (line_find(&l, "FTP") || line_find(&l, "FileZilla")) {
			out->detail = line_copy(arena, l.text, l.len, DECODED_DETAIL_MAX);
			for (size_t i = 0; i < ARRAY_SIZE(products) && !out->version; i++) {
				const char *p = line_find(&l, products[i]);
				if (!p)
					continue;
				p += strlen(products[i]);
				out->version = line_version(arena, p, l.len - (size_t)(p - l.text));
			}
			return DECODE_YES;
		}
		if (line_starts(&l, "220 "))
			return DECODE_NO;
	}
	return DECODE_NEED_MORE;
}

const struct decoder decoder_ftp = {
	.name = "ftp",
	.title = "FTP",
	.summary = "file transfer servers",
	.ports = (const uint16_t[]){21, 2121, 0},
	.recognise = recognise,
};
