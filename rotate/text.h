/*
 * Text that is put together in a growing buffer and then written whole, and
 * the escapes of what it may be.  Pure.  The buffer is ordinary memory: no
 * secret may be written to it.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* Zero it first.  failed: memory ran out; the calls after it do nothing. */
struct text {
	char *p;
	size_t len;
	size_t cap;
	bool failed;
};

void text_add(struct text *t, const char *s);
void text_bytes(struct text *t, const char *p, size_t len);
/* At most 1023 bytes of it. */
void text_format(struct text *t, const char *fmt, ...) PRINTF(2, 3);

/* For HTML, between tags and in an attribute's quotes; control characters and
 * what is not UTF-8 become U+FFFD. */
void text_html(struct text *t, const char *s);

/* For the quotes of a label's value in Prometheus's text format. */
void text_label(struct text *t, const char *s);

/* Columns that s takes, one for each character; and the first columns of it,
 * with blanks behind it if there are fewer.  What a terminal would act upon is
 * a '?'. */
size_t text_columns(const char *s);
void text_padded(struct text *t, const char *s, size_t columns);

/* ERR_IO if memory ran out. */
int text_finish(const struct text *t, struct err *e) MUST_CHECK;
void text_free(struct text *t);

#endif
