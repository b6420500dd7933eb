/*
 * svg_text - see svg_text.h.
 *
 * The widths are the larger of DejaVu Sans and Inter Medium; DejaVu (with Verdana) is the widest
 * font that is anybody's system-ui. XML 1.0 forbids most controls, which text_escape() writes as
 * \x1b, and the two noncharacters U+FFFE and U+FFFF, which it does not.
 */
#include "render/svg_text.h"

#include "base/text.h"
#include <string.h>

#define TEXT_MAX 4096
#define MONO	 61 /* hundredths of the size */
#define OTHER	 66
#define WIDE	 104

static const uint8_t ascii[] = {
	32, 41, 46, 84, 65, 95, 78, 28, 39, 39, 53, 84, 32, 47, 32, 37,	 /* space to / */
	65, 64, 64, 65, 66, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 54,	 /* 0 to ? */
	100, 70, 69, 74, 77, 64, 59, 78, 76, 30, 56, 67, 57, 90, 75, 79, /* @ to O */
	64, 79, 70, 65, 66, 74, 70, 99, 69, 69, 69, 39, 37, 39, 84, 50,	 /* P to _ */
	50, 62, 64, 57, 64, 62, 37, 64, 64, 28, 28, 58, 28, 98, 64, 62,	 /* ` to o */
	64, 64, 42, 54, 40, 64, 60, 83, 60, 60, 56, 64, 35, 64, 84,	 /* p to ~ */
};

/* Han, kana, hangul, emoji and their like fill a square. */
static bool is_wide(uint32_t cp)
{
	return (cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) ||
		(cp >= 0xac00 && cp <= 0xd7a3) || (cp >= 0xf900 && cp <= 0xfaff) ||
		(cp >= 0xfe30 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff60) ||
		(cp >= 0x1f000 && cp <= 0x1faff) || (cp >= 0x20000 && cp <= 0x3ffff);
}

static int advance(uint32_t cp, enum svg_face face)
{
	if (is_wide(cp))
		return face == SVG_MONO ? 2 * MONO : WIDE;
	if (face == SVG_MONO)
		return MONO;
	return cp >= ' ' && cp <= '~' ? ascii[cp - ' '] : OTHER;
}

/* One code point of valid text; a byte that is none counts as one. */
static size_t next(const char *s, size_t len, uint32_t *out)
{
	size_t n = text_decode(s, len, out);

	if (n)
		return n;
	*out = (unsigned char)*s;
	return 1;
}

int svg_text_width(const char *s, enum svg_face face, int size)
{
	size_t len = strlen(s);
	int hundredths = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		i += next(s + i, len - i, &cp);
		hundredths += advance(cp, face);
	}
	return (hundredths * size + 99) / 100;
}

static void escape_xml(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = next(s + i, len - i, &cp);
		if (cp == '<')
			buf_str(out, "&lt;");
		else if (cp == '>')
			buf_str(out, "&gt;");
		else if (cp == '&')
			buf_str(out, "&amp;");
		else if (cp == '"')
			buf_str(out, "&quot;");
		else if (cp == '\'')
			buf_str(out, "&#39;");
		else if (cp == 0xfffe || cp == 0xffff)
			buf_printf(out, "\\u%04x", cp);
		else
			buf_add(out, s + i, n);
		i += n;
	}
}

void svg_text_escape(struct buf *out, const char *s)
{
	AUTO(buf) struct buf plain;

	buf_init(&plain, 4 * TEXT_MAX);
	text_escape(&plain, s, strnlen(s, TEXT_MAX));
	escape_xml(out, plain.data, plain.len);
}

/* How many bytes of the head and of the tail fit together. */
static void fit(const char *s, size_t len, enum svg_face face, int hundredths, size_t *out_head,
	size_t *out_tail)
{
	size_t head = 0, tail = 0;

	for (;;) {
		bool from_head = head <= tail;
		size_t at = head, n;
		uint32_t cp;
		if (from_head) {
			n = next(s + head, len - head, &cp);
		} else {
			at = len - tail - 1;
			while (at > head && ((unsigned char)s[at] & 0xc0) == 0x80)
				at--;
			n = len - tail - at;
			next(s + at, n, &cp);
		}
		hundredths -= advance(cp, face);
		if (hundredths < 0 || head + tail + n > len)
			break;
		head += from_head ? n : 0;
		tail += from_head ? 0 : n;
	}
	*out_head = head;
	*out_tail = tail;
}

void svg_text_fit(struct buf *out, const char *s, enum svg_face face, int size, int room)
{
	AUTO(buf) struct buf plain;
	size_t head, tail;

	buf_init(&plain, 4 * TEXT_MAX);
	text_escape(&plain, s, strnlen(s, TEXT_MAX));
	if (svg_text_width(plain.data, face, size) <= room) {
		escape_xml(out, plain.data, plain.len);
		return;
	}
	fit(plain.data, plain.len, face, room * 100 / size - (face == SVG_MONO ? MONO : 100), &head,
		&tail);
	escape_xml(out, plain.data, head);
	buf_str(out, "…");
	escape_xml(out, plain.data + plain.len - tail, tail);
}
