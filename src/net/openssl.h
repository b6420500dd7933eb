/*
 * openssl - libssl and libcrypto, loaded at first use. Linking them would make every start of the
 * program slower by more than a millisecond, and few starts need TLS.
 *
 *   const struct openssl *o = openssl_load();
 *   if (o) o->SSL_CTX_new(o->TLS_client_method());
 *
 * OpenSSL's headers give the types only. What is a macro or an inline function there must be spelt
 * out, lest it calls a symbol that is not linked; the linker tells.
 */
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define OPENSSL_FUNCTIONS(F)                                                                       \
	F(ASN1_STRING_get0_data)                                                                   \
	F(ASN1_STRING_length)                                                                      \
	F(ASN1_TIME_to_tm)                                                                         \
	F(BIO_ctrl)                                                                                \
	F(BIO_free)                                                                                \
	F(BIO_new)                                                                                 \
	F(BIO_read)                                                                                \
	F(BIO_s_mem)                                                                               \
	F(BIO_write)                                                                               \
	F(ERR_clear_error)                                                                         \
	F(ERR_peek_error)                                                                          \
	F(ERR_reason_error_string)                                                                 \
	F(EVP_sha256)                                                                              \
	F(GENERAL_NAMES_free)                                                                      \
	F(OPENSSL_sk_num)                                                                          \
	F(OPENSSL_sk_value)                                                                        \
	F(SSL_CIPHER_get_name)                                                                     \
	F(SSL_CTX_free)                                                                            \
	F(SSL_CTX_get0_param)                                                                      \
	F(SSL_CTX_new)                                                                             \
	F(SSL_CTX_set_cipher_list)                                                                 \
	F(SSL_CTX_set_default_verify_paths)                                                        \
	F(SSL_CTX_set_options)                                                                     \
	F(SSL_CTX_set_security_level)                                                              \
	F(SSL_CTX_set_verify)                                                                      \
	F(SSL_connect)                                                                             \
	F(SSL_ctrl)                                                                                \
	F(SSL_free)                                                                                \
	F(SSL_get0_alpn_selected)                                                                  \
	F(SSL_get0_peer_certificate)                                                               \
	F(SSL_get_current_cipher)                                                                  \
	F(SSL_get_error)                                                                           \
	F(SSL_get_peer_cert_chain)                                                                 \
	F(SSL_get_verify_result)                                                                   \
	F(SSL_get_version)                                                                         \
	F(SSL_new)                                                                                 \
	F(SSL_read)                                                                                \
	F(SSL_set_alpn_protos)                                                                     \
	F(SSL_set_bio)                                                                             \
	F(SSL_set_msg_callback)                                                                    \
	F(SSL_shutdown)                                                                            \
	F(SSL_write)                                                                               \
	F(TLS_client_method)                                                                       \
	F(X509_NAME_print_ex)                                                                      \
	F(X509_VERIFY_PARAM_set_flags)                                                             \
	F(X509_check_host)                                                                         \
	F(X509_check_ip)                                                                           \
	F(X509_digest)                                                                             \
	F(X509_get0_notAfter)                                                                      \
	F(X509_get0_notBefore)                                                                     \
	F(X509_get0_serialNumber)                                                                  \
	F(X509_get_ext_d2i)                                                                        \
	F(X509_get_issuer_name)                                                                    \
	F(X509_get_subject_name)                                                                   \
	F(X509_self_signed)                                                                        \
	F(X509_verify_cert_error_string)

struct openssl {
#define OPENSSL_MEMBER(name) typeof(&(name)) name;
	OPENSSL_FUNCTIONS(OPENSSL_MEMBER)
#undef OPENSSL_MEMBER
};

/* Never unloaded. NULL when this machine has no OpenSSL 3. */
const struct openssl *openssl_load(void);
