/* record - see record.h. */
#include "render/record.h"

#include "base/clock.h"
#include "model/address.h"
#include <string.h>

static void computed(struct json *j, const struct field *f, const void *record)
{
	AUTO(buf) struct buf text = BUF_INIT(64 << 10);

	if (f->kind == FIELD_ADDRESS)
		address_format(&text, (const struct address *)((const char *)record + f->offset));
	else if (f->kind == FIELD_TIME)
		clock_iso(&text, field_number(f, record));
	else
		f->text(record, &text);
	if (text.len)
		json_strn(j, f->name, text.data, text.len);
}

static void nested(struct json *j, const struct field *f, const void *record)
{
	const void *p = (const char *)record + f->offset;
	size_t count = *(const size_t *)((const char *)record + f->count_offset);

	switch (f->kind) {
	case FIELD_TEXTS:
		json_array(j, f->name);
		for (size_t i = 0; i < count; i++)
			json_str(j, NULL, (*(const char *const *const *)p)[i]);
		json_end(j);
		return;
	case FIELD_RECORD:
		record_json(j, f->name, f->type, *(const void *const *)p);
		return;
	case FIELD_EMBEDDED:
		record_json(j, f->name, f->type, p);
		return;
	case FIELD_RECORDS:
		records_json(j, f->name, f->type, *(const void *const *)p, count);
		return;
	case FIELD_ARRAY:
		records_json(j, f->name, f->type, p, count);
		return;
	default:
		json_array(j, f->name);
		for (size_t i = 0; i < count; i++)
			record_json(j, NULL, f->type, (*(const void *const *const *)p)[i]);
		json_end(j);
		return;
	}
}

static void field_json(struct json *j, const struct field *f, const void *record)
{
	if (f->table_only || !field_present(f, record))
		return;
	switch (f->kind) {
	case FIELD_TEXT:
		json_str(j, f->name, *(const char *const *)((const char *)record + f->offset));
		return;
	case FIELD_BOOL:
		json_bool(j, f->name, field_number(f, record));
		return;
	case FIELD_UINT64:
		json_u64(j, f->name, (uint64_t)field_number(f, record));
		return;
	case FIELD_UINT16:
	case FIELD_UINT32:
	case FIELD_INT32:
	case FIELD_INT64:
		json_i64(j, f->name, field_number(f, record));
		return;
	case FIELD_ENUM:
		json_str(j, f->name, f->name_of((int)field_number(f, record)));
		return;
	case FIELD_COMPUTED:
		if (f->number) {
			json_double(j, f->name, f->number(record));
			return;
		}
		computed(j, f, record);
		return;
	case FIELD_TIME:
	case FIELD_ADDRESS:
		computed(j, f, record);
		return;
	case FIELD_TEXTS:
	case FIELD_RECORD:
	case FIELD_EMBEDDED:
	case FIELD_RECORDS:
	case FIELD_ARRAY:
	case FIELD_POINTERS:
		nested(j, f, record);
		return;
	}
}

void record_json_fields(struct json *j, const struct record_type *type, const void *record)
{
	for (size_t i = 0; i < type->field_count; i++)
		field_json(j, &type->fields[i], record);
}

void record_json(struct json *j, const char *name, const struct record_type *type,
	const void *record)
{
	json_object(j, name);
	record_json_fields(j, type, record);
	json_end(j);
}

void records_json(struct json *j, const char *name, const struct record_type *type,
	const void *records, size_t count)
{
	json_array(j, name);
	for (size_t i = 0; i < count; i++)
		record_json(j, NULL, type, (const char *)records + i * type->size);
	json_end(j);
}
