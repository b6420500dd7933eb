#include "base/json.h"
#include "unit.h"
#include <locale.h>
#include <math.h>

TEST(nests)
{
	AUTO(buf) struct buf b = BUF_INIT(1000);
	struct json j;

	json_init(&j, &b, JSON_COMPACT);
	json_object(&j, NULL);
	json_u64(&j, "port", 3000);
	json_str(&j, "name", NULL); /* absent */
	json_array(&j, "list");
	json_str(&j, NULL, "a");
	json_bool(&j, NULL, true);
	json_null(&j, NULL);
	json_i64(&j, NULL, -5);
	json_end(&j);
	json_object(&j, "none");
	json_end(&j);
	json_end(&j);
	CHECK_STR(b.data, "{\"port\":3000,\"list\":[\"a\",true,null,-5],\"none\":{}}\n");
}

TEST(indents)
{
	AUTO(buf) struct buf b = BUF_INIT(1000);
	struct json j;

	json_init(&j, &b, JSON_PRETTY);
	json_object(&j, NULL);
	json_array(&j, "a");
	json_u64(&j, NULL, 1);
	json_end(&j);
	json_array(&j, "b");
	json_end(&j);
	json_end(&j);
	CHECK_STR(b.data, "{\n  \"a\": [\n    1\n  ],\n  \"b\": []\n}\n");
}

static void check_string(const char *s, size_t len, const char *want)
{
	AUTO(buf) struct buf b = BUF_INIT(1000);
	struct json j;

	json_init(&j, &b, JSON_COMPACT);
	json_strn(&j, NULL, s, len);
	CHECK_STR(b.data, want);
}

TEST(escapes)
{
	check_string("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
	check_string("\n\t\r\b\0\x1b\x7f", 7, "\"\\n\\t\\u000d\\u0008\\u0000\\u001b\\u007f\"");
	check_string("caf\xc3\xa9 \xf0\x9f\x98\x80", 10, "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"");
	check_string("\xff\xc3", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	/* U+009B starts an escape sequence on some terminals, U+202E turns text around */
	check_string("\xc2\x9b"
		     "31m\xe2\x80\xae",
		8, "\"\\u009b31m\\u202e\"");
	check_string("\xf3\xa0\x80\x81", 4, "\"\\udb40\\udc01\""); /* U+E0001, an invisible tag */
}

static void check_double(double value, const char *want)
{
	AUTO(buf) struct buf b = BUF_INIT(100);
	struct json j;

	json_init(&j, &b, JSON_COMPACT);
	json_double(&j, NULL, value);
	CHECK_STR(b.data, want);
}

TEST(writes_numbers)
{
	check_double(0.04, "0.04");
	check_double(1234567.25, "1234567.25");
	check_double(-0.5, "-0.5");
	check_double(1e300, "1e+300");
	check_double(INFINITY, "null");
	check_double(NAN, "null");
}

TEST(ignores_the_locale)
{
	static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};

	for (size_t i = 0; i < ARRAY_SIZE(commas); i++)
		if (setlocale(LC_NUMERIC, commas[i]))
			break;
	check_double(0.5, "0.5");
	setlocale(LC_NUMERIC, "C");
}

TESTS(nests, indents, escapes, writes_numbers, ignores_the_locale)
