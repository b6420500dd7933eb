/*
 * json_read - the tape reader of json.h.
 *
 * Recursive descent over a bounded depth; every byte is checked before it is used, so the input may
 * be hostile. The tape is a flat array: children follow their container, `span` skips them.
 */
#include "base/json.h"

#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include <errno.h>
#include <string.h>

#define VALUES_MAX (1u << 20)

struct parser {
	const char *start, *p, *end;
	struct arena *arena;
	VEC(struct json_value) tape;
	const char *problem;
};

static bool parse_value(struct parser *s, const char *name, unsigned depth);

static bool fail(struct parser *s, const char *problem)
{
	if (!s->problem)
		s->problem = problem;
	return false;
}

static void skip_space(struct parser *s)
{
	while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
		s->p++;
}

static bool take(struct parser *s, char c)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool parse_hex4(struct parser *s, uint32_t *out)
{
	uint32_t value = 0;

	if (s->end - s->p < 4)
		return fail(s, "a \\u escape needs four hex digits");
	for (int i = 0; i < 4; i++, s->p++) {
		char c = *s->p;
		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			value |= (uint32_t)((c | 32) - 'a' + 10);
		else
			return fail(s, "a \\u escape needs four hex digits");
	}
	*out = value;
	return true;
}

static char *put_utf8(char *w, uint32_t cp)
{
	if (cp < 0x80) {
		*w++ = (char)cp;
	} else if (cp < 0x800) {
		*w++ = (char)(0xc0 | cp >> 6);
		*w++ = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		*w++ = (char)(0xe0 | cp >> 12);
		*w++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*w++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*w++ = (char)(0xf0 | cp >> 18);
		*w++ = (char)(0x80 | (cp >> 12 & 0x3f));
		*w++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*w++ = (char)(0x80 | (cp & 0x3f));
	}
	return w;
}

static bool parse_escape(struct parser *s, char **w)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = s->p < s->end ? *s->p++ : '\0';
	const char *hit = c ? strchr(from, c) : NULL;
	uint32_t cp, low;

	if (hit) {
		*(*w)++ = to[hit - from];
		return true;
	}
	if (c != 'u')
		return fail(s, "unknown escape in a string");
	if (!parse_hex4(s, &cp))
		return false;
	if (cp >= 0xd800 && cp <= 0xdbff && s->end - s->p >= 6 && s->p[0] == '\\' &&
		s->p[1] == 'u') {
		s->p += 2;
		if (!parse_hex4(s, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(s, "half a surrogate pair");
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
	}
	if (cp >= 0xd800 && cp <= 0xdfff)
		cp = 0xfffd;
	*w = put_utf8(*w, cp);
	return true;
}

static bool parse_string(struct parser *s, const char **out, size_t *out_len)
{
	if (!take(s, '"'))
		return fail(s, "expected a string");

	/* unescaping never makes a string longer than its source */
	const char *scan = s->p;
	while (scan < s->end && *scan != '"')
		scan += *scan == '\\' && scan + 1 < s->end ? 2 : 1;
	if (scan >= s->end)
		return fail(s, "a string has no end");

	char *text = arena_alloc(s->arena, (size_t)(scan - s->p) + 1), *w = text;
	while (s->p < s->end && *s->p != '"') {
		unsigned char c = (unsigned char)*s->p++;
		if (c < 0x20)
			return fail(s, "a control character stands in a string");
		if (c != '\\')
			*w++ = (char)c;
		else if (!parse_escape(s, &w))
			return false;
	}
	if (s->p == s->end)
		return fail(s, "a string has no end");
	s->p++;
	*w = '\0';
	*out = text;
	*out_len = (size_t)(w - text);
	return true;
}

static bool parse_number(struct parser *s, struct json_value *v)
{
	const char *start = s->p;

	if (s->p < s->end && *s->p == '-')
		s->p++;
	const char *digits = s->p;
	while (s->p < s->end && strchr("0123456789+-.eE", *s->p) && *s->p)
		s->p++;
	if (s->p == digits || !(*digits >= '0' && *digits <= '9'))
		return fail(s, "expected a value");
	v->type = JSON_NUMBER;
	v->len = (size_t)(s->p - start);
	v->string = arena_strndup(s->arena, start, v->len);
	char *end;
	v->number = strtod(v->string, &end);
	if (*end)
		return fail(s, "not a number");
	return true;
}

static bool parse_word(struct parser *s, struct json_value *v)
{
	static const struct {
		const char *word;
		enum json_type type;
		bool value;
	} words[] = {{"null", JSON_NULL, false}, {"true", JSON_BOOL, true},
		{"false", JSON_BOOL, false}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].word);
		if ((size_t)(s->end - s->p) >= n && memcmp(s->p, words[i].word, n) == 0) {
			s->p += n;
			v->type = words[i].type;
			v->boolean = words[i].value;
			return true;
		}
	}
	return parse_number(s, v);
}

