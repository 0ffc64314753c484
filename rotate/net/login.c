#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <sodium.h>

#include "login_internal.h"
#include "method.h"
#include "options.h"

/* How long an accepted login may take to end politely: for the commands that
 * libcurl sends of its own accord, and then once more for QUIT. */
#define GOODBYE_SECONDS 2

int64_t
login_now(void)
{
	struct timespec ts = { 0 };

	/* Cannot fail for this clock. */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool
login_is_connected(const struct login *l)
{
	curl_off_t us = 0;

	return curl_easy_getinfo(l->easy, CURLINFO_CONNECT_TIME_T, &us) ==
	    CURLE_OK &&
	    us > 0;
}

bool
login_parent_is_gone(const struct login *l)
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

/* The greeting is there: TLS comes next, without AUTH TLS. */
static bool
start_relay(struct login *l)
{
	struct sockaddr_storage peer = { 0 };
	size_t i;

	/* libcurl does not name it before the login is over; those of the
	 * addresses that did not answer have no peer. */
	for (i = 0; i < LOGIN_SOCKETS; i++) {
		socklen_t len = sizeof(peer);

		if (l->sockets[i] != -1 &&
		    getpeername(l->sockets[i], (struct sockaddr *)&peer,
			&len) == 0 &&
		    (peer.ss_family == AF_INET || peer.ss_family == AF_INET6))
			return relay_start(&l->relay, l->sockets[i]);
	}
	l->gone = true;
	return false;
}

static int
on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct login *l = arg;

	(void)purpose;
	memmove(l->sockets + 1, l->sockets,
	    sizeof(l->sockets) - sizeof(l->sockets[0]));
	l->sockets[0] = fd;
	return CURL_SOCKOPT_OK;
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

	if (l->reply.stage != REPLY_DONE && login_parent_is_gone(l))
		return 0;
	/* Of a mere look TLS, and with it the key, has now been proved. */
	if (l->request->what == MESSAGE_LOOK &&
	    trust_has_seen(l->world->trust)) {
		l->seen = true;
		return 0;
	}
	if (l->reply.stage == REPLY_USER && !may_go(l->world))
		return 0;
	if (!reply_feed(&l->reply, line))
		return 0;
	if (l->reply.stage == REPLY_AUTH &&
	    l->request->tls == MESSAGE_TLS_ZOS_IMPLICIT && !start_relay(l))
		return 0;
	if (l->reply.stage == REPLY_PASS && l->sent == 0)
		l->sent = login_now();
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
	if (rv == CURLE_OK)
		rv = curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, l);
	if (rv == CURLE_OK)
		rv = curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	return rv;
}

