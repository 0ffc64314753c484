#include "csv.h"

static int
fail(size_t line, const char *why, struct err *e)
{
	return err_set(e, ERR_USAGE, "line %zu: %s", line, why);
}

/* p is behind the opening quote.  What is decoded never outgrows its source. */
static int
quoted_field(struct csv *c, struct slice *field, struct err *e)
{
	unsigned char *to = c->p;
	size_t line = c->line;

	field->p = to;
	for (;; c->p++) {
		if (c->p == c->end)
			return fail(line, "a quote is opened and not closed",
			    e);
		if (*c->p == '"') {
			c->p++;
			if (c->p == c->end || *c->p != '"')
				break;
		} else if (*c->p == '\n') {
			c->line++;
		}
		*to++ = *c->p;
	}
	field->len = (size_t)(to - field->p);
	return 0;
}

static int
plain_field(struct csv *c, struct slice *field, struct err *e)
{
	field->p = c->p;
	while (c->p < c->end && *c->p != ',' && *c->p != '\n' &&
	    *c->p != '\r') {
		if (*c->p == '"')
			return fail(c->line,
			    "a quote within a field that does not begin with "
			    "one",
			    e);
		c->p++;
	}
	field->len = (size_t)(c->p - field->p);
	return 0;
}

/* Steps over what ends a field.  1: another one follows; 0: none does. */
static int
end_field(struct csv *c, struct err *e)
{
	if (c->p == c->end)
		return 0;
	if (*c->p == ',') {
		c->p++;
		return 1;
	}
	if (*c->p == '\r') {
		c->p++;
		if (c->p == c->end)
			return 0;
		if (*c->p != '\n')
			return fail(c->line, "a carriage return alone", e);
	}
	if (*c->p != '\n')
		return fail(c->line, "text behind a closing quote", e);
	c->p++;
	c->line++;
	return 0;
}

static void
skip_empty_lines(struct csv *c)
{
	for (;;) {
		if (c->p < c->end && *c->p == '\n')
			c->p++;
		else if (c->end - c->p >= 2 && c->p[0] == '\r' &&
		    c->p[1] == '\n')
			c->p += 2;
		else
			return;
		c->line++;
	}
}

void
csv_start(struct csv *c, unsigned char *text, size_t len)
{
	c->p = text;
	c->end = text + len;
	c->line = 1;
	c->record_line = 1;
	if (len >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf)
		c->p += 3;
}

int
csv_next(struct csv *c, struct slice *fields, size_t max, size_t *np,
    struct err *e)
{
	struct slice field = { NULL, 0 };
	int rv = 0;

	*np = 0;
	skip_empty_lines(c);
	c->record_line = c->line;
	if (c->p == c->end)
		return 0;
	do {
		if (c->p < c->end && *c->p == '"') {
			c->p++;
			rv = quoted_field(c, &field, e);
		} else {
			rv = plain_field(c, &field, e);
		}
		if (rv == -1 || (rv = end_field(c, e)) == -1)
			return -1;
		if (*np == max)
			return err_set(e, ERR_USAGE,
			    "line %zu: more than %zu fields", c->record_line,
			    max);
		fields[(*np)++] = field;
	} while (rv == 1);
	return 1;
}
