/*
 * port_facts - what a port number is: IANA class and name, this kernel's ranges, other systems'
 * ranges, browsers' block list, known squatters.
 */
#pragma once

#include "base/arena.h"
#include "model/endpoint.h"
#include "model/field.h"
#include "sys/host.h"

enum port_class { PORT_ZERO, PORT_SYSTEM, PORT_REGISTERED, PORT_DYNAMIC };

const char *port_class_name(int class); /* "system", "registered", "dynamic" (RFC 6335) */

struct port_facts {
	uint16_t port;
	int class;
	const char *name;     /* "postgresql": IANA's or the common name; NULL = none */
	const char *title;    /* "PostgreSQL databases": completes "the usual port of"; or NULL */
	const char *speaks;   /* the decoder's name, NULL = not known */
	const char *squatter; /* "macOS AirPlay Receiver takes it"; NULL = none */
	bool in_kernel_range; /* inside this kernel's ip_local_port_range */
	uint16_t kernel_low, kernel_high;
	bool in_linux_default, in_macos_range, in_windows_range; /* default ephemeral ranges */
	bool browser_blocked; /* on the "bad ports" list of the Fetch standard */
	bool reserved;	      /* in ip_local_reserved_ports */
	bool privileged;      /* below ip_unprivileged_port_start */
	uint16_t unprivileged_start;
	const char *meaning; /* one or two plain sentences for a layman */
};

extern const struct record_type port_facts_type;

void port_facts_get(const struct host *host, struct arena *arena, enum proto proto, uint16_t port,
	struct port_facts *out);

/* The table row's short name for a port, or NULL: "postgresql". No host needed. */
const char *port_name(enum proto proto, uint16_t port);
/* The decoder that usually lives there, or NULL: "postgres". */
const char *port_speaks(enum proto proto, uint16_t port);
/* On the "bad ports" list of the Fetch standard, which browsers and node's fetch() follow. */
bool port_browser_blocked(uint16_t port);
