#include "base/str.h"
#include "explain/address_facts.h"
#include "unit.h"

static const char *meaning(struct arena *arena, const char *text)
{
	struct address a;

	return address_parse(text, &a) ? address_meaning(arena, &a) : "(not parsed)";
}

TEST(explains_loopback)
{
	AUTO(arena) struct arena *arena = arena_new();

	CHECK_STR(meaning(arena, "127.0.0.1"),
		"this computer talking to itself; traffic to it never leaves the machine");
	CHECK_STR(meaning(arena, "127.0.0.53"),
		"this computer's own name server (systemd-resolved); traffic to it never leaves the machine");
	CHECK_STR(meaning(arena, "127.0.0.2"),
		"this computer talking to itself, under another of its loopback addresses; traffic to it never"
		" leaves the machine. A server that listens on 127.0.0.1 only does not answer there");
	CHECK_STR(meaning(arena, "::1"),
		"this computer talking to itself over IPv6; traffic to it never leaves the machine. A server"
		" that listens on 127.0.0.1 only does not answer there");
	CHECK_STR(meaning(arena, "::ffff:127.0.0.1"),
		"the same as 127.0.0.1, written as IPv6: this computer talking to itself; traffic to it never"
		" leaves the machine");
}

/* A word that the sentence about each address must have. */
TEST(tells_places_apart)
{
	static const struct {
		const char *address, *word;
	} rows[] = {
		{"127.0.1.1", "under its own name"},
		{"127.0.0.54", "systemd-resolved"},
		{"127.0.0.11", "Docker"},
		{"127.255.255.255", "broadcast"},
		{"127.255.255.254", "another of its loopback"},
		{"0.0.0.0", "where a server listens: every IPv4 address"},
		{"::", "where a server listens: every address"},
		{"0.1.2.3", "nothing can be reached"},
		{"169.254.169.254", "cloud"},
		{"169.254.1.1", "no DHCP server answered"},
		{"172.17.0.1", "docker0"},
		{"172.17.0.2", "container on Docker's default bridge"},
		{"172.18.0.5", "one of Docker's"},
		{"172.31.255.255", "one of Docker's"},
		{"172.32.0.1", "public"},
		{"10.0.2.2", "emulator"},
		{"10.1.2.3", "private"},
		{"10.88.0.1", "Podman"},
		{"192.168.65.254", "host.docker.internal"},
		{"192.168.65.3", "Docker Desktop"},
		{"192.168.122.1", "libvirt"},
		{"192.168.1.5", "private address: a machine on your own network"},
		{"100.64.0.1", "Tailscale"},
		{"100.127.255.255", "Tailscale"},
		{"100.128.0.0", "public"},
		{"fd7a:115c:a1e0::1", "Tailscale"},
		{"fd00::1", "private"},
		{"fe80::1", "as in fe80::1%eth0"},
		{"198.18.0.1", "measurements"},
		{"192.0.2.1", "manuals"},
		{"2001:db8::1", "manuals"},
		{"3fff::1", "manuals"},
		{"224.0.0.251", ".local"},
		{"ff02::fb", ".local"},
		{"239.1.1.1", "multicast"},
		{"255.255.255.255", "broadcast"},
		{"240.0.0.1", "reserved"},
		{"8.8.8.8", "Google"},
		{"93.184.216.34", "public"},
		{"64:ff9b::808:808", "NAT64"},
		{"2606:4700::1", "public"},
		{"::ffff:10.0.2.2", "the same as 10.0.2.2"},
	};
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *got = meaning(arena, rows[i].address);
		if (!strstr(got, rows[i].word))
			fprintf(stderr, "%s: '%s' lacks '%s'\n", rows[i].address, got,
				rows[i].word);
		CHECK(strstr(got, rows[i].word) != NULL);
		CHECK(!str_ends(got, "."));
	}
}

TEST(needs_a_zone_once)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct address a = {.family = AF_INET6, .bytes = {0xfe, 0x80, [15] = 1}, .scope = 2};
	struct address none = {0};

	CHECK_STR(address_meaning(arena, &a),
		"an IPv6 address that is valid only on the network of its interface");
	CHECK_STR(address_meaning(arena, &none), "no address");
}

TESTS(explains_loopback, tells_places_apart, needs_a_zone_once)
