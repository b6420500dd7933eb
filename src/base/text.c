/*
 * text - see text.h. The width comes from the C library's wcwidth, which is 1 for everything in the
 * "C" locale; main() sets a UTF-8 locale when the environment has one.
 */
#include "base/text.h"

#include <string.h>
#include <wchar.h>

size_t text_decode(const char *s, size_t len, uint32_t *out)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;
	size_t need;
	uint32_t cp;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*out = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0) {
		need = 2;
		cp = p[0] & 0x1f;
	} else if ((p[0] & 0xf0) == 0xe0) {
		need = 3;
		cp = p[0] & 0x0f;
	} else if ((p[0] & 0xf8) == 0xf0) {
		need = 4;
		cp = p[0] & 0x07;
	} else {
		return 0;
	}
	if (len < need)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (cp < smallest[need] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*out = cp;
	return need;
}

bool text_is_unsafe(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad || cp == 0x61c ||
		cp == 0x180e ||			  /* soft hyphen, ALM, MVS */
		(cp >= 0x200b && cp <= 0x200f) || /* zero width, LRM, RLM */
		(cp >= 0x2028 && cp <= 0x202e) || /* separators, embeddings, overrides */
		(cp >= 0x2060 && cp <= 0x206f) || /* invisible operators, isolates */
		cp == 0xfeff || (cp >= 0xfff9 && cp <= 0xfffb) || (cp >= 0xe0000 && cp <= 0xe007f);
}

static void escape_code(struct buf *out, uint32_t cp)
{
	if (cp == '\n')
		buf_str(out, "\\n");
	else if (cp == '\t')
		buf_str(out, "\\t");
	else if (cp == '\r')
		buf_str(out, "\\r");
	else if (cp < 0x100)
		buf_printf(out, "\\x%02x", cp);
	else
		buf_printf(out, cp > 0xffff ? "\\U%08x" : "\\u%04x", cp);
}

void text_escape(struct buf *out, const char *s, size_t len)
{
	size_t clean = 0; /* start of the run that needs no change */

	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n = text_decode(s + i, len - i, &cp);
		if (n && !text_is_unsafe(cp)) {
			i += n;
			continue;
		}
		buf_add(out, s + clean, i - clean);
		if (n)
			escape_code(out, cp);
		else
			buf_printf(out, "\\x%02x", (unsigned char)s[i]);
		i += n ? n : 1;
		clean = i;
	}
	buf_add(out, s + clean, len - clean);
}

size_t text_fit(const char *s, size_t len, size_t columns, size_t *out_width)
{
	size_t used = 0, i = 0;

	while (i < len) {
		uint32_t cp = 0;
		size_t n = text_decode(s + i, len - i, &cp);
		int w = n ? wcwidth((wchar_t)cp) : 1;
		if (w < 0)
			w = 1;
		if (used + (size_t)w > columns)
			break;
		used += (size_t)w;
		i += n ? n : 1;
	}
	*out_width = used;
	return i;
}

size_t text_width(const char *s, size_t len)
{
	size_t width;

	text_fit(s, len, SIZE_MAX, &width);
	return width;
}

void text_cut_middle(struct buf *out, const char *s, size_t columns, int utf8)
{
	size_t len = strlen(s), total = text_width(s, len), dots = utf8 ? 1 : 3;

	if (total <= columns) {
		buf_add(out, s, len);
		return;
	}
	if (columns <= dots + 1) {
		size_t width;
		buf_add(out, s, text_fit(s, len, columns, &width));
		return;
	}

	size_t head_columns = (columns - dots + 1) / 2, width;
	size_t head = text_fit(s, len, head_columns, &width);
	size_t skip = text_fit(s, len, total - (columns - dots - width), &width);
	buf_add(out, s, head);
	buf_str(out, utf8 ? "…" : "...");
	buf_add(out, s + skip, len - skip);
}
