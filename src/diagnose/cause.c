/* cause - the list of causes that findings name; the rows are in causes.def. */
#include "diagnose/diagnose.h"

#include "base/str.h"

#include "model/field.h"

#define CAUSE(id_, title_, group_, shows_, why_, not_, fix_, needs_, more_)                        \
	{.id = (id_),                                                                              \
		.title = (title_),                                                                 \
		.group = (group_),                                                                 \
		.shows = (shows_),                                                                 \
		.why = (why_),                                                                     \
		.not = (not_),                                                                     \
		.fix = (fix_),                                                                     \
		.needs = (needs_),                                                                 \
		.more = (more_)},

const struct cause causes[] = {
#include "diagnose/causes.def"
};

const size_t cause_count = ARRAY_SIZE(causes);

const struct cause *cause_find(const char *id)
{
	for (size_t i = 0; i < cause_count; i++)
		if (str_eq(causes[i].id, id))
			return &causes[i];
	return NULL;
}

#undef CAUSE
#define CAUSE(id_, ...) id_,

const char *const cause_ids[] = {
#include "diagnose/causes.def"
	NULL,
};

static const struct field cause_fields[] = {
	FIELD(struct cause, id, FIELD_TEXT, "CAUSE", "stable name of the cause"),
	FIELD(struct cause, title, FIELD_TEXT, "TITLE", "what it is, in a line"),
	FIELD(struct cause, group, FIELD_TEXT, NULL, "the kind of cause"),
	FIELD(struct cause, shows, FIELD_TEXT, NULL, "what people see"),
	FIELD(struct cause, why, FIELD_TEXT, NULL, "the root cause"),
	FIELD_OF(struct cause, not, "not", FIELD_TEXT, NULL, "what people wrongly conclude"),
	FIELD(struct cause, fix, FIELD_TEXT, NULL, "what mends it"),
	FIELD(struct cause, needs, FIELD_TEXT, NULL,
		"rights to see it: part (for others' processes) or root; absent = none"),
	FIELD(struct cause, more, FIELD_TEXT, NULL, "where to read more"),
};

const struct record_type cause_type = RECORD_TYPE("cause", struct cause, cause_fields);

/* Two slips of the keyboard, and not in a short word: no service is called nearly like a cause. */
const struct cause *cause_nearest(const char *id)
{
	const struct cause *best = NULL;
	unsigned best_distance = 3;

	if (strlen(id) < 8)
		return NULL;
	for (size_t i = 0; i < cause_count; i++) {
		unsigned d = str_distance(id, causes[i].id);
		if (d < best_distance) {
			best_distance = d;
			best = &causes[i];
		}
	}
	return best;
}
