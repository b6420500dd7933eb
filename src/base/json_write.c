/* json_write - the streaming writer of json.h. */
#include "base/json.h"

#include "base/must.h"
#include "base/text.h"
#include <math.h>
#include <string.h>

void json_init(struct json *j, struct buf *out, enum json_style style)
{
	*j = (struct json){.out = out, .style = style};
}

static void newline(struct json *j)
{
	if (j->style == JSON_PRETTY) {
		buf_char(j->out, '\n');
		buf_pad(j->out, ' ', 2u * j->depth);
	}
}

/* RFC 8259 section 7: UTF-16 code units, two above U+FFFF. */
static void escape_code(struct buf *out, uint32_t cp)
{
	if (cp > 0xffff) {
		cp -= 0x10000;
		buf_printf(out, "\\u%04x", 0xd800 | cp >> 10);
		cp = 0xdc00 | (cp & 0x3ff);
	}
	buf_printf(out, "\\u%04x", cp);
}

static void quote(struct buf *out, const char *s, size_t len)
{
	size_t clean = 0;

	buf_char(out, '"');
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)s[i];
		uint32_t cp = 0;
		size_t n = text_decode(s + i, len - i, &cp);
		if (n && c != '"' && c != '\\' && !text_is_unsafe(cp)) {
			i += n;
			continue;
		}
		buf_add(out, s + clean, i - clean);
		if (n == 0)
			buf_str(out, "\xef\xbf\xbd");
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_str(out, "\\n");
		else if (c == '\t')
			buf_str(out, "\\t");
		else
			escape_code(out, cp);
		i += n ? n : 1;
		clean = i;
	}
	buf_add(out, s + clean, len - clean);
	buf_char(out, '"');
}

static void begin(struct json *j, const char *name)
{
	if (j->depth) {
		bool *has = &j->has_items[j->depth - 1];
		must(j->is_array[j->depth - 1] == (name == NULL));
		if (*has)
			buf_char(j->out, ',');
		*has = true;
		newline(j);
	}
	if (name) {
		quote(j->out, name, strlen(name));
		buf_str(j->out, j->style == JSON_PRETTY ? ": " : ":");
	}
}

static void open_container(struct json *j, const char *name, bool array)
{
	begin(j, name);
	must(j->depth < JSON_DEPTH_MAX);
	buf_char(j->out, array ? '[' : '{');
	j->is_array[j->depth] = array;
	j->has_items[j->depth] = false;
	j->depth++;
}

void json_object(struct json *j, const char *name)
{
	open_container(j, name, false);
}

void json_array(struct json *j, const char *name)
{
	open_container(j, name, true);
}

void json_end(struct json *j)
{
	must(j->depth > 0);
	j->depth--;
	if (j->has_items[j->depth])
		newline(j);
	buf_char(j->out, j->is_array[j->depth] ? ']' : '}');
	if (j->depth == 0)
		buf_char(j->out, '\n');
}

void json_strn(struct json *j, const char *name, const char *value, size_t len)
{
	begin(j, name);
	quote(j->out, value, len);
}

void json_str(struct json *j, const char *name, const char *value)
{
	if (value)
		json_strn(j, name, value, strlen(value));
}

void json_u64(struct json *j, const char *name, uint64_t value)
{
	begin(j, name);
	buf_printf(j->out, "%llu", (unsigned long long)value);
}

void json_i64(struct json *j, const char *name, int64_t value)
{
	begin(j, name);
	buf_printf(j->out, "%lld", (long long)value);
}

void json_double(struct json *j, const char *name, double value)
{
	char text[64];

	begin(j, name);
	if (!isfinite(value)) {
		buf_str(j->out, "null");
		return;
	}
	snprintf(text, sizeof(text), "%.15g", value);
	/* whatever the locale puts between the digits is a point here */
	for (char *c = text; *c; c++) {
		if (strchr("0123456789+-e", *c))
			buf_char(j->out, *c);
		else if (((unsigned char)*c & 0xc0) != 0x80)
			buf_char(j->out, '.');
	}
}

void json_bool(struct json *j, const char *name, bool value)
{
	begin(j, name);
	buf_str(j->out, value ? "true" : "false");
}

void json_null(struct json *j, const char *name)
{
	begin(j, name);
	buf_str(j->out, "null");
}
