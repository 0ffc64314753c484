#include <stdbool.h>
#include <string.h>

#include "json.h"
#include "jsonl.h"

/* The members found so far, with room for max. */
struct found {
	struct jsonl_member *members;
	size_t max;
	size_t n;
};

static int
fail(const struct jsonl *j, const char *why, struct err *e)
{
	return err_set(e, ERR_USAGE, "line %zu, column %zu: %s", j->line,
	    (size_t)(j->p - j->start) + 1, why);
}

static void
skip_blanks(struct jsonl *j)
{
	while (j->p < j->end &&
	    (*j->p == ' ' || *j->p == '\t' || *j->p == '\r'))
		j->p++;
}

/* Steps over blanks and c, if that is next. */
static bool
accept(struct jsonl *j, unsigned char c)
{
	skip_blanks(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

static int
hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits behind \u at p. */
static int
unit(const struct jsonl *j, const unsigned char *p, unsigned int *to)
{
	int i = 0, digit = 0;

	if (j->end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	*to = 0;
	for (i = 2; i < 6; i++) {
		if ((digit = hex_digit(p[i])) == -1)
			return -1;
		*to = *to * 16 + (unsigned int)digit;
	}
	return 0;
}

static unsigned char *
put_utf8(unsigned char *to, unsigned int c)
{
	if (c < 0x80) {
		*to++ = (unsigned char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (unsigned char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (unsigned char)(0xe0 | c >> 12);
		} else {
			*to++ = (unsigned char)(0xf0 | c >> 18);
			*to++ = (unsigned char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (unsigned char)(0x80 | (c & 0x3f));
	return to;
}

/* \uXXXX, or two of them: never shorter than its 1 to 4 bytes of UTF-8. */
static int
unicode_escape(struct jsonl *j, unsigned char **top, struct err *e)
{
	unsigned int high = 0, low = 0;

	if (unit(j, j->p, &high) == -1)
		return fail(j, "\\u without four hexadecimal digits", e);
	if (high >= 0xdc00 && high <= 0xdfff)
		return fail(j, "half a surrogate pair", e);
	if (high >= 0xd800 && high <= 0xdbff) {
		if (unit(j, j->p + 6, &low) == -1 || low < 0xdc00 ||
		    low > 0xdfff)
			return fail(j, "half a surrogate pair", e);
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		j->p += 6;
	}
	j->p += 6;
	*top = put_utf8(*top, high);
	return 0;
}

static int
escape(struct jsonl *j, unsigned char **top, struct err *e)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *at = NULL;

	if (j->end - j->p < 2)
		return fail(j, "a string has no end", e);
	if (j->p[1] == 'u')
		return unicode_escape(j, top, e);
	if (j->p[1] == '\0' || (at = strchr(from, j->p[1])) == NULL)
		return fail(j, "no such escape", e);
	*(*top)++ = (unsigned char)to[at - from];
	j->p += 2;
	return 0;
}

/* The string that p is at, decoded onto itself. */
static int
string(struct jsonl *j, struct slice *s, struct err *e)
{
	unsigned char *to = NULL;
	size_t n = 0;

	if (!accept(j, '"'))
		return fail(j, "a string is expected", e);
	s->p = to = j->p;
	while (j->p < j->end && *j->p != '"') {
		if (*j->p == '\\') {
			if (escape(j, &to, e) == -1)
				return -1;
			continue;
		}
		if (*j->p < 0x20)
			return fail(j, "a control character in a string", e);
		n = json_utf8((struct slice){ j->p, (size_t)(j->end - j->p) });
		if (n == 0)
			return fail(j, "is not UTF-8", e);
		memmove(to, j->p, n);
		to += n;
		j->p += n;
	}
	if (j->p == j->end)
		return fail(j, "a string has no end", e);
	j->p++;
	s->len = (size_t)(to - s->p);
	return 0;
}

static int
member(struct jsonl *j, struct found *f, struct slice key, struct err *e)
{
	struct slice value = { NULL, 0 };

	if (string(j, &value, e) == -1)
		return -1;
	if (f->n == f->max)
		return fail(j, "more members than an entry can have", e);
	f->members[f->n].key = key;
	f->members[f->n++].value = value;
	return 0;
}

/* A string, or strings in brackets. */
static int
value(struct jsonl *j, struct found *f, struct slice key, struct err *e)
{
	skip_blanks(j);
	if (j->p < j->end && *j->p == '"')
		return member(j, f, key, e);
	if (!accept(j, '['))
		return fail(j, "a string or an array of strings is expected",
		    e);
	if (accept(j, ']'))
		return 0;
	do {
		if (member(j, f, key, e) == -1)
			return -1;
	} while (accept(j, ','));
	return accept(j, ']') ? 0 : fail(j, "',' or ']' is expected", e);
}

static int
pair(struct jsonl *j, struct found *f, struct err *e)
{
	struct slice key = { NULL, 0 };
	size_t i = 0;

	if (string(j, &key, e) == -1)
		return -1;
	for (i = 0; i < f->n; i++) {
		if (slice_equal(f->members[i].key, key))
			return fail(j, "a member is there twice", e);
	}
	if (!accept(j, ':'))
		return fail(j, "':' is expected", e);
	return value(j, f, key, e);
}

static int
object(struct jsonl *j, struct found *f, struct err *e)
{
	if (!accept(j, '{'))
		return fail(j, "'{' is expected: one object a line", e);
	if (!accept(j, '}')) {
		do {
			if (pair(j, f, e) == -1)
				return -1;
		} while (accept(j, ','));
		if (!accept(j, '}'))
			return fail(j, "',' or '}' is expected", e);
	}
	skip_blanks(j);
	if (j->p < j->end)
		return fail(j, "text behind the object", e);
	return 0;
}

/* Goes to the next line that is not blank. */
static bool
next_line(struct jsonl *j)
{
	do {
		if (j->end == j->text_end)
			return false;
		/* Behind the last newline, but for the first line. */
		j->p = j->line == 0 ? j->end : j->end + 1;
		j->line++;
		j->start = j->p;
		j->end = j->p == j->text_end ?
		    NULL :
		    memchr(j->p, '\n', (size_t)(j->text_end - j->p));
		if (j->end == NULL)
			j->end = j->text_end;
		skip_blanks(j);
	} while (j->p == j->end);
	return true;
}

void
jsonl_start(struct jsonl *j, unsigned char *text, size_t len)
{
	j->p = text;
	j->end = text;
	j->text_end = text + len;
	j->start = text;
	j->line = 0;
}

int
jsonl_next(struct jsonl *j, struct jsonl_member *members, size_t max,
    size_t *np, struct err *e)
{
	struct found f = { members, max, 0 };
	int rv = 0;

	*np = 0;
	if (!next_line(j))
		return 0;
	rv = object(j, &f, e);
	*np = f.n;
	return rv == -1 ? -1 : 1;
}
