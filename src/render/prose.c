/* prose - see prose.h. Widths are the terminal's columns, not bytes. */
#include "render/prose.h"

#include "base/str.h"
#include "base/text.h"

#define WIDTH_MAX  100u /* longer lines are hard to read */
#define WIDTH_PIPE 80u
#define WIDTH_MIN  20u /* of the wrapped column, however narrow the terminal is */
#define TEXT_MAX   (64u << 10)

unsigned prose_width(const struct out *out)
{
	return out->columns ? MIN(out->columns, WIDTH_MAX) : WIDTH_PIPE;
}

void prose_plain(const struct out *out, struct buf *to, const char *text)
{
	static const char *const signs[][2] = {{"…", "..."}, {"·", "-"}, {"›", ">"}, {"–", "-"},
		{"“", "\""}, {"”", "\""}, {"’", "'"}, {"→", "->"}, {"✓", "ok"}, {"✗", "x"}};

	while (*text) {
		const char *rest = NULL;
		for (size_t i = 0; !out->utf8 && i < ARRAY_SIZE(signs); i++) {
			rest = str_after(text, signs[i][0]);
			if (rest) {
				buf_str(to, signs[i][1]);
				break;
			}
		}
		if (!rest)
			buf_char(to, *text);
		text = rest ? rest : text + 1;
	}
}

struct cursor {
	struct out *out;
	unsigned at, indent, limit;
	bool fresh;	 /* nothing stands on this line yet */
	bool indent_due; /* and not even its indent */
};

static void end_line(struct out *out)
{
	if (out->style_code)
		out_str(out, "\x1b[0m");
	out_str(out, "\n");
}

static void next_line(struct cursor *c)
{
	end_line(c->out);
	c->at = c->indent;
	c->fresh = c->indent_due = true;
}

static void put(struct cursor *c, const char *s, size_t len)
{
	if (c->indent_due) {
		buf_pad(&c->out->text, ' ', c->indent);
		if (c->out->style_code)
			out_str(c->out, c->out->style_code);
		c->indent_due = false;
	}
	buf_add(&c->out->text, s, len);
	c->at += (unsigned)text_width(s, len);
	c->fresh = false;
}

static void put_word(struct cursor *c, const char *word, size_t len)
{
	unsigned width = (unsigned)text_width(word, len);

	if (!c->fresh && c->at + 1 + width > c->limit)
		next_line(c);
	if (!c->fresh) {
		out_str(c->out, " ");
		c->at++;
	}
	put(c, word, len);
}

static void put_line(struct cursor *c, const char *line, size_t len)
{
	if (len && line[0] == ' ') {
		if (!c->fresh)
			next_line(c);
		put(c, line, len);
		next_line(c);
		return;
	}
	for (size_t i = 0; i < len;) {
		size_t end = i;
		while (end < len && line[end] != ' ')
			end++;
		if (end > i)
			put_word(c, line + i, end - i);
		i = end + 1;
	}
}

void prose_wrap(struct out *out, const char *text, unsigned at, unsigned indent)
{
	AUTO(buf) struct buf plain = BUF_INIT(TEXT_MAX);
	struct cursor c = {out, at, indent, MAX(prose_width(out), indent + WIDTH_MIN), true, false};

	prose_plain(out, &plain, text);
	for (const char *p = plain.data;;) {
		size_t len = strcspn(p, "\n");
		if (len == 0 && *p) { /* an empty line */
			if (!c.fresh)
				next_line(&c);
			next_line(&c);
		}
		put_line(&c, p, len);
		if (!p[len])
			break;
		p += len + 1;
	}
	if (!c.fresh)
		end_line(out);
}

void prose_row(struct out *out, const char *left, unsigned left_width, const char *right)
{
	AUTO(buf) struct buf plain = BUF_INIT(TEXT_MAX);
	unsigned column = 2 + left_width + 2;

	prose_plain(out, &plain, left);
	unsigned width = (unsigned)text_width(plain.data, plain.len);
	out_printf(out, "  %s", plain.data);
	if (width > left_width) /* too long: the explanation goes below */
		out_str(out, "\n");
	buf_pad(&out->text, ' ', width > left_width ? column : column - 2 - width);
	prose_wrap(out, right, column, column);
}

void prose_paragraph(struct out *out, const char *text, unsigned indent)
{
	if (out->columns)
		prose_wrap(out, text, indent, indent);
	else
		out_printf(out, "%s\n", text);
}
