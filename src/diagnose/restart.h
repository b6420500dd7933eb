/*
 * restart - the command that started a server, with one address in it changed. Pure.
 */
#pragma once

#include "diagnose/inquiry.h"

/*
 * "python3 -m http.server 5000 --bind 127.0.0.1" for a server that was started with --bind ::1. NULL when its
 * command line does not name the address, or cannot be seen. *out_was is the word as it stands there.
 */
const char *restart_command(const struct inquiry *q, const struct owner *o,
	const struct address *bound, const char *to, const char **out_was);
