/*
 * The .netrc file of ftp(1) and curl(1), decoded in place.  Pure.
 *
 * Words between blanks and newlines; one in double quotes may hold blanks and
 * the escapes \" \\ \n \r \t.  A '#' where a keyword could be begins a
 * comment.  Programs disagree about a backslash outside of quotes, so it is
 * refused; so is macdef, which is a program and no password.
 */
#ifndef NETRC_H
#define NETRC_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"

struct netrc {
	unsigned char *p;
	unsigned char *end;
	/* Where p is, from 1. */
	size_t line;
};

/* Slices into the text; p is NULL for what was not said. */
struct netrc_entry {
	/* The entry for all other machines; machine is not set. */
	bool is_default;
	size_t line;
	struct slice machine;
	struct slice login;
	struct slice password;
	struct slice account;
	struct slice port;
};

/* Borrows text, and writes to it. */
void netrc_start(struct netrc *n, unsigned char *text, size_t len);

/*
 * Returns 1, 0 at the end, or -1: ERR_USAGE names the line, and no word of it,
 * for any may be a password.
 */
int netrc_next(struct netrc *n, struct netrc_entry *entry,
    struct err *e) MUST_CHECK;

#endif
