#include "render/record.h"

#include "model/address.h"
#include "unit.h"

struct part {
	const char *word;
	bool yes;
};

struct whole {
	const char *text, *absent;
	bool flag;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	int32_t i32, no_i32;
	int64_t i64, time, no_time;
	int choice;
	struct address address, no_address;
	const char **texts;
	size_t text_count;
	const struct part *one, *no_one;
	struct part inside;
	const struct part *many;
	size_t many_count;
	const struct part *const *pointers;
	size_t pointer_count;
};

static const struct field part_fields[] = {
	FIELD(struct part, word, FIELD_TEXT, NULL, ""),
	FIELD(struct part, yes, FIELD_BOOL, NULL, ""),
};

static const struct record_type part_type = RECORD_TYPE("part", struct part, part_fields);

static const char *choice_name(int value)
{
	return value == 2 ? "two" : "other";
}

static void computed_text(const void *record, struct buf *out)
{
	buf_printf(out, "u16 is %u", ((const struct whole *)record)->u16);
}

static void nothing_text(const void *record, struct buf *out)
{
	(void)record;
	(void)out;
}

static const struct field whole_fields[] = {
	FIELD(struct whole, text, FIELD_TEXT, "T", ""),
	FIELD(struct whole, absent, FIELD_TEXT, "A", ""),
	FIELD(struct whole, flag, FIELD_BOOL, "F", ""),
	FIELD(struct whole, u16, FIELD_UINT16, "U", ""),
	FIELD(struct whole, u32, FIELD_UINT32, "U", ""),
	FIELD(struct whole, u64, FIELD_UINT64, "U", ""),
	FIELD(struct whole, i32, FIELD_INT32, "I", ""),
	FIELD(struct whole, no_i32, FIELD_INT32, "I", ""),
	FIELD(struct whole, i64, FIELD_INT64, "I", ""),
	FIELD(struct whole, time, FIELD_TIME, "W", ""),
	FIELD(struct whole, no_time, FIELD_TIME, "W", ""),
	FIELD(struct whole, choice, FIELD_ENUM, "E", "", .name_of = choice_name),
	FIELD(struct whole, address, FIELD_ADDRESS, "A", ""),
	FIELD(struct whole, no_address, FIELD_ADDRESS, "A", ""),
	FIELD(struct whole, texts, FIELD_TEXTS, "T", "",
		.count_offset = offsetof(struct whole, text_count)),
	FIELD(struct whole, one, FIELD_RECORD, NULL, "", .type = &part_type),
	FIELD(struct whole, no_one, FIELD_RECORD, NULL, "", .type = &part_type),
	FIELD(struct whole, inside, FIELD_EMBEDDED, NULL, "", .type = &part_type),
	FIELD(struct whole, many, FIELD_RECORDS, NULL, "", .type = &part_type,
		.count_offset = offsetof(struct whole, many_count)),
	FIELD(struct whole, pointers, FIELD_POINTERS, NULL, "", .type = &part_type,
		.count_offset = offsetof(struct whole, pointer_count)),
	{.name = "computed", .kind = FIELD_COMPUTED, .text = computed_text},
	{.name = "nothing", .kind = FIELD_COMPUTED, .text = nothing_text},
	{.name = "table_only", .kind = FIELD_COMPUTED, .text = computed_text, .table_only = true},
};

static const struct record_type whole_type = RECORD_TYPE("whole", struct whole, whole_fields);

static const char *json_of(const struct whole *w)
{
	static char text[4096];
	AUTO(buf) struct buf b;
	struct json j;

	buf_init(&b, sizeof(text) - 1);
	json_init(&j, &b, JSON_COMPACT);
	record_json(&j, NULL, &whole_type, w);
	memcpy(text, b.data, b.len + 1);
	return text;
}

TEST(writes_every_kind)
{
	static const struct part parts[] = {{"a", true}, {"b", false}};
	static const struct part *const pointers[] = {&parts[1], &parts[0]};
	const char *texts[] = {"x", "\x1b\xff"};
	struct whole w = {
		.text = "caf\xc3\xa9 \"quoted\"",
		.flag = true,
		.u16 = 65535,
		.u32 = UINT32_MAX,
		.u64 = UINT64_MAX,
		.i32 = INT32_MAX,
		.no_i32 = -1,
		.i64 = INT64_MAX,
		.time = 1700000000123,
		.no_time = -1,
		.choice = 2,
		.address = ADDRESS_LOOPBACK6,
		.texts = texts,
		.text_count = 2,
		.one = &parts[0],
		.inside = {"in", true},
		.many = parts,
		.many_count = 2,
		.pointers = pointers,
		.pointer_count = 2,
	};

	CHECK_STR(json_of(&w),
		"{\"text\":\"caf\xc3\xa9 \\\"quoted\\\"\",\"flag\":true,\"u16\":65535,"
		"\"u32\":4294967295,\"u64\":18446744073709551615,\"i32\":2147483647,"
		"\"i64\":9223372036854775807,\"time\":\"2023-11-14T22:13:20.123Z\","
		"\"choice\":\"two\",\"address\":\"::1\",\"texts\":[\"x\",\"\\u001b\xef\xbf\xbd\"],"
		"\"one\":{\"word\":\"a\",\"yes\":true},\"inside\":{\"word\":\"in\",\"yes\":true},"
		"\"many\":[{\"word\":\"a\",\"yes\":true},{\"word\":\"b\",\"yes\":false}],"
		"\"pointers\":[{\"word\":\"b\",\"yes\":false},{\"word\":\"a\",\"yes\":true}],"
		"\"computed\":\"u16 is 65535\"}\n");
}

TEST(leaves_out_what_is_absent)
{
	struct whole w = {.i32 = -1, .no_i32 = -1, .i64 = -1, .time = -1, .no_time = -1};

	CHECK_STR(json_of(&w),
		"{\"flag\":false,\"u16\":0,\"u32\":0,\"u64\":0,\"choice\":\"other\","
		"\"inside\":{\"yes\":false},\"many\":[],\"pointers\":[],\"computed\":\"u16 is 0\"}\n");
}

TEST(writes_arrays_of_records)
{
	static const struct part parts[] = {{"a", true}, {NULL, false}};
	AUTO(buf) struct buf b;
	struct json j;

	buf_init(&b, 1000);
	json_init(&j, &b, JSON_COMPACT);
	json_object(&j, NULL);
	records_json(&j, "parts", &part_type, parts, 2);
	records_json(&j, "none", &part_type, NULL, 0);
	record_json_fields(&j, &part_type, &parts[0]);
	json_end(&j);
	CHECK_STR(b.data,
		"{\"parts\":[{\"word\":\"a\",\"yes\":true},{\"yes\":false}],\"none\":[],"
		"\"word\":\"a\",\"yes\":true}\n");
}

TESTS(writes_every_kind, leaves_out_what_is_absent, writes_arrays_of_records)
