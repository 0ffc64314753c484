#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <sodium.h>

#include "login.h"
#include "method.h"
#include "options.h"
#include "reply.h"

/* How long an accepted login may take to end politely: for the commands that
 * libcurl sends of its own accord, and then once more for QUIT. */
#define GOODBYE_SECONDS 2

struct login {
	struct login_world *world;
	const struct message_request *request;
	CURL *easy;
	struct reply reply;
	/* Milliseconds of the monotonic clock. */
	int64_t started;
	int64_t sent;
	bool late;
	bool ended;
	/* Once ended. */
	CURLcode code;
	char words[CURL_ERROR_SIZE];
};

static int64_t
now(void)
{
	struct timespec ts = { 0 };

	/* Cannot fail for this clock. */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
parent_is_gone(const struct login *l)
{
	struct pollfd p = { .fd = l->world->parent };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

/* The answer to USER is there: PASS would be next. */
static bool
may_go(struct login_world *w)
{
	struct err e;

	if (w->go_due && message_wait_go(w->parent, &e) == -1)
		return false;
	w->go_due = false;
	return true;
}

/*
 * Gets every control line before libcurl acts on it.  A short count makes
 * libcurl close the connection without another byte.
 */
static size_t /* NOLINTNEXTLINE(readability-non-const-parameter): its type */
on_line(char *p, size_t size, size_t n, void *arg)
{
	struct login *l = arg;
	struct slice line = { (const unsigned char *)p, size * n };

	if (l->reply.stage != REPLY_DONE && parent_is_gone(l))
		return 0;
	if (l->reply.stage == REPLY_USER && !may_go(l->world))
		return 0;
	if (!reply_feed(&l->reply, line))
		return 0;
	if (l->reply.stage == REPLY_PASS && l->sent == 0)
		l->sent = now();
	return line.len;
}

static CURLcode
set_callbacks(struct login *l)
{
	CURL *easy = l->easy;
	CURLcode rv;

	rv = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, l->words);
	if (rv == CURLE_OK)
		rv = curl_easy_setopt(easy, CURLOPT_HEADERDATA, l);
	if (rv == CURLE_OK)
		rv = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
	return rv;
}

static CURLcode
set_up(struct login *l, const struct secret *pass)
{
	CURLcode rv;

	if ((rv = options_set(l->easy, l->request, pass)) != CURLE_OK ||
	    (rv = set_callbacks(l)) != CURLE_OK)
		return rv;
	return trust_use(l->easy, l->world->trust, l->request->host);
}

int
login_new(struct login **lp, struct login_world *w,
    const struct message_request *r, struct err *e)
{
	struct secret *pass = NULL;
	struct login *l = NULL;
	CURLcode code;
	int rv = -1;

	*lp = NULL;
	if (options_check(r, e) == -1 ||
	    (pass = method_pass(method_of(r->method), r, e)) == NULL)
		goto out;
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		(void)err_sys(e, ERR_IO, "a login");
		goto out;
	}
	l->world = w;
	l->request = r;
	reply_init(&l->reply);
	if ((l->easy = curl_easy_init()) == NULL) {
		(void)err_set(e, ERR_IO, "libcurl: no memory for a login");
		goto out;
	}
	if ((code = set_up(l, pass)) != CURLE_OK) {
		(void)err_set(e, ERR_IO, "libcurl: %s",
		    curl_easy_strerror(code));
		goto out;
	}
	*lp = l;
	l = NULL;
	rv = 0;
out:
	secret_free(pass);
	login_free(l);
	return rv;
}

static bool
is_connected(const struct login *l)
{
	curl_off_t us = 0;

	return curl_easy_getinfo(l->easy, CURLINFO_CONNECT_TIME_T, &us) ==
	    CURLE_OK &&
	    us > 0;
}

/* When to give up, as things stand. */
static int64_t
deadline(const struct login *l)
{
	const struct message_request *r = l->request;

	if (l->reply.stage == REPLY_PASS)
		return l->sent + (int64_t)r->reply_timeout * 1000;
	if (is_connected(l))
		return l->started + options_before_pass(r);
	return l->started + (int64_t)r->connect_timeout * 1000;
}

/* Lets libcurl do what it can now.  True once it has ended the transfer. */
static bool
work(struct login *l)
{
	const CURLMsg *m = NULL;
	int n = 0;

	if (curl_multi_perform(l->world->multi, &n) != CURLM_OK) {
		l->code = CURLE_FAILED_INIT;
		l->ended = true;
	}
	while ((m = curl_multi_info_read(l->world->multi, &n)) != NULL)
		if (m->msg == CURLMSG_DONE && m->easy_handle == l->easy) {
			l->code = m->data.result;
			l->ended = true;
		}
	return l->ended;
}

