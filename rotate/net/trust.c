#include <sys/types.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "look.h"
#include "path.h"
#include "trust.h"

struct trust {
	X509_STORE *store;
	/* What is shown to the server, or NULL; who issued it, if the file
	 * has that too. */
	X509 *cert;
	STACK_OF(X509) * issuers;
	EVP_PKEY *key;
	/* Of the handle that uses it. */
	const struct message_request *request;
	/* It was asked for a certificate and had none. */
	bool asked;
	/* Of the last MESSAGE_LOOK. */
	X509 *seen;
	int result;
	char ca_file[MESSAGE_PATH_MAX + 1];
	char cert_file[MESSAGE_PATH_MAX + 1];
	char key_file[MESSAGE_PATH_MAX + 1];
};

/* OpenSSL would wait for a FIFO for ever, and says little of the rest. */
static int
check_file(const char *what, const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return err_sys(e, ERR_CONFIG, "%s %s", what, path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s %s: not a regular file", what,
		    path);
	return 0;
}

/* Nobody is there to be asked for one. */
static int /* NOLINTNEXTLINE(readability-non-const-parameter): its type */
no_passphrase(char *to, int size, int writing, void *arg)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int
load_key(struct trust *t, struct err *e)
{
	struct stat st;
	BIO *bio = NULL;
	int fd =
	    path_open_trusted(t->key_file, "rotate.cert-key", NULL, &st, e);

	if (fd == -1) {
		e->kind = ERR_CONFIG;
		return -1;
	}
	if ((bio = BIO_new_fd(fd, BIO_CLOSE)) == NULL) {
		(void)close(fd);
		return err_set(e, ERR_IO, "no memory for a key");
	}
	t->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	(void)BIO_free(bio);
	if (t->key == NULL)
		return err_set(e, ERR_CONFIG,
		    "rotate.cert-key %s: holds no private key in PEM form, or "
		    "one with a passphrase; \"openssl pkey\" takes it off",
		    t->key_file);
	if (X509_check_private_key(t->cert, t->key) != 1)
		return err_set(e, ERR_CONFIG,
		    "rotate.cert-key %s: not the key of rotate.cert %s",
		    t->key_file, t->cert_file);
	return 0;
}

static int
load_cert(struct trust *t, struct err *e)
{
	X509 *issuer = NULL;
	BIO *bio = NULL;

	if (check_file("rotate.cert", t->cert_file, e) == -1)
		return -1;
	if ((bio = BIO_new_file(t->cert_file, "r")) != NULL)
		t->cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	if (t->cert == NULL || (t->issuers = sk_X509_new_null()) == NULL) {
		(void)BIO_free(bio);
		return err_set(e, ERR_CONFIG,
		    "rotate.cert %s: cannot be read, or holds no certificate "
		    "in PEM form",
		    t->cert_file);
	}
	while ((issuer = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) !=
		NULL &&
	    sk_X509_push(t->issuers, issuer) > 0)
		issuer = NULL;
	X509_free(issuer);
	(void)BIO_free(bio);
	return load_key(t, e);
}

static int
fill(X509_STORE *store, const char *ca_file, struct err *e)
{
	if (ca_file[0] == '\0') {
		if (X509_STORE_set_default_paths(store) != 1)
			return err_set(e, ERR_CONFIG,
			    "the system's certificate authorities cannot be "
			    "read: name a rotate.ca-file");
		return 0;
	}
	if (check_file("CA file", ca_file, e) == -1)
		return -1;
	if (X509_STORE_load_file(store, ca_file) != 1)
		return err_set(e, ERR_CONFIG,
		    "CA file %s: cannot be read, or "
		    "holds no certificate in PEM form",
		    ca_file);
	/* An authority in the file needs nobody above it. */
	if (X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) != 1)
		return err_set(e, ERR_IO, "OpenSSL does not take a flag");
	return 0;
}

int
trust_load(struct trust **tp, const struct message_request *r, struct err *e)
{
	struct trust *t = calloc(1, sizeof(*t));

	*tp = NULL;
	if (t == NULL)
		return err_sys(e, ERR_IO, "certificate authorities");
	memcpy(t->ca_file, r->ca_file, sizeof(t->ca_file));
	memcpy(t->cert_file, r->cert, sizeof(t->cert_file));
	memcpy(t->key_file, r->cert_key, sizeof(t->key_file));
	if ((t->store = X509_STORE_new()) == NULL) {
		(void)err_set(e, ERR_IO, "no memory for certificates");
		goto out;
	}
	if (fill(t->store, t->ca_file, e) == -1 ||
	    (t->cert_file[0] != '\0' && load_cert(t, e) == -1))
		goto out;
	*tp = t;
	t = NULL;
out:
	/* Nobody shall take what failed here for an error of the handshake. */
	ERR_clear_error();
	trust_free(t);
	return *tp == NULL ? -1 : 0;
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	X509_free(t->cert);
	sk_X509_pop_free(t->issuers, X509_free);
	EVP_PKEY_free(t->key);
	X509_free(t->seen);
	free(t);
}

