#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include <curl/curl.h>
#include <sodium.h>

#include "login_internal.h"

/*
 * libcurl has logged in and let go of the connection (CURLOPT_CONNECT_ONLY),
 * which is still its own, with TLS.  The command goes out through it in one
 * piece and by this file alone, so that it is known whether it did; libcurl's
 * own way, CURLOPT_QUOTE, tells neither that nor which reply is its answer.
 */

/* Waits for the socket until that time.  False when it has come. */
static bool
wait_for(struct login *l, short events, int64_t until)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	struct pollfd p = { .events = events };
	int64_t left;
	int n;

	if (curl_easy_getinfo(l->easy, CURLINFO_ACTIVESOCKET, &fd) !=
		CURLE_OK ||
	    fd == CURL_SOCKET_BAD)
		return false;
	p.fd = fd;
	do {
		left = until - login_now();
		n = left <= 0 ? 0 : poll(&p, 1, (int)left);
	} while (n == -1 && errno == EINTR);
	return n > 0;
}

/* All of it, or false. */
static bool
send_all(struct login *l, struct slice bytes, int64_t until)
{
	size_t n;
	CURLcode rv;

	while (bytes.len > 0) {
		n = 0;
		rv = curl_easy_send(l->easy, bytes.p, bytes.len, &n);
		if (rv == CURLE_AGAIN) {
			if (wait_for(l, POLLOUT, until))
				continue;
			l->late = true;
			return false;
		}
		if (rv != CURLE_OK) {
			l->code = rv;
			return false;
		}
		bytes.p += n;
		bytes.len -= n;
	}
	return true;
}

static void
receive_answer(struct login *l, int64_t until)
{
	unsigned char buf[512];
	CURLcode rv;
	size_t n;

	while (l->reply.stage == REPLY_COMMAND && !l->late) {
		n = 0;
		rv = curl_easy_recv(l->easy, buf, sizeof(buf), &n);
		if (rv == CURLE_AGAIN) {
			l->late = !wait_for(l, POLLIN, until);
			continue;
		}
		if (rv != CURLE_OK || n == 0) {
			l->code = rv == CURLE_OK ? CURLE_GOT_NOTHING : rv;
			break;
		}
		if (!reply_feed(&l->reply, (struct slice){ buf, n }))
			break;
	}
	sodium_memzero(buf, sizeof(buf));
}

/* What has come already would be taken for the answer. */
static bool
is_quiet(struct login *l)
{
	unsigned char c;
	size_t n = 0;
	CURLcode rv = curl_easy_recv(l->easy, &c, 1, &n);

	if (rv == CURLE_AGAIN)
		return true;
	if (rv == CURLE_OK && n > 0) {
		(void)snprintf(l->words, sizeof(l->words),
		    "the server sent a reply that nobody asked for; the change "
		    "was not sent");
		rv = CURLE_WEIRD_SERVER_REPLY;
	}
	l->code = rv == CURLE_OK ? CURLE_GOT_NOTHING : rv;
	return false;
}

void
login_command(struct login *l)
{
	const int64_t until =
	    login_now() + (int64_t)l->request->reply_timeout * 1000;

	if (login_parent_is_gone(l)) {
		l->code = CURLE_ABORTED_BY_CALLBACK;
		return;
	}
	if (!is_quiet(l))
		return;
	reply_expect_command(&l->reply);
	if (send_all(l, secret_slice(l->command), until))
		receive_answer(l, until);
}

void
login_command_quit(struct login *l, int64_t until)
{
	static const unsigned char quit[6] = { 0x51, 0x55, 0x49, 0x54, 0x0d,
		0x0a };
	unsigned char buf[512];
	CURLcode rv;
	size_t n;

	if (!send_all(l, (struct slice){ quit, sizeof(quit) }, until))
		return;
	/* Until it closes. */
	do {
		n = 0;
		rv = curl_easy_recv(l->easy, buf, sizeof(buf), &n);
		if (rv == CURLE_AGAIN && !wait_for(l, POLLIN, until))
			return;
	} while (rv == CURLE_AGAIN || (rv == CURLE_OK && n > 0));
}
