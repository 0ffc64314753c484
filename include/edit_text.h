/*
 * An entry as text for an editor, and back.  Pure.
 *
 *	# comments, up to the empty line
 *	user: SITE1
 *	host: ftp.example.com
 *	secret: (unchanged)
 *
 *	Notes, to the end of the text.
 *
 * One space stands behind the colon; whatever follows it is the value.
 */
#ifndef EDIT_TEXT_H
#define EDIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"
#include "record.h"
#include "secret.h"

/* Twice what the largest entry needs. */
#define EDIT_TEXT_MAX 262144
/* A comment that marks a line, with its newline and terminator. */
#define EDIT_MARK_MAX 512

/* What a text says.  The slices point into it. */
struct edit {
	/* Notes, where there are any, are the last. */
	struct record_attr attrs[RECORD_ATTRS_MAX];
	/* The line of each, from 1. */
	size_t lines[RECORD_ATTRS_MAX];
	size_t nattrs;
	/* p is NULL where it says (unchanged). */
	struct slice secret;
	size_t secret_line;
};

/*
 * The text of an entry, with its secret or with (unchanged), in a new secret
 * that the caller frees.  ERR_USAGE if the secret is to be seen and has a NUL,
 * CR or LF in it.
 */
struct secret *edit_print(const struct entry *entry, bool reveal,
    struct err *e) MUST_CHECK;

/*
 * ERR_USAGE with *linep, from 1, for the first line that is not in order.
 * Which attributes there are, and what values they may have, is not looked at.
 * The message shows nothing of the line.
 */
int edit_parse(struct edit *d, struct slice text, size_t *linep,
    struct err *e) MUST_CHECK;

/* A comment line that says why, without control characters. */
void edit_mark_line(char mark[static EDIT_MARK_MAX], const char *why);

/*
 * The text with mark as a line of its own before a line, the last one if there
 * are fewer; and without the first line that is mark.  In a new secret.
 */
struct secret *edit_mark(struct slice text, size_t line, const char *mark,
    struct err *e) MUST_CHECK;
struct secret *edit_unmark(struct slice text, const char *mark,
    struct err *e) MUST_CHECK;

#endif
