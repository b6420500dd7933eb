/*
 * table - any records as a table, made from their field table.
 *
 * Columns are the fields with a title, in the table's order; on a terminal those with the highest
 * priority number go first when it is too narrow, then the widest column is cut in the middle. To a
 * pipe nothing is dropped or cut. The text of every cell is made twice (widths, then output), so
 * that a table of 100,000 rows needs no memory of its own.
 */
#pragma once

#include "base/err.h"
#include "model/field.h"
#include "render/out.h"

#define TABLE_COLUMNS_MAX 40

struct table {
	const struct record_type *type;
	const struct field *columns[TABLE_COLUMNS_MAX];
	size_t column_count;
	bool chosen; /* columns were named: none is dropped for being empty or by priority */
	bool header;
};

/* names: comma-separated field names, NULL for the default set. Unknown names are -EINVAL. */
int table_init(struct table *t, const struct record_type *type, const char *names, struct err *err);

/* rows[i] points to a record. */
void table_print(const struct table *t, struct out *out, const void *const *rows, size_t count);

/* Sorts rows by a field name, "-name" for descending. Unknown names are -EINVAL. */
int table_sort(const struct record_type *type, const char *by, const void **rows, size_t count,
	struct err *err);
