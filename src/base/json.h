/*
 * json - a streaming writer and a tape reader (RFC 8259).
 *
 * The writer keeps commas, nesting and escaping right; text that is not valid UTF-8 is written with
 * U+FFFD, so the output always parses. Characters that could act on a terminal are escaped as \u. A name of NULL writes an array element.
 *
 *   struct json j; json_init(&j, &out, JSON_PRETTY);
 *   json_object(&j, NULL); json_u64(&j, "port", 3000); json_end(&j);
 *
 * The reader turns a document into a flat tape of values in document order; strings are unescaped
 * into the arena. Depth and size are bounded.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>

#define JSON_DEPTH_MAX 64

enum json_style { JSON_COMPACT, JSON_PRETTY };

struct json {
	struct buf *out; /* borrowed */
	enum json_style style;
	unsigned depth;
	bool is_array[JSON_DEPTH_MAX];
	bool has_items[JSON_DEPTH_MAX];
};

void json_init(struct json *j, struct buf *out, enum json_style style);
void json_object(struct json *j, const char *name);
void json_array(struct json *j, const char *name);
void json_end(struct json *j); /* closes the innermost object or array */
void json_str(struct json *j, const char *name, const char *value); /* NULL writes nothing */
void json_strn(struct json *j, const char *name, const char *value, size_t len);
void json_u64(struct json *j, const char *name, uint64_t value);
void json_i64(struct json *j, const char *name, int64_t value);
void json_double(struct json *j, const char *name, double value);
void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_type type;
	const char *name;   /* the member's name, NULL in arrays and at the top */
	const char *string; /* JSON_STRING: unescaped; JSON_NUMBER: as written */
	size_t len;	    /* bytes of string */
	double number;
	bool boolean;
	size_t span; /* values on the tape that belong to this one, itself included */
};

struct json_doc {
	const struct json_value *values; /* in the arena */
	size_t count;
};

/* Parses the whole text; trailing bytes are an error. The error names line and column. */
int json_parse(struct arena *arena, const char *text, size_t len, struct json_doc *out,
	struct err *err);

/* A member of an object, or NULL; of `object == NULL` NULL too, so that look-ups can be chained. */
const struct json_value *json_get(const struct json_value *object, const char *name);
/* The string behind a member, or NULL when it is absent or no string. */
const char *json_get_str(const struct json_value *object, const char *name);

/* Iterates over the direct children: for (v = json_first(a); v; v = json_next(a, v)) */
const struct json_value *json_first(const struct json_value *container);
const struct json_value *json_next(const struct json_value *container, const struct json_value *v);
