#include "base/str.h"
#include "model/target.h"
#include "unit.h"

/* One line a target: kind, then what is set. */
static void describe(const struct target *t, struct buf *out)
{
	buf_str(out, target_kind_name(t->kind));
	for (size_t i = 2; i < target_type.field_count; i++) {
		const struct field *f = &target_type.fields[i];
		if (!field_present(f, t) || (str_eq(f->name, "proto") && t->proto == PROTO_TCP))
			continue;
		buf_printf(out, " %s=", f->name);
		field_text(f, t, out);
	}
}

struct row {
	const char *text, *want;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AUTO(arena) struct arena *arena = arena_new();
		AUTO(buf) struct buf b = BUF_INIT(8192);
		struct target t = {0};
		struct err err = {0};

		if (target_parse(arena, rows[i].text, &t, &err) < 0)
			buf_printf(&b, "%s%s%s", err.text, err.fix[0] ? " | " : "", err.fix);
		else
			describe(&t, &b);
		if (!str_eq(b.data, rows[i].want))
			fprintf(stderr, "target '%s'\n", rows[i].text);
		CHECK_STR(b.data, rows[i].want);
	}
}
#define CHECK_ROWS(rows) check_rows(rows, ARRAY_SIZE(rows))

TEST(reads_ports)
{
	static const struct row rows[] = {
		{"3000", "port port=3000"},
		{":3000", "port port=3000"},
		{"*:3000", "port port=3000"},
		{" 3000\n", "port port=3000"},
		{"03000", "port port=3000"},
		{"0", "port port=0"},
		{"65535", "port port=65535"},
		{"3000/tcp", "port port=3000"},
		{"3000/udp", "port proto=udp port=3000"},
		{"3000/UDP", "port proto=udp port=3000"},
		{":53/udp", "port proto=udp port=53"},
		{"9899/sctp", "port proto=sctp port=9899"},
		{"udp:3000", "port proto=udp port=3000"},
		{"tcp:3000", "port port=3000"},
		{"tcp://:3000", "port port=3000"},
		{"udp://:53", "port proto=udp port=53"},
	};

	CHECK_ROWS(rows);
}

TEST(reads_addresses)
{
	static const struct row rows[] = {
		{"127.0.0.1", "address address=127.0.0.1"},
		{"127.0.0.1:3000", "endpoint address=127.0.0.1 port=3000"},
		{"127.0.0.1:53/udp", "endpoint proto=udp address=127.0.0.1 port=53"},
		{"udp:127.0.0.1:53", "endpoint proto=udp address=127.0.0.1 port=53"},
		{"tcp://127.0.0.1:3000", "endpoint address=127.0.0.1 port=3000"},
		{"tcp://127.0.0.1:3000/", "endpoint address=127.0.0.1 port=3000"},
		{"udp://[::1]:53", "endpoint proto=udp address=::1 port=53"},
		{"0.0.0.0:3000", "endpoint address=0.0.0.0 port=3000"},
		{"127.0.0.1:http", "endpoint address=127.0.0.1 port=80"},
		{"::1", "address address=::1"},
		{"::", "address address=::"},
		{"[::1]", "address address=::1"},
		{"[::1]:3000", "endpoint address=::1 port=3000"},
		{"[::1]:3000/udp", "endpoint proto=udp address=::1 port=3000"},
		{"[::]:3000", "endpoint address=:: port=3000"},
		{":::3000", "endpoint address=:: port=3000"},
		{"[127.0.0.1]:5432", "endpoint address=127.0.0.1 port=5432"},
		{"::ffff:127.0.0.1", "address address=::ffff:127.0.0.1"},
		{"[::ffff:127.0.0.1]:80", "endpoint address=::ffff:127.0.0.1 port=80"},
		{"2001:DB8::1", "address address=2001:db8::1"},
		{"fe80::5054:ff:fe12:3456", "address address=fe80::5054:ff:fe12:3456"},
		{"::3000", "address address=::3000"},
	};

	CHECK_ROWS(rows);
}