/* Waits for the network until that time.  False when it has come. */
static bool
wait_until(struct login *l, int64_t until)
{
	int64_t left = until - now();

	if (left <= 0)
		return false;
	if (left > 60000)
		left = 60000;
	if (curl_multi_poll(l->world->multi, NULL, 0, (int)left, NULL) !=
	    CURLM_OK) {
		l->code = CURLE_FAILED_INIT;
		l->ended = true;
	}
	return !l->ended;
}

/* libcurl's own limit ends with the login, not with the connection. */
static void
allow_answer_to_pass(struct login *l)
{
	const struct message_request *r = l->request;

	/* If it failed, the wait would be shorter, and end as UNKNOWN. */
	(void)curl_easy_setopt(l->easy, CURLOPT_CONNECTTIMEOUT_MS,
	    options_before_pass(r) + (r->reply_timeout + 1L) * 1000);
}

static void
converse(struct login *l)
{
	bool waiting = false;

	while (!work(l) && l->reply.stage != REPLY_DONE) {
		if (l->reply.stage == REPLY_PASS && !waiting) {
			allow_answer_to_pass(l);
			waiting = true;
		}
		if (!wait_until(l, deadline(l))) {
			l->late = !l->ended;
			break;
		}
	}
}

/* Why nothing was sent, where it was not a reply. */
static enum message_reason
reason_of(const struct login *l)
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
	else if (is_connected(l))
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
	else if (!is_connected(l))
		what = "no connection";
	if (curl_easy_getinfo(l->easy, CURLINFO_OS_ERRNO, &error) != CURLE_OK)
		error = 0;
	/* A server that wants a certificate of the client says so in an alert;
	 * what libcurl says of a mere end helps nobody. */
	if (strstr(l->words, "SSL") != NULL)
		(void)snprintf(to, size, "%s: %s", what, l->words);
	else if (error != 0 && !is_connected(l))
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

/*
 * Puts together what a person gets to read: the lines that decided; or what
 * there was of them when the connection ended, and why it did.
 */
static void
report(const struct login *l, enum message_reason reason, char *to, size_t size)
{
	const struct message_request *r = l->request;
	struct slice secrets[2] = { secret_slice(r->current) };
	size_t n = 1, len = 0;
	char text[MESSAGE_REPLY_MAX + 2 * CURL_ERROR_SIZE];

	if (r->fresh != NULL)
		secrets[n++] = secret_slice(r->fresh);
	if (l->reply.stage == REPLY_PASS || l->reply.stage == REPLY_DONE) {
		len = l->reply.text_len;
		memcpy(text, l->reply.text, len);
	}
	if (l->reply.stage != REPLY_DONE) {
		say(l, reason, text + len, sizeof(text) - len);
		len += strlen(text + len);
	}
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	reply_mask(to, size, (struct slice){ (const unsigned char *)text, len },
	    secrets, n);
	sodium_memzero(text, sizeof(text));
}

void
login_run(struct login *l, struct message_result *result)
{
	enum message_reason reason = MESSAGE_REASON_INTERNAL;

	l->started = now();
	if (curl_multi_add_handle(l->world->multi, l->easy) == CURLM_OK)
		converse(l);
	else
		l->code = CURLE_OUT_OF_MEMORY;
	memset(result, 0, sizeof(*result));
	result->outcome = l->reply.outcome;
	result->code = l->reply.code;
	if (l->reply.stage == REPLY_DONE)
		reason = l->reply.decided == REPLY_AUTH ? MESSAGE_REASON_TLS :
							  MESSAGE_REASON_REPLY;
	else
		reason = reason_of(l);
	if (result->outcome == MESSAGE_NOT_SENT)
		result->reason = reason;
	report(l, reason, result->reply, sizeof(result->reply));
}

/* Lets libcurl end an accepted login with QUIT. */
static void
take_leave(struct login *l)
{
	int64_t until = now() + (int64_t)GOODBYE_SECONDS * 1000;

	/* Without it a silent server is waited for longer, no more. */
	(void)curl_easy_setopt(l->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
	    (long)GOODBYE_SECONDS);
	while (wait_until(l, until) && !work(l))
		continue;
}

void
login_free(struct login *l)
{
	if (l == NULL)
		return;
	if (l->reply.outcome == MESSAGE_ACCEPTED && !l->ended)
		take_leave(l);
	if (l->easy != NULL) {
		(void)curl_multi_remove_handle(l->world->multi, l->easy);
		curl_easy_cleanup(l->easy);
	}
	/* A server may have sent the password back. */
	sodium_memzero(l, sizeof(*l));
	free(l);
}
