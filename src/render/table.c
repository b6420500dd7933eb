/* table - see table.h. */
#include "render/table.h"

#include "base/must.h"
#include "base/str.h"
#include "base/text.h"
#include <errno.h>

#define CELL_MAX (64u << 10)

/* How narrow a column may be cut: first so that one still recognises things, then whatever fits. */
static const size_t cut_floors[] = {12, 4};

static int unknown_column(const struct record_type *type, const char *name, struct err *err)
{
	AUTO(buf) struct buf names = BUF_INIT(1000);
	AUTO(buf) struct buf shown = BUF_INIT(200);

	for (size_t i = 0; i < type->field_count; i++)
		if (type->fields[i].title)
			buf_printf(&names, "%s%s", names.len ? ", " : "", type->fields[i].name);
	text_escape(&shown, name, strlen(name));
	return err_set(err, -EINVAL, "'%s' is not a column: the columns are %s", shown.data,
		names.data);
}

int table_init(struct table *t, const struct record_type *type, const char *names, struct err *err)
{
	struct table made = {.type = type, .header = true, .chosen = names != NULL};

	if (!names) {
		for (size_t i = 0; i < type->field_count; i++) {
			const struct field *f = &type->fields[i];
			if (f->title && f->priority != PRIORITY_HIDDEN && !f->json_only)
				made.columns[made.column_count++] = f;
		}
		*t = made;
		return 0;
	}
	for (const char *p = names;; p++) {
		char name[64];
		size_t len = strcspn(p, ",");
		if (len >= sizeof(name))
			return unknown_column(type, p, err);
		memcpy(name, p, len);
		name[len] = '\0';
		const struct field *f = record_field(type, name);
		if (!f || !f->title)
			return unknown_column(type, name, err);
		if (made.column_count == TABLE_COLUMNS_MAX)
			return err_set(err, -EINVAL, "too many columns");
		made.columns[made.column_count++] = f;
		p += len;
		if (!*p)
			break;
	}
	*t = made;
	return 0;
}

struct layout {
	size_t width[TABLE_COLUMNS_MAX];
	bool shown[TABLE_COLUMNS_MAX];
	bool has_text[TABLE_COLUMNS_MAX];
};

static void measure(const struct table *t, const void *const *rows, size_t count, struct layout *l)
{
	AUTO(buf) struct buf cell = BUF_INIT(CELL_MAX);

	for (size_t c = 0; c < t->column_count; c++) {
		const char *title = t->columns[c]->title;
		size_t widest = t->header ? text_width(title, strlen(title)) : 0;
		for (size_t r = 0; r < count; r++) {
			buf_clear(&cell);
			field_text(t->columns[c], rows[r], &cell);
			l->has_text[c] |= cell.len > 0;
			widest = MAX(widest, text_width(cell.data, cell.len));
		}
		l->width[c] = widest;
		l->shown[c] =
			t->chosen || l->has_text[c] || t->columns[c]->priority == PRIORITY_ALWAYS;
	}
}

static size_t total_width(const struct table *t, const struct layout *l)
{
	size_t total = 0;

	for (size_t c = 0; c < t->column_count; c++)
		if (l->shown[c])
			total += l->width[c] + (total ? 2 : 0);
	return total;
}

/* Takes what is too much from the widest columns down to the floor. A cut number would be a lie. */
static void cut(const struct table *t, struct layout *l, size_t columns, size_t floor)
{
	for (size_t total; (total = total_width(t, l)) > columns;) {
		size_t widest = SIZE_MAX;
		for (size_t c = 0; c < t->column_count; c++)
			if (l->shown[c] && !t->columns[c]->align_right && l->width[c] > floor &&
				(widest == SIZE_MAX || l->width[c] > l->width[widest]))
				widest = c;
		if (widest == SIZE_MAX)
			break;
		l->width[widest] =
			MAX(l->width[widest] - MIN(total - columns, l->width[widest]), floor);
	}
}

