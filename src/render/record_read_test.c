#include "render/record_read.h"

#include "base/str.h"
#include "model/address.h"
#include "render/record.h"
#include "unit.h"
#include <errno.h>

struct part {
	const char *name;
	int64_t size;
};

struct thing {
	const char *text;
	bool on;
	uint16_t port;
	uint32_t inode;
	uint64_t bytes;
	int32_t pid;
	int64_t big;
	int64_t when_ms;
	int colour;
	struct address address;
	const char *const *words;
	size_t word_count;
	const struct part *first;
	struct part inside;
	const struct part *parts;
	size_t part_count;
	const struct part *const *links;
	size_t link_count;
};

static const char *colour_name(int c)
{
	static const char *const names[] = {"red", "green"};

	return names[c];
}

static const struct field part_fields[] = {
	FIELD(struct part, name, FIELD_TEXT, NULL, ""),
	FIELD(struct part, size, FIELD_INT64, NULL, ""),
};

static const struct record_type part_type = RECORD_TYPE("part", struct part, part_fields);

#define COUNTED(member) .count_offset = offsetof(struct thing, member)

static const struct field thing_fields[] = {
	FIELD(struct thing, text, FIELD_TEXT, NULL, ""),
	FIELD(struct thing, on, FIELD_BOOL, NULL, ""),
	FIELD(struct thing, port, FIELD_UINT16, NULL, ""),
	FIELD(struct thing, inode, FIELD_UINT32, NULL, ""),
	FIELD(struct thing, bytes, FIELD_UINT64, NULL, ""),
	FIELD(struct thing, pid, FIELD_INT32, NULL, ""),
	FIELD(struct thing, big, FIELD_INT64, NULL, ""),
	FIELD(struct thing, when_ms, FIELD_TIME, NULL, ""),
	FIELD(struct thing, colour, FIELD_ENUM, NULL, "", .name_of = colour_name, .name_count = 2),
	FIELD(struct thing, address, FIELD_ADDRESS, NULL, ""),
	FIELD(struct thing, words, FIELD_TEXTS, NULL, "", COUNTED(word_count)),
	FIELD(struct thing, first, FIELD_RECORD, NULL, "", .type = &part_type),
	FIELD(struct thing, inside, FIELD_EMBEDDED, NULL, "", .type = &part_type),
	FIELD(struct thing, parts, FIELD_RECORDS, NULL, "", .type = &part_type,
		COUNTED(part_count)),
	FIELD(struct thing, links, FIELD_POINTERS, NULL, "", .type = &part_type,
		COUNTED(link_count)),
};

static const struct record_type thing_type = RECORD_TYPE("thing", struct thing, thing_fields);

static struct err err;

static int read_text(struct arena *arena, const char *text, struct thing *out)
{
	struct json_doc doc;

	err = (struct err){0};
	CHECK_INT(json_parse(arena, text, strlen(text), &doc, NULL), 0);
	return record_read(arena, &thing_type, doc.values, out, &err);
}

TEST(reads_what_was_written)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	AUTO(buf) struct buf again = BUF_INIT(1 << 20);
	static const char *const words[] = {"a", "\"b\"\n"};
	static const struct part parts[] = {{"one", 1}, {NULL, -1}};
	static const struct part *const links[] = {&parts[1], &parts[0]};
	const struct thing thing = {"text", true, 65535, UINT32_MAX, UINT64_MAX, 7, INT64_MAX,
		1763562728123, 1, ADDRESS_LOOPBACK6, words, 2, &parts[0], {"in", 5}, parts, 2,
		links, 2};
	struct thing got;
	struct json j;

	json_init(&j, &text, JSON_COMPACT);
	record_json(&j, NULL, &thing_type, &thing);
	CHECK_INT(read_text(arena, text.data, &got), 0);
	CHECK_STR(err.text, "");
	json_init(&j, &again, JSON_COMPACT);
	record_json(&j, NULL, &thing_type, &got);
	CHECK_STR(again.data, text.data);
	CHECK(got.bytes == UINT64_MAX && got.when_ms == 1763562728123);
	CHECK_STR(got.links[1]->name, "one");
}

TEST(leaves_out_what_is_absent)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct thing got;

	CHECK_INT(read_text(arena, "{\"more\": [1, {}], \"text\": null}", &got), 0);
	CHECK(!got.text && got.pid == -1 && got.big == -1 && got.when_ms == -1);
	CHECK(!got.words && got.word_count == 0 && !got.first && got.part_count == 0);
	CHECK_INT(got.address.family, AF_UNSPEC);
}

TEST(refuses_what_does_not_fit)
{
	static const char *const bad[] = {"{\"text\": 1}", "{\"text\": \"a\\u0000b\"}",
		"{\"on\": 1}", "{\"port\": 65536}", "{\"port\": -1}", "{\"port\": 1.5}",
		"{\"port\": 1e3}", "{\"inode\": 4294967296}", "{\"bytes\": 18446744073709551616}",
		"{\"pid\": 2147483648}", "{\"big\": 9223372036854775808}", "{\"when_ms\": \"now\"}",
		"{\"colour\": \"blue\"}", "{\"colour\": 1}", "{\"address\": \"x\"}",
		"{\"words\": \"a\"}", "{\"words\": [1]}", "{\"first\": []}", "{\"inside\": 3}",
		"{\"parts\": {}}", "{\"parts\": [1]}", "{\"parts\": [{\"size\": \"1\"}]}",
		"{\"links\": [[]]}", "[]", "1"};
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct thing got = {.port = 77};
		CHECK_INT(read_text(arena, bad[i], &got), -EINVAL);
		CHECK(err.text[0] && got.port == 77);
	}
	CHECK_INT(record_read(arena, &thing_type, NULL, NULL, &err), -EINVAL);
}

TESTS(reads_what_was_written, leaves_out_what_is_absent, refuses_what_does_not_fit)
