/* field - see field.h. */
#include "model/field.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "base/text.h"
#include "model/address.h"

const struct field *record_field(const struct record_type *type, const char *name)
{
	for (size_t i = 0; i < type->field_count; i++)
		if (str_eq(type->fields[i].name, name))
			return &type->fields[i];
	return NULL;
}

static const void *at(const struct field *f, const void *record)
{
	return (const char *)record + f->offset;
}

int64_t field_number(const struct field *f, const void *record)
{
	const void *p = at(f, record);

	switch (f->kind) {
	case FIELD_BOOL:
		return *(const bool *)p;
	case FIELD_UINT16:
		return *(const uint16_t *)p;
	case FIELD_UINT32:
		return *(const uint32_t *)p;
	case FIELD_INT32:
		return *(const int32_t *)p;
	case FIELD_ENUM:
		return *(const int *)p;
	case FIELD_UINT64:
	case FIELD_INT64:
	case FIELD_TIME:
		return *(const int64_t *)p;
	default:
		return 0;
	}
}

static size_t count_of(const struct field *f, const void *record)
{
	return *(const size_t *)((const char *)record + f->count_offset);
}

bool field_present(const struct field *f, const void *record)
{
	if (f->has && !f->has(record))
		return false;
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_RECORD:
		return *(void *const *)at(f, record) != NULL;
	case FIELD_INT32:
	case FIELD_INT64:
	case FIELD_TIME:
		return field_number(f, record) >= 0;
	case FIELD_ADDRESS:
		return ((const struct address *)at(f, record))->family != AF_UNSPEC;
	case FIELD_TEXTS:
		return *(void *const *)at(f, record) != NULL && count_of(f, record) > 0;
	default:
		return true;
	}
}

static void texts_text(const struct field *f, const void *record, struct buf *out)
{
	const char *const *texts = *(const char *const *const *)at(f, record);

	for (size_t i = 0; i < count_of(f, record); i++) {
		if (i)
			buf_char(out, ' ');
		text_escape(out, texts[i], strlen(texts[i]));
	}
}

void field_text(const struct field *f, const void *record, struct buf *out)
{
	const char *s;

	if (f->text) {
		f->text(record, out);
		return;
	}
	if (!field_present(f, record))
		return;
	switch (f->kind) {
	case FIELD_TEXT:
		s = *(const char *const *)at(f, record);
		text_escape(out, s, strlen(s));
		return;
	case FIELD_BOOL:
		buf_str(out, field_number(f, record) ? "yes" : "no");
		return;
	case FIELD_ENUM:
		s = f->name_of((int)field_number(f, record));
		buf_str(out, s ? s : "");
		return;
	case FIELD_TIME:
		clock_age(out, clock_real_ms() - field_number(f, record));
		return;
	case FIELD_ADDRESS:
		address_format(out, at(f, record));
		return;
	case FIELD_TEXTS:
		texts_text(f, record, out);
		return;
	case FIELD_UINT64:
		buf_printf(out, "%llu", (unsigned long long)field_number(f, record));
		return;
	case FIELD_UINT16:
	case FIELD_UINT32:
	case FIELD_INT32:
	case FIELD_INT64:
		buf_printf(out, "%lld", (long long)field_number(f, record));
		return;
	case FIELD_RECORD:
	case FIELD_EMBEDDED:
	case FIELD_RECORDS:
	case FIELD_ARRAY:
	case FIELD_POINTERS:
	case FIELD_COMPUTED:
		must(!"a nested field needs a text function to stand in a table");
	}
}
