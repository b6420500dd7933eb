/* record_read - see record_read.h. */
#include "render/record_read.h"

#include "base/str.h"
#include "base/text.h"
#include "model/address.h"
#include <errno.h>
#include <string.h>
#include <time.h>

static int wrong(const struct field *f, const char *expected, struct err *err)
{
	return err_set(err, -EINVAL, "'%s' is not %s", f->name, expected);
}

static int read_text(struct arena *arena, const struct field *f, const struct json_value *v,
	const char **out, struct err *err)
{
	if (v->type != JSON_STRING || memchr(v->string, '\0', v->len))
		return wrong(f, "a text", err);
	*out = arena_strndup(arena, v->string, v->len);
	return 0;
}

/* -9223372036854775808 to 18446744073709551615, whole; as written, since a double is too short. */
static bool whole_number(const struct json_value *v, bool *out_negative, uint64_t *out)
{
	bool negative = v->string[0] == '-';

	if (!str_u64(v->string + negative, UINT64_MAX, out))
		return false;
	*out_negative = negative && *out;
	return true;
}

static int read_unsigned(const struct field *f, const struct json_value *v, uint64_t max,
	uint64_t *out, struct err *err)
{
	bool negative;

	if (v->type != JSON_NUMBER || !whole_number(v, &negative, out) || negative || *out > max)
		return wrong(f, "a whole number in range", err);
	return 0;
}

static int read_signed(const struct field *f, const struct json_value *v, int64_t max, int64_t *out,
	struct err *err)
{
	uint64_t number;
	bool negative;

	if (v->type != JSON_NUMBER || !whole_number(v, &negative, &number) ||
		number > (uint64_t)max)
		return wrong(f, "a whole number in range", err);
	*out = negative ? -(int64_t)number : (int64_t)number;
	return 0;
}

static int read_enum(const struct field *f, const struct json_value *v, int *out, struct err *err)
{
	for (int i = 0; v->type == JSON_STRING && i < f->name_count; i++) {
		const char *name = f->name_of(i);
		if (name && str_eq(name, v->string)) {
			*out = i;
			return 0;
		}
	}
	return wrong(f, "one of its names", err);
}

/* 2026-11-19T14:32:08.123Z, as clock_iso writes it. */
static int read_time(const struct field *f, const struct json_value *v, int64_t *out,
	struct err *err)
{
	struct tm tm = {0};
	char end[2] = "";
	int ms;

	if (v->type != JSON_STRING || v->len != strlen("2026-11-19T14:32:08.123Z") ||
		sscanf(v->string, "%4d-%2d-%2dT%2d:%2d:%2d.%3d%1[Z]", &tm.tm_year, &tm.tm_mon,
			&tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms, end) != 8)
		return wrong(f, "a time", err);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*out = (int64_t)timegm(&tm) * 1000 + ms;
	return 0;
}

static size_t children(const struct json_value *array)
{
	size_t count = 0;

	for (const struct json_value *v = json_first(array); v; v = json_next(array, v))
		count++;
	return count;
}

static int read_texts(struct arena *arena, const struct field *f, const struct json_value *v,
	const char ***out, size_t *out_count, struct err *err)
{
	size_t count = 0;

	if (v->type != JSON_ARRAY)
		return wrong(f, "a list", err);
	*out = arena_array(arena, const char *, children(v) + 1);
	for (const struct json_value *c = json_first(v); c; c = json_next(v, c), count++) {
		int r = read_text(arena, f, c, &(*out)[count], err);
		if (r < 0)
			return r;
	}
	*out_count = count;
	return 0;
}

static int read_records(struct arena *arena, const struct field *f, const struct json_value *v,
	void **out, size_t *out_count, struct err *err)
{
	size_t count = 0;

	if (v->type != JSON_ARRAY)
		return wrong(f, "a list", err);
	char *records = arena_calloc(arena, children(v) + 1, f->type->size);
	for (const struct json_value *c = json_first(v); c; c = json_next(v, c), count++) {
		int r = record_read(arena, f->type, c, records + count * f->type->size, err);
		if (r < 0)
			return err_wrap(err, r, "%s", f->name);
	}
	*out = records;
	*out_count = count;
	return 0;
}

