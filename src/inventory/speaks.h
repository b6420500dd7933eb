/*
 * speaks - what a listener speaks and what a person calls it, guessed from what is known without
 * sending anything: program, arguments, path, port.
 *
 * `speaks` is the name of a decoder, "https", or another word ("jdwp", "dbus") when nothing here
 * can decode it.
 */
#pragma once

#include "base/arena.h"
#include "model/service.h"

/* Fills name, role, speaks, version and speaks_by (KNOWN_GUESS or KNOWN_NOT) of a service whose
 * port, proto, owners, project, container, ownerless and listeners are set. name is never left
 * NULL. */
void speaks_guess(struct arena *arena, struct service *service);

/*
 * Puts what a probe learnt over the guess: speaks (then KNOWN_PROBE), version, banner, and with
 * them the name ("redis" becomes "redis 7"). Strings are borrowed; each may be NULL, and then
 * nothing of it changes. Call it once, after speaks_guess.
 */
void speaks_learn(struct arena *arena, struct service *service, const char *speaks,
	const char *version, const char *detail);

/* Why a probe must leave this service alone ("netcat ends with its first client"), or NULL. */
const char *speaks_leave_alone(const struct service *service);
