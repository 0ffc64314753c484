/*
 * flood PORT CAFILE ACCOUNTS JOBS TRUST: logs in twice as each of the users
 * U000000 ... with the password OLDPASS1 to the FTPS server on localhost, JOBS
 * at a time, over new connections, and keeps nothing: the least that as many
 * changes and proofs can be with libcurl's multi interface.
 *
 * TRUST is how the authorities get to the handles: "file", each reads CAFILE;
 * "path", and the system's directory as well, which libcurl does by itself
 * where nobody tells it not to; "shared", CAFILE is read once for all.
 */
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "err.h"
#include "io.h"

#define PROGRAM "flood"

struct flood {
	char url[64];
	const char *ca_file;
	bool shared;
	bool path;
	X509_STORE *store;
	CURLM *multi;
	size_t logins;
	size_t next;
	size_t running;
};

static CURLcode
give(CURL *easy, void *ctx, void *arg)
{
	const struct flood *f = arg;

	(void)easy;
	return SSL_CTX_set1_verify_cert_store(ctx, f->store) == 1 ?
	    CURLE_OK :
	    CURLE_OUT_OF_MEMORY;
}

static bool
set_up(const struct flood *f, CURL *easy, const char *user)
{
	CURLcode rv = 0;

	rv |= curl_easy_setopt(easy, CURLOPT_URL, f->url);
	rv |= curl_easy_setopt(easy, CURLOPT_USERNAME, user);
	rv |= curl_easy_setopt(easy, CURLOPT_PASSWORD, "OLDPASS1");
	rv |= curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_CONTROL);
	rv |= curl_easy_setopt(easy, CURLOPT_FTPSSLAUTH, (long)CURLFTPAUTH_TLS);
	rv |= curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	rv |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	rv |= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	rv |= curl_easy_setopt(easy, CURLOPT_CAINFO,
	    f->shared ? NULL : f->ca_file);
	if (!f->path)
		rv |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (f->shared) {
		rv |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, f);
		rv |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, give);
	}
	return rv == CURLE_OK;
}

/* Begins logins until as many as may be are under way. */
static bool
begin(struct flood *f, size_t jobs)
{
	CURL *easy = NULL;
	char user[32];

	while (f->running < jobs && f->next < f->logins) {
		(void)snprintf(user, sizeof(user), "U%06zu", f->next / 2);
		if ((easy = curl_easy_init()) == NULL || !set_up(f, easy, user))
			return false;
		if (curl_multi_add_handle(f->multi, easy) != CURLM_OK)
			return false;
		f->next++;
		f->running++;
	}
	return true;
}

static int
reap(struct flood *f, struct err *e)
{
	const CURLMsg *m = NULL;
	CURL *easy = NULL;
	CURLcode rv;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left)) != NULL) {
		easy = m->easy_handle;
		rv = m->data.result;
		(void)curl_multi_remove_handle(f->multi, easy);
		curl_easy_cleanup(easy);
		f->running--;
		if (rv != CURLE_OK)
			return err_set(e, ERR_UNREACHABLE, "%s",
			    curl_easy_strerror(rv));
	}
	return 0;
}

static int
run(struct flood *f, size_t jobs, struct err *e)
{
	int n = 0;

	do {
		if (!begin(f, jobs) ||
		    curl_multi_perform(f->multi, &n) != CURLM_OK ||
		    curl_multi_poll(f->multi, NULL, 0, n == 0 ? 0 : 1000,
			NULL) != CURLM_OK)
			return err_set(e, ERR_IO, "libcurl");
		if (reap(f, e) == -1)
			return -1;
	} while (f->running > 0 || f->next < f->logins);
	return 0;
}

static int
options(struct flood *f, char **argv, uint64_t *jobsp, struct err *e)
{
	uint64_t accounts = 0;

	(void)snprintf(f->url, sizeof(f->url), "ftp://localhost:%s/", argv[1]);
	f->ca_file = argv[2];
	f->path = strcmp(argv[5], "path") == 0;
	f->shared = strcmp(argv[5], "shared") == 0;
	if (parse_number(argv[3], 1, 100000, &accounts, e) == -1 ||
	    parse_number(argv[4], 1, 1000, jobsp, e) == -1)
		return -1;
	f->logins = 2 * (size_t)accounts;
	if (!f->shared)
		return 0;
	f->store = X509_STORE_new();
	if (f->store == NULL || X509_STORE_load_file(f->store, argv[2]) != 1)
		return err_set(e, ERR_IO, "%s", argv[2]);
	return 0;
}

int
main(int argc, char **argv)
{
	struct flood f = { .ca_file = NULL };
	struct err e = { ERR_NONE, "" };
	uint64_t jobs = 0;
	int rv = -1;

	if (argc != 6) {
		(void)err_set(&e, ERR_USAGE,
		    "usage: flood PORT CAFILE ACCOUNTS JOBS file|path|shared");
		return err_print(PROGRAM, &e);
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (f.multi = curl_multi_init()) == NULL)
		(void)err_set(&e, ERR_IO, "libcurl does not initialise");
	else if (options(&f, argv, &jobs, &e) == 0)
		rv = run(&f, (size_t)jobs, &e);
	(void)curl_multi_cleanup(f.multi);
	X509_STORE_free(f.store);
	curl_global_cleanup();
	return rv == 0 ? 0 : err_print(PROGRAM, &e);
}
