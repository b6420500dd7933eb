/*
 * tls - one TLS conversation as a client, over bytes that the caller carries: nothing here reads
 * or writes a socket.
 *
 *   struct tls *t = tls_new(arena, &ask, &seen);                 NULL: seen.error says why
 *   state = tls_step(t, NULL, 0, &inside, &send);                the ClientHello is in send
 *   state = tls_step(t, bytes, len, &inside, &send);             for all that comes
 *
 * It is there to look, not to be safe: it offers TLS 1.0 to 1.3 and every cipher there is, goes on
 * whatever the certificate is, and says in struct talk_tls what others will object to. Never send
 * a secret through it.
 */
#pragma once

#include "base/arena.h"
#include "model/address.h"

struct talk_certificate {
	const char *subject, *issuer; /* RFC 2253, one line each: "CN=localhost" */
	const char *const *names;     /* subjectAltName: DNS names and addresses */
	size_t name_count;
	int64_t not_before_ms, not_after_ms; /* wall clock */
	bool self_signed;
	const char *serial, *sha256; /* lower case hex */
};

struct talk_tls {
	bool tried, done;	      /* done: the handshake is complete */
	const char *version, *cipher; /* "TLSv1.3"; NULL = none was agreed on */
	const char *alpn;	      /* chosen protocol, NULL = none */
	struct talk_certificate leaf;
	bool has_leaf;
	size_t chain_length;
	bool trusted;		      /* by this system's store, whatever the name and the dates */
	const char *untrusted;	      /* why not: "self-signed certificate"; NULL */
	bool name_fits;		      /* the name that was dialled is among leaf.names; the subject
				       * counts for nothing, as in browsers. True when there is no
				       * name: a unix socket without job->host */
	bool asks_client_certificate; /* a CertificateRequest was seen */
	int alert;		      /* TLS alert the server sent, 0 = none (RFC 8446 section 6) */
	const char *alert_name;	      /* "certificate required" */
	const char *error;	      /* why the handshake failed, in OpenSSL's words; NULL */
	const char *plain; /* bytes that came instead of TLS, e.g. "HTTP/1.1 400"; NULL */
	size_t plain_len;
};

/* What is wanted; borrowed for the call. */
struct tls_ask {
	const char *host;	       /* a name or an address as text; NULL = none */
	const struct address *address; /* what is dialled, used when host is NULL; may be NULL */
	const char *alpn;	       /* "h2,http/1.1"; NULL = none */
};

enum tls_state {
	TLS_SHAKING,
	TLS_OPEN,
	TLS_CLOSED, /* the peer said that it will send no more */
	TLS_FAILED, /* out->error; an alert may come after the handshake, and is its end then */
};

struct tls;

/* owned; *out is zeroed, filled step by step, and must live as long. NULL: out->error. */
struct tls *tls_new(struct arena *arena, const struct tls_ask *ask, struct talk_tls *out);
void tls_free(struct tls *t);

/*
 * Takes what came from the peer. Appends to `inside` what it said, up to that buffer's maximum, and
 * to `send` what must go out, also when the handshake failed.
 */
enum tls_state tls_step(struct tls *t, const void *bytes, size_t len, struct buf *inside,
	struct buf *send);

/* Says something; only while TLS_OPEN. */
void tls_write(struct tls *t, const void *bytes, size_t len, struct buf *send);

/* The farewell (close_notify), appended to send; nothing before the handshake is complete. */
void tls_close(struct tls *t, struct buf *send);

/* No more will come. In the handshake that is a failure, and `why` is put in out->error. */
void tls_give_up(struct tls *t, const char *why);

AUTO_DEFINE(tls, struct tls *, tls_free)
