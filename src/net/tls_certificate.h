/* tls_certificate - what a certificate says, as text and numbers. */
#pragma once

#include "net/openssl.h"
#include "net/tls.h"

#define TLS_NAMES_MAX 64  /* of a certificate, that are kept */
#define TLS_TEXT_MAX  512 /* bytes of a name */

void tls_read_certificate(const struct openssl *o, struct arena *arena, X509 *x,
	struct talk_certificate *out);

/* Whether one of its names is `host`, which may be an address as text. */
bool tls_name_fits(const struct openssl *o, X509 *x, const char *host);
