/*
 * plumbing - unix sockets that nearly every program of a desktop or a system is connected to (D-Bus,
 * the journal, X11, sound). True, and of no interest to somebody who looks for a shop's database.
 */
#pragma once

#include <stdbool.h>

bool plumbing_path(const char *path); /* as in struct endpoint: '@' starts an abstract name */