static void fit(const struct table *t, struct layout *l, size_t columns)
{
	while (!t->chosen && total_width(t, l) > columns) {
		size_t drop = SIZE_MAX;
		for (size_t c = 0; c < t->column_count; c++)
			if (l->shown[c] && t->columns[c]->priority != PRIORITY_ALWAYS &&
				(drop == SIZE_MAX ||
					t->columns[c]->priority > t->columns[drop]->priority))
				drop = c;
		if (drop == SIZE_MAX)
			break;
		l->shown[drop] = false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cut_floors); i++)
		cut(t, l, columns, cut_floors[i]);
}

static void print_cell(struct out *out, const struct field *f, const struct buf *cell,
	const struct layout *l, size_t column, bool last)
{
	size_t width = text_width(cell->data, cell->len), room = l->width[column];
	size_t pad = width < room ? room - width : 0;

	if (f->align_right)
		buf_pad(&out->text, ' ', pad);
	if (width > room && out->columns)
		text_cut_middle(&out->text, cell->data, room, out->utf8);
	else
		buf_add(&out->text, cell->data, cell->len);
	if (!f->align_right && !last)
		buf_pad(&out->text, ' ', pad);
}

static void trim_line(struct out *out)
{
	struct buf *b = &out->text;

	while (b->len && b->data[b->len - 1] == ' ')
		b->data[--b->len] = '\0';
	buf_char(b, '\n');
}

void table_print(const struct table *t, struct out *out, const void *const *rows, size_t count)
{
	AUTO(buf) struct buf cell = BUF_INIT(CELL_MAX);
	struct layout l = {0};
	size_t last = 0;

	measure(t, rows, count, &l);
	if (out->columns)
		fit(t, &l, out->columns);
	for (size_t c = 0; c < t->column_count; c++)
		if (l.shown[c])
			last = c;
	for (size_t r = 0; r < count + t->header; r++) {
		bool heading = t->header && r == 0;
		if (heading)
			out_style(out, STYLE_DIM);
		for (size_t c = 0; c < t->column_count; c++) {
			if (!l.shown[c])
				continue;
			buf_clear(&cell);
			if (heading)
				buf_str(&cell, t->columns[c]->title);
			else
				field_text(t->columns[c], rows[r - t->header], &cell);
			print_cell(out, t->columns[c], &cell, &l, c, c == last);
			if (c != last)
				buf_str(&out->text, "  ");
		}
		if (heading)
			out_plain(out);
		trim_line(out);
		out_breathe(out);
	}
}

struct sort_key {
	const struct field *field;
	bool descending;
};

static bool is_number(const struct field *f)
{
	return f->kind == FIELD_BOOL || f->kind == FIELD_UINT16 || f->kind == FIELD_UINT32 ||
		f->kind == FIELD_UINT64 || f->kind == FIELD_INT32 || f->kind == FIELD_INT64 ||
		f->kind == FIELD_TIME || f->kind == FIELD_ENUM;
}

static int compare(const void *pa, const void *pb, void *arg)
{
	const struct sort_key *key = arg;
	const void *a = *(const void *const *)pa, *b = *(const void *const *)pb;
	int order;

	if (is_number(key->field)) {
		int64_t x = field_number(key->field, a), y = field_number(key->field, b);
		order = (x > y) - (x < y);
	} else {
		AUTO(buf) struct buf ta = BUF_INIT(CELL_MAX);
		AUTO(buf) struct buf tb = BUF_INIT(CELL_MAX);
		field_text(key->field, a, &ta);
		field_text(key->field, b, &tb);
		order = strcmp(ta.data, tb.data);
	}
	return key->descending ? -order : order;
}

int table_sort(const struct record_type *type, const char *by, const void **rows, size_t count,
	struct err *err)
{
	struct sort_key key = {.descending = by[0] == '-'};
	const char *name = by + key.descending;

	key.field = record_field(type, name);
	if (!key.field || !key.field->title)
		return unknown_column(type, name, err);
	qsort_r(rows, count, sizeof(*rows), compare, &key);
	return 0;
}
