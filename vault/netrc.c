#include <string.h>

#include "netrc.h"

static int
fail(size_t line, const char *why, struct err *e)
{
	return err_set(e, ERR_USAGE, "line %zu: %s", line, why);
}

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_blanks(struct netrc *n)
{
	for (; n->p < n->end && is_blank(*n->p); n->p++)
		n->line += *n->p == '\n';
}

/* To the next keyword, over blanks and comments. */
static void
skip_comments(struct netrc *n)
{
	skip_blanks(n);
	while (n->p < n->end && *n->p == '#') {
		while (n->p < n->end && *n->p != '\n')
			n->p++;
		skip_blanks(n);
	}
}

/* The character that a backslash and c are in quotes, or -1. */
static int
unescape(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return -1;
	}
}

static int
quoted_word(struct netrc *n, struct slice *word, struct err *e)
{
	unsigned char *to = ++n->p;
	int c = 0;

	word->p = to;
	for (; n->p < n->end && *n->p != '"'; n->p++) {
		if (*n->p == '\n')
			break;
		c = *n->p;
		if (c == '\\' &&
		    (++n->p == n->end || (c = unescape(*n->p)) == -1))
			return fail(n->line,
			    "a backslash in quotes before what it cannot "
			    "escape",
			    e);
		*to++ = (unsigned char)c;
	}
	if (n->p == n->end || *n->p != '"')
		return fail(n->line, "a quote is opened and not closed", e);
	word->len = (size_t)(to - word->p);
	n->p++;
	if (n->p < n->end && !is_blank(*n->p))
		return fail(n->line, "text behind a closing quote", e);
	return 0;
}

/* 1, 0 at the end, -1. */
static int
next_word(struct netrc *n, struct slice *word, struct err *e)
{
	skip_blanks(n);
	if (n->p == n->end)
		return 0;
	if (*n->p == '"')
		return quoted_word(n, word, e) == -1 ? -1 : 1;
	word->p = n->p;
	for (; n->p < n->end && !is_blank(*n->p); n->p++) {
		if (*n->p == '\\')
			return fail(n->line,
			    "a backslash, about which programs disagree: put "
			    "the word in double quotes and write it twice",
			    e);
	}
	word->len = (size_t)(n->p - word->p);
	return 1;
}

static struct slice *
field_of(struct netrc_entry *entry, struct slice key)
{
	if (slice_is(key, "login"))
		return &entry->login;
	if (slice_is(key, "password"))
		return &entry->password;
	if (slice_is(key, "account"))
		return &entry->account;
	if (slice_is(key, "port"))
		return &entry->port;
	return NULL;
}

static int
read_value(struct netrc *n, struct slice *field, struct err *e)
{
	size_t line = n->line;
	int rv = 0;

	if (field->p != NULL)
		return fail(line, "said twice for one machine", e);
	if ((rv = next_word(n, field, e)) == 0)
		return fail(line, "a keyword without its value", e);
	return rv == 1 ? 0 : -1;
}

static bool
begins_entry(struct slice key)
{
	return slice_is(key, "machine") || slice_is(key, "default");
}

/* The next keyword, which is only looked at.  1, 0 at the end, -1. */
static int
peek_keyword(struct netrc *n, struct slice *key, unsigned char **behind,
    struct err *e)
{
	struct netrc ahead = { NULL, NULL, 0 };
	int rv = 0;

	skip_comments(n);
	if (n->p < n->end && *n->p == '"')
		return fail(n->line, "a keyword is expected", e);
	ahead = *n;
	if ((rv = next_word(&ahead, key, e)) == 1)
		*behind = ahead.p;
	return rv;
}

static int
begin(struct netrc *n, struct netrc_entry *entry, struct err *e)
{
	unsigned char *behind = n->p;
	struct slice key = { NULL, 0 };
	int rv = peek_keyword(n, &key, &behind, e);

	if (rv != 1)
		return rv;
	if (slice_is(key, "macdef"))
		return fail(n->line,
		    "macdef: a macro cannot be taken over; remove it from a "
		    "copy of the file",
		    e);
	if (!begins_entry(key))
		return fail(n->line, "\"machine\" is expected", e);
	entry->line = n->line;
	n->p = behind;
	entry->is_default = slice_is(key, "default");
	if (!entry->is_default && read_value(n, &entry->machine, e) == -1)
		return -1;
	return 1;
}

void
netrc_start(struct netrc *n, unsigned char *text, size_t len)
{
	n->p = text;
	n->end = text + len;
	n->line = 1;
}

int
netrc_next(struct netrc *n, struct netrc_entry *entry, struct err *e)
{
	unsigned char *behind = n->p;
	struct slice key = { NULL, 0 }, *field = NULL;
	int rv = 0;

	memset(entry, 0, sizeof(*entry));
	if ((rv = begin(n, entry, e)) != 1)
		return rv;
	while ((rv = peek_keyword(n, &key, &behind, e)) == 1) {
		if (begins_entry(key) || slice_is(key, "macdef"))
			return 1;
		if ((field = field_of(entry, key)) == NULL)
			return fail(n->line,
			    "no keyword: there are machine, default, login, "
			    "password, account and port; a password with a "
			    "blank goes in double quotes",
			    e);
		n->p = behind;
		if (read_value(n, field, e) == -1)
			return -1;
	}
	return rv == -1 ? -1 : 1;
}
