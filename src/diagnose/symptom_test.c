#include "diagnose/symptom.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/must.h"
#include "base/str.h"
#include "render/record.h"
#include "unit.h"
#include <fcntl.h>

static bool is_loopback(const char *host)
{
	return host &&
		(str_eq(host, "localhost") || str_eq(host, "127.0.0.1") || str_eq(host, "::1"));
}

static bool is_any(const char *host)
{
	return !host || !*host || str_eq(host, "*") || str_eq(host, "0.0.0.0") ||
		str_eq(host, "::");
}

/* The rule of the fault lab's score-errors. */
static bool same_place(const struct json_value *want, const struct symptom_endpoint *got)
{
	const char *host = json_get_str(want, "host");
	const struct json_value *port = json_get(want, "port");

	if (port && port->type == JSON_NUMBER && (!got->has_port || got->port != (int)port->number))
		return false;
	if (is_any(host) || is_any(got->host))
		return is_any(host) && is_any(got->host);
	return str_eq(host, got->host) || (is_loopback(host) && str_eq(got->host, "localhost"));
}

static bool same_places(const struct json_value *want, const struct symptom *got)
{
	bool any = false;

	if (!json_first(want))
		return got->endpoint_count == 0;
	for (size_t i = 0; i < got->endpoint_count; i++) {
		bool good = false;
		for (const struct json_value *v = json_first(want); v; v = json_next(want, v))
			good |= same_place(v, &got->endpoints[i]);
		if (!good)
			return false;
		any = true;
	}
	return any;
}

static bool same_text(const char *want, const char *got)
{
	return want == got || (want && got && str_eq(want, got));
}

/* What a line may say on top of the lab's format; absent = not asked. */
static bool extras_are_right(const struct json_value *expect, const struct symptom *got)
{
	const struct json_value *v;

	if ((v = json_get(expect, "client")) && !same_text(v->string, got->client))
		return false;
	if ((v = json_get(expect, "expects")) && !same_text(v->string, got->expects))
		return false;
	if ((v = json_get(expect, "browser")) && !same_text(v->string, got->browser))
		return false;
	if ((v = json_get(expect, "name")) && !same_text(v->string, got->name))
		return false;
	if ((v = json_get(expect, "http_status")) && (int)v->number != got->http_status)
		return false;
	v = json_get(expect, "intermittent");
	return !v || v->boolean == got->intermittent;
}

static void complain(const struct json_value *row, const struct symptom *got)
{
	AUTO(buf) struct buf b = BUF_INIT(1 << 20);
	struct json j;

	json_init(&j, &b, JSON_COMPACT);
	record_json(&j, NULL, &symptom_type, got);
	fprintf(stderr, "%s:\n%s\n  got %s\n", json_get_str(row, "id"), json_get_str(row, "text"),
		b.data);
}

static void check_row(const char *line, size_t len)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct json_doc doc;
	struct symptom got;

	CHECK_INT(json_parse(arena, line, len, &doc, NULL), 0);
	const struct json_value *row = doc.values, *expect = json_get(row, "expect");
	const struct json_value *text = json_get(row, "text");
	if (!text || !expect) {
		CHECK(false);
		return;
	}
	symptom_parse(arena, text->string, text->len, &got);
	bool good = same_text(json_get_str(expect, "op"), got.op ? operation_name(got.op) : NULL) &&
		same_text(json_get_str(expect, "errno"), got.error) &&
		same_text(json_get_str(expect, "path"), got.path) &&
		same_places(json_get(expect, "endpoints"), &got) && extras_are_right(expect, &got);
	if (!good)
		complain(row, &got);
	CHECK(good);
}

static size_t check_file(const char *name)
{
	AUTO(close) int dir = open(getenv("LOOPSCOPE_TESTS"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO(buf) struct buf file = BUF_INIT(4 << 20);
	size_t rows = 0;

	CHECK_INT(fs_read_at(dir, name, &file), 0);
	for (char *line = file.data, *end; (end = strchr(line, '\n')); line = end + 1) {
		if (end == line)
			continue;
		check_row(line, (size_t)(end - line));
		rows++;
	}
	return rows;
}

TEST(reads_the_labs_errors)
{
	CHECK(check_file("labs/fault-lab/errors.jsonl") >= 72);
}

TEST(has_operation_names)
{
	for (int i = 1; i < OPERATION_COUNT; i++)
		CHECK(operation_name(i)[0] != '\0');
	CHECK_STR(operation_name(OPERATION_UNKNOWN), "");
	CHECK_STR(operation_name(OPERATION_URL), "url");
}

TESTS(reads_the_labs_errors, has_operation_names)