bool
trust_is(const struct trust *t, const struct message_request *r)
{
	return strcmp(t->ca_file, r->ca_file) == 0 &&
	    strcmp(t->cert_file, r->cert) == 0 &&
	    strcmp(t->key_file, r->cert_key) == 0;
}

/* A name may end in a dot, which no certificate has. */
static bool
expect_host(X509_VERIFY_PARAM *p, const char *host)
{
	size_t len = strlen(host);
	bool is_address = X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1;

	ERR_clear_error();
	if (is_address)
		return true;
	if (len > 1 && host[len - 1] == '.')
		len--;
	X509_VERIFY_PARAM_set_hostflags(p,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(p, host, len) == 1;
}

/* Called only where there is none. */
static int
note_wish(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	struct trust *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)cert;
	(void)key;
	t->asked = true;
	return 0;
}

/* What is shown to a server that asks for it. */
static bool
show(SSL_CTX *ctx, struct trust *t)
{
	int i;

	if (t->cert == NULL) {
		SSL_CTX_set_client_cert_cb(ctx, note_wish);
		return SSL_CTX_set_app_data(ctx, t) == 1;
	}
	if (SSL_CTX_use_certificate(ctx, t->cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, t->key) != 1)
		return false;
	for (i = 0; i < sk_X509_num(t->issuers); i++)
		if (SSL_CTX_add1_chain_cert(ctx,
			sk_X509_value(t->issuers, i)) != 1)
			return false;
	return true;
}

/* In place of OpenSSL's own check: makes it, remembers, and goes on. */
static int
see(X509_STORE_CTX *ctx, void *arg)
{
	struct trust *t = arg;

	(void)X509_verify_cert(ctx);
	t->result = X509_STORE_CTX_get_error(ctx);
	X509_free(t->seen);
	t->seen = X509_STORE_CTX_get0_cert(ctx);
	if (t->seen == NULL || X509_up_ref(t->seen) != 1) {
		t->seen = NULL;
		return 0;
	}
	return 1;
}

static CURLcode
give(CURL *easy, void *ctx, void *arg)
{
	struct trust *t = arg;

	(void)easy;
	/*
	 * A store for verification alone.  The one of the context is libcurl's,
	 * which puts into it, after this call, what it was built to trust.
	 */
	if (SSL_CTX_set1_verify_cert_store(ctx, t->store) != 1 ||
	    !expect_host(SSL_CTX_get0_param(ctx), t->request->host) ||
	    !show(ctx, t))
		return CURLE_OUT_OF_MEMORY;
	if (t->request->what == MESSAGE_LOOK)
		SSL_CTX_set_cert_verify_callback(ctx, see, t);
	return CURLE_OK;
}

CURLcode
trust_use(CURL *easy, struct trust *t, const struct message_request *r)
{
	CURLcode rv;

	t->request = r;
	t->asked = false;
	X509_free(t->seen);
	t->seen = NULL;
	/* To no end, libcurl would parse its bundle for each handle. */
	if ((rv = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL)) != CURLE_OK ||
	    (rv = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL)) != CURLE_OK ||
	    (rv = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t)) != CURLE_OK)
		return rv;
	return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, give);
}

bool
trust_was_asked(const struct trust *t)
{
	return t->asked;
}

bool
trust_has_seen(const struct trust *t)
{
	return t->seen != NULL;
}

void
trust_describe(const struct trust *t, char *to, size_t size)
{
	char why[512] = "";
	size_t len;

	if (!trust_why(why, sizeof(why), t->result, t->request->host) &&
	    t->result != X509_V_OK)
		(void)snprintf(why, sizeof(why), "no reason is known");
	look_describe(to, size, t->seen);
	len = strlen(to);
	(void)snprintf(to + len, size - len, "%s%s",
	    why[0] == '\0' ? "verified" : "unverified ", why);
}

bool
trust_why(char *to, size_t size, long result, const char *host)
{
	switch (result) {
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED:
		return false;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		(void)snprintf(to, size, "certificate has expired");
		return true;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		(void)snprintf(to, size, "certificate is not valid yet");
		return true;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		(void)snprintf(to, size, "certificate is not for \"%s\"", host);
		return true;
	default:
		(void)snprintf(to, size, "certificate is not trusted: %s",
		    X509_verify_cert_error_string(result));
		return true;
	}
}
