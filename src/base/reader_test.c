#include "base/reader.h"
#include "unit.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};

TEST(reads_both_orders)
{
	struct reader r = reader_init(bytes, sizeof(bytes));

	CHECK_INT(reader_u8(&r), 1);
	CHECK_INT(reader_be16(&r), 0x0203);
	CHECK_INT(reader_be32(&r), 0x04050607);
	CHECK_INT(r.left, 1);
	r = reader_init(bytes, sizeof(bytes));
	CHECK_INT(reader_le16(&r), 0x0201);
	CHECK_INT(reader_le24(&r), 0x050403);
	CHECK_INT(reader_be24(&r), 0x060708);
	CHECK(reader_ok(&r));
	r = reader_init(bytes, sizeof(bytes));
	reader_skip(&r, 4);
	CHECK_INT(reader_le32(&r), 0x08070605);
	static const uint8_t high[] = {0xff, 0xff, 0xff, 0xff};
	r = reader_init(high, 4);
	CHECK_INT(reader_be32(&r), 0xffffffffLL);
}

TEST(sticks_at_the_end)
{
	struct reader r = reader_init(bytes, 3);

	CHECK_INT(reader_be32(&r), 0);
	CHECK(!reader_ok(&r));
	CHECK_INT(reader_u8(&r), 0); /* although three bytes are left */
	CHECK(reader_bytes(&r, 1) == NULL);
	CHECK(reader_bytes(&r, 0) == NULL);
	r = reader_init(bytes, 3);
	CHECK(reader_bytes(&r, SIZE_MAX) == NULL);
	CHECK(!reader_ok(&r));
}

TEST(reads_nothing)
{
	struct reader r = reader_init(NULL, 0);

	reader_bytes(&r, 0);
	CHECK(reader_ok(&r));
	CHECK_INT(reader_u8(&r), 0);
	CHECK(!reader_ok(&r));
}

TEST(copies_out)
{
	struct reader r = reader_init(bytes, 4);
	uint8_t out[4] = {9, 9, 9, 9};

	CHECK(reader_copy(&r, out, 3));
	CHECK_INT(out[2], 3);
	CHECK_INT(out[3], 9);
	CHECK(!reader_copy(&r, out, 4));
	CHECK_INT(out[0] + out[1] + out[2] + out[3], 0);
}

TEST(reads_up_to_a_byte)
{
	struct reader r = reader_init("ab\n\ncd", 6);
	size_t len = 9;

	CHECK(memcmp(reader_until(&r, '\n', &len), "ab", 2) == 0 && len == 2);
	CHECK(reader_until(&r, '\n', &len) != NULL && len == 0);
	CHECK_INT(r.left, 2);
	CHECK(reader_until(&r, '\n', &len) == NULL && len == 0);
	CHECK(!reader_ok(&r));
}

TESTS(reads_both_orders, sticks_at_the_end, reads_nothing, copies_out, reads_up_to_a_byte)
