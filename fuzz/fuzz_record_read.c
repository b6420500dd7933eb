/* fuzz_record_read - any JSON is read as a record or refused; what is read can be written and read again. */
#include "base/must.h"
#include "base/str.h"
#include "diagnose/diagnose.h"
#include "render/record.h"
#include "render/record_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(struct buf *text, const struct diagnosis *d)
{
	struct json j;

	json_init(&j, text, JSON_COMPACT);
	record_json(&j, NULL, &diagnosis_type, d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf once = BUF_INIT(16 << 20);
	AUTO(buf) struct buf twice = BUF_INIT(16 << 20);
	struct json_doc doc;
	struct diagnosis d;
	struct err err = {0};

	if (json_parse(arena, (const char *)data, size, &doc, NULL) < 0)
		return 0;
	if (record_read(arena, &diagnosis_type, doc.values, &d, &err) < 0) {
		must(err.code < 0 && err.text[0]);
		return 0;
	}
	write_again(&once, &d);
	if (once.overflow)
		return 0;
	must(json_parse(arena, once.data, once.len, &doc, NULL) == 0);
	must(record_read(arena, &diagnosis_type, doc.values, &d, NULL) == 0);
	write_again(&twice, &d);
	must(str_eq(once.data, twice.data));
	return 0;
}
