/* options - see options.h. */
#include "cli/options.h"

#include "base/str.h"
#include "base/text.h"
#include <errno.h>

static const struct option_row *find(const struct option_set *sets, size_t count, const char *name,
	size_t len, char letter, void **out_values)
{
	for (size_t s = 0; s < count; s++) {
		for (size_t i = 0; i < sets[s].count; i++) {
			const struct option_row *row = &sets[s].rows[i];
			bool hit = name
				? strlen(row->name) == len && memcmp(row->name, name, len) == 0
				: row->letter == letter;
			if (hit) {
				*out_values = sets[s].values;
				return row;
			}
		}
	}
	return NULL;
}

static int unknown(const struct option_set *sets, size_t count, const char *word, struct err *err)
{
	AUTO(buf) struct buf shown = BUF_INIT(200);
	const char *best = NULL;
	unsigned best_distance = 3;
	size_t len = strcspn(word, "=");
	char name[64] = "";

	text_escape(&shown, word, len);
	if (len > 2 && len - 2 < sizeof(name))
		memcpy(name, word + 2, len - 2);
	for (size_t s = 0; word[1] == '-' && s < count; s++) {
		for (size_t i = 0; i < sets[s].count; i++) {
			unsigned d = str_distance(name, sets[s].rows[i].name);
			if (d < best_distance) {
				best_distance = d;
				best = sets[s].rows[i].name;
			}
		}
	}
	if (best)
		return err_set(err, -EINVAL, "unknown option '%s'; did you mean '--%s'?",
			shown.data, best);
	return err_set(err, -EINVAL, "unknown option '%s'", shown.data);
}

static int bad_value(const struct option_row *row, const char *value, const char *expected,
	struct err *err)
{
	AUTO(buf) struct buf shown = BUF_INIT(200);

	text_escape(&shown, value, strlen(value));
	return err_set(err, -EINVAL, "--%s: '%s' is not %s", row->name, shown.data, expected);
}

static int set_choice(const struct option_row *row, const char *value, int *out, struct err *err)
{
	AUTO(buf) struct buf names = BUF_INIT(400);

	for (int i = 0; row->choices[i]; i++) {
		if (str_eq(row->choices[i], value)) {
			*out = i;
			return 0;
		}
		buf_printf(&names, "%s%s", i ? ", " : "one of ", row->choices[i]);
	}
	return bad_value(row, value, names.data, err);
}

/* "A,B" are two. The commas of argv are overwritten. */
static int add_items(const struct option_row *row, char *value, struct option_list *list,
	struct err *err)
{
	char *save = NULL;

	if (!*value)
		return bad_value(row, value, row->argument, err);
	for (char *word = strtok_r(value, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (list->count == OPTION_LIST_MAX)
			return err_set(err, -EINVAL, "--%s: more than %d are too many", row->name,
				OPTION_LIST_MAX);
		list->items[list->count++] = word;
	}
	return 0;
}

static int set_value(const struct option_row *row, void *values, char *value, struct err *err)
{
	void *p = (char *)values + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		if (value)
			return err_set(err, -EINVAL, "--%s takes no value", row->name);
		*(bool *)p = true;
		return 0;
	case OPTION_TEXT:
	case OPTION_OPTIONAL:
		*(const char **)p = value ? value : "";
		return 0;
	case OPTION_DURATION:
		if (!str_duration_ms(value, p))
			return bad_value(row, value, "a duration such as 500ms, 3s or 2m", err);
		return 0;
	case OPTION_COUNT:
		if (!str_u64(value, UINT32_MAX, p))
			return bad_value(row, value, "a whole number", err);
		return 0;
	case OPTION_CHOICE:
		return set_choice(row, value, p, err);
	case OPTION_LIST:
		return add_items(row, value, p, err);
	}
	return 0;
}

static bool needs_value(const struct option_row *row)
{
	return row->kind != OPTION_FLAG && row->kind != OPTION_OPTIONAL;
}

/* Handles the option at argv[*i]; advances *i when the value was the next argument. */
static int parse_one(const struct option_set *sets, size_t count, int argc, char **argv, int *i,
	struct err *err)
{
	char *word = argv[*i], *value = NULL;
	const struct option_row *row;
	void *values = NULL;

	if (word[1] == '-') {
		char *name = word + 2;
		size_t len = strcspn(name, "=");
		row = find(sets, count, name, len, 0, &values);
		if (row && name[len] == '=')
			value = name + len + 1;
	} else {
		row = find(sets, count, NULL, 0, word[1], &values);
		if (row && word[2] && !needs_value(row)) {
			/* -ab is -a -b: take one letter, leave the rest for the next turn */
			int r = set_value(row, values, NULL, err);
			argv[*i]++;
			argv[*i][0] = '-';
			(*i)--;
			return r;
		}
		if (row && word[2])
			value = word + 2;
	}
	if (!row)
		return unknown(sets, count, word, err);
	if (needs_value(row) && !value) {
		if (*i + 1 >= argc)
			return err_set(err, -EINVAL, "--%s needs a value: %s", row->name,
				row->argument);
		value = argv[++*i];
	}
	return set_value(row, values, value, err);
}

static void preset(const struct option_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->rows[i].preset)
			*(uint64_t *)((char *)set->values + set->rows[i].offset) =
				set->rows[i].preset;
}

int options_parse_before(const struct option_set *sets, size_t set_count, int argc, char **argv,
	int *out_argc, int *out_rest, struct err *err)
{
	int kept = 0, rest = argc;

	for (size_t i = 0; i < set_count; i++)
		preset(&sets[i]);

	for (int i = 0; i < argc; i++) {
		if (str_eq(argv[i], "--")) {
			rest = i + 1;
			break;
		}
		if (argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[kept++] = argv[i];
			continue;
		}
		int r = parse_one(sets, set_count, argc, argv, &i, err);
		if (r < 0)
			return r;
	}
	*out_argc = kept;
	*out_rest = rest;
	return 0;
}

int options_parse(const struct option_set *sets, size_t set_count, int argc, char **argv,
	int *out_argc, struct err *err)
{
	int kept, rest;

	int r = options_parse_before(sets, set_count, argc, argv, &kept, &rest, err);
	if (r < 0)
		return r;
	while (rest < argc)
		argv[kept++] = argv[rest++];
	*out_argc = kept;
	return 0;
}

void options_label(const struct option_row *row, struct buf *out)
{
	if (row->letter)
		buf_printf(out, "-%c, ", row->letter);
	buf_printf(out, "--%s", row->name);
	if (row->argument)
		buf_printf(out, row->kind == OPTION_OPTIONAL ? "[=%s]" : "=%s", row->argument);
}

/* True when the help has words for the choices already: "auto, bpf (iterator) or none". */
static bool names_choices(const struct option_row *row)
{
	for (int i = 0; row->choices[i]; i++)
		if (!strstr(row->help, row->choices[i]))
			return false;
	return true;
}

void options_says(const struct option_row *row, struct buf *out)
{
	buf_str(out, row->help);
	if (row->kind != OPTION_CHOICE || names_choices(row))
		return;
	for (int i = 0; row->choices[i]; i++) {
		const char *before = i == 0 ? ": " : row->choices[i + 1] ? ", " : " or ";
		buf_printf(out, "%s%s", before, row->choices[i]);
	}
}