static bool parse_members(struct parser *s, bool object, unsigned depth)
{
	char close = object ? '}' : ']';

	if (depth >= JSON_DEPTH_MAX)
		return fail(s, "nested too deeply");
	if (take(s, close))
		return true;
	do {
		const char *name = NULL;
		size_t len;
		if (object && (!parse_string(s, &name, &len) || !take(s, ':')))
			return fail(s, "expected \"name\": value");
		if (!parse_value(s, name, depth))
			return false;
	} while (take(s, ','));
	return take(s, close) || fail(s, "expected ',' or a closing bracket");
}

static bool parse_value(struct parser *s, const char *name, unsigned depth)
{
	size_t at = s->tape.count;
	struct json_value *pushed = vec_push(&s->tape);
	struct json_value v = {.name = name};

	if (!pushed)
		return fail(s, "too many values");
	skip_space(s);
	char c = s->p < s->end ? *s->p : '\0';
	bool ok;
	if (c == '{' || c == '[') {
		s->p++;
		v.type = c == '{' ? JSON_OBJECT : JSON_ARRAY;
		ok = parse_members(s, c == '{', depth + 1);
	} else if (c == '"') {
		v.type = JSON_STRING;
		ok = parse_string(s, &v.string, &v.len);
	} else {
		ok = parse_word(s, &v);
	}
	v.span = s->tape.count - at;
	s->tape.items[at] = v;
	return ok;
}

int json_parse(struct arena *arena, const char *text, size_t len, struct json_doc *out,
	struct err *err)
{
	struct parser s = {.start = text, .p = text, .end = text + len, .arena = arena};
	int r = 0;

	s.tape.max = VALUES_MAX;
	bool ok = parse_value(&s, NULL, 0);
	skip_space(&s);
	if (ok && s.p != s.end)
		ok = fail(&s, "text after the document");
	if (ok) {
		out->count = s.tape.count;
		out->values =
			arena_memdup(arena, s.tape.items, s.tape.count * sizeof(*s.tape.items));
	} else {
		unsigned line = 1;
		const char *line_start = text;
		for (const char *p = text; p < s.p; p++)
			if (*p == '\n') {
				line++;
				line_start = p + 1;
			}
		r = err_set(err, -EINVAL, "line %u, column %zu: %s", line,
			(size_t)(s.p - line_start) + 1, s.problem);
	}
	vec_fini(&s.tape);
	return r;
}

const struct json_value *json_first(const struct json_value *container)
{
	return container && container->span > 1 ? container + 1 : NULL;
}

const struct json_value *json_next(const struct json_value *container, const struct json_value *v)
{
	v += v->span;
	return v < container + container->span ? v : NULL;
}

const struct json_value *json_get(const struct json_value *object, const char *name)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json_value *v = json_first(object); v; v = json_next(object, v))
		if (str_eq(v->name, name))
			return v;
	return NULL;
}

const char *json_get_str(const struct json_value *object, const char *name)
{
	const struct json_value *v = json_get(object, name);

	return v && v->type == JSON_STRING ? v->string : NULL;
}
