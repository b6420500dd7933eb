/*
 * siblings - two servers on one port where one is meant: one for each address, or a group that shares one
 * address by SO_REUSEPORT although its members differ. Pure.
 */
#pragma once

#include "diagnose/inquiry.h"

struct siblings {
	const struct socket *a, *b;	    /* their listeners */
	const struct owner *first, *second; /* NULL = hidden; of a group the older one is first */
	const struct place *at, *other;	    /* by address: where each of them answered */
	const char *differ;		    /* of a group, in words: "one of them is stopped" */
};

/* By which address a client comes decides who answers it. */
bool siblings_by_address(const struct inquiry *q, struct siblings *out);

/* The kernel deals connections out to both. Equal workers are no siblings in this sense. */
bool siblings_by_luck(const struct inquiry *q, struct siblings *out);
