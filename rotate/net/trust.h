/*
 * The authorities that a server's certificate is held against: read once,
 * before the sandbox, and shared by all logins of the process.  libcurl would
 * parse the whole bundle anew for each.
 */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>

#include <curl/curl.h>

#include "err.h"

struct trust;

/*
 * Reads the PEM file, or with "" uses the system's authorities.  The caller
 * frees *tp.  ERR_CONFIG names the file and what is wrong with it.
 */
int trust_load(struct trust **tp, const char *ca_file,
    struct err *e) MUST_CHECK;
void trust_free(struct trust *t);

/* Whether t was read from that file. */
bool trust_is(const struct trust *t, const char *ca_file);

/*
 * Lets a handle trust t and nothing else, for that host name or address.  The
 * name is checked in the handshake, besides libcurl's own check after it, so
 * that trust_why() can tell.  t and host must outlive the handle, and t serves
 * one handle at a time.
 */
CURLcode trust_use(CURL *easy, struct trust *t, const char *host) MUST_CHECK;

/*
 * Writes into to why verification ended with that result
 * (CURLINFO_SSL_VERIFYRESULT).  False, and nothing, if it does not tell.
 */
bool trust_why(char *to, size_t size, long result, const char *host);

#endif
