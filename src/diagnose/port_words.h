/*
 * port_words - does a command line name a port, as that of a server does? Pure.
 */
#pragma once

#include "model/owner.h"

/* "--port 3000", "-p 3000", "PORT=3000", "host:3000", or the number alone behind the program. */
bool port_words_name(const struct owner *o, uint16_t port);

/* A program that names ports because it asks them, or that only starts others. */
bool port_words_client(const struct owner *o);
