/*
 * decoder_test - golden pairs for every row of decoders.def: tests/golden/decode/NAME/CASE.in is
 * what a server sent, CASE.out what the decoder makes of it. UPDATE_GOLDEN=1 writes .out anew.
 *
 * Every input is also cut at every length, and given to all other decoders: a part may be NEED_MORE
 * but never another answer, and nobody else may say YES. Copies have no spare byte behind them, so
 * that the sanitizers see the first read too far.
 */
#include "decode/decoder.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "base/text.h"
#include "unit.h"
#include <fcntl.h>

#define INPUT_MAX (64u << 10)

/* Runs a decoder on an exact copy of the bytes. */
static enum decode_result run(const struct decoder *d, struct arena *arena, const char *bytes,
	size_t len, struct decoded *out)
{
	AUTO(free) char *copy = must_malloc(len + !len);

	memcpy(copy, bytes, len);
	*out = (struct decoded){0};
	return d->recognise(arena, reader_init(copy, len), out);
}

static void line(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(b, "%s: ", name);
	text_escape(b, value, strlen(value));
	buf_char(b, '\n');
}

static void describe(struct buf *b, enum decode_result result, const struct decoded *d)
{
	static const char *const names[] = {"no", "need more", "yes"};

	line(b, "result", names[result]);
	if (result != DECODE_YES)
		return;
	line(b, "speaks", d->speaks);
	line(b, "version", d->version);
	line(b, "detail", d->detail);
	line(b, "rather", d->rather);
	line(b, "more", d->more ? "yes" : NULL);
	CHECK(!d->version || strlen(d->version) <= DECODED_VERSION_MAX);
	CHECK(!d->detail || strlen(d->detail) <= DECODED_DETAIL_MAX);
}

static void check_parts(const struct decoder *d, const char *path, const struct buf *in,
	enum decode_result whole)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct decoded out;

	for (size_t len = 0; len < in->len; len++) {
		enum decode_result part = run(d, arena, in->data, len, &out);
		if (part == DECODE_NEED_MORE || part == whole)
			continue;
		if (d->only_after_hello && part == DECODE_YES && out.more)
			continue;
		fprintf(stderr, "%s: %s says %d of the first %zu bytes, %d of all\n", path, d->name,
			part, len, whole);
		unit_failures++;
	}
}

static void check_others(const struct decoder *own, const char *path, const struct buf *in)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct decoded out;

	for (size_t i = 0; decoders[i]; i++) {
		if (decoders[i] == own)
			continue;
		for (size_t len = 0; len < MIN(in->len, (size_t)80); len++)
			run(decoders[i], arena, in->data, len, &out);
		if (run(decoders[i], arena, in->data, in->len, &out) != DECODE_YES)
			continue;
		fprintf(stderr, "%s: %s says YES too\n", path, decoders[i]->name);
		unit_failures++;
	}
}

/* Returns whether the decoder said YES. */
static bool check_case(const struct decoder *d, const char *folder, const char *file)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf in = BUF_INIT(INPUT_MAX);
	AUTO(buf) struct buf path = BUF_INIT(4096);
	AUTO(buf) struct buf got = BUF_INIT(INPUT_MAX);
	AUTO(buf) struct buf want = BUF_INIT(INPUT_MAX);
	struct decoded out;

	buf_printf(&path, "%s/%s", folder, file);
	CHECK_INT(fs_read_at(AT_FDCWD, path.data, &in), 0);
	enum decode_result result = run(d, arena, in.data, in.len, &out);
	describe(&got, result, &out);
	check_parts(d, path.data, &in, result);
	check_others(d, path.data, &in);

	path.len -= strlen(".in");
	buf_str(&path, ".out");
	if (getenv("UPDATE_GOLDEN"))
		CHECK_INT(fs_write_atomic(path.data, got.data, got.len, NULL), 0);
	CHECK_INT(fs_read_at(AT_FDCWD, path.data, &want), 0);
	if (!str_eq(got.data, want.data))
		fprintf(stderr, "in %s:\n", path.data);
	CHECK_STR(got.data, want.data);
	return result == DECODE_YES;
}

TEST(golden_pairs)
{
	const char *tests = getenv("LOOPSCOPE_TESTS");

	must(tests);
	for (size_t i = 0; decoders[i]; i++) {
		AUTO(buf) struct buf folder = BUF_INIT(4096);
		bool recognised = false;

		buf_printf(&folder, "%s/golden/decode/%s", tests, decoders[i]->name);
		AUTO(closedir) DIR *dir = opendir(folder.data);
		for (struct dirent *e; dir && (e = readdir(dir));) {
			if (str_ends(e->d_name, ".in"))
				recognised |= check_case(decoders[i], folder.data, e->d_name);
		}
		if (!recognised)
			fprintf(stderr, "no golden input that %s recognises\n", decoders[i]->name);
		CHECK(recognised);
	}
}

TEST(the_table_is_in_order)
{
	for (size_t i = 0; decoders[i]; i++) {
		CHECK(decoder_find(decoders[i]->name) == decoders[i]);
		CHECK(!str_empty(decoders[i]->title) && !str_empty(decoders[i]->summary));
		CHECK(decoders[i]->ports[0] != 0);
		if (i > 0)
			CHECK(strcmp(decoders[i - 1]->name, decoders[i]->name) < 0);
		for (const uint16_t *p = decoders[i]->ports; *p; p++)
			CHECK(decoder_for_port(*p) == decoders[i]); /* no port in two rows */
	}
	CHECK(decoder_find("nonsense") == NULL);
	CHECK(decoder_for_port(1) == NULL);
}

TEST(hellos_are_what_they_say)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);

	decoder_hello(decoder_find("ssh"), 22, &b);
	CHECK_INT(b.len, 0);
	CHECK(!decoder_has_hello(decoder_find("ssh")));
	decoder_hello(decoder_find("http"), 3000, &b);
	CHECK(str_starts(b.data,
		"GET / HTTP/1.1\r\nHost: localhost:3000\r\nUser-Agent: loopscope/"));
	CHECK(str_ends(b.data, "Connection: close\r\n\r\n"));
	buf_clear(&b);
	decoder_hello(decoder_find("http"), 80, &b);
	CHECK(str_starts(b.data, "GET / HTTP/1.1\r\nHost: localhost\r\n"));

	/* lengths inside the hellos that were counted by hand */
	buf_clear(&b);
	decoder_hello(decoder_find("tls"), 443, &b);
	struct reader r = reader_init(b.data, b.len);
	reader_skip(&r, 3);
	CHECK_INT(reader_be16(&r), b.len - 5);
	reader_skip(&r, 1);
	CHECK_INT(reader_be24(&r), b.len - 9);
	buf_clear(&b);
	decoder_hello(decoder_find("mongodb"), 27017, &b);
	r = reader_init(b.data, b.len);
	CHECK_INT(reader_le32(&r), b.len);
	reader_skip(&r, 17);
	CHECK_INT(reader_le32(&r), b.len - 21);
	buf_clear(&b);
	decoder_hello(decoder_find("dns"), 53, &b);
	r = reader_init(b.data, b.len);
	CHECK_INT(reader_be16(&r), b.len - 2);
	buf_clear(&b);
	decoder_hello(decoder_find("kafka"), 9092, &b);
	r = reader_init(b.data, b.len);
	CHECK_INT(reader_be32(&r), b.len - 4);
}

TESTS(golden_pairs, the_table_is_in_order, hellos_are_what_they_say)
