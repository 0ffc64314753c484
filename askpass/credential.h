/*
 * The credential helpers' protocols: git's (git-credential(1), INPUT/OUTPUT
 * FORMAT; gitcredentials(7), CUSTOM HELPERS) and docker's
 * (docker-credential-helpers).  Pure but for the memory of what is written.
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include <stdint.h>

#include "bytes.h"
#include "err.h"
#include "prompt.h"
#include "record.h"
#include "secret.h"

/* More than this is not read: git's own limit for a line is 64 KiB. */
#define CREDENTIAL_INPUT 16384

/* What docker, byte for byte, takes for "there is none". */
#define CREDENTIAL_NONE "credentials not found in native keychain\n"

/* What somebody asks for; slices of the text that was read. */
struct credential {
	struct slice protocol;
	/* With a port behind a ":", if there is one. */
	struct slice host;
	struct slice path;
	struct slice username;
	struct slice password;
	/* docker's server, all of it. */
	struct slice url;
};

/*
 * Reads git's "key=value" lines up to an empty one or the end.  Keys that are
 * not those above are passed over.  ERR_USAGE: a line without "=", a NUL or
 * CR in a value.  ERR_NOENTRY: no protocol or no host, as for the passphrase
 * of a certificate.
 */
int credential_read(struct credential *c, struct slice text,
    struct err *e) MUST_CHECK;

/*
 * Reads docker's server, a URL or just a host, with "https" where it names no
 * scheme; blanks and line breaks around it do not count.  ERR_USAGE if it is not
 * one line, or names no host.
 */
int credential_read_url(struct credential *c, struct slice text,
    struct err *e) MUST_CHECK;

/*
 * The same as a prompt for a password (prompt.h), for service_check(), whose
 * parts point into c and into buf.  A "%" of git stands for itself and not for
 * what a URL would mean by it: so it is written as one would.  ERR_USAGE if
 * all does not fit into size bytes.
 */
int credential_prompt(const struct credential *c, char *buf, size_t size,
    struct prompt *p, struct err *e) MUST_CHECK;

/*
 * When the current secret will be changed (last rotation or its first day, and
 * rotate.every), in Unix seconds; 0 if never or if that is before now, for then
 * git would not take what still holds.
 */
uint64_t credential_expiry(const struct entry *entry, uint64_t now);

/* Appends git's answer.  ERR_USAGE: the secret is not one line. */
int credential_write_git(struct secret *to, struct slice user,
    struct slice password, uint64_t expiry, struct err *e) MUST_CHECK;

/*
 * Appends docker's answer, JSON.  server as it was asked.  ERR_USAGE if one of
 * them is not UTF-8.
 */
int credential_write_docker(struct secret *to, struct slice server,
    struct slice user, struct slice password, struct err *e) MUST_CHECK;

/*
 * Appends a text in quotation marks.  ERR_USAGE if it is not UTF-8; ERR_IO if
 * it does not fit.
 */
int credential_quote(struct secret *to, struct slice text,
    struct err *e) MUST_CHECK;

#endif
