/*
 * field - field tables: one row a field, from which tables, JSON, console types and MCP schemas are
 * made. A feature returns records; it never prints them.
 *
 *   static const struct field fields[] = {
 *       FIELD(struct thing, port, FIELD_UINT16, "PORT", "the port", .priority = 1),
 *   };
 *   const struct record_type thing_type = RECORD_TYPE("thing", struct thing, fields);
 */
#pragma once

#include "base/auto.h"
#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
	FIELD_TEXT,	/* const char *; NULL = absent */
	FIELD_BOOL,	/* bool */
	FIELD_UINT16,	/* uint16_t */
	FIELD_UINT32,	/* uint32_t */
	FIELD_UINT64,	/* uint64_t */
	FIELD_INT32,	/* int32_t; negative = absent */
	FIELD_INT64,	/* int64_t; negative = absent */
	FIELD_TIME,	/* int64_t ms since 1970; negative = absent; ISO 8601 in JSON */
	FIELD_ENUM,	/* int, named by `name_of` */
	FIELD_ADDRESS,	/* struct address */
	FIELD_TEXTS,	/* const char **, count at count_offset (size_t) */
	FIELD_RECORD,	/* pointer to a record of `type`; NULL = absent */
	FIELD_EMBEDDED, /* the record itself stands at the offset */
	FIELD_RECORDS,	/* pointer to an array of records, count at count_offset (size_t) */
	FIELD_ARRAY,	/* an array of records that stands at the offset, count at count_offset */
	FIELD_POINTERS, /* array of pointers to records, count at count_offset (size_t) */
	FIELD_COMPUTED, /* only `text` or `number`: made from the whole record; so it is in JSON */
};

enum { PRIORITY_ALWAYS = 0, PRIORITY_HIDDEN = 255 };

struct field {
	const char *name; /* in JSON and for --columns; unit in the name (rtt_us, rx_bytes) */
	enum field_kind kind;
	size_t offset;
	size_t count_offset;
	const char *title; /* column heading; NULL = no column */
	const char *help;
	/* For tables. Priority: 0 stays, higher numbers go first as the terminal narrows; 255 is
	 * shown only when asked for by --columns. */
	uint8_t priority;
	bool align_right;
	bool json_only, table_only;
	const struct record_type *type;	   /* of nested records */
	const char *(*name_of)(int value); /* of enums */
	int name_count; /* of enums that are read back: names are those of 0 to name_count - 1 */
	/* False when this record has no such value; NULL = decided by the kind (see above). */
	bool (*has)(const void *record);
	double (*number)(const void *record); /* COMPUTED: a number instead of a text */
	/* Appends what a person reads; NULL = made from the kind. Must escape foreign text. */
	void (*text)(const void *record, struct buf *out);
};

struct record_type {
	const char *name;
	size_t size;
	const struct field *fields;
	size_t field_count;
};

/* clang-format off */
#define FIELD(record, member, kind_, title_, help_, ...)                                           \
	{.name = #member, .kind = (kind_), .offset = offsetof(record, member), .title = (title_),  \
		.help = (help_), __VA_ARGS__}
#define FIELD_OF(record, member, name_, kind_, title_, help_, ...)                                 \
	{.name = (name_), .kind = (kind_), .offset = offsetof(record, member), .title = (title_),  \
		.help = (help_), __VA_ARGS__}
#define RECORD_TYPE(name_, record, fields_)                                                        \
	{.name = (name_), .size = sizeof(record), .fields = (fields_),                             \
		.field_count = ARRAY_SIZE(fields_)}
/* clang-format on */

const struct field *record_field(const struct record_type *type, const char *name);

/* True when the field has a value in this record. */
bool field_present(const struct field *f, const void *record);

/* The number behind an integer, bool or enum field. */
int64_t field_number(const struct field *f, const void *record);

/* Appends the value as a person reads it, escaped. Nothing when absent. */
void field_text(const struct field *f, const void *record, struct buf *out);
