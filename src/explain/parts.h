/*
 * parts - the parts of an explanation; private to explain.
 */
#pragma once

#include "explain/explain.h"

struct explaining {
	const struct host *host;
	const struct snapshot *s;
	const struct target *t;
	struct arena *arena;
	struct selection sel;
	struct explanation *out; /* what is filled in */
};

void explain_address(struct explaining *x);
void explain_port(struct explaining *x);
void explain_listens(struct explaining *x);
void explain_clients(struct explaining *x);
void explain_chain(struct explaining *x);
void explain_reach(struct explaining *x);
void explain_answer(struct explaining *x); /* needs all of the above */
void explain_next(struct explaining *x);

/* Foreign text, escaped, in the arena. NULL stays NULL. */
const char *explain_escaped(struct explaining *x, const char *s);
/* "node 4121", "docker: cache", "root (process hidden)" */
const char *explain_owner(struct explaining *x, const struct service *service);
