/* cause - the list of causes that findings name; the rows are in causes.def. */
#include "diagnose/diagnose.h"

#include "base/str.h"

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
