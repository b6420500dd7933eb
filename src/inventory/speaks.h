/*
 * speaks - what a listener speaks and what a person calls it, guessed from what is known without
 * sending anything: program, arguments, port.
 */
#pragma once

#include "base/arena.h"
#include "model/service.h"

/* Fills name, role, speaks, version and speaks_by (KNOWN_GUESS or KNOWN_NOT) of a service whose
 * port, proto, owners, project and container are set. name is never left NULL. */
void speaks_guess(struct arena *arena, struct service *service);
