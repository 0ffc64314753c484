#include <stdio.h>
#include <string.h>

#include "edit_text.h"

#define UNCHANGED "(unchanged)"
#define NOTES "notes"
#define SECRET "secret"

static int
append(struct secret *to, struct slice s, struct err *e)
{
	return s.len == 0 ? 0 : secret_append(to, s.p, s.len, e);
}

static int
append_line(struct secret *to, struct slice key, struct slice value,
    struct err *e)
{
	if (append(to, key, e) == -1 || append(to, slice_of(": "), e) == -1 ||
	    append(to, value, e) == -1)
		return -1;
	return append(to, slice_of("\n"), e);
}

static int
append_head(struct secret *to, const struct entry *entry, struct err *e)
{
	if (append(to, slice_of("# "), e) == -1 ||
	    append(to, entry->name, e) == -1)
		return -1;
	return append(to,
	    slice_of(": one \"attribute: value\" a line; notes come last, "
		     "behind an empty line.\n"
		     "# A secret typed in place of " UNCHANGED
		     " is the new one.\n"),
	    e);
}

static int
append_entry(struct secret *to, const struct entry *entry, bool reveal,
    struct err *e)
{
	const struct record_attr *a = NULL;
	struct slice note = { NULL, 0 };
	size_t i = 0, at = 0;

	for (i = 0; i < entry->nattrs; i++) {
		a = &entry->attrs[i];
		if (slice_is(a->key, NOTES) || a->value.len == 0)
			continue;
		if (append_line(to, a->key, a->value, e) == -1)
			return -1;
	}
	if (append_line(to, slice_of(SECRET),
		reveal && entry->current.len > 0 ? entry->current :
						   slice_of(UNCHANGED),
		e) == -1)
		return -1;
	if (!record_attr(entry, NOTES, &at, &note) || note.len == 0)
		return 0;
	if (append(to, slice_of("\n"), e) == -1 || append(to, note, e) == -1)
		return -1;
	return append(to, slice_of("\n"), e);
}

struct secret *
edit_print(const struct entry *entry, bool reveal, struct err *e)
{
	struct secret *to = NULL;
	size_t i = 0, size = 256;

	if (reveal && !slice_is_line(entry->current)) {
		(void)err_set(e, ERR_USAGE,
		    "the secret has a NUL, CR or LF in it and cannot be "
		    "edited: leave out --reveal");
		return NULL;
	}
	size += entry->name.len + entry->current.len;
	for (i = 0; i < entry->nattrs; i++)
		size += entry->attrs[i].key.len + entry->attrs[i].value.len + 3;
	if ((to = secret_new(size, e)) == NULL)
		return NULL;
	if (append_head(to, entry, e) == -1 ||
	    append_entry(to, entry, reveal, e) == -1) {
		secret_free(to);
		return NULL;
	}
	return to;
}

static bool
is_key(struct slice key)
{
	size_t i = 0;

	for (i = 0; i < key.len; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789.-",
			key.p[i]) == NULL ||
		    key.p[i] == '\0')
			return false;
	}
	return key.len > 0 && key.len <= RECORD_KEY_MAX;
}

static int
parse_secret(struct edit *d, struct slice value, size_t line, struct err *e)
{
	if (d->secret_line != 0)
		return err_set(e, ERR_USAGE, "there is a secret above");
	d->secret_line = line;
	if (slice_is(value, UNCHANGED))
		return 0;
	if (!slice_is_line(value))
		return err_set(e, ERR_USAGE,
		    "the secret has a NUL or CR in it");
	if (value.len > RECORD_SECRET_MAX)
		return err_set(e, ERR_USAGE,
		    "the secret is longer than %d bytes", RECORD_SECRET_MAX);
	d->secret = value;
	return 0;
}

static int
add_attr(struct edit *d, struct slice key, struct slice value, size_t line,
    struct err *e)
{
	if (d->nattrs == RECORD_ATTRS_MAX)
		return err_set(e, ERR_USAGE,
		    "this is more than the %d attributes that an entry has "
		    "room for",
		    RECORD_ATTRS_MAX);
	if (record_attr_check(key, value, e) == -1)
		return -1;
	d->attrs[d->nattrs].key = key;
	d->attrs[d->nattrs].value = value;
	d->lines[d->nattrs++] = line;
	return 0;
}

