/*
 * tls - see tls.h. Two memory BIOs stand where a socket would: what the peer sent is written into
 * one, what OpenSSL wants to send is read from the other. Alerts and the CertificateRequest are seen
 * by the message callback, as they are sent (RFC 8446 sections 4 and 6):
 *
 *	alert:      level(1) description(1)
 *	handshake:  type(1) length(3) ...
 *
 * Without a verify callback the verification stops at the first thing that is wrong, and the
 * handshake goes on all the same. As it is told to leave the dates alone and is not told the name,
 * that thing is about the chain.
 */
#include "net/tls.h"

#include "base/must.h"
#include "base/str.h"
#include "decode/alert.h"
#include "net/openssl.h"
#include "net/tls_certificate.h"

#define FIRST_MAX	    512 /* bytes of the peer's that are kept, in case they are no TLS */
#define CERTIFICATE_REQUEST 13

struct tls {
	const struct openssl *o;
	struct arena *arena;
	struct talk_tls *out;
	SSL_CTX *context;
	SSL *ssl;
	BIO *from_peer, *to_peer; /* the SSL owns them */
	enum tls_state state;
	const char *host; /* what the certificate must be for; NULL = nothing */
	char first[FIRST_MAX];
	size_t first_len;
};

static void on_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
	void *data)
{
	struct talk_tls *out = ((struct tls *)data)->out;
	const uint8_t *p = bytes;

	if (sent)
		return;
	if (type == SSL3_RT_HANDSHAKE && len && p[0] == CERTIFICATE_REQUEST)
		out->asks_client_certificate = true;
	if (type == SSL3_RT_ALERT && len == 2 && p[1] != SSL_AD_CLOSE_NOTIFY) {
		out->alert = p[1];
		out->alert_name = tls_alert_name(p[1]);
	}
}

/* --- making one --- */

/* "h2,http/1.1" as RFC 7301 section 3.1 has it: each name with its length before it. */
static void offer_alpn(struct tls *t, const char *list)
{
	AUTO(buf) struct buf wire = BUF_INIT(255);

	while (*list) {
		size_t len = strcspn(list, ",");
		if (len && len < 256) {
			buf_char(&wire, (char)len);
			buf_add(&wire, list, len);
		}
		list += len + (list[len] == ',');
	}
	if (wire.len && !wire.overflow)
		t->o->SSL_set_alpn_protos(t->ssl, (const unsigned char *)wire.data,
			(unsigned)wire.len);
}

/* RFC 6066 section 3: a name, never an address, and without the dot at its end. */
static void name_server(struct tls *t)
{
	struct address a;
	char name[256];

	if (str_empty(t->host) || address_parse(t->host, &a) ||
		str_copy(name, sizeof(name), t->host) >= sizeof(name))
		return;
	size_t len = strlen(name);
	if (name[len - 1] == '.')
		name[len - 1] = '\0';
	t->o->SSL_ctrl(t->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name);
}

static bool make_context(struct tls *t)
{
	const struct openssl *o = t->o;

	t->context = o->SSL_CTX_new(o->TLS_client_method());
	if (!t->context)
		return false;
	o->SSL_CTX_set_security_level(t->context, 0);
	o->SSL_CTX_set_cipher_list(t->context, "ALL:@SECLEVEL=0");
	o->SSL_CTX_set_options(t->context, SSL_OP_LEGACY_SERVER_CONNECT);
	o->SSL_CTX_set_verify(t->context, SSL_VERIFY_NONE, NULL);
	o->SSL_CTX_set_default_verify_paths(t->context);
	o->X509_VERIFY_PARAM_set_flags(o->SSL_CTX_get0_param(t->context),
		X509_V_FLAG_NO_CHECK_TIME);
	return true;
}

static bool make_ssl(struct tls *t)
{
	const struct openssl *o = t->o;

	t->ssl = o->SSL_new(t->context);
	BIO *in = o->BIO_new(o->BIO_s_mem()), *out = o->BIO_new(o->BIO_s_mem());
	if (!t->ssl || !in || !out) {
		o->BIO_free(in);
		o->BIO_free(out);
		return false;
	}
	t->from_peer = in;
	t->to_peer = out;
	o->SSL_set_bio(t->ssl, in, out);
	o->SSL_ctrl(t->ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_VERSION, NULL);
	o->SSL_ctrl(t->ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_3_VERSION, NULL);
	o->SSL_set_msg_callback(t->ssl, on_message);
	o->SSL_ctrl(t->ssl, SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, t);
	return true;
}

static const char *host_of(struct arena *arena, const struct tls_ask *ask)
{
	AUTO(buf) struct buf b = BUF_INIT(128);
	struct address plain;

	if (ask->host)
		return arena_strdup(arena, ask->host);
	if (!ask->address || ask->address->family == AF_UNSPEC)
		return NULL;
	plain = address_unmap(ask->address);
	plain.scope = 0;
	address_format(&b, &plain);
	return arena_strdup(arena, b.data);
}

struct tls *tls_new(struct arena *arena, const struct tls_ask *ask, struct talk_tls *out)
{
	const struct openssl *o = openssl_load();

	*out = (struct talk_tls){.tried = true};
	if (!o) {
		out->error = "OpenSSL is not installed";
		return NULL;
	}
	AUTO(tls) struct tls *t = must_calloc(1, sizeof(*t));
	t->o = o;
	t->arena = arena;
	t->out = out;
	t->host = host_of(arena, ask);
	if (!make_context(t) || !make_ssl(t)) {
		out->error = "OpenSSL cannot be used";
		return NULL;
	}
	name_server(t);
	if (ask->alpn)
		offer_alpn(t, ask->alpn);
	return steal(&t);
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	t->o->SSL_free(t->ssl);
	t->o->SSL_CTX_free(t->context);
	t->o->ERR_clear_error();
	free(t);
}

