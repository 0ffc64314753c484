#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "bytes.h"
#include "look.h"

/* A name may be as long as its owner likes; this much is shown. */
#define SHOWN 240

/* Adds a line with what bio holds, and frees it. */
static void
add(char *to, size_t size, const char *word, BIO *bio, bool good)
{
	unsigned char raw[SHOWN];
	char shown[SHOWN + 1] = "?";
	size_t len = strlen(to);
	int n = good ? BIO_read(bio, raw, sizeof(raw)) : 0;

	if (n > 0)
		(void)text_show(shown, sizeof(shown),
		    (struct slice){ raw, (size_t)n });
	(void)BIO_free(bio);
	(void)snprintf(to + len, size - len, "%s %s\n", word, shown);
}

static void
add_name(char *to, size_t size, const char *word, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());

	add(to, size, word, bio,
	    bio != NULL &&
		X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0);
}

static void
add_time(char *to, size_t size, const char *word, const ASN1_TIME *t)
{
	BIO *bio = BIO_new(BIO_s_mem());

	add(to, size, word, bio, bio != NULL && ASN1_TIME_print(bio, t) == 1);
}

static void
add_pin(char *to, size_t size, const X509 *cert)
{
	unsigned char hash[SHA256_DIGEST_LENGTH], *der = NULL;
	char text[sodium_base64_ENCODED_LEN(sizeof(hash),
	    sodium_base64_VARIANT_ORIGINAL)];
	size_t len = strlen(to);
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (n > 0 &&
	    EVP_Digest(der, (size_t)n, hash, NULL, EVP_sha256(), NULL) == 1) {
		(void)sodium_bin2base64(text, sizeof(text), hash, sizeof(hash),
		    sodium_base64_VARIANT_ORIGINAL);
		(void)snprintf(to + len, size - len, "pin sha256//%s\n", text);
	}
	OPENSSL_free(der);
}

void
look_describe(char *to, size_t size, const X509 *cert)
{
	to[0] = '\0';
	add_name(to, size, "subject", X509_get_subject_name(cert));
	add_name(to, size, "issuer", X509_get_issuer_name(cert));
	add_time(to, size, "from", X509_get0_notBefore(cert));
	add_time(to, size, "until", X509_get0_notAfter(cert));
	add_pin(to, size, cert);
}
