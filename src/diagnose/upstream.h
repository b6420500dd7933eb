/*
 * upstream - whom a reverse proxy asks: by what it says in its error log, by its configuration, by the
 * connections it has open.
 */
#pragma once

#include "diagnose/inquiry.h"

struct upstream {
	const char *to;	    /* "http://127.0.0.1:9000" */
	const char *source; /* "/etc/nginx/nginx.conf:12", "error.log", "sock_diag" */
	const char *said;   /* the line of its log, foreign; NULL */
};

/* The upstream that failed when the place answered 502 to 504; false when it cannot be told. */
bool upstream_find(const struct inquiry *q, const struct place *p, struct upstream *out);
