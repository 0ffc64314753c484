/*
 * JSON Lines and CSV on standard output, past stdio, which would keep what it
 * printed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "cmd.h"
#include "export.h"
#include "io.h"
#include "json.h"

/* Written with one write(2). */
#define BLOCK 65536

/* Headings of CSV beside name and secret: as many as import takes. */
#define COLUMNS_MAX 1022

/* An attribute, and how often one entry has it. */
struct column {
	char key[RECORD_KEY_MAX + 1];
	size_t count;
};

/* One export. */
struct text {
	bool csv;
	struct column *columns;
	size_t ncolumns;
	struct secret *block;
};

static int
flush(struct text *x, struct err *e)
{
	if (write_all(STDOUT_FILENO, x->block->data, x->block->len) == -1)
		return err_sys(e, ERR_IO, "write to standard output");
	return secret_set(x->block, NULL, 0, e);
}

static int
put(struct text *x, struct slice s, struct err *e)
{
	size_t n = 0;

	while (s.len > 0) {
		if (x->block->len == x->block->cap && flush(x, e) == -1)
			return -1;
		n = x->block->cap - x->block->len;
		n = n < s.len ? n : s.len;
		if (secret_append(x->block, s.p, n, e) == -1)
			return -1;
		s.p += n;
		s.len -= n;
	}
	return 0;
}

static int
put_text(struct text *x, const char *text, struct err *e)
{
	return put(x, slice_of(text), e);
}

/* How many bytes of s need no escape. */
static size_t
plain_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] >= 0x20 && s.p[n] != 0x7f && s.p[n] != '"' &&
	    s.p[n] != '\\')
		n++;
	return n;
}

static int
put_escape(struct text *x, unsigned char c, struct err *e)
{
	static const char digits[] = "0123456789abcdef";
	char escape[7] = "\\u00";
	int rv = 0;

	if (c == '"' || c == '\\') {
		escape[1] = (char)c;
		escape[2] = '\0';
	} else {
		escape[4] = digits[c >> 4];
		escape[5] = digits[c & 15];
	}
	rv = put_text(x, escape, e);
	sodium_memzero(escape, sizeof(escape));
	return rv;
}

/* UTF-8 in quotes. */
static int
put_json(struct text *x, struct slice s, struct err *e)
{
	size_t n = 0;

	if (put_text(x, "\"", e) == -1)
		return -1;
	while (s.len > 0) {
		if ((n = plain_length(s)) > 0) {
			if (put(x, (struct slice){ s.p, n }, e) == -1)
				return -1;
		} else {
			n = 1;
			if (put_escape(x, *s.p, e) == -1)
				return -1;
		}
		s.p += n;
		s.len -= n;
	}
	return put_text(x, "\"", e);
}

static bool
is_utf8(struct slice s)
{
	size_t n = 0;

	while (s.len > 0) {
		if ((n = json_utf8(s)) == 0)
			return false;
		s.p += n;
		s.len -= n;
	}
	return true;
}

static int
put_json_secret(struct text *x, struct slice s, struct err *e)
{
	size_t size =
	    sodium_base64_ENCODED_LEN(s.len, sodium_base64_VARIANT_ORIGINAL);
	struct secret *text = NULL;
	int rv = -1;

	if (s.p == NULL)
		return 0;
	if (is_utf8(s))
		return put_text(x, ",\"secret\":", e) == -1 ? -1 :
							      put_json(x, s, e);
	if ((text = secret_new(size, e)) == NULL)
		return -1;
	(void)sodium_bin2base64((char *)text->data, size, s.p, s.len,
	    sodium_base64_VARIANT_ORIGINAL);
	text->len = size - 1;
	if (put_text(x, ",\"secret-base64\":", e) == 0)
		rv = put_json(x, secret_slice(text), e);
	secret_free(text);
	return rv;
}

/* How many attributes of entry, from i on, are of the key of the i-th. */
static size_t
count_key(const struct entry *entry, size_t i, size_t to)
{
	size_t n = 0;

	for (; i < to; i++)
		n += slice_equal(entry->attrs[i].key, entry->attrs[to].key);
	return n;
}

static int
put_json_attr(struct text *x, const struct entry *entry, size_t i,
    struct err *e)
{
	struct slice key = entry->attrs[i].key;
	const char *before = ":[";
	size_t j = 0;

	if (put_text(x, ",", e) == -1 || put_json(x, key, e) == -1)
		return -1;
	for (j = i; j < entry->nattrs; j++) {
		if (!slice_equal(entry->attrs[j].key, key))
			continue;
		if (put_text(x, before, e) == -1 ||
		    put_json(x, entry->attrs[j].value, e) == -1)
			return -1;
		before = ",";
	}
	return put_text(x, "]", e);
}

static int
put_json_entry(struct text *x, const struct entry *entry, struct err *e)
{
	size_t i = 0;

	if (put_text(x, "{\"name\":", e) == -1 ||
	    put_json(x, entry->name, e) == -1 ||
	    put_json_secret(x, entry->current, e) == -1)
		return -1;
	for (i = 0; i < entry->nattrs; i++) {
		if (count_key(entry, 0, i) == 0 &&
		    put_json_attr(x, entry, i, e) == -1)
			return -1;
	}
	return put_text(x, "}\n", e);
}

