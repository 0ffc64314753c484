#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "json.h"
#include "text.h"

void
text_bytes(struct text *t, const char *p, size_t len)
{
	size_t cap = t->cap == 0 ? 4096 : t->cap;
	char *more = NULL;

	if (t->failed || len == 0)
		return;
	while (cap - t->len < len) {
		if (cap > SIZE_MAX / 2) {
			t->failed = true;
			return;
		}
		cap *= 2;
	}
	if (cap != t->cap) {
		if ((more = realloc(t->p, cap)) == NULL) {
			t->failed = true;
			return;
		}
		t->p = more;
		t->cap = cap;
	}
	memcpy(t->p + t->len, p, len);
	t->len += len;
}

void
text_add(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void
text_format(struct text *t, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (len < 0)
		t->failed = true;
	else
		text_add(t, line);
}

/* U+FFFD, for what cannot be shown. */
#define UNKNOWN "\xef\xbf\xbd"

static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/*
 * The bytes of the character that s begins with, and whether it can be shown.
 * C1 controls, which a terminal may act upon, are U+0080 to U+009F.
 */
static size_t
next(struct slice s, bool *shown)
{
	size_t n = json_utf8(s);

	*shown = n > 0 && !(n == 1 && is_control(*s.p)) &&
	    !(n == 2 && s.p[0] == 0xc2 && s.p[1] < 0xa0);
	return n == 0 ? 1 : n;
}

void
text_html(struct text *t, const char *s)
{
	struct slice left = slice_of(s);
	bool shown;
	size_t n;

	for (; left.len > 0; left.p += n, left.len -= n) {
		n = next(left, &shown);
		if (!shown) {
			text_add(t, UNKNOWN);
		} else if (*left.p == '<') {
			text_add(t, "&lt;");
		} else if (*left.p == '>') {
			text_add(t, "&gt;");
		} else if (*left.p == '&') {
			text_add(t, "&amp;");
		} else if (*left.p == '"') {
			text_add(t, "&quot;");
		} else if (*left.p == '\'') {
			text_add(t, "&#39;");
		} else {
			text_bytes(t, (const char *)left.p, n);
		}
	}
}

void
text_label(struct text *t, const char *s)
{
	struct slice left = slice_of(s);
	size_t n;

	for (; left.len > 0; left.p += n, left.len -= n) {
		n = json_utf8(left);
		if (n == 0) {
			text_add(t, UNKNOWN);
			n = 1;
		} else if (*left.p == '\n') {
			text_add(t, "\\n");
		} else if (*left.p == '"' || *left.p == '\\') {
			text_add(t, "\\");
			text_bytes(t, (const char *)left.p, n);
		} else {
			text_bytes(t, (const char *)left.p, n);
		}
	}
}

size_t
text_columns(const char *s)
{
	struct slice left = slice_of(s);
	size_t n, columns = 0;
	bool shown;

	for (; left.len > 0; left.p += n, left.len -= n, columns++)
		n = next(left, &shown);
	return columns;
}

void
text_padded(struct text *t, const char *s, size_t columns)
{
	struct slice left = slice_of(s);
	bool shown;
	size_t n;

	for (; left.len > 0 && columns > 0; left.p += n, left.len -= n) {
		n = next(left, &shown);
		if (shown)
			text_bytes(t, (const char *)left.p, n);
		else
			text_add(t, "?");
		columns--;
	}
	for (; columns > 0; columns--)
		text_add(t, " ");
}

int
text_finish(const struct text *t, struct err *e)
{
	if (t->failed)
		return err_set(e, ERR_IO, "no memory for the text");
	return 0;
}

void
text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}
