/*
 * Password policies: what a server accepts, and secrets drawn evenly from it.
 * Shared by pawl-vault and pawl-rotate.  No I/O but randombytes(3).
 *
 *	racf		8 of A-Z 0-9, a letter first; behind it at least one
 *			letter and one digit (what RACF's ALPHA(1)
 *			ALPHANUM(2:8) asks for, and every site takes)
 *	racf-mixed	the same with a-z; behind the first at least one of
 *			A-Z, a-z, 0-9 (MIXEDCASE, MIXEDNUM(2:8))
 *	racf-special	the same with . < + & * - % _ > ? = and one of them
 *			(SPECIALCHARS).  RACF has also : and ! and |, but an FTP
 *			server ends a password at the colon, and EBCDIC code
 *			pages disagree about the other two
 *	racf-phrase	24 (14 to 100 pass) of A-Z a-z 0-9 . -, a letter or
 *			digit first and last; at least 2 letters and 2 others,
 *			no character three times in a row
 *
 * Under any policy a secret does not contain the user id in any case of
 * letters: RACF refuses that in a phrase.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"
#include "secret.h"

/* Printable ASCII without the blank, and the terminator. */
#define POLICY_ALPHABET 96
/* What ssh reads from its askpass program, without the newline. */
#define POLICY_LENGTH_MAX 1023

struct policy {
	const char *name;
	/* Of a generated secret, and of one that passes. */
	size_t length;
	size_t min;
	size_t max;
	/* What a first or last character may be, and any other. */
	char end[POLICY_ALPHABET];
	char inner[POLICY_ALPHABET];
	/* Behind the first, one of each class (A-Z, a-z, 0-9, others) that
	 * inner has. */
	bool every_class;
	/* 2 letters, 2 others, no three of a kind in a row. */
	bool phrase;
	/* end holds for the last character too. */
	bool both_ends;
};

/* One of the names above.  ERR_USAGE lists them. */
int policy_named(struct policy *p, const char *name, struct err *e) MUST_CHECK;

/*
 * length characters of alphabet: single ones and ranges (A-Z), a '-' at either
 * end for itself; NULL for letters and digits.  ERR_USAGE for a length of 0 or
 * above POLICY_LENGTH_MAX, an alphabet of fewer than two characters, or one
 * with blanks, controls or bytes beyond ASCII.
 */
int policy_custom(struct policy *p, size_t length, const char *alphabet,
    struct err *e) MUST_CHECK;

/* ERR_USAGE says what is wrong, without showing any of the secret. */
int policy_check(const struct policy *p, struct slice user, struct slice secret,
    struct err *e) MUST_CHECK;

/*
 * Replaces out with a secret of p->length characters: every string that
 * policy_check() passes is equally likely, but old (in any case of letters),
 * which never comes.  user and old may be empty.  ERR_IO if out is too small;
 * ERR_USAGE if next to no string is left.
 */
int policy_generate(const struct policy *p, struct slice user, struct slice old,
    struct secret *out, struct err *e) MUST_CHECK;

/*
 * What cannot travel in "PASS old/new/new" to z/OS: a '/' or ':', a quotation
 * mark (" or '), a blank, a control or non-ASCII character; and a length other than 1 to 8 (password) or
 * 9 to 100 (phrase).  ERR_USAGE says which.
 */
int policy_check_zos_pass(struct slice secret, struct err *e) MUST_CHECK;

#endif