/* In quotes, which are doubled within. */
static int
put_field(struct text *x, struct slice s, struct err *e)
{
	struct slice part = { s.p, 0 };

	if (s.len == 0)
		return 0;
	if (put_text(x, "\"", e) == -1)
		return -1;
	while (s.len > 0) {
		for (part.p = s.p, part.len = 0;
		     part.len < s.len && s.p[part.len] != '"'; part.len++)
			;
		if (put(x, part, e) == -1)
			return -1;
		s.p += part.len;
		s.len -= part.len;
		if (s.len > 0) {
			if (put_text(x, "\"\"", e) == -1)
				return -1;
			s.p++;
			s.len--;
		}
	}
	return put_text(x, "\"", e);
}

/* The count columns of one attribute. */
static int
put_fields(struct text *x, const struct entry *entry,
    const struct column *column, struct err *e)
{
	struct slice value = { NULL, 0 };
	size_t i = 0, at = 0;

	for (i = 0; i < column->count; i++) {
		if (!record_attr(entry, column->key, &at, &value)) {
			value = (struct slice){ NULL, 0 };
			at = entry->nattrs;
		}
		if (put_text(x, ",", e) == -1 || put_field(x, value, e) == -1)
			return -1;
	}
	return 0;
}

static int
put_csv_entry(struct text *x, const struct entry *entry, struct err *e)
{
	size_t i = 0;

	if (put_field(x, entry->name, e) == -1 || put_text(x, ",", e) == -1 ||
	    put_field(x, entry->current, e) == -1)
		return -1;
	for (i = 0; i < x->ncolumns; i++) {
		if (put_fields(x, entry, &x->columns[i], e) == -1)
			return -1;
	}
	return put_text(x, "\r\n", e);
}

static int
put_headings(struct text *x, struct err *e)
{
	size_t i = 0, j = 0, n = 0;

	if (put_text(x, "name,secret", e) == -1)
		return -1;
	for (i = 0; i < x->ncolumns; i++) {
		for (j = 0; j < x->columns[i].count; j++, n++) {
			if (put_text(x, ",", e) == -1 ||
			    put_text(x, x->columns[i].key, e) == -1)
				return -1;
		}
	}
	if (n > COLUMNS_MAX)
		return err_set(e, ERR_USAGE,
		    "more than %d attributes for the columns of one table: "
		    "export jsonl",
		    COLUMNS_MAX);
	return put_text(x, "\r\n", e);
}

static int
add_column(struct text *x, struct slice key, size_t count, struct err *e)
{
	struct column *more = NULL;
	size_t i = 0;

	for (i = 0; i < x->ncolumns; i++) {
		if (!slice_is(key, x->columns[i].key))
			continue;
		if (x->columns[i].count < count)
			x->columns[i].count = count;
		return 0;
	}
	more = reallocarray(x->columns, x->ncolumns + 1, sizeof(*more));
	if (more == NULL)
		return err_sys(e, ERR_IO, "memory for headings");
	x->columns = more;
	more += x->ncolumns++;
	more->count = count;
	return slice_text(key, more->key, sizeof(more->key)) == 0 ?
	    0 :
	    err_set(e, ERR_DAMAGED, "an attribute's name is too long");
}

/* The headings that an entry needs. */
static int
visit(const struct entry *entry, void *arg, struct err *e)
{
	struct text *x = arg;
	size_t i = 0;

	for (i = 0; x->csv && i < entry->nattrs; i++) {
		if (add_column(x, entry->attrs[i].key,
			count_key(entry, 0, i) + 1, e) == -1)
			return -1;
	}
	return 0;
}

static int
put_entry(struct session *s, struct text *x, const char *name, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	int rv = -1;

	if (vault_find(s->vault, TABLE_NAME, slice_of(name), &entry, &plain,
		e) == -1)
		return -1;
	if (entry.rotation.state != ROTATION_IDLE)
		cmd_warn("%s: its rotation is unfinished (%s): this may no "
			 "longer be the password",
		    name, cmd_rotation_name(entry.rotation.state));
	rv =
	    x->csv ? put_csv_entry(x, &entry, e) : put_json_entry(x, &entry, e);
	secret_free(plain);
	return rv;
}

int
export_text(struct session *s, struct selection *from, bool csv, struct err *e)
{
	struct text x = { .csv = csv };
	size_t i = 0;
	int rv = -1;

	if (select_names(s, from, visit, &x, e) == -1 ||
	    (x.block = secret_new(BLOCK, e)) == NULL ||
	    (csv && put_headings(&x, e) == -1))
		goto out;
	for (i = 0; i < from->n; i++) {
		if (put_entry(s, &x, from->names[i], e) == -1)
			goto out;
	}
	rv = flush(&x, e);
out:
	free(x.columns);
	secret_free(x.block);
	return rv;
}