int
login_world_open(struct login_world *w, struct err *e)
{
	w->multi = curl_multi_init();
	w->share = curl_share_init();
	if (w->multi == NULL || w->share == NULL ||
	    curl_share_setopt(w->share, CURLSHOPT_SHARE,
		CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
		return err_set(e, ERR_IO, "libcurl: no memory");
	return 0;
}

void
login_world_close(struct login_world *w)
{
	/* Neither has anything left that could fail. */
	(void)curl_multi_cleanup(w->multi);
	(void)curl_share_cleanup(w->share);
	w->multi = NULL;
	w->share = NULL;
}

static CURLcode
set_up(struct login *l, const struct secret *pass)
{
	CURLcode rv;

	if ((rv = options_set(l->easy, l->request, pass, l->command != NULL)) !=
		CURLE_OK ||
	    (rv = set_callbacks(l)) != CURLE_OK ||
	    (rv = curl_easy_setopt(l->easy, CURLOPT_SHARE, l->world->share)) !=
		CURLE_OK)
		return rv;
	return trust_use(l->easy, l->world->trust, l->request);
}

/* What is expected of the server. */
static void
begin_reply(struct login *l, const struct method *m)
{
	struct reply_rules rules = { .auth = l->request->tls !=
		    MESSAGE_TLS_IMPLICIT };

	if (l->command != NULL)
		rules.yes = m->yes;
	if (l->request->what == MESSAGE_LOGIN && m->expiry.code != 0)
		rules.expiry = &m->expiry;
	reply_init(&l->reply, &rules);
}

/* What goes out, and what must not be shown. */
static int
make_secrets(struct login *l, struct secret **passp, struct err *e)
{
	const struct message_request *r = l->request;
	const struct method *m = method_of(r->method);
	size_t i;

	for (i = 0; i < METHOD_HIDDEN; i++)
		if ((l->hidden[i] = method_hidden(r, i, e)) == NULL)
			return -1;
	if (r->what != MESSAGE_LOOK && (*passp = method_pass(m, r, e)) == NULL)
		return -1;
	if (r->what == MESSAGE_CHANGE && m->command != NULL &&
	    (l->command = method_command(m, r, e)) == NULL)
		return -1;
	begin_reply(l, m);
	return 0;
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
	if (options_check(r, e) == -1)
		goto out;
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		(void)err_sys(e, ERR_IO, "a login");
		goto out;
	}
	l->world = w;
	l->request = r;
	memset(l->sockets, 0xff, sizeof(l->sockets));
	if (make_secrets(l, &pass, e) == -1)
		goto out;
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

/* When to give up, as things stand. */
static int64_t
deadline(const struct login *l)
{
	const struct message_request *r = l->request;

	if (l->reply.stage == REPLY_PASS)
		return l->sent + (int64_t)r->reply_timeout * 1000;
	/* PASS, and then whatever libcurl asks before it is done. */
	if (l->reply.stage == REPLY_IN)
		return l->sent + 2 * (int64_t)r->reply_timeout * 1000;
	if (login_is_connected(l))
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
	/* Nothing but its end, which is always told. */
	struct curl_waitfd parent = { .fd = l->world->parent };
	/* Once the password is out the answer is waited for all the same: a
	 * server may take the end of the connection for a change of mind. */
	bool watch = l->sent == 0;
	int64_t left = until - login_now();

	if (left <= 0)
		return false;
	if (left > 60000)
		left = 60000;
	if (curl_multi_poll(l->world->multi, &parent, watch, (int)left, NULL) !=
	    CURLM_OK) {
		l->code = CURLE_FAILED_INIT;
		l->ended = true;
	}
	if (watch && login_parent_is_gone(l)) {
		l->code = CURLE_ABORTED_BY_CALLBACK;
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
	    options_before_pass(r) + (2L * r->reply_timeout + 1) * 1000);
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

void
login_run(struct login *l, struct message_result *result)
{
	enum message_reason reason = MESSAGE_REASON_INTERNAL;

	l->started = login_now();
	if (curl_multi_add_handle(l->world->multi, l->easy) == CURLM_OK)
		converse(l);
	else
		l->code = CURLE_OUT_OF_MEMORY;
	if (l->reply.stage == REPLY_IN && l->ended && l->code == CURLE_OK)
		login_command(l);
	memset(result, 0, sizeof(*result));
	if (l->seen) {
		result->outcome = MESSAGE_SEEN;
		trust_describe(l->world->trust, result->reply,
		    sizeof(result->reply));
		return;
	}
	result->outcome = l->reply.outcome;
	result->code = l->reply.code;
	if (l->reply.stage == REPLY_DONE)
		reason = l->reply.decided == REPLY_AUTH ? MESSAGE_REASON_TLS :
							  MESSAGE_REASON_REPLY;
	else
		reason = login_reason(l);
	if (result->outcome == MESSAGE_NOT_SENT)
		result->reason = reason;
	login_report(l, reason, result->reply, sizeof(result->reply));
}

/* Lets libcurl end an accepted login with QUIT. */
static void
take_leave(struct login *l)
{
	int64_t until = login_now() + (int64_t)GOODBYE_SECONDS * 1000;

	if (l->command != NULL) {
		login_command_quit(l, until);
		return;
	}
	/* Without it a silent server is waited for longer, no more. */
	(void)curl_easy_setopt(l->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
	    (long)GOODBYE_SECONDS);
	while (wait_until(l, until) && !work(l))
		continue;
}

void
login_free(struct login *l)
{
	size_t i;

	if (l == NULL)
		return;
	if (l->reply.outcome == MESSAGE_ACCEPTED &&
	    (!l->ended || l->command != NULL))
		take_leave(l);
	if (l->easy != NULL) {
		(void)curl_multi_remove_handle(l->world->multi, l->easy);
		curl_easy_cleanup(l->easy);
	}
	relay_end(&l->relay);
	secret_free(l->command);
	for (i = 0; i < METHOD_HIDDEN; i++)
		secret_free(l->hidden[i]);
	/* A server may have sent the password back. */
	sodium_memzero(l, sizeof(*l));
	free(l);
}
