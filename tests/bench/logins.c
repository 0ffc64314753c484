/*
 * logins PORT CAFILE USER PASSWORDFILE: logs in twice to the FTPS server on
 * localhost with libcurl, over a new connection each time, and transfers
 * nothing.  The least that a change of a password and its proof can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "err.h"
#include "io.h"

#define PROGRAM "logins"

struct target {
	char url[64];
	const char *ca_file;
	const char *user;
	char password[128];
};

static CURLcode
set_up(CURL *easy, const struct target *t)
{
	const struct {
		CURLoption option;
		const char *value;
	} texts[] = {
		{ CURLOPT_URL, t->url },
		{ CURLOPT_USERNAME, t->user },
		{ CURLOPT_PASSWORD, t->password },
		{ CURLOPT_CAINFO, t->ca_file },
		/* Or else libcurl reads the system's authorities as well. */
		{ CURLOPT_CAPATH, NULL },
	};
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_USE_SSL, CURLUSESSL_CONTROL },
		/* It would ask for SSL first, to be refused. */
		{ CURLOPT_FTPSSLAUTH, CURLFTPAUTH_TLS },
		{ CURLOPT_NOBODY, 1 },
	};
	CURLcode rv = CURLE_OK;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		rv = curl_easy_setopt(easy, texts[i].option, texts[i].value);
		if (rv != CURLE_OK)
			return rv;
	}
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		rv =
		    curl_easy_setopt(easy, numbers[i].option, numbers[i].value);
		if (rv != CURLE_OK)
			return rv;
	}
	return CURLE_OK;
}

static int
login(const struct target *t, struct err *e)
{
	CURLcode rv = CURLE_OUT_OF_MEMORY;
	CURL *easy = curl_easy_init();

	if (easy != NULL && (rv = set_up(easy, t)) == CURLE_OK)
		rv = curl_easy_perform(easy);
	/* With it goes its connection. */
	curl_easy_cleanup(easy);
	if (rv == CURLE_OK)
		return 0;
	return err_set(e, ERR_UNREACHABLE, "%s: %s", t->url,
	    curl_easy_strerror(rv));
}

static int
read_password(struct target *t, const char *path, struct err *e)
{
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd != -1) {
		n = read_full(fd, t->password, sizeof(t->password) - 1);
		(void)close(fd);
	}
	if (n == -1)
		return err_sys(e, ERR_IO, "%s", path);
	t->password[strcspn(t->password, "\n")] = '\0';
	return 0;
}

int
main(int argc, char **argv)
{
	struct target t = { .user = NULL };
	struct err e = { ERR_NONE, "" };
	int rv = -1;

	if (argc != 5) {
		(void)err_set(&e, ERR_USAGE,
		    "usage: logins PORT CAFILE USER PASSWORDFILE");
		return err_print(PROGRAM, &e);
	}
	(void)snprintf(t.url, sizeof(t.url), "ftp://localhost:%s/", argv[1]);
	t.ca_file = argv[2];
	t.user = argv[3];
	if (read_password(&t, argv[4], &e) == -1)
		return err_print(PROGRAM, &e);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)err_set(&e, ERR_IO, "libcurl does not initialise");
		return err_print(PROGRAM, &e);
	}
	if (login(&t, &e) == 0)
		rv = login(&t, &e);
	curl_global_cleanup();
	return rv == 0 ? 0 : err_print(PROGRAM, &e);
}