TEST(reads_hosts_and_names)
{
	static const struct row rows[] = {
		{"localhost", "host host=localhost"},
		{"LocalHost:3000", "host host=localhost port=3000"},
		{"localhost:ssh", "host host=localhost port=22"},
		{"localhost:53/udp", "host proto=udp host=localhost port=53"},
		{"localhost.", "host host=localhost"},
		{"shop.localhost", "host host=shop.localhost"},
		{"shop.localhost:62893", "host host=shop.localhost port=62893"},
		{"my_app.test:80", "host host=my_app.test port=80"},
		{"redis:6379", "host host=redis port=6379"},
		{"tcp://localhost:3000", "host host=localhost port=3000"},
		{"shop", "name name=shop"},
		{"shop-web", "name name=shop-web"},
		{"postgres 15", "name name=postgres 15"},
		{"@acme/shop", "name name=@acme/shop"},
		{"shop/web", "name name=shop/web"},
		{"caf\xc3\xa9", "name name=caf\xc3\xa9"},
		{"3000x", "name name=3000x"},
		{"0xyz", "name name=0xyz"},
		{"pid:123", "pid pid=123"},
		{"unix:/run/x.sock", "unix proto=unix path=/run/x.sock"},
		{"unix:///run/x.sock", "unix proto=unix path=/run/x.sock"},
		{"unix:@hidden", "unix proto=unix path=@hidden"},
		{"unix:x.sock", "unix proto=unix path=x.sock"},
		{"/run/x.sock", "unix proto=unix path=/run/x.sock"},
		{"./x.sock", "unix proto=unix path=./x.sock"},
		{"http+unix://%2Frun%2Fdocker.sock/v1/info",
			"unix proto=unix scheme=http+unix path=/run/docker.sock"},
		{"container:web", "container name=web"},
	};

	CHECK_ROWS(rows);
}

TEST(reads_urls)
{
	static const struct row rows[] = {
		{"http://localhost", "url host=localhost port=80 scheme=http path=/"},
		{"http://localhost:3000/a?b=c#d",
			"url host=localhost port=3000 scheme=http path=/a?b=c"},
		{"http://localhost:3000?q", "url host=localhost port=3000 scheme=http path=/?q"},
		{"http://localhost:3000#f", "url host=localhost port=3000 scheme=http path=/"},
		{"http://localhost:/x", "url host=localhost port=80 scheme=http path=/x"},
		{"HTTPS://Shop.LOCALHOST/A",
			"url host=shop.localhost port=443 scheme=https path=/A"},
		{"http://shop.localhost:62893/x",
			"url host=shop.localhost port=62893 scheme=http path=/x"},
		{"http://127.0.0.1:8080", "url address=127.0.0.1 port=8080 scheme=http path=/"},
		{"http://[::1]:8080/x", "url address=::1 port=8080 scheme=http path=/x"},
		{"ws://localhost:5173/hmr", "url host=localhost port=5173 scheme=ws path=/hmr"},
		{"http://localhost/a b\xc3\xa9",
			"url host=localhost port=80 scheme=http path=/a%20b%C3%A9"},
		{"http://localhost/a%0ab", "url host=localhost port=80 scheme=http path=/a%0ab"},
		{"postgres://app:s3cret@localhost/shop",
			"url host=localhost port=5432 scheme=postgres path=/shop"},
		{"postgresql+asyncpg://u@127.0.0.1:5433/x",
			"url address=127.0.0.1 port=5433 scheme=postgresql+asyncpg path=/x"},
		{"jdbc:mysql://localhost/x", "url host=localhost port=3306 scheme=mysql path=/x"},
		{"redis://:p%40ss@localhost/0",
			"url host=localhost port=6379 scheme=redis path=/0"},
		{"mongodb+srv://db.test/x", "url host=db.test scheme=mongodb+srv path=/x"},
		{"myapp://localhost/x", "url host=localhost scheme=myapp path=/x"},
		{"http://redis/", "url host=redis port=80 scheme=http path=/"},
		{"localhost:3000/health", "url host=localhost port=3000 scheme=http path=/health"},
		{"127.0.0.1/x", "url address=127.0.0.1 port=80 scheme=http path=/x"},
		{"[::1]:3000/x", "url address=::1 port=3000 scheme=http path=/x"},
	};

	CHECK_ROWS(rows);
}