static int read_pointers(struct arena *arena, const struct field *f, const struct json_value *v,
	void ***out, size_t *out_count, struct err *err)
{
	void *records;

	int r = read_records(arena, f, v, &records, out_count, err);
	if (r < 0)
		return r;
	*out = arena_array(arena, void *, *out_count + 1);
	for (size_t i = 0; i < *out_count; i++)
		(*out)[i] = (char *)records + i * f->type->size;
	return 0;
}

static int read_record(struct arena *arena, const struct field *f, const struct json_value *v,
	void **out, struct err *err)
{
	void *record = arena_alloc(arena, f->type->size);

	int r = record_read(arena, f->type, v, record, err);
	if (r < 0)
		return err_wrap(err, r, "%s", f->name);
	*out = record;
	return 0;
}

static int read_address(const struct field *f, const struct json_value *v, struct address *out,
	struct err *err)
{
	if (v->type != JSON_STRING || !address_parse(v->string, out))
		return wrong(f, "an address", err);
	return 0;
}

static int read_integer(const struct field *f, const struct json_value *v, void *at,
	struct err *err)
{
	uint64_t number = 0;
	int64_t whole = 0;
	int r;

	switch (f->kind) {
	case FIELD_UINT16:
		r = read_unsigned(f, v, UINT16_MAX, &number, err);
		*(uint16_t *)at = (uint16_t)number;
		return r;
	case FIELD_UINT32:
		r = read_unsigned(f, v, UINT32_MAX, &number, err);
		*(uint32_t *)at = (uint32_t)number;
		return r;
	case FIELD_UINT64:
		return read_unsigned(f, v, UINT64_MAX, at, err);
	case FIELD_INT32:
		r = read_signed(f, v, INT32_MAX, &whole, err);
		*(int32_t *)at = (int32_t)whole;
		return r;
	default:
		return read_signed(f, v, INT64_MAX, at, err);
	}
}

static int read_field(struct arena *arena, const struct field *f, const struct json_value *v,
	char *record, struct err *err)
{
	void *at = record + f->offset;
	size_t *count = (size_t *)(record + f->count_offset);

	switch (f->kind) {
	case FIELD_TEXT:
		return read_text(arena, f, v, at, err);
	case FIELD_BOOL:
		if (v->type != JSON_BOOL)
			return wrong(f, "true or false", err);
		*(bool *)at = v->boolean;
		return 0;
	case FIELD_UINT16:
	case FIELD_UINT32:
	case FIELD_UINT64:
	case FIELD_INT32:
	case FIELD_INT64:
		return read_integer(f, v, at, err);
	case FIELD_TIME:
		return read_time(f, v, at, err);
	case FIELD_ENUM:
		return read_enum(f, v, at, err);
	case FIELD_ADDRESS:
		return read_address(f, v, at, err);
	case FIELD_TEXTS:
		return read_texts(arena, f, v, at, count, err);
	case FIELD_RECORD:
		return read_record(arena, f, v, at, err);
	case FIELD_EMBEDDED:
		return record_read(arena, f->type, v, at, err);
	case FIELD_RECORDS:
		return read_records(arena, f, v, at, count, err);
	case FIELD_POINTERS:
		return read_pointers(arena, f, v, at, count, err);
	case FIELD_ARRAY: /* how much room there is only its record knows: it is not read back */
	case FIELD_COMPUTED:
		return 0;
	}
	return 0;
}

/* What the kinds call absent: negative numbers and times; all else is zero. */
static void make_absent(const struct field *f, char *record)
{
	if (f->kind == FIELD_INT32)
		*(int32_t *)(record + f->offset) = -1;
	else if (f->kind == FIELD_INT64 || f->kind == FIELD_TIME)
		*(int64_t *)(record + f->offset) = -1;
}

int record_read(struct arena *arena, const struct record_type *type,
	const struct json_value *object, void *out, struct err *err)
{
	char *record = arena_alloc(arena, type->size);

	if (!object || object->type != JSON_OBJECT)
		return err_set(err, -EINVAL, "there is no %s", type->name);
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *f = &type->fields[i];
		const struct json_value *v = f->kind == FIELD_COMPUTED || f->table_only
			? NULL
			: json_get(object, f->name);
		if (!v || v->type == JSON_NULL) {
			make_absent(f, record);
			continue;
		}
		int r = read_field(arena, f, v, record, err);
		if (r < 0)
			return r;
	}
	memcpy(out, record, type->size);
	return 0;
}
