/*
 * The authorities that a server's certificate is held against, and the
 * certificate that is shown to it: read once, before the sandbox, and shared
 * by all logins of the process.  libcurl would parse the whole bundle anew for
 * each.
 */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>

#include <curl/curl.h>

#include "err.h"
#include "message.h"

struct trust;

/*
 * Reads the files that the request names: authorities (without a ca_file the
 * system's), certificate, and its key, which must be a private file (path.h)
 * and must not need a passphrase.  The caller frees *tp.  ERR_CONFIG names the
 * file and what is wrong with it.
 */
int trust_load(struct trust **tp, const struct message_request *r,
    struct err *e) MUST_CHECK;
void trust_free(struct trust *t);

/* Whether t was read from the files of this request. */
bool trust_is(const struct trust *t, const struct message_request *r);

/*
 * Lets a handle trust t and nothing else, for the host of that request.  The
 * name is checked in the handshake, besides libcurl's own check after it, so
 * that trust_why() can tell.  t and r must outlive the handle, and t serves
 * one handle at a time.  For MESSAGE_LOOK the handshake goes on whatever the
 * check says, and both are remembered.
 */
CURLcode trust_use(CURL *easy, struct trust *t,
    const struct message_request *r) MUST_CHECK;

/* Whether the server asked for a certificate, and there was none to show. */
bool trust_was_asked(const struct trust *t);

/* Whether a server has shown its certificate to MESSAGE_LOOK. */
bool trust_has_seen(const struct trust *t);

/*
 * Writes what was seen, a line each: "subject ...", "issuer ...", "from ...",
 * "until ...", "pin sha256//..." (of the key, as rotate.pin has it), and
 * "verified" or "unverified ..." with the reason.
 */
void trust_describe(const struct trust *t, char *to, size_t size);

/*
 * Writes into to why verification ended with that result
 * (CURLINFO_SSL_VERIFYRESULT).  False, and nothing, if it does not tell.
 */
bool trust_why(char *to, size_t size, long result, const char *host);

#endif
