#include "base/str.h"
#include "explain/port_facts.h"
#include "unit.h"

struct fixture {
	struct arena *arena;
	struct host host;
};

static struct fixture setup(const char *name)
{
	struct fixture f = {.arena = arena_new()};

	const char *tests = getenv("LOOPSCOPE_TESTS");
	if (host_open(arena_printf(f.arena, "%s/fixtures/%s", tests, name), &f.host, NULL) < 0)
		abort();
	return f;
}

static void teardown(struct fixture *f)
{
	host_close(&f->host);
	arena_free(f->arena);
}

static struct port_facts facts_of(struct fixture *f, enum proto proto, uint16_t port)
{
	struct port_facts facts;

	port_facts_get(&f->host, f->arena, proto, port, &facts);
	return facts;
}

struct row {
	unsigned port;
	unsigned protos;
	const char *name, *title, *speaks, *squatter;
};

#define T  1
#define U  2
#define TU 3
#define PORT(port, protos, name, title, speaks, squatter)                                          \
	{port, protos, name, title, speaks, squatter},
static const struct row rows[] = {
#include "explain/ports.def"
};

static bool is_decoder(const char *name)
{
	static const char *const names[] = {"amqp", "dns", "ftp", "h2", "http", "imap", "memcached",
		"mongodb", "mqtt", "mysql", "nats", "pop3", "postgres", "redis", "smtp", "ssh",
		"tls", "vnc"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

TEST(table_is_in_order)
{
	CHECK(ARRAY_SIZE(rows) >= 400);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		bool good = r->port > 0 && r->port <= 65535 && r->name[0] &&
			!strchr(r->name, ' ') && r->title[0] && !str_ends(r->title, ".") &&
			(!r->speaks || is_decoder(r->speaks)) &&
			(!r->squatter || !str_ends(r->squatter, "."));
		if (i > 0 &&
			(rows[i - 1].port > r->port ||
				(rows[i - 1].port == r->port && (rows[i - 1].protos & r->protos))))
			good = false;
		if (!good)
			fprintf(stderr, "ports.def: row of port %u\n", r->port);
		CHECK(good);
	}
}

TEST(names_ports)
{
	CHECK_STR(port_name(PROTO_TCP, 5432), "postgresql");
	CHECK_STR(port_speaks(PROTO_TCP, 5432), "postgres");
	CHECK_STR(port_name(PROTO_TCP, 1), "tcpmux");
	CHECK_STR(port_name(PROTO_TCP, 64738), "mumble");
	CHECK_STR(port_name(PROTO_TCP, 514), "shell");
	CHECK_STR(port_name(PROTO_UDP, 514), "syslog");
	CHECK_STR(port_name(PROTO_UDP, 5432), NULL);
	CHECK_STR(port_name(PROTO_TCP, 0), NULL);
	CHECK_STR(port_name(PROTO_TCP, 65535), NULL);
	CHECK_STR(port_name(PROTO_UNIX_STREAM, 80), NULL);
	CHECK_STR(port_speaks(PROTO_UDP, 53), "dns");
	CHECK_STR(port_speaks(PROTO_TCP, 80), "http");
	CHECK_STR(port_speaks(PROTO_UDP, 80), NULL);
	CHECK_STR(port_speaks(PROTO_TCP, 12), NULL);
}

TEST(explains_ports)
{
	static const struct {
		uint16_t port;
		const char *meaning;
	} cases[] = {
		{0, "not a real port: a program that asks for port 0 is given a free one"},
		{5432, "the usual port of PostgreSQL databases"},
		{6000, "the usual port of X11 displays. Browsers refuse to open it (ERR_UNSAFE_PORT)"},
		{5000,
			"the usual port of web servers in development (Flask, ASP.NET, Docker registries). On a"
			" Mac the AirPlay Receiver takes it (Control Center), on a Synology NAS the web interface"},
		{5900, "the usual port of screen sharing (VNC). macOS Screen Sharing takes it when it is on"},
		{389, "the usual port of LDAP directories. Browsers refuse to open it (ERR_UNSAFE_PORT)"},
		{873, "the usual port of rsync file copies. Only a program with extra rights may listen on it"},
		{50051,
			"the usual port of gRPC services. This computer also hands it out by itself, so another"
			" program may hold it by chance"},
		{62893,
			"a dynamic port: programs pick such numbers by themselves, and a new one each time."
			" Loopscope's own console uses this number too, while it runs"},
		{62894, "a dynamic port: programs pick such numbers by themselves, and a new one each time"},
		{40001, "a port that this computer hands out by itself, and a new one each time"},
		{7345, "registered for 'acme-ledger' in /etc/services"},
		{7444, "no well-known service uses it; programs are free to choose it"},
		{999,
			"a system port that no well-known service uses. Only a program with extra rights may"
			" listen on it"},
	};
	struct fixture f = setup("net-defaults");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_STR(facts_of(&f, PROTO_TCP, cases[i].port).meaning, cases[i].meaning);
	teardown(&f);
}

TEST(reads_etc_services)
{
	struct fixture f = setup("net-defaults");

	CHECK_STR(facts_of(&f, PROTO_TCP, 7345).name, "acme-ledger");
	CHECK_STR(facts_of(&f, PROTO_UDP, 7345).name, "acme-beacon");
	CHECK_STR(facts_of(&f, PROTO_TCP, 7346).name, "indented");
	CHECK_STR(facts_of(&f, PROTO_TCP, 7347).name, "late");
	CHECK_STR(facts_of(&f, PROTO_UDP, 7347).name, NULL);
	CHECK_STR(facts_of(&f, PROTO_TCP, 7345).title, NULL);
	CHECK_STR(facts_of(&f, PROTO_TCP, 5432).title,
		"PostgreSQL databases"); /* ours goes first */
	teardown(&f);
	f = setup("net-empty");
	CHECK_STR(facts_of(&f, PROTO_TCP, 7345).name, NULL);
	teardown(&f);
}

TEST(knows_this_kernels_ranges)
{
	struct fixture f = setup("net-defaults");
	struct port_facts p = facts_of(&f, PROTO_TCP, 32768);

	CHECK(p.in_kernel_range && p.in_linux_default && !p.in_macos_range && !p.in_windows_range);
	CHECK(p.kernel_low == 32768 && p.kernel_high == 60999);
	p = facts_of(&f, PROTO_TCP, 61000);
	CHECK(!p.in_kernel_range && !p.in_linux_default && p.in_macos_range && p.in_windows_range);
	p = facts_of(&f, PROTO_TCP, 80);
	CHECK(p.privileged && p.unprivileged_start == 1024 && p.class == PORT_SYSTEM);
	teardown(&f);

	f = setup("net-changed");
	p = facts_of(&f, PROTO_TCP, 80);
	CHECK(!p.privileged && p.unprivileged_start == 0);
	p = facts_of(&f, PROTO_TCP, 50051);
	CHECK(p.in_kernel_range && p.reserved);
	CHECK_STR(p.meaning, "the usual port of gRPC services");
	p = facts_of(&f, PROTO_TCP, 9005);
	CHECK(p.reserved);
	CHECK_STR(p.meaning, "no well-known service uses it; programs are free to choose it");
	teardown(&f);
}

TEST(knows_what_browsers_block)
{
	static const uint16_t blocked[] = {0, 1, 22, 25, 53, 87, 110, 143, 465, 587, 993, 1719,
		2049, 3659, 4045, 4190, 5060, 6000, 6566, 6665, 6669, 6679, 6697, 10080};
	static const uint16_t open[] = {2, 80, 443, 3000, 5000, 6001, 6664, 6670, 8080, 10081};
	struct fixture f = setup("net-defaults");
	int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(blocked); i++)
		CHECK(facts_of(&f, PROTO_TCP, blocked[i]).browser_blocked);
	for (size_t i = 0; i < ARRAY_SIZE(open); i++)
		CHECK(!facts_of(&f, PROTO_TCP, open[i]).browser_blocked);
	for (unsigned port = 0; port <= 10080; port++)
		count += facts_of(&f, PROTO_TCP, (uint16_t)port).browser_blocked;
	CHECK_INT(count, 83);
	CHECK(!facts_of(&f, PROTO_UDP, 53).browser_blocked);
	teardown(&f);
}

TEST(has_fields)
{
	CHECK(record_field(&port_facts_type, "meaning") != NULL);
	CHECK_STR(port_class_name(PORT_DYNAMIC), "dynamic");
}

TESTS(table_is_in_order, names_ports, explains_ports, reads_etc_services, knows_this_kernels_ranges,
	knows_what_browsers_block, has_fields)