TEST(refuses_ports)
{
	static const struct row rows[] = {
		{"", "no target: expected a port, an address, a URL or the name of a service | loopscope 3000"},
		{" \t", "no target: expected a port, an address, a URL or the name of a service | loopscope 3000"},
		{"65536", "'65536' is not a port: ports go from 0 to 65535"},
		{"127.0.0.1:99999", "'99999' is not a port: ports go from 0 to 65535"},
		{"-1", "'-1' is not a port: ports go from 0 to 65535"},
		{":-1", "'-1' is not a port: ports go from 0 to 65535"},
		{"+80", "'+80' is not a port: ports go from 0 to 65535"},
		{"99999999999999999999999",
			"'99999999999999999999999' is not a port: ports go from 0 to 65535"},
		{"2130706433",
			"'2130706433' is not a port: ports go from 0 to 65535"
			" | write 127.0.0.1 if you mean that address"},
		{":", "':' names no port | write :3000"},
		{"*:", "'*:' names no port | write :3000"},
		{"*", "'*' names no port | write *:3000"},
		{"localhost:",
			"'localhost:' ends without a port | write localhost:3000 or localhost alone"},
		{"3000:", "'3000:' ends without a port | write 3000:3000 or 3000 alone"},
		{"localhost:abc", "'abc' is not a port: ports go from 0 to 65535"},
		{"0x50", "'0x50' is not a port: ports are decimal numbers | write 80"},
		{"3000-3999", "'3000-3999' is a range; expected one port | write 3000"},
		{"8080:80",
			"'8080:80' has two ports and no host | write 8080, the port on this machine"},
		{"127.0.0.1:8080:80",
			"'127.0.0.1:8080:80' has two ports"
			" | write 127.0.0.1:8080; the last number is the port inside a container"},
		{"3000/health",
			"'health' is not a protocol: expected /tcp or /udp after a port"
			" | write http://localhost:3000/health for a web page"},
		{"localhost 3000",
			"'localhost 3000' has a blank between host and port | write localhost:3000"},
		{"::1 3000", "'::1 3000' has too many colons"},
		{"tcp://127.0.0.1:80/x",
			"'tcp://127.0.0.1:80/x' has a path, which a TCP or UDP endpoint has not"},
	};

	CHECK_ROWS(rows);
}

TEST(refuses_addresses)
{
	static const struct row rows[] = {
		{"::1:3000",
			"'::1:3000' can be read in two ways: as port 3000 of ::1, or as one long address"
			" | write [::1]:3000 for the port, [::1:3000] for the address"},
		{"::ffff:127.0.0.1:3000",
			"'::ffff:127.0.0.1:3000' needs brackets around the IPv6 address"
			" | write [::ffff:127.0.0.1]:3000"},
		{"[::1", "'[::1' has no ']'"},
		{"[::1]3000", "'[::1]3000' has '3000' where a port should be | write [::1]:3000"},
		{"[::1]:", "'[::1]:' has ':' where a port should be"},
		{"[::1]:99999", "'99999' is not a port: ports go from 0 to 65535"},
		{"[localhost]:80", "'localhost' is not an IPv6 address"},
		{"[]", "'' is not an IPv6 address"},
		{"::1%nosuch0", "'nosuch0' is no network interface of this machine"},
		{"[fe80::1%nosuch0]:80", "'nosuch0' is no network interface of this machine"},
		{"127.1",
			"'127.1' is an old spelling that programs read differently; most take it for 127.0.0.1"
			" | write 127.0.0.1"},
		{"127.1:3000",
			"'127.1' is an old spelling that programs read differently; most take it for"
			" 127.0.0.1 | write 127.0.0.1"},
		{"0177.0.0.1",
			"'0177.0.0.1' has a leading zero: it means 127.0.0.1 to some programs and"
			" 177.0.0.1 to others | write 127.0.0.1 or 177.0.0.1"},
		{"0x7f.0.0.1",
			"'0x7f.0.0.1' is an old spelling that programs read differently; most take it for"
			" 127.0.0.1 | write 127.0.0.1"},
		{"0x7f000001",
			"'0x7f000001' is an old spelling that programs read differently; most take it for"
			" 127.0.0.1 | write 127.0.0.1"},
		{"http://2130706433/",
			"'2130706433' is an old spelling that programs read differently; most take"
			" it for 127.0.0.1 | write 127.0.0.1"},
		{"999.0.0.1",
			"'999.0.0.1' is not an address: IPv4 has four numbers from 0 to 255, like 127.0.0.1"},
		{"127.0.0.1.5",
			"'127.0.0.1.5' is not an address: IPv4 has four numbers from 0 to 255, like"
			" 127.0.0.1"},
		{"127.0.0.:3000",
			"'127.0.0.' is not an address: IPv4 has four numbers from 0 to 255, like 127.0.0.1"},
		{"127.0.0.1.",
			"'127.0.0.1.' is not an address: IPv4 has four numbers from 0 to 255, like 127.0.0.1"},
		{"a:b:c", "'a:b:c' has too many colons"},
		{"1:2:3:4:5:6:7:8:9",
			"'1:2:3:4:5:6:7:8:9' needs brackets around the IPv6 address"
			" | write [1:2:3:4:5:6:7:8]:9"},
	};

	CHECK_ROWS(rows);
}

