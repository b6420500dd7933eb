/*
 * orphan - is a process left over: did what started it go away, with nothing that keeps it on
 * purpose?
 */
#pragma once

#include "model/owner.h"
#include "sys/host.h"

/*
 * NULL, or why it is left over, as a sentence without a full stop. Needs o's chain of parents, unit,
 * container and project. `home` is the home folder of o's user, NULL when not known.
 */
const char *orphan_why(const struct host *host, const struct owner *o, const char *home);
