/*
 * sysctl - the kernel's settings that concern ports, read below host->root.
 *
 * Each setting is that of our own network namespace. A file that is absent or unreadable gives the
 * kernel's built-in default and false.
 */
#pragma once

#include "sys/host.h"

struct port_range {
	uint16_t low, high; /* both inclusive */
};

#define SYSCTL_LOCAL_RANGE_DEFAULT  ((struct port_range){32768, 60999})
#define SYSCTL_UNPRIVILEGED_DEFAULT 1024

/* "32768\t60999" -> low and high; false leaves out untouched, also when low > high. */
bool sysctl_parse_range(const char *text, struct port_range *out);

/*
 * One element of "8080,9000-9010\n": moves *cursor behind it. False at the end of the list and at
 * the first thing that is no port.
 */
bool sysctl_next_range(const char **cursor, struct port_range *out);

/* ip_local_port_range: where the kernel takes ports from for outgoing connections and bind(0). */
bool sysctl_local_range(const struct host *host, struct port_range *out);

/* ip_local_reserved_ports: ports that it leaves out there. */
bool sysctl_is_reserved(const struct host *host, uint16_t port);

/* ip_unprivileged_port_start: below it a listener needs CAP_NET_BIND_SERVICE. 0 = none does. */
bool sysctl_unprivileged_start(const struct host *host, uint16_t *out);
