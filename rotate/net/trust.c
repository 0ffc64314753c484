#include <sys/types.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "trust.h"

struct trust {
	X509_STORE *store;
	/* Of the handle that uses it. */
	const char *host;
	char ca_file[MESSAGE_PATH_MAX + 1];
};

/* OpenSSL would wait for a FIFO for ever, and says little of the rest. */
static int
check_file(const char *ca_file, struct err *e)
{
	struct stat st;

	if (stat(ca_file, &st) == -1)
		return err_sys(e, ERR_CONFIG, "CA file %s", ca_file);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "CA file %s: not a regular file",
		    ca_file);
	return 0;
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
	if (check_file(ca_file, e) == -1)
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
trust_load(struct trust **tp, const char *ca_file, struct err *e)
{
	struct trust *t = calloc(1, sizeof(*t));
	int n;

	*tp = NULL;
	if (t == NULL)
		return err_sys(e, ERR_IO, "certificate authorities");
	n = snprintf(t->ca_file, sizeof(t->ca_file), "%s", ca_file);
	if (n < 0 || (size_t)n >= sizeof(t->ca_file)) {
		(void)err_set(e, ERR_CONFIG, "CA file: name too long");
		goto out;
	}
	if ((t->store = X509_STORE_new()) == NULL) {
		(void)err_set(e, ERR_IO, "no memory for certificates");
		goto out;
	}
	if (fill(t->store, ca_file, e) == -1)
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
	free(t);
}

bool
trust_is(const struct trust *t, const char *ca_file)
{
	return strcmp(t->ca_file, ca_file) == 0;
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

static CURLcode
give(CURL *easy, void *ctx, void *arg)
{
	const struct trust *t = arg;

	(void)easy;
	/*
	 * A store for verification alone.  The one of the context is libcurl's,
	 * which puts into it, after this call, what it was built to trust.
	 */
	if (SSL_CTX_set1_verify_cert_store(ctx, t->store) != 1 ||
	    !expect_host(SSL_CTX_get0_param(ctx), t->host))
		return CURLE_OUT_OF_MEMORY;
	return CURLE_OK;
}

CURLcode
trust_use(CURL *easy, struct trust *t, const char *host)
{
	CURLcode rv;

	t->host = host;
	/* To no end, libcurl would parse its bundle for each handle. */
	if ((rv = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL)) != CURLE_OK ||
	    (rv = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL)) != CURLE_OK ||
	    (rv = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t)) != CURLE_OK)
		return rv;
	return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, give);
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
