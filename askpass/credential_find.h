/*
 * Which entry a credential helper is asked for, by what service.h says of
 * URLs.  A server's text is no part of the request: git and docker say where
 * they want to log in.
 */
#ifndef CREDENTIAL_FIND_H
#define CREDENTIAL_FIND_H

#include "credential.h"
#include "service.h"

/*
 * Finds the entry of this service ("git", "docker") for what q's prompt says,
 * credential_prompt()'s: the pinned one if it fits; by user and host, where a
 * user is named; else by looking at every entry.  Of several, one with a path
 * that fits comes before those without.  ERR_NOENTRY; ERR_CONFIG: several fit,
 * or there is none of the pinned name;
 * as vault_find().
 */
int credential_find(struct vault *v, const char *service, struct request *q,
    struct entry *entry, struct secret **plainp, struct err *e) MUST_CHECK;

/*
 * Writes the JSON of docker's "list" to descriptor fd: URL and user of every
 * entry for docker.  ERR_IO.
 */
int credential_list(struct vault *v, int fd, struct err *e) MUST_CHECK;

#endif
