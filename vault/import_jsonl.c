/*
 * JSON lines, as "pawl-vault export jsonl" writes them: name, secret (or
 * secret-base64, for bytes that are not UTF-8), and attributes as members.
 */
#include <sodium.h>

#include "import.h"

/* Every attribute, name and secret. */
#define MEMBERS_MAX (RECORD_ATTRS_MAX + 2)

static int
start(struct import *im, struct err *e)
{
	if ((im->raw = import_read(im->file, IMPORT_FILE_MAX, e)) == NULL)
		return -1;
	jsonl_start(&im->jsonl, im->raw->data, im->raw->len);
	return 0;
}

/* Into the reader's own secret, for a slice is not to be written to. */
static int
decode(struct import *im, struct import_item *item, struct slice text,
    struct err *e)
{
	size_t len = 0;

	if (im->password == NULL &&
	    (im->password = secret_new(RECORD_SECRET_MAX, e)) == NULL)
		return -1;
	if (sodium_base642bin(im->password->data, im->password->cap,
		(const char *)text.p, text.len, NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		return err_set(e, ERR_USAGE,
		    "secret-base64 is not base64, or of more than %d bytes",
		    RECORD_SECRET_MAX);
	im->password->len = len;
	item->secret = secret_slice(im->password);
	return 0;
}

static int
take_member(struct import *im, struct import_item *item,
    const struct jsonl_member *m, struct err *e)
{
	bool plain = slice_is(m->key, "secret");

	if (slice_is(m->key, "name")) {
		if (item->name[0] != '\0')
			return err_set(e, ERR_USAGE, "more than one name");
		return import_item_name(item, m->value, e);
	}
	if (!plain && !slice_is(m->key, "secret-base64"))
		return import_item_attr(item, m->key, m->value, e);
	if (item->secret.p != NULL)
		return err_set(e, ERR_USAGE, "more than one secret");
	if (!plain)
		return decode(im, item, m->value, e);
	item->secret = m->value;
	return 0;
}

static int
next(struct import *im, struct import_item *item, struct err *e)
{
	struct jsonl_member members[MEMBERS_MAX];
	size_t i = 0, n = 0;
	int rv = jsonl_next(&im->jsonl, members, MEMBERS_MAX, &n, e);

	if (rv != 1)
		return rv;
	item->line = im->jsonl.line;
	for (i = 0; i < n; i++) {
		if (take_member(im, item, &members[i], e) == -1)
			return err_in(e, "line %zu", item->line);
	}
	if (item->name[0] == '\0')
		return err_set(e, ERR_USAGE, "line %zu: no name", item->line);
	return 1;
}

const struct import_format import_jsonl = { "jsonl", false, start, next };
