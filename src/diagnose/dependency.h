/*
 * dependency - what a silent server itself waits for: its outgoing connections, and where they lead. Pure.
 */
#pragma once

#include "diagnose/inquiry.h"

struct dependency {
	const struct owner *owner;   /* whose connection it is */
	const struct socket *socket; /* its end */
	const struct owner *peer;    /* who should answer it; NULL = not seen, or elsewhere */
	const char *to;		     /* "127.0.0.1:5432", "/run/x.sock": escaped */
	uint16_t port;		     /* 0 of a unix socket */
	bool unread;		     /* the other end has not read what it was sent */
	bool fresh;		     /* made after our question came, or still being made */
};

/* The one that it most likely waits for; false when it has none. */
bool dependency_find(const struct inquiry *q, const struct place *p, struct dependency *out);
