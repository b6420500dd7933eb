/*
 * address - one IPv4 or IPv6 address, and what kind of address it is.
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	uint8_t family;	   /* AF_INET, AF_INET6, or AF_UNSPEC for "no address" */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four */
	uint32_t scope;	   /* interface index of a link-local address, else 0 */
};

/* Registries: RFC 6890 (special purpose), RFC 1918, 3927, 4193, 4291, 5737, 6598, 3849, 9637. */
enum address_class {
	ADDRESS_NONE,	       /* family AF_UNSPEC */
	ADDRESS_ANY,	       /* 0.0.0.0, :: */
	ADDRESS_LOOPBACK,      /* 127.0.0.0/8, ::1 */
	ADDRESS_LINK_LOCAL,    /* 169.254.0.0/16, fe80::/10 */
	ADDRESS_PRIVATE,       /* 10/8, 172.16/12, 192.168/16, fc00::/7 */
	ADDRESS_SHARED,	       /* 100.64.0.0/10 */
	ADDRESS_MULTICAST,     /* 224.0.0.0/4, ff00::/8 */
	ADDRESS_BROADCAST,     /* 255.255.255.255 */
	ADDRESS_DOCUMENTATION, /* 192.0.2/24, 198.51.100/24, 203.0.113/24, 2001:db8/32, 3fff/20 */
	ADDRESS_RESERVED,      /* 0.0.0.0/8 but 0.0.0.0, 240.0.0.0/4, 192.0.0.0/24, 198.18.0.0/15 */
	ADDRESS_PUBLIC,
};

extern const struct address ADDRESS_LOOPBACK4, ADDRESS_LOOPBACK6, ADDRESS_ANY4, ADDRESS_ANY6;

/*
 * Parses strict dotted IPv4 (no octal, no short forms) or IPv6 with optional %zone (a name of an
 * interface of this machine, or a number). No brackets, no port. False leaves out untouched.
 */
bool address_parse(const char *text, struct address *out);
void address_format(struct buf *out, const struct address *a); /* RFC 5952 */

bool address_eq(const struct address *a, const struct address *b);
bool address_is_any(const struct address *a);
bool address_is_v4_mapped(const struct address *a); /* ::ffff:0:0/96 */

/* The IPv4 address inside a v4-mapped one; any other address unchanged. */
struct address address_unmap(const struct address *a);

/* The class; a v4-mapped address is classed by the IPv4 address inside. */
enum address_class address_class(const struct address *a);
const char *address_class_name(enum address_class c); /* "loopback", "link-local", ... */
bool address_is_loopback(const struct address *a);

/* To and from the kernel's socket addresses; sockaddr_len is set by address_to_sockaddr. */
bool address_from_sockaddr(const struct sockaddr *sa, struct address *out, uint16_t *out_port);
socklen_t address_to_sockaddr(const struct address *a, uint16_t port, struct sockaddr_storage *out);
