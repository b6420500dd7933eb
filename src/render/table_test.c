#include "render/table.h"

#include "unit.h"
#include <errno.h>

struct thing {
	uint16_t port;
	const char *name;
	const char *note;
	const char *rare;
	int64_t since_ms;
};

static void since_text(const void *record, struct buf *out)
{
	buf_str(out, ((const struct thing *)record)->since_ms < 5 ? "new" : "old");
}

static const struct field fields[] = {
	FIELD(struct thing, port, FIELD_UINT16, "PORT", "", .align_right = true),
	FIELD(struct thing, name, FIELD_TEXT, "NAME", ""),
	FIELD(struct thing, note, FIELD_TEXT, "NOTE", "", .priority = 2),
	{.name = "since",
		.kind = FIELD_COMPUTED,
		.title = "SINCE",
		.text = since_text,
		.priority = 3},
	FIELD(struct thing, rare, FIELD_TEXT, "RARE", "", .priority = PRIORITY_HIDDEN),
	FIELD(struct thing, since_ms, FIELD_INT64, "STARTED", "", .priority = PRIORITY_HIDDEN),
};

static const struct record_type type = RECORD_TYPE("thing", struct thing, fields);

static const struct thing things[] = {
	{3000, "shop web", "::1 only", "x", 9},
	{80, "nginx", NULL, "y", 1},
	{11434, "\x1b[31mevil\n", NULL, "z", 5},
};

static const void *rows[3];

static void reset_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		rows[i] = &things[i];
}

/* The table on a terminal of `columns`, or in a pipe (0). */
static const char *print(const char *names, unsigned columns, bool header)
{
	static char text[4096];
	struct out out = {.fd = -1, .columns = columns, .utf8 = true};
	struct table table;
	struct err err = {0};

	buf_init(&out.text, sizeof(text) - 1);
	CHECK_INT(table_init(&table, &type, names, &err), 0);
	table.header = header;
	table_print(&table, &out, rows, ARRAY_SIZE(rows));
	memcpy(text, out.text.data, out.text.len + 1);
	buf_fini(&out.text);
	return text;
}

TEST(aligns_and_escapes)
{
	reset_rows();
	CHECK_STR(print(NULL, 0, true),
		" PORT  NAME            NOTE      SINCE\n"
		" 3000  shop web        ::1 only  old\n"
		"   80  nginx                     new\n"
		"11434  \\x1b[31mevil\\n            old\n");
}

TEST(drops_columns_by_priority_then_cuts)
{
	reset_rows();
	CHECK_STR(print(NULL, 35, true), /* SINCE goes first */
		" PORT  NAME            NOTE\n"
		" 3000  shop web        ::1 only\n"
		"   80  nginx\n"
		"11434  \\x1b[31mevil\\n\n");
	CHECK_STR(print(NULL, 24, false), /* then NOTE */
		" 3000  shop web\n"
		"   80  nginx\n"
		"11434  \\x1b[31mevil\\n\n");
	CHECK_STR(print(NULL, 20, false), /* then the widest is cut in the middle */
		" 3000  shop web\n"
		"   80  nginx\n"
		"11434  \\x1b[3\xe2\x80\xa6"
		"evil\\n\n");
	CHECK_STR(print(NULL, 13, false), /* and on a very narrow terminal below what is readable */
		" 3000  sho\xe2\x80\xa6"
		"eb\n"
		"   80  nginx\n"
		"11434  \\x1\xe2\x80\xa6"
		"\\n\n");
}

TEST(never_drops_what_was_asked_for)
{
	reset_rows();
	CHECK_STR(print("rare,port", 8, true),
		"RARE   PORT\n"
		"x      3000\n"
		"y        80\n"
		"z     11434\n");
}

TEST(leaves_empty_columns_out)
{
	static const struct thing plain = {1, "one", NULL, NULL, 0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = &plain;
	CHECK_STR(print("note", 0, true), "NOTE\n\n\n\n"); /* asked for: stays */
	CHECK_STR(print(NULL, 0, true),
		"PORT  NAME  SINCE\n"
		"   1  one   new\n"
		"   1  one   new\n"
		"   1  one   new\n");
}

TEST(refuses_unknown_columns)
{
	static const char *const bad[] = {"nothing", "port,", "", ",", "port,,name", "\x1b[31m",
		"a-name-that-is-longer-than-any-column-of-any-table-would-ever-want-to-be"};
	struct table table = {.column_count = 77};
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct err){0};
		CHECK_INT(table_init(&table, &type, bad[i], &err), -EINVAL);
		CHECK(!strchr(err.text, '\x1b'));
	}
	CHECK_INT(table.column_count, 77); /* untouched on failure */
	table_init(&table, &type, "prot", &err);
	CHECK_STR(err.text,
		"'prot' is not a column: the columns are port, name, note, since, rare, since_ms");
	AUTO(buf) struct buf many = BUF_INIT(1000);
	buf_str(&many, "port");
	for (int i = 0; i < TABLE_COLUMNS_MAX; i++)
		buf_str(&many, ",port");
	CHECK_INT(table_init(&table, &type, many.data, &err), -EINVAL);
}

static uint16_t port_at(size_t i)
{
	return ((const struct thing *)rows[i])->port;
}

TEST(sorts_by_value_not_by_text)
{
	struct err err = {0};

	reset_rows();
	CHECK_INT(table_sort(&type, "port", rows, 3, &err), 0);
	CHECK(port_at(0) == 80 && port_at(1) == 3000 && port_at(2) == 11434);
	CHECK_INT(table_sort(&type, "-port", rows, 3, &err), 0);
	CHECK(port_at(0) == 11434 && port_at(2) == 80);
	CHECK_INT(table_sort(&type, "since", rows, 3, &err), 0); /* by the time behind the words */
	CHECK(port_at(0) == 80 && port_at(2) == 3000);
	CHECK_INT(table_sort(&type, "name", rows, 3, &err), 0);
	CHECK(port_at(0) == 11434 && port_at(1) == 80);
	CHECK_INT(table_sort(&type, "nothing", rows, 3, &err), -EINVAL);
	CHECK_INT(table_sort(&type, "-", rows, 3, &err), -EINVAL);
}

TESTS(aligns_and_escapes, drops_columns_by_priority_then_cuts, never_drops_what_was_asked_for,
	leaves_empty_columns_out, refuses_unknown_columns, sorts_by_value_not_by_text)