/* --- what was seen --- */

static void note_peer(struct tls *t)
{
	const struct openssl *o = t->o;
	struct talk_tls *out = t->out;
	X509 *leaf = o->SSL_get0_peer_certificate(t->ssl);
	STACK_OF(X509) *chain = o->SSL_get_peer_cert_chain(t->ssl);

	if (!leaf || out->has_leaf)
		return;
	out->has_leaf = true;
	tls_read_certificate(o, t->arena, leaf, &out->leaf);
	out->chain_length = chain ? (size_t)o->OPENSSL_sk_num((const OPENSSL_STACK *)chain) : 0;
	out->name_fits = !t->host || tls_name_fits(o, leaf, t->host);
	long verdict = o->SSL_get_verify_result(t->ssl);
	out->trusted = verdict == X509_V_OK;
	if (!out->trusted)
		out->untrusted = o->X509_verify_cert_error_string(verdict);
}

/* A version stands also where a handshake failed; it counts once the server chose a cipher. */
static void note_agreement(struct tls *t)
{
	const struct openssl *o = t->o;
	const SSL_CIPHER *cipher = o->SSL_get_current_cipher(t->ssl);
	const unsigned char *alpn = NULL;
	unsigned len = 0;

	if (!cipher)
		return;
	t->out->version = o->SSL_get_version(t->ssl);
	t->out->cipher = o->SSL_CIPHER_get_name(cipher);
	o->SSL_get0_alpn_selected(t->ssl, &alpn, &len);
	if (len)
		t->out->alpn = arena_strndup(t->arena, (const char *)alpn, len);
}

/* record: type(1) 20 to 24, version(2) 3.x, length(2). Alerts and handshakes are all that begin. */
static bool is_tls(const struct tls *t)
{
	uint8_t type = (uint8_t)t->first[0], major = (uint8_t)t->first[1];

	return t->first_len < 2 ? t->first_len == 0 || (type >= 20 && type <= 24)
				: type >= 20 && type <= 24 && major == 3;
}

static void note_plain(struct tls *t)
{
	if (is_tls(t) || t->out->done)
		return;
	t->out->plain = arena_strndup(t->arena, t->first, t->first_len);
	t->out->plain_len = t->first_len;
}

static void fail(struct tls *t, const char *otherwise)
{
	unsigned long code = t->o->ERR_peek_error();
	const char *words = code ? t->o->ERR_reason_error_string(code) : NULL;

	t->state = TLS_FAILED;
	t->out->error = arena_strdup(t->arena, words ? words : otherwise);
	note_peer(t);
	note_agreement(t);
	note_plain(t);
}

/* --- the conversation --- */

static void shake(struct tls *t)
{
	t->o->ERR_clear_error();
	int r = t->o->SSL_connect(t->ssl);
	int why = r == 1 ? SSL_ERROR_NONE : t->o->SSL_get_error(t->ssl, r);

	if (r == 1) {
		t->state = TLS_OPEN;
		t->out->done = true;
		note_peer(t);
		note_agreement(t);
	} else if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
		fail(t, "the handshake failed");
	}
}

static void listen_inside(struct tls *t, struct buf *inside)
{
	char bytes[4096];

	while (t->state == TLS_OPEN && inside->len < inside->max) {
		t->o->ERR_clear_error();
		int n = t->o->SSL_read(t->ssl, bytes, sizeof(bytes));
		if (n > 0) {
			buf_add(inside, bytes, (size_t)n);
			continue;
		}
		int why = t->o->SSL_get_error(t->ssl, n);
		if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
			break;
		if (why == SSL_ERROR_ZERO_RETURN)
			t->state = TLS_CLOSED;
		else
			fail(t, "what came cannot be decrypted");
	}
}

static void collect(struct tls *t, struct buf *send)
{
	char bytes[4096];
	int n;

	while ((n = t->o->BIO_read(t->to_peer, bytes, sizeof(bytes))) > 0)
		buf_add(send, bytes, (size_t)n);
}

enum tls_state tls_step(struct tls *t, const void *bytes, size_t len, struct buf *inside,
	struct buf *send)
{
	size_t keep = MIN(len, FIRST_MAX - t->first_len);

	if (len) {
		memcpy(t->first + t->first_len, bytes, keep);
		t->first_len += keep;
		t->o->BIO_write(t->from_peer, bytes, (int)len);
	}
	if (t->state == TLS_SHAKING)
		shake(t);
	listen_inside(t, inside);
	collect(t, send);
	return t->state;
}

void tls_write(struct tls *t, const void *bytes, size_t len, struct buf *send)
{
	must(t->state == TLS_OPEN && len <= INT32_MAX);
	if (len)
		t->o->SSL_write(t->ssl, bytes, (int)len);
	collect(t, send);
}

void tls_close(struct tls *t, struct buf *send)
{
	if (t->state != TLS_OPEN && t->state != TLS_CLOSED)
		return;
	t->o->SSL_shutdown(t->ssl);
	collect(t, send);
}

void tls_give_up(struct tls *t, const char *why)
{
	if (t->state != TLS_SHAKING)
		return;
	t->o->ERR_clear_error();
	fail(t, why);
}
