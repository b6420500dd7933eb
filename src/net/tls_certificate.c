/* tls_certificate - see tls_certificate.h. RFC 5280 section 4.1. */
#include "net/tls_certificate.h"

#include "base/str.h"
#include <time.h>

/* As RFC 2253 writes it, but with characters outside of ASCII as they are. */
static const char *name_text(const struct openssl *o, struct arena *arena, const X509_NAME *name)
{
	char text[TLS_TEXT_MAX + 1];
	BIO *bio = o->BIO_new(o->BIO_s_mem());

	if (!bio)
		return "";
	o->X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	int len = o->BIO_read(bio, text, TLS_TEXT_MAX);
	o->BIO_free(bio);
	return arena_strndup(arena, text, len > 0 ? (size_t)len : 0);
}

static const char *hex(struct arena *arena, const unsigned char *bytes, size_t len)
{
	AUTO(buf) struct buf b = BUF_INIT(128);

	for (size_t i = 0; i < len; i++)
		buf_printf(&b, "%02x", bytes[i]);
	return arena_strndup(arena, b.data, b.len);
}

/* 0 when it is no time; a certificate of OpenSSL's own making always has one. */
static int64_t time_ms(const struct openssl *o, const ASN1_TIME *t)
{
	struct tm tm = {0};

	return t && o->ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

static const char *string_text(const struct openssl *o, struct arena *arena, const ASN1_STRING *s)
{
	int len = o->ASN1_STRING_length(s);

	return arena_strndup(arena, (const char *)o->ASN1_STRING_get0_data(s),
		MIN((size_t)MAX(len, 0), (size_t)TLS_TEXT_MAX));
}

static const char *address_text(const struct openssl *o, struct arena *arena, const ASN1_STRING *s)
{
	AUTO(buf) struct buf b = BUF_INIT(128);
	int len = o->ASN1_STRING_length(s);
	struct address a = {.family = len == 4 ? AF_INET : AF_INET6};

	if (len != 4 && len != 16)
		return NULL;
	memcpy(a.bytes, o->ASN1_STRING_get0_data(s), (size_t)len);
	address_format(&b, &a);
	return arena_strndup(arena, b.data, b.len);
}

static void read_names(const struct openssl *o, struct arena *arena, const X509 *x,
	struct talk_certificate *out)
{
	GENERAL_NAMES *names = o->X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	const OPENSSL_STACK *stack = (const OPENSSL_STACK *)names;
	int count = names ? o->OPENSSL_sk_num(stack) : 0;
	const char **kept = arena_array(arena, const char *, TLS_NAMES_MAX);

	out->names = kept;
	for (int i = 0; i < count && out->name_count < TLS_NAMES_MAX; i++) {
		const GENERAL_NAME *name = o->OPENSSL_sk_value(stack, i);
		const char *text = NULL;
		if (name->type == GEN_DNS)
			text = string_text(o, arena, name->d.dNSName);
		else if (name->type == GEN_IPADD)
			text = address_text(o, arena, name->d.iPAddress);
		if (text)
			kept[out->name_count++] = text;
	}
	o->GENERAL_NAMES_free(names);
}

void tls_read_certificate(const struct openssl *o, struct arena *arena, X509 *x,
	struct talk_certificate *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	const ASN1_INTEGER *serial = o->X509_get0_serialNumber(x);

	*out = (struct talk_certificate){
		.subject = name_text(o, arena, o->X509_get_subject_name(x)),
		.issuer = name_text(o, arena, o->X509_get_issuer_name(x)),
		.not_before_ms = time_ms(o, o->X509_get0_notBefore(x)),
		.not_after_ms = time_ms(o, o->X509_get0_notAfter(x)),
		.self_signed = o->X509_self_signed(x, 1) == 1,
		.serial = hex(arena, o->ASN1_STRING_get0_data(serial),
			(size_t)MAX(o->ASN1_STRING_length(serial), 0)),
	};
	if (o->X509_digest(x, o->EVP_sha256(), digest, &len) == 1)
		out->sha256 = hex(arena, digest, len);
	read_names(o, arena, x, out);
	o->ERR_clear_error();
}

bool tls_name_fits(const struct openssl *o, X509 *x, const char *host)
{
	struct address a;

	if (address_parse(host, &a))
		return o->X509_check_ip(x, a.bytes, a.family == AF_INET ? 4 : 16, 0) == 1;
	size_t len = strlen(host);
	if (len && host[len - 1] == '.')
		len--;
	return len &&
		o->X509_check_host(x, host, len, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}
