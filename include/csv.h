/*
 * CSV as RFC 4180 has it, decoded in place: what is read stays in the memory
 * that it was read into.  Pure.
 *
 * Records end in CRLF or LF, the last one perhaps in nothing.  A field in
 * quotes may hold commas, newlines and doubled quotes.  A byte order mark in
 * front and empty lines are skipped.  Whatever could be meant in two ways is
 * refused: a quote within a plain field, text behind a closing quote, a
 * carriage return alone.
 */
#ifndef CSV_H
#define CSV_H

#include <stddef.h>

#include "bytes.h"
#include "err.h"

struct csv {
	unsigned char *p;
	unsigned char *end;
	/* Where p is, and where the record last read began, from 1. */
	size_t line;
	size_t record_line;
};

/* Borrows text, and writes to it. */
void csv_start(struct csv *c, unsigned char *text, size_t len);

/*
 * The fields of the next record, which stay valid as long as the text: *np of
 * at most max.  Returns 1, 0 at the end, or -1: ERR_USAGE names the line.
 */
int csv_next(struct csv *c, struct slice *fields, size_t max, size_t *np,
    struct err *e) MUST_CHECK;

#endif
