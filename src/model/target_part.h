/*
 * target_part - the pieces that target.c and target_url.c share: hosts, ports, errors that quote.
 * Nobody else includes it.
 */
#pragma once

#include "model/target.h"

struct parse {
	struct arena *arena;
	struct target t; /* what has been understood so far */
	struct err *err;
};

/* `s` safe to stand in a message: escaped, and cut in the middle when it is long. In the arena. */
const char *part_quote(struct parse *p, const char *s);

/* A port number, or a scheme's name where `names`; into p->t. */
int part_port(struct parse *p, const char *s, bool names);

/*
 * An address (IPv6 without its brackets) or a host name; into p->t.address or p->t.host. `whole` is
 * quoted in errors.
 */
int part_host(struct parse *p, const char *s, const char *whole);

/* "host", "host:port", "[v6]", "[v6]:port", no more; fills host or address, and port. */
int part_host_port(struct parse *p, const char *s, const char *whole);

/* True for text that is a host name by its letters: labels of a-z 0-9 - _, the last no number. */
bool part_is_host_name(const char *s);

/* True when the last label is a number, so that programs take the whole for an IPv4 address. */
bool part_ends_in_number(const char *s);

/* target_url.c: s is SCHEME://REST, already known to hold "://". */
int target_parse_url(struct parse *p, const char *s);
