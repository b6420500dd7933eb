/*
 * scheme - the URL schemes whose default port is known.
 */
#pragma once

#include <stdint.h>

/*
 * The port a lower-case scheme means when a URL names none, 0 when it is not known. A driver after
 * '+' does not matter: "postgresql+asyncpg" counts as "postgresql".
 */
uint16_t scheme_port(const char *scheme);
