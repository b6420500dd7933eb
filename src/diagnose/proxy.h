/*
 * proxy - which proxy a client would use for an endpoint, by the environment variables that curl, Python,
 * npm, pip, wget and most others follow. Pure.
 */
#pragma once

#include "diagnose/inquiry.h"

struct proxy_choice {
	const char *variable; /* "http_proxy"; NULL = it goes there directly */
	const char *value;
	const char *exempt_by;	 /* "no_proxy", when that is what keeps it direct; NULL */
	const char *exempt_list; /* the value of no_proxy, NULL = not set */
};

/* For an HTTP client that asks the aim's URL. */
void proxy_choose(const struct inquiry *q, struct proxy_choice *out);
