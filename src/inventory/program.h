/*
 * program - the known programs of programs.def: who a listener is, told by its command line.
 */
#pragma once

#include "model/service.h"

enum program_traits {
	BY_ROLE = 1,	/* in a project called by project and role: "shop web" */
	BY_PROJECT = 2, /* in a project called by the project alone: "invoices" */
	VERSIONED = 4,	/* people name it with its major version: "postgres 15" */
	FORWARDS = 8,	/* called by what it leads to */
};

/* A row of programs.def, where the columns are explained. */
struct program {
	const char *programs;
	const char *words;
	uint16_t port;
	const char *name;
	const char *role;
	const char *speaks;
	unsigned traits; /* enum program_traits */
	const char *why; /* a probe leaves it alone, and why; NULL = may be probed */
};

/* The row that fits the first owner of the service and its port, or NULL. */
const struct program *program_find(const struct service *service);

/* True when `text` fits `pattern`: `*` is any run of characters, `%p` is `port`, in full. */
bool program_pattern(const char *pattern, size_t len, const char *text, const char *port);
