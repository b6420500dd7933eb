/* alert - the names of TLS alerts: RFC 8446 section 6, RFC 5246 section 7.2 for older ones. */
#pragma once

#include <stdint.h>

const char *tls_alert_name(uint8_t description); /* "handshake failure"; NULL = unknown */
