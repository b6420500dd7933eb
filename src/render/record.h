/*
 * record - any record as JSON, made from its field table.
 */
#pragma once

#include "base/json.h"
#include "model/field.h"

/* One object with every field that is present. name NULL inside an array or at the top. */
void record_json(struct json *j, const char *name, const struct record_type *type,
	const void *record);

/* An array of records that stand one after another. */
void records_json(struct json *j, const char *name, const struct record_type *type,
	const void *records, size_t count);

/* The fields of a record into the object that is open already. */
void record_json_fields(struct json *j, const struct record_type *type, const void *record);
