/*
 * supervisor - who would start a stopped process again, and the commands that keep it down.
 *
 * Recognised from facts alone; whether a unit has a main process is the only thing that is asked.
 * A process belongs to a supervisor only when no prompt, editor, login or the like stands between: what
 * a person typed into a terminal inside a service is not the service.
 */
#pragma once

#include "free/world.h"

#define SUPERVISED_WORDS_MAX 16

struct supervisor {
	enum supervisor_kind kind;
	const char *name;
	const char *stop, *start; /* templates, see supervisors.def */
};

struct supervised {
	const struct supervisor *by;
	const char *names[2];	/* what it calls the thing: a unit, a container, an app */
	const char *options[2]; /* NULL = not needed */
	const char *title;	/* for people, when the name is only a number; else NULL */
	const char *cannot;	/* why it cannot be stopped there; NULL: it can */
	const char *fix;	/* what a person can do then, or NULL */
	bool needs_root;	/* and this user is not root */
};

/*
 * True when `holder` is kept by a supervisor; `service` is what it serves, or NULL. Strings are in
 * the world's arena.
 */
bool supervisor_find(struct world *w, const struct owner *holder, const struct service *service,
	const struct endpoint *endpoint, struct supervised *out);

/* The command as words, NULL-terminated, in the arena. */
const char **supervisor_stop(struct arena *arena, const struct supervised *s, size_t *out_count);
const char **supervisor_start(struct arena *arena, const struct supervised *s, size_t *out_count);

/* One word per argument, quoted for a shell where needed, as a person would type it. */
const char *supervisor_words_text(struct arena *arena, const char *const *words);
