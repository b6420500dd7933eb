#include "base/json.h"
#include "unit.h"

static struct json_doc doc;
static struct err err;

static int parse(struct arena *a, const char *text)
{
	return json_parse(a, text, strlen(text), &doc, &err);
}

TEST(reads_nested_values)
{
	AUTO(arena) struct arena *a = arena_new();

	CHECK_INT(parse(a, "{\"a\": [1, {\"b\": \"x\\u00e9\\n\"}], \"c\": -1.5e2, \"d\": true}"),
		0);
	const struct json_value *list = json_get(doc.values, "a");
	CHECK(list && list->type == JSON_ARRAY);
	const struct json_value *second = json_next(list, json_first(list));
	CHECK_STR(json_get_str(second, "b"), "x\xc3\xa9\n");
	CHECK(json_next(list, second) == NULL);
	CHECK(json_get(doc.values, "c")->number == -150);
	CHECK(json_get(doc.values, "d")->boolean);
	CHECK(json_get_str(json_get(json_get(doc.values, "none"), "x"), "y") == NULL);
}

TEST(refuses_what_is_not_json)
{
	static const char *const bad[] = {"", "{", "[1,]", "{\"a\":1,}", "01x", "\"\\q\"", "\"a",
		"[1] 2", "{a:1}", "\"\t\"", "nul", "-", "\"\\ud800\\u0041\"", "\"\\"};
	AUTO(arena) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(parse(a, bad[i]) < 0);
	parse(a, "{\n  \"a\": oops}");
	CHECK_STR(err.text, "line 2, column 8: expected a value");
}

TEST(bounds_depth)
{
	AUTO(arena) struct arena *a = arena_new();
	char deep[1001];

	memset(deep, '[', 1000);
	deep[1000] = '\0';
	CHECK(parse(a, deep) < 0);
}

TEST(writes_what_it_reads)
{
	AUTO(arena) struct arena *a = arena_new();
	AUTO(buf) struct buf out = BUF_INIT(4096);
	struct json j;

	json_init(&j, &out, JSON_COMPACT);
	json_object(&j, NULL);
	json_str(&j, "s", "\x1b\"\\\xff\xe2\x9c\x93");
	json_array(&j, "l");
	json_u64(&j, NULL, UINT64_MAX);
	json_i64(&j, NULL, -1);
	json_end(&j);
	json_str(&j, "absent", NULL);
	json_end(&j);
	CHECK_STR(out.data,
		"{\"s\":\"\\u001b\\\"\\\\\xef\xbf\xbd\xe2\x9c\x93\","
		"\"l\":[18446744073709551615,-1]}\n");
	CHECK_INT(parse(a, out.data), 0);
}

TEST(escapes_what_could_lie)
{
	AUTO(arena) struct arena *a = arena_new();
	AUTO(buf) struct buf out = BUF_INIT(4096);
	static const char text[] =
		"a\xe2\x80\xae\xc2\x9b\xf3\xa0\x80\x81 caf\xc3\xa9 \xf0\x9f\x98\x80";
	struct json j;

	json_init(&j, &out, JSON_COMPACT);
	json_object(&j, NULL);
	json_str(&j, "s", text);
	json_end(&j);
	CHECK_STR(out.data,
		"{\"s\":\"a\\u202e\\u009b\\udb40\\udc01 caf\xc3\xa9 \xf0\x9f\x98\x80\"}\n");
	CHECK_INT(parse(a, out.data), 0);
	CHECK_STR(json_get_str(doc.values, "s"), text);
}

TESTS(escapes_what_could_lie, reads_nested_values, refuses_what_is_not_json, bounds_depth,
	writes_what_it_reads)