TEST(refuses_letters)
{
	static const struct row rows[] = {
		{"\xef\xbc\x93\xef\xbc\x90\xef\xbc\x90\xef\xbc\x90",
			"'\xef\xbc\x93\xef\xbc\x90\xef\xbc\x90\xef\xbc\x90' is written with characters that only"
			" look like plain ones | write 3000"},
		{"localhost\xef\xbc\x9a"
		 "3000",
			"'localhost\xef\xbc\x9a"
			"3000' is written with characters that"
			" only look like plain ones | write localhost:3000"},
		{"\xd9\xa3\xd9\xa0\xd9\xa0\xd9\xa0",
			"'\xd9\xa3\xd9\xa0\xd9\xa0\xd9\xa0' is written with characters"
			" that only look like plain ones | write 3000"},
		{"a\x1b[31mb", "'a\\x1b[31mb' has control characters or invalid UTF-8 in it"},
		{"local\xe2\x80\xaehost",
			"'local\\u202ehost' has control characters or invalid UTF-8 in it"},
		{"a\nb", "'a\\nb' has control characters or invalid UTF-8 in it"},
		{"\xff", "'\\xff' has control characters or invalid UTF-8 in it"},
		{"b\xc3\xbc"
		 "cher.test:80",
			"the host 'b\xc3\xbc"
			"cher.test' has letters beyond a to z"
			" | write its ASCII form, which starts with xn--"},
		{"http://l%6fcalhost/",
			"the host 'l%6fcalhost' has a percent sign; hosts are never encoded"},
		{"me@localhost:22",
			"'me@localhost:22' names a user; a target is a host and a port"},
		{"--all",
			"'--all' looks like an option; expected a port, an address, a URL or the name of a"
			" service"},
		{"pid:abc", "'abc' is not a process id: it is a number, like pid:123"},
		{"pid:0", "'0' is not a process id: it is a number, like pid:123"},
		{"unix:", "'unix:' names no socket path; write unix:/run/name.sock"},
		{"container:", "'' is not the name of a container; write container:web"},
		{"a_b..test:1", "'a_b..test' is not a host name or address"},
		{"-x.test:1", "'-x.test' is not a host name or address"},
	};

	CHECK_ROWS(rows);
}

