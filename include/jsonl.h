/*
 * JSON lines, one object a line, decoded in place: what is read stays in the
 * memory that it was read into.  Pure.
 *
 * The members are strings or arrays of strings, for nothing else is needed
 * here; empty lines are skipped.  Strict otherwise (RFC 8259): UTF-8, no
 * control characters, no half surrogates, no member twice.
 */
#ifndef JSONL_H
#define JSONL_H

#include <stddef.h>

#include "bytes.h"
#include "err.h"

struct jsonl {
	unsigned char *p;
	/* Of the line, and of the text. */
	unsigned char *end;
	unsigned char *text_end;
	const unsigned char *start;
	/* From 1. */
	size_t line;
};

/* An array is as many of these with one key. */
struct jsonl_member {
	struct slice key;
	struct slice value;
};

/* Borrows text, and writes to it. */
void jsonl_start(struct jsonl *j, unsigned char *text, size_t len);

/*
 * The members of the next object, which stay valid as long as the text: *np of
 * at most max.  Returns 1, 0 at the end, or -1: ERR_USAGE names line and
 * column.
 */
int jsonl_next(struct jsonl *j, struct jsonl_member *members, size_t max,
    size_t *np, struct err *e) MUST_CHECK;

#endif
