#include <stdio.h>
#include <string.h>

#include <curl/curl.h>
#include <sodium.h>

#include "login_internal.h"
#include "options.h"

enum message_reason
login_reason(const struct login *l)
{
	static const struct {
		CURLcode code;
		enum message_reason reason;
	} reasons[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, MESSAGE_REASON_RESOLVE },
		{ CURLE_OPERATION_TIMEDOUT, MESSAGE_REASON_TIMEOUT },
		{ CURLE_PEER_FAILED_VERIFICATION, MESSAGE_REASON_CERTIFICATE },
		{ CURLE_SSL_ISSUER_ERROR, MESSAGE_REASON_CERTIFICATE },
		{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, MESSAGE_REASON_PIN },
		{ CURLE_SSL_CONNECT_ERROR, MESSAGE_REASON_TLS },
		{ CURLE_SSL_CIPHER, MESSAGE_REASON_TLS },
		{ CURLE_USE_SSL_FAILED, MESSAGE_REASON_TLS },
		{ CURLE_COULDNT_CONNECT, MESSAGE_REASON_CONNECT },
		{ CURLE_RECV_ERROR, MESSAGE_REASON_CONNECT },
		{ CURLE_SEND_ERROR, MESSAGE_REASON_CONNECT },
		{ CURLE_GOT_NOTHING, MESSAGE_REASON_CONNECT },
		{ CURLE_WEIRD_SERVER_REPLY, MESSAGE_REASON_REPLY },
	};
	size_t i;

	if (l->late)
		return MESSAGE_REASON_TIMEOUT;
	if (l->gone)
		return MESSAGE_REASON_CONNECT;
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == l->code)
			return reasons[i].reason;
	return MESSAGE_REASON_INTERNAL;
}

static void
say_timeout(const struct login *l, char *to, size_t size)
{
	const struct message_request *r = l->request;

	if (l->reply.stage == REPLY_PASS)
		(void)snprintf(to, size, "no answer to PASS within %u s",
		    (unsigned int)r->reply_timeout);
	else if (l->reply.stage == REPLY_IN || l->reply.stage == REPLY_COMMAND)
		(void)snprintf(to, size, "no answer to %s within %u s",
		    l->reply.stage == REPLY_IN ? "PBSZ, PROT or PWD" :
						 "the change",
		    (unsigned int)r->reply_timeout);
	else if (login_is_connected(l))
		(void)snprintf(to, size,
		    "connected, but not asked for the "
		    "password within %ld s",
		    options_before_pass(r) / 1000);
	else
		(void)snprintf(to, size, "no connection within %u s",
		    (unsigned int)r->connect_timeout);
}

static void
say_words(const struct login *l, const char *before, char *to, size_t size)
{
	const char *words = l->words;

	if (words[0] == '\0')
		words = curl_easy_strerror(l->code);
	(void)snprintf(to, size, "%s%s", before, words);
}

static void
say_connection(const struct login *l, char *to, size_t size)
{
	const char *what = "the connection ended before the password was sent";
	long error = 0;

	if (l->reply.stage == REPLY_PASS)
		what = "the connection ended before the answer to PASS";
	else if (l->reply.stage == REPLY_IN)
		what = "the connection ended before the change was sent";
	else if (l->reply.stage == REPLY_COMMAND)
		what = "the connection ended before the answer to the change";
	else if (!login_is_connected(l))
		what = "no connection";
	if (curl_easy_getinfo(l->easy, CURLINFO_OS_ERRNO, &error) != CURLE_OK)
		error = 0;
	/* A server that wants a certificate of the client says so in an alert;
	 * what libcurl says of a mere end helps nobody. */
	if (strstr(l->words, "SSL") != NULL)
		(void)snprintf(to, size, "%s: %s", what, l->words);
	else if (error != 0 && !login_is_connected(l))
		(void)snprintf(to, size, "%s: %s", what, strerror((int)error));
	else
		(void)snprintf(to, size, "%s", what);
}

/* What there is to say where the server has said nothing. */
static void
say(const struct login *l, enum message_reason reason, char *to, size_t size)
{
	long why = 0;

	switch (reason) {
	case MESSAGE_REASON_CONNECT:
		say_connection(l, to, size);
		return;
	case MESSAGE_REASON_TIMEOUT:
		say_timeout(l, to, size);
		return;
	case MESSAGE_REASON_TLS:
		say_words(l, "TLS handshake failed: ", to, size);
		return;
	case MESSAGE_REASON_CERTIFICATE:
		if (curl_easy_getinfo(l->easy, CURLINFO_SSL_VERIFYRESULT,
			&why) != CURLE_OK ||
		    !trust_why(to, size, why, l->request->host))
			say_words(l, "certificate: ", to, size);
		return;
	case MESSAGE_REASON_PIN:
		(void)snprintf(to, size,
		    "the server's key is not the one of rotate.pin");
		return;
	case MESSAGE_REASON_NONE:
	case MESSAGE_REASON_RESOLVE:
	case MESSAGE_REASON_REPLY:
	case MESSAGE_REASON_REQUEST:
	case MESSAGE_REASON_INTERNAL:
		break;
	}
	say_words(l, "", to, size);
}

/* What a person could do about a server that wants to know who we are. */
static const char *
advice(const struct login *l)
{
	static const char code[] = "531";

	if (l->reply.stage == REPLY_DONE && l->reply.decided == REPLY_USER &&
	    l->reply.text_len > sizeof(code) - 1 &&
	    memcmp(l->reply.text, code, sizeof(code) - 1) == 0)
		return l->request->cert[0] == '\0' ?
		    "\nthe server wants to see a certificate of yours: set "
		    "rotate.cert" :
		    "\nthe server does not take the certificate of "
		    "rotate.cert for this user";
	if (l->reply.outcome == MESSAGE_NOT_SENT &&
	    l->reply.stage != REPLY_DONE && trust_was_asked(l->world->trust))
		return "\nthe server wants to see a certificate of yours: set "
		       "rotate.cert";
	return "";
}

/* The lines that are there: of a stage in which the server was answering. */
static size_t
copy_lines(const struct login *l, char *to)
{
	switch (l->reply.stage) {
	case REPLY_GREETING:
	case REPLY_AUTH:
	case REPLY_USER:
	case REPLY_IN:
		return 0;
	case REPLY_PASS:
	case REPLY_COMMAND:
	case REPLY_DONE:
		break;
	}
	memcpy(to, l->reply.text, l->reply.text_len);
	return l->reply.text_len;
}

static size_t
trimmed(const char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	return len;
}

void
login_report(const struct login *l, enum message_reason reason, char *to,
    size_t size)
{
	struct slice secrets[METHOD_HIDDEN];
	size_t i, n = 0, len;
	char text[MESSAGE_REPLY_MAX + 2 * CURL_ERROR_SIZE];

	for (i = 0; i < METHOD_HIDDEN; i++)
		if (l->hidden[i]->len > 0)
			secrets[n++] = secret_slice(l->hidden[i]);
	len = copy_lines(l, text);
	if (l->reply.stage != REPLY_DONE) {
		say(l, reason, text + len, sizeof(text) - len);
		len += strlen(text + len);
	}
	len = trimmed(text, len);
	(void)snprintf(text + len, sizeof(text) - len, "%s", advice(l));
	len += strlen(text + len);
	reply_mask(to, size, (struct slice){ (const unsigned char *)text, len },
	    secrets, n);
	sodium_memzero(text, sizeof(text));
}