TEST(refuses_urls)
{
	static const struct row rows[] = {
		{"http://", "'http://' names no host | write http://localhost"},
		{"http:///x", "'http:///x' names no host | write http://localhost/x"},
		{"http://:3000/x",
			"'http://:3000/x' names no host | write http://localhost:3000/x"},
		{"http://3000/x",
			"'http://3000/x' names a port and no host | write http://localhost:3000/x"},
		{"http://localhost:99999/", "'99999' is not a port: ports go from 0 to 65535"},
		{"http://::1:3000/x",
			"'http://::1:3000/x' needs brackets around the IPv6 address"
			" | write http://[::1]:3000/x"},
		{"http://::1/x",
			"'http://::1/x' needs brackets around the IPv6 address | write http://[::1]/x"},
		{"http:localhost:3000",
			"'http:localhost:3000' is not a URL: '//' is missing"
			" | write http://localhost:3000"},
		{"http:/localhost",
			"'http:/localhost' is not a URL: '//' is missing | write http://localhost"},
		{"http:3000",
			"'http:3000' is not a URL: '//' is missing | write http://localhost:3000"},
		{"://x", "'://x' does not start with a scheme such as http://"},
		{"1http://x", "'1http://x' does not start with a scheme such as http://"},
		{"file:///etc/hosts", "'file:///etc/hosts' names a file, not an endpoint"},
		{"mongodb://a:1,b:2/x",
			"'mongodb://a:1,b:2/x' names several hosts; name one of them"},
		{"http://a\\b/", "'http://a\\b/' has a backslash, which programs read differently"},
		{"http://%2Frun%2Fx/",
			"'http://%2Frun%2Fx/' is a socket path in place of a host; write"
			" unix:/run/name.sock"},
		{"http+unix://%2/x",
			"'http+unix://%2/x' names no socket path; write unix:/run/name.sock"},
		/* a password is never repeated */
		{"postgres://u:s3cret@/x",
			"'postgres://u:***@/x' names no host | write postgres://localhost/x"},
		{"http://u:p@ss@local host/", "'local host' is not a host name or address"},
	};

	CHECK_ROWS(rows);
}

TEST(bounds_length)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf b = BUF_INIT(10000);
	struct target t;
	struct err err;

	buf_pad(&b, 'a', 5000);
	CHECK_INT(target_parse(arena, b.data, &t, &err), -22);
	CHECK_STR(err.text, "the target is 5000 bytes long; at most 4096 are read");
	buf_clear(&b);
	buf_pad(&b, 'a', 300);
	buf_str(&b, ":80");
	CHECK(target_parse(arena, b.data, &t, &err) < 0);
	CHECK(strlen(err.text) < 150);
	buf_clear(&b);
	buf_char(&b, '/');
	buf_pad(&b, 'a', 107);
	CHECK(target_parse(arena, b.data, &t, &err) < 0);
	buf_clear(&b);
	buf_pad(&b, 'a', 64);
	buf_str(&b, ".test");
	CHECK(target_parse(arena, b.data, &t, NULL) == 0 && t.kind == TARGET_NAME);
	buf_clear(&b);
	buf_pad(&b, '\x01', 4096);
	CHECK(target_parse(arena, b.data, &t, &err) < 0);
}

TEST(hides_passwords)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct target t;

	CHECK_INT(target_parse(arena, " postgres://app:s3:c@ret@localhost/x ", &t, NULL), 0);
	CHECK_STR(t.text, "postgres://app:***@localhost/x");
	CHECK_INT(target_parse(arena, "redis://:x@localhost", &t, NULL), 0);
	CHECK_STR(t.text, "redis://:***@localhost");
	CHECK_INT(target_parse(arena, "ssh://me@localhost", &t, NULL), 0);
	CHECK_STR(t.text, "ssh://me@localhost");
}

TEST(reads_ranges)
{
	uint16_t low = 1, high = 1;
	struct err err;

	CHECK_INT(target_parse_range("3000", &low, &high, NULL), 0);
	CHECK(low == 3000 && high == 3000);
	CHECK_INT(target_parse_range("3000-3999", &low, &high, NULL), 0);
	CHECK(low == 3000 && high == 3999);
	CHECK(target_parse_range("4000-3000", &low, &high, &err) < 0);
	CHECK_STR(err.text, "the range '4000-3000' ends before it starts");
	CHECK_STR(err.fix, "write 3000-4000");
	CHECK(target_parse_range("", &low, &high, &err) < 0);
	CHECK(target_parse_range("3000-", &low, &high, &err) < 0);
	CHECK(target_parse_range("-1", &low, &high, &err) < 0);
	CHECK_STR(err.text, "'-1' is not a port: ports go from 0 to 65535");
	CHECK(target_parse_range("1-70000", &low, &high, &err) < 0);
	CHECK(low == 3000 && high == 3999);
}

TESTS(reads_ports, reads_addresses, reads_hosts_and_names, reads_urls, refuses_ports,
	refuses_addresses, refuses_letters, refuses_urls, bounds_length, hides_passwords,
	reads_ranges)