/* One line before the empty one. */
static int
parse_line(struct edit *d, struct slice line, size_t number, struct err *e)
{
	const unsigned char *colon = NULL;
	struct slice key = { line.p, 0 }, value = { NULL, 0 };

	if (line.p[0] == '#')
		return 0;
	if ((colon = memchr(line.p, ':', line.len)) != NULL)
		key.len = (size_t)(colon - line.p);
	if (colon == NULL || !is_key(key) || line.len < key.len + 2 ||
	    colon[1] != ' ')
		return err_set(e, ERR_USAGE,
		    "this is not \"attribute: value\"; notes come behind an "
		    "empty line");
	value.p = colon + 2;
	value.len = line.len - key.len - 2;
	if (value.len == 0)
		return err_set(e, ERR_USAGE,
		    "the value is missing; without the line there is no such "
		    "attribute");
	if (slice_is(key, SECRET))
		return parse_secret(d, value, number, e);
	if (slice_is(key, NOTES))
		return err_set(e, ERR_USAGE,
		    "notes come last, behind an empty line");
	return add_attr(d, key, value, number, e);
}

/* All that is left but its last newline; *linep is its first line. */
static int
parse_notes(struct edit *d, struct slice notes, size_t *linep, struct err *e)
{
	struct slice rest = { NULL, 0 }, line = { NULL, 0 };
	size_t first = *linep;

	if (notes.len > 0 && notes.p[notes.len - 1] == '\n')
		notes.len--;
	if (notes.len == 0)
		return 0;
	/* Line by line for the mark; what is left then is their length. */
	rest = notes;
	for (; slice_next_line(&rest, &line); ++*linep) {
		if (line.len <= RECORD_VALUE_MAX &&
		    record_attr_check(slice_of(NOTES), line, e) == -1)
			return -1;
	}
	*linep = first;
	return add_attr(d, slice_of(NOTES), notes, first, e);
}

int
edit_parse(struct edit *d, struct slice text, size_t *linep, struct err *e)
{
	struct slice line = { NULL, 0 };

	*d = (struct edit){ 0 };
	*linep = 0;
	while (slice_next_line(&text, &line)) {
		++*linep;
		if (line.len == 0)
			break;
		if (parse_line(d, line, *linep, e) == -1)
			return -1;
	}
	if (d->secret_line == 0) {
		*linep = 1;
		return err_set(e, ERR_USAGE,
		    "the line \"secret: (unchanged)\" is missing");
	}
	++*linep;
	return parse_notes(d, text, linep, e);
}

void
edit_mark_line(char mark[static EDIT_MARK_MAX], const char *why)
{
	size_t i = 0;

	(void)snprintf(mark, EDIT_MARK_MAX, "# >>> %s", why);
	for (i = 0; mark[i] != '\0'; i++) {
		if ((unsigned char)mark[i] < 0x20 || mark[i] == 0x7f)
			mark[i] = '?';
	}
}

struct secret *
edit_mark(struct slice text, size_t line, const char *mark, struct err *e)
{
	struct slice rest = text, one = { NULL, 0 };
	struct secret *to = NULL;
	size_t at = 0;

	while (line > 0 && slice_next_line(&rest, &one)) {
		at = (size_t)(one.p - text.p);
		line--;
	}
	if ((to = secret_new(text.len + strlen(mark) + 1, e)) == NULL)
		return NULL;
	if (append(to, (struct slice){ text.p, at }, e) == -1 ||
	    append(to, slice_of(mark), e) == -1 ||
	    append(to, slice_of("\n"), e) == -1 ||
	    append(to, (struct slice){ text.p + at, text.len - at }, e) == -1) {
		secret_free(to);
		return NULL;
	}
	return to;
}

struct secret *
edit_unmark(struct slice text, const char *mark, struct err *e)
{
	struct slice rest = text, line = { NULL, 0 };
	struct secret *to = NULL;
	size_t before = text.len;

	while (slice_next_line(&rest, &line)) {
		if (slice_is(line, mark)) {
			before = (size_t)(line.p - text.p);
			break;
		}
	}
	if ((to = secret_new(text.len, e)) == NULL)
		return NULL;
	if (append(to, (struct slice){ text.p, before }, e) == -1 ||
	    append(to, rest, e) == -1) {
		secret_free(to);
		return NULL;
	}
	return to;
}
