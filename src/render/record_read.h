/*
 * record_read - a record out of the JSON that record_json wrote: the same field tables, the other way.
 *
 * The text is foreign: a member of the wrong type, a number out of range or an unknown name of an enum is
 * an error that names it. Members that no field has are skipped; fields that no member has are absent.
 * Computed fields and those for tables only are not read.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "model/field.h"

/* Fills all of *out, whose strings and nested records are in the arena. Untouched on failure. */
int record_read(struct arena *arena, const struct record_type *type,
	const struct json_value *object, void *out, struct err *err);
