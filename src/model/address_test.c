#include "base/str.h"
#include "model/address.h"
#include "unit.h"
#include <netinet/in.h>

static struct address parsed(const char *text)
{
	struct address a = {0};

	CHECK(address_parse(text, &a));
	return a;
}

TEST(parses_strictly)
{
	static const char *const good[] = {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1",
		"2001:db8::1", "::ffff:127.0.0.1", "1:2:3:4:5:6:7:8", "fe80::1%1"};
	static const char *const bad[] = {"", "127.1", "127.0.0.01", "0177.0.0.1", "0x7f.0.0.1",
		"256.0.0.1", "127.0.0.1 ", " 127.0.0.1", "127.0.0.1:80", "[::1]",
		":::", "1:2:3:4:5:6:7:8:9", "::1%", "::1%0", "::1%nosuchdev", "127.0.0.1%1",
		"localhost",
		"1111111111111111111111111111111111111111111111111111111111111111111111111111111"};
	struct address a = {.family = 99};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		parsed(good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (address_parse(bad[i], &a))
			fprintf(stderr, "took '%s'\n", bad[i]);
		CHECK_INT(a.family, 99);
	}
}

TEST(formats_as_rfc_5952)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"127.0.0.1", "127.0.0.1"},
		{"::1", "::1"},
		{"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"0:0:0:0:0:0:0:0", "::"},
		{"::ffff:127.0.0.1", "::ffff:127.0.0.1"},
		{"::1:3000", "::1:3000"}, /* not ::0.1.48.0, which inet_ntop makes of it */
		{"::3000", "::3000"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO(buf) struct buf b = BUF_INIT(100);
		struct address a = parsed(rows[i].text);
		address_format(&b, &a);
		CHECK_STR(b.data, rows[i].want);
	}
	AUTO(buf) struct buf b = BUF_INIT(100);
	struct address none = {0},
		       zone = {.family = AF_INET6, .bytes = {0xfe, 0x80}, .scope = 4000000000};
	address_format(&b, &none);
	address_format(&b, &zone);
	CHECK_STR(b.data, "?fe80::%4000000000");
}

TEST(classes_addresses)
{
	static const struct {
		const char *text;
		enum address_class class;
	} rows[] = {
		{"0.0.0.0", ADDRESS_ANY},
		{"::", ADDRESS_ANY},
		{"0.0.0.1", ADDRESS_RESERVED},
		{"127.255.255.255", ADDRESS_LOOPBACK},
		{"128.0.0.0", ADDRESS_PUBLIC},
		{"::1", ADDRESS_LOOPBACK},
		{"::2", ADDRESS_PUBLIC},
		{"10.255.0.1", ADDRESS_PRIVATE},
		{"172.15.0.1", ADDRESS_PUBLIC},
		{"172.16.0.1", ADDRESS_PRIVATE},
		{"172.31.0.1", ADDRESS_PRIVATE},
		{"172.32.0.1", ADDRESS_PUBLIC},
		{"192.168.0.1", ADDRESS_PRIVATE},
		{"169.254.1.1", ADDRESS_LINK_LOCAL},
		{"100.63.0.1", ADDRESS_PUBLIC},
		{"100.64.0.1", ADDRESS_SHARED},
		{"100.127.0.1", ADDRESS_SHARED},
		{"100.128.0.1", ADDRESS_PUBLIC},
		{"192.0.2.1", ADDRESS_DOCUMENTATION},
		{"192.0.0.1", ADDRESS_RESERVED},
		{"198.19.0.1", ADDRESS_RESERVED},
		{"224.0.0.1", ADDRESS_MULTICAST},
		{"239.1.1.1", ADDRESS_MULTICAST},
		{"240.0.0.1", ADDRESS_RESERVED},
		{"255.255.255.255", ADDRESS_BROADCAST},
		{"fe80::1", ADDRESS_LINK_LOCAL},
		{"febf::1", ADDRESS_LINK_LOCAL},
		{"fec0::1", ADDRESS_PUBLIC},
		{"fd00::1", ADDRESS_PRIVATE},
		{"ff02::1", ADDRESS_MULTICAST},
		{"2001:db8::1", ADDRESS_DOCUMENTATION},
		{"3fff:fff::1", ADDRESS_DOCUMENTATION},
		{"3fff:1000::1", ADDRESS_PUBLIC},
		{"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
		{"::ffff:0.0.0.0", ADDRESS_ANY},
		{"::ffff:10.0.0.1", ADDRESS_PRIVATE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct address a = parsed(rows[i].text);
		if (address_class(&a) != rows[i].class)
			fprintf(stderr, "class of %s\n", rows[i].text);
		CHECK_STR(address_class_name(address_class(&a)), address_class_name(rows[i].class));
	}
	struct address none = {0};
	CHECK_INT(address_class(&none), ADDRESS_NONE);
}

TEST(unmaps)
{
	struct address mapped = parsed("::ffff:10.1.2.3"), v4 = address_unmap(&mapped);
	struct address want = parsed("10.1.2.3"), v6 = parsed("::1");

	CHECK(address_is_v4_mapped(&mapped) && !address_is_v4_mapped(&v6) &&
		!address_is_v4_mapped(&want));
	CHECK(address_eq(&v4, &want));
	CHECK(!address_eq(&mapped, &want));
	v6 = address_unmap(&v6);
	CHECK(address_eq(&v6, &ADDRESS_LOOPBACK6));
	CHECK(address_is_any(&ADDRESS_ANY4) && address_is_any(&ADDRESS_ANY6));
	CHECK(address_is_loopback(&ADDRESS_LOOPBACK4) && !address_is_loopback(&ADDRESS_ANY4));
}

TEST(goes_through_the_kernel)
{
	struct sockaddr_storage ss;
	struct address in = parsed("fe80::1%7"), out;
	uint16_t port = 0;

	CHECK_INT(address_to_sockaddr(&in, 3000, &ss), sizeof(struct sockaddr_in6));
	CHECK(address_from_sockaddr((struct sockaddr *)&ss, &out, &port));
	CHECK(address_eq(&in, &out) && out.scope == 7 && port == 3000);
	CHECK_INT(address_to_sockaddr(&ADDRESS_LOOPBACK4, 80, &ss), sizeof(struct sockaddr_in));
	CHECK(address_from_sockaddr((struct sockaddr *)&ss, &out, &port));
	CHECK(address_eq(&out, &ADDRESS_LOOPBACK4) && port == 80);
	ss.ss_family = AF_UNIX;
	CHECK(!address_from_sockaddr((struct sockaddr *)&ss, &out, &port));
	CHECK(address_eq(&out, &ADDRESS_LOOPBACK4));
}

TESTS(parses_strictly, formats_as_rfc_5952, classes_addresses, unmaps, goes_through_the_kernel)
