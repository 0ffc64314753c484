#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "method.h"
#include "options.h"

/* "ftps://[" host "]:" port "/" */
#define URL_MAX (MESSAGE_HOST_MAX + 24)

/* The digits of SHA-256 in base64. */
#define PIN_PREFIX "sha256//"
#define PIN_DIGITS 43

/* Only what cannot change the meaning of a URL. */
static bool
is_host(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	struct in6_addr address;

	if (strchr(host, ':') != NULL)
		return inet_pton(AF_INET6, host, &address) == 1;
	return host[strspn(host, allowed)] == '\0' && host[0] != '-';
}

/* One or more, between semicolons.  libcurl opens a file of any other name. */
static bool
is_pin(const char *pin)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t prefix = sizeof(PIN_PREFIX) - 1;

	for (;;) {
		if (strncmp(pin, PIN_PREFIX, prefix) != 0)
			return false;
		pin += prefix;
		if (strspn(pin, digits) != PIN_DIGITS || pin[PIN_DIGITS] != '=')
			return false;
		pin += PIN_DIGITS + 1;
		if (*pin == '\0')
			return true;
		if (*pin++ != ';')
			return false;
	}
}

long
options_before_pass(const struct message_request *r)
{
	return ((long)r->connect_timeout + r->reply_timeout) * 1000;
}

static CURLcode
set_url(CURL *easy, const struct message_request *r)
{
	bool v6 = strchr(r->host, ':') != NULL;
	char url[URL_MAX];
	int n;

	n = snprintf(url, sizeof(url), "%s://%s%s%s:%u/",
	    r->tls == MESSAGE_TLS_IMPLICIT ? "ftps" : "ftp", v6 ? "[" : "",
	    r->host, v6 ? "]" : "", (unsigned int)r->port);
	if (n < 0 || (size_t)n >= sizeof(url))
		return CURLE_URL_MALFORMAT;
	return curl_easy_setopt(easy, CURLOPT_URL, url);
}

static CURLcode
set_numbers(CURL *easy, const struct message_request *r, bool keep)
{
	/* A mere look shows no password, and trust.c makes the check. */
	const bool verify = r->what != MESSAGE_LOOK;
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		/* No data connection: log in, PWD, QUIT. */
		{ CURLOPT_NOBODY, 1 },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
		/* AUTH TLS or nothing; PROT may be refused, as nothing is
		 * transferred. */
		{ CURLOPT_USE_SSL, CURLUSESSL_CONTROL },
		{ CURLOPT_FTPSSLAUTH, CURLFTPAUTH_TLS },
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_SSL_VERIFYPEER, verify },
		{ CURLOPT_SSL_VERIFYHOST, verify ? 2 : 0 },
		/* It would offer "http/1.1". */
		{ CURLOPT_SSL_ENABLE_ALPN, 0 },
		/* A handshake may go on from a session of this process, whose
		 * certificate was verified for this host.  What is looked at
		 * has to be shown. */
		{ CURLOPT_SSL_SESSIONID_CACHE, verify },
		/* Each proof is a new login. */
		{ CURLOPT_FRESH_CONNECT, 1 },
		{ CURLOPT_FORBID_REUSE, !keep },
		{ CURLOPT_CONNECT_ONLY, keep },
		{ CURLOPT_NOSIGNAL, 1 },
		/* Do not wait for a resolver that does not answer. */
		{ CURLOPT_QUICK_EXIT, 1 },
		/* login.c keeps its own time; this is for where libcurl does
		 * not return to it, in the handshake. */
		{ CURLOPT_CONNECTTIMEOUT_MS, options_before_pass(r) },
		{ CURLOPT_SERVER_RESPONSE_TIMEOUT, r->reply_timeout + 1L },
	};
	CURLcode rv = CURLE_OK;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		rv =
		    curl_easy_setopt(easy, numbers[i].option, numbers[i].value);
		if (rv != CURLE_OK)
			break;
	}
	return rv;
}

static CURLcode
set_texts(CURL *easy, const struct message_request *r,
    const struct secret *pass)
{
	const struct {
		CURLoption option;
		const char *value;
	} texts[] = {
		{ CURLOPT_PROTOCOLS_STR,
		    r->tls == MESSAGE_TLS_IMPLICIT ? "ftps" : "ftp" },
		{ CURLOPT_PROXY, "" },
		{ CURLOPT_NOPROXY, "*" },
		/* Not USERPWD, which ends the user at the first colon. */
		{ CURLOPT_USERNAME, r->user },
		{ CURLOPT_PASSWORD,
		    pass == NULL ? NULL : (const char *)pass->data },
		{ CURLOPT_PINNEDPUBLICKEY,
		    r->pin[0] == '\0' || r->what == MESSAGE_LOOK ? NULL :
								   r->pin },
	};
	CURLcode rv = CURLE_OK;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		rv = curl_easy_setopt(easy, texts[i].option, texts[i].value);
		if (rv != CURLE_OK)
			break;
	}
	return rv;
}

int
options_check(const struct message_request *r, struct err *e)
{
	if (method_of(r->method)->pass == NULL)
		return err_set(e, ERR_USAGE, "%s is not FTP",
		    method_of(r->method)->name);
	if (!is_host(r->host))
		return err_set(e, ERR_USAGE,
		    "host: must be a name in ASCII or an address");
	if (r->pin[0] != '\0' && !is_pin(r->pin))
		return err_set(e, ERR_USAGE,
		    "rotate.pin: must be \"" PIN_PREFIX
		    "\" and a SHA-256 in base64");
	return 0;
}

CURLcode
options_set(CURL *easy, const struct message_request *r,
    const struct secret *pass, bool keep)
{
	CURLcode rv;

	if ((rv = set_url(easy, r)) != CURLE_OK ||
	    (rv = set_numbers(easy, r, keep)) != CURLE_OK)
		return rv;
	return set_texts(easy, r, pass);
}
