#include "model/address_lax.h"
#include "unit.h"

TEST(reads_what_inet_aton_reads)
{
	static const struct {
		const char *text;
		enum lax_form form;
		const char *address;
	} rows[] = {
		{"127.1", LAX_SHORT, "127.0.0.1"},
		{"127.0.1", LAX_SHORT, "127.0.0.1"},
		{"10.258", LAX_SHORT, "10.0.1.2"},
		{"0177.0.0.1", LAX_OCTAL, "127.0.0.1"},
		{"127.0.0.010", LAX_OCTAL, "127.0.0.8"},
		{"0x7f.0.0.1", LAX_HEX, "127.0.0.1"},
		{"0X7F000001", LAX_HEX, "127.0.0.1"},
		{"0x7f.1", LAX_HEX, "127.0.0.1"},
		{"2130706433", LAX_NUMBER, "127.0.0.1"},
		{"4294967295", LAX_NUMBER, "255.255.255.255"},
		{"127.0.0.1", LAX_NONE, NULL},
		{"127.0.0.1.1", LAX_NONE, NULL},
		{"256.1", LAX_NONE, NULL},
		{"1.16777216", LAX_NONE, NULL},
		{"4294967296", LAX_NONE, NULL},
		{"08.0.0.1", LAX_NONE, NULL},
		{"0x", LAX_NONE, NULL},
		{"1..2", LAX_NONE, NULL},
		{"", LAX_NONE, NULL},
		{".", LAX_NONE, NULL},
		{"1.", LAX_NONE, NULL},
		{"localhost", LAX_NONE, NULL},
		{"dead.beef", LAX_NONE, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct address a = {0};
		AUTO(buf) struct buf b = BUF_INIT(100);
		CHECK_INT(address_parse_lax(rows[i].text, &a), rows[i].form);
		if (rows[i].address) {
			address_format(&b, &a);
			CHECK_STR(b.data, rows[i].address);
		} else {
			CHECK_INT(a.family, AF_UNSPEC);
		}
	}
}

TESTS(reads_what_inet_aton_reads)
