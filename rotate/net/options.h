/*
 * What libcurl is told for one request: where to connect, how to protect the
 * connection, whom to log in.  Everything that decides who may get to see a
 * password is here, or in trust.c.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include <curl/curl.h>

#include "err.h"
#include "message.h"
#include "secret.h"

/* ERR_USAGE if the host or the pin would mean something else to libcurl. */
int options_check(const struct message_request *r, struct err *e) MUST_CHECK;

/*
 * pass is what method_pass() made, or NULL for MESSAGE_LOOK.  libcurl copies
 * all of it.  With keep it logs in and leaves the connection open, for
 * curl_easy_send() and curl_easy_recv().
 */
CURLcode options_set(CURL *easy, const struct message_request *r,
    const struct secret *pass, bool keep) MUST_CHECK;

/*
 * Milliseconds from the start to the server's asking for the password: name,
 * TCP, TLS and the replies in between, all together.
 */
long options_before_pass(const struct message_request *r);

#endif
