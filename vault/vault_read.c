#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vault_internal.h"

/* Characters by number: keys are the same under an EBCDIC compiler. */
#define CH_TAB 0x09
#define CH_BLANK 0x20
#define CH_QUOTES 0x22
#define CH_QUOTE 0x27
#define CH_SLASH 0x2f
#define CH_AT 0x40
#define CH_UPPER_A 0x41
#define CH_UPPER_Z 0x5a
#define CH_LOWER_A 0x61
#define CH_LOWER_Z 0x7a
#define CH_CASE 0x20

const struct crypt_keys *
vault_keys(const struct vault *v)
{
	return (const struct crypt_keys *)(const void *)v->keys->data;
}

/* Puts text and the vault's id into buf.  Returns what is behind them. */
static unsigned char *
ad_begin(unsigned char *buf, struct slice text, const struct table_header *h)
{
	memcpy(buf, text.p, text.len);
	memcpy(buf + text.len, h->id, TABLE_ID);
	return buf + text.len + TABLE_ID;
}

static struct slice
ad_end(const unsigned char *buf, const unsigned char *end)
{
	struct slice ad = { buf, (size_t)(end - buf) };

	return ad;
}

struct slice
vault_geometry_ad(unsigned char buf[static VAULT_AD],
    const struct table_header *h)
{
	unsigned char *p = ad_begin(buf, slice_of(u8"pawl geometry 1"), h);

	put_u64(p, h->generation);
	return ad_end(buf, p + 8);
}

struct slice
vault_page_ad(unsigned char buf[static VAULT_AD], const struct table_header *h,
    uint64_t page)
{
	unsigned char *p = ad_begin(buf, slice_of(u8"pawl page 1"), h);

	put_u64(p, page);
	return ad_end(buf, p + 8);
}

struct slice
vault_page_bond(unsigned char buf[static VAULT_AD],
    const struct table_header *h, uint64_t page, const unsigned char *sealed)
{
	unsigned char *p = ad_begin(buf, slice_of(u8"pawl bind 1"), h);

	put_u64(p, h->generation);
	put_u64(p + 8, page);
	memcpy(p + 16, sealed, CRYPT_NONCE);
	p += 16 + CRYPT_NONCE;
	memcpy(p, sealed + TABLE_PAGE_SEALED - CRYPT_TAG, CRYPT_TAG);
	return ad_end(buf, p + CRYPT_TAG);
}

struct slice
vault_record_ad(unsigned char buf[static VAULT_AD],
    const struct table_header *h, const unsigned char *head)
{
	unsigned char *p = ad_begin(buf, slice_of(u8"pawl record 1"), h);

	memcpy(p, head, VAULT_RECORD_HEAD);
	return ad_end(buf, p + VAULT_RECORD_HEAD);
}

static bool
in_memory(const struct vault *v, uint64_t at, size_t len)
{
	return at <= v->nbytes && len <= v->nbytes - at;
}

const unsigned char *
vault_bytes(const struct vault *v, uint64_t at, size_t len, unsigned char *buf,
    struct err *e)
{
	if (in_memory(v, at, len))
		return v->bytes + at;
	if (store_read(&v->store, at, buf, len, e) == 0)
		return buf;
	if (e->kind == ERR_DAMAGED)
		(void)vault_damaged(v, e, "offset %" PRIu64 ": %s", at, e->msg);
	else
		(void)err_in(e, "vault %s", v->shown);
	return NULL;
}

void
vault_page_seal(const struct vault *v, const struct table_header *h,
    uint64_t page, const struct table_entry *entries, size_t n,
    unsigned char *sealed)
{
	unsigned char buf[VAULT_AD], plain[TABLE_PAGE_PLAIN];

	table_page_put(plain, entries, n);
	crypt_seal(sealed, plain, sizeof(plain), vault_page_ad(buf, h, page),
	    vault_keys(v)->index);
	crypt_bind(sealed + TABLE_PAGE_SEALED,
	    vault_page_bond(buf, h, page, sealed), vault_keys(v)->bind);
}

int
vault_page_bound(const struct vault *v, uint64_t page,
    const unsigned char *sealed, struct err *e)
{
	unsigned char buf[VAULT_AD];

	if (crypt_bind_verify(sealed + TABLE_PAGE_SEALED,
		vault_page_bond(buf, &v->head, page, sealed),
		vault_keys(v)->bind) == 0)
		return 0;
	return vault_damaged(v, e,
	    "page %" PRIu64 ": it is altered or of another generation", page);
}

int
vault_page_open(const struct vault *v, uint64_t page,
    const unsigned char *sealed, struct table_entry *entries, size_t *np,
    struct err *e)
{
	unsigned char buf[VAULT_AD], plain[TABLE_PAGE_PLAIN];
	struct slice bytes = { sealed, TABLE_PAGE_SEALED };
	size_t i;

	if (vault_page_bound(v, page, sealed, e) == -1)
		return -1;
	if (crypt_open(plain, bytes, vault_page_ad(buf, &v->head, page),
		vault_keys(v)->index) == -1)
		return vault_damaged(v, e, "page %" PRIu64 ": it is altered",
		    page);
	if (table_page_get(entries, np, plain, page, &v->geometry, e) == -1)
		return vault_damaged(v, e, "page %" PRIu64 ": %s", page,
		    e->msg);
	for (i = 0; i < *np; i++) {
		if (entries[i].length < VAULT_RECORD_OVERHEAD ||
		    entries[i].length > VAULT_RECORD_MAX)
			return vault_damaged(v, e,
			    "page %" PRIu64 ": a record of %" PRIu32 " bytes",
			    page, entries[i].length);
	}
	return 0;
}

int
vault_record_open(const struct vault *v, const struct table_entry *t,
    const unsigned char *record, struct entry *entry, struct secret *plain,
    struct err *e)
{
	struct slice sealed = { record + VAULT_RECORD_HEAD,
		t->length - VAULT_RECORD_HEAD };
	unsigned char buf[VAULT_AD];

	/* The tag tells an older record, sealed with the same key, apart. */
	if (memcmp(record + t->length - CRYPT_TAG, t->tag, CRYPT_TAG) != 0 ||
	    crypt_open(plain->data, sealed,
		vault_record_ad(buf, &v->head, record),
		vault_keys(v)->record) == -1)
		return vault_damaged(v, e,
		    "the record at %" PRIu64 ": it is altered", t->offset);
	plain->len = sealed.len - CRYPT_OVERHEAD;
	if (record_decode(entry, secret_slice(plain), e) == -1)
		return vault_damaged(v, e, "the record at %" PRIu64 ": %s",
		    t->offset, e->msg);
	memcpy(entry->id, record, RECORD_ID);
	entry->version = get_u64(record + RECORD_ID);
	return 0;
}

int
vault_record_read(const struct vault *v, const struct table_entry *t,
    struct entry *entry, struct secret **plainp, struct err *e)
{
	const unsigned char *record;
	unsigned char *buf = NULL;
	struct secret *plain = NULL;
	int rv = -1;

	*plainp = NULL;
	if (!in_memory(v, t->offset, t->length) &&
	    (buf = malloc(t->length)) == NULL)
		return err_sys(e, ERR_IO, "memory for a record");
	if ((plain = secret_new(t->length, e)) == NULL)
		goto out;
	record = vault_bytes(v, t->offset, t->length, buf, e);
	if (record == NULL ||
	    vault_record_open(v, t, record, entry, plain, e) == -1)
		goto out;
	*plainp = plain;
	plain = NULL;
	rv = 0;
out:
	free(buf);
	secret_free(plain);
	return rv;
}

void
vault_key_hash(const struct vault *v, unsigned char *hash, enum table_kind kind,
    struct slice text)
{
	crypt_hash(hash, (unsigned char)kind, text, vault_keys(v)->hash);
}

/* Folds what is behind the last @ of a login to lower case: the host. */
static struct slice
fold_login(unsigned char *buf, size_t len)
{
	struct slice text = { buf, len };

	while (len > 0 && buf[--len] != CH_AT) {
		if (buf[len] >= CH_UPPER_A && buf[len] <= CH_UPPER_Z)
			buf[len] |= CH_CASE;
	}
	return text;
}

/* HLQ.PASSWD(SITE1), as which "//'hlq.passwd(site1)'" is written as well. */
static struct slice
fold_dataset(unsigned char *buf, struct slice from)
{
	struct slice text = { buf, 0 };
	unsigned char c;
	size_t i;

	for (i = 0; i < from.len; i++) {
		c = from.p[i];
		if (c == CH_BLANK || c == CH_TAB || c == CH_QUOTE ||
		    c == CH_QUOTES)
			continue;
		if (c >= CH_LOWER_A && c <= CH_LOWER_Z)
			c = (unsigned char)(c & ~CH_CASE);
		buf[text.len++] = c;
	}
	if (text.len >= 2 && buf[0] == CH_SLASH && buf[1] == CH_SLASH) {
		text.p += 2;
		text.len -= 2;
	}
	return text;
}

/* The text of a key as it is hashed; -1 if it is longer than any can be. */
static int
key_text(struct slice *textp, unsigned char buf[static VAULT_KEY_TEXT],
    enum table_kind kind, struct slice text)
{
	if (text.len > VAULT_KEY_TEXT)
		return -1;
	switch (kind) {
	case TABLE_NAME:
	case TABLE_PATH:
		*textp = text;
		return 0;
	case TABLE_LOGIN:
		memcpy(buf, text.p, text.len);
		*textp = fold_login(buf, text.len);
		return 0;
	case TABLE_DATASET:
		*textp = fold_dataset(buf, text);
		return 0;
	}
	return -1;
}

/* The next pair of a user and a host. */
static bool
next_login(struct key_walk *w, struct slice *textp)
{
	struct slice host;

	while (w->user_left) {
		while (record_attr(w->entry, "host", &w->at, &host)) {
			if (w->user.len == 0 || host.len == 0)
				continue;
			memcpy(w->text, w->user.p, w->user.len);
			w->text[w->user.len] = CH_AT;
			memcpy(w->text + w->user.len + 1, host.p, host.len);
			*textp =
			    fold_login(w->text, w->user.len + 1 + host.len);
			return true;
		}
		w->at = 0;
		w->user_left =
		    record_attr(w->entry, "user", &w->user_at, &w->user);
	}
	return false;
}

static bool
next_path(struct key_walk *w, struct slice *textp)
{
	if (w->kind != TABLE_PATH)
		w->at = 0;
	w->kind = TABLE_PATH;
	while (record_attr(w->entry, "path", &w->at, textp))
		if (textp->len > 0)
			return true;
	return false;
}

void
vault_key_start(struct key_walk *w, const struct entry *entry)
{
	w->entry = entry;
	w->kind = (enum table_kind)0;
	w->at = 0;
	w->user_at = 0;
	w->user_left = false;
}

bool
vault_key_next(struct key_walk *w, struct slice *textp)
{
	struct slice value;

	if (w->kind == 0) {
		w->kind = TABLE_NAME;
		*textp = w->entry->name;
		return true;
	}
	if (w->kind == TABLE_NAME) {
		w->kind = TABLE_LOGIN;
		w->user_left =
		    record_attr(w->entry, "user", &w->user_at, &w->user);
	}
	if (w->kind == TABLE_LOGIN) {
		if (next_login(w, textp))
			return true;
		w->kind = TABLE_DATASET;
		w->at = 0;
	}
	while (w->kind == TABLE_DATASET &&
	    record_attr(w->entry, "dataset", &w->at, &value)) {
		*textp = fold_dataset(w->text, value);
		if (textp->len > 0)
			return true;
	}
	return next_path(w, textp);
}

static bool
has_key(const struct entry *entry, enum table_kind kind, struct slice text)
{
	/* Static, for its 16 KiB of text would be zeroed on every look. */
	static struct key_walk w;
	struct slice is;

	vault_key_start(&w, entry);

	while (vault_key_next(&w, &is)) {
		if (w.kind == kind && slice_equal(is, text))
			return true;
	}
	return false;
}

static int
no_entry(const struct vault *v, struct err *e)
{
	return err_set(e, ERR_NOENTRY, "vault %s: no such entry", v->shown);
}

int
vault_lookup(const struct vault *v, enum table_kind kind,
    const unsigned char *hash, struct table_entry *found, struct err *e)
{
	struct table_entry entries[TABLE_PAGE_ENTRIES];
	unsigned char buf[TABLE_PAGE];
	const unsigned char *sealed;
	uint64_t page;
	size_t i, n = 0, matches = 0;

	/* A vault that was begun and not committed has none. */
	if (v->geometry.pages == 0)
		return no_entry(v, e);
	page = table_page_of(hash, v->geometry.pages);
	sealed = vault_bytes(v, table_page_at(page), TABLE_PAGE, buf, e);
	if (sealed == NULL ||
	    vault_page_open(v, page, sealed, entries, &n, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if ((entries[i].kind & ~TABLE_BUSY) != (uint32_t)kind ||
		    memcmp(entries[i].hash, hash, CRYPT_HASH) != 0)
			continue;
		*found = entries[i];
		matches++;
	}
	if (matches == 0)
		return no_entry(v, e);
	if (matches > 1 && kind == TABLE_NAME)
		return vault_damaged(v, e,
		    "page %" PRIu64 ": two entries have one name", page);
	if (matches > 1)
		return err_set(e, ERR_CONFIG,
		    "vault %s: %zu entries match; choose one by its name",
		    v->shown, matches);
	return 0;
}

/* Puts what was looked for before the message. */
static int
find_failed(struct err *e, enum table_kind kind, struct slice text)
{
	static const char *const nouns[] = {
		[TABLE_NAME] = "entry",
		[TABLE_LOGIN] = "login",
		[TABLE_DATASET] = "data set",
		[TABLE_PATH] = "path",
	};
	char shown[128];

	if (e->kind != ERR_NOENTRY && e->kind != ERR_CONFIG)
		return -1;
	return err_in(e, "%s %s", nouns[kind],
	    text_show(shown, sizeof(shown), text));
}

/* A staged entry, or a committed one that no staged one replaces. */
static int
find_record(const struct vault *v, enum table_kind kind, struct slice key,
    struct entry *entry, struct secret **plainp, struct err *e)
{
	unsigned char hash[CRYPT_HASH];
	const struct staged *item;
	struct table_entry found = { .offset = 0 };

	vault_key_hash(v, hash, kind, key);
	if (kind == TABLE_NAME && (item = vault_staged_name(v, hash)) != NULL)
		return vault_staged_read(v, item, entry, plainp, e);
	if (vault_lookup(v, kind, hash, &found, e) == -1 ||
	    vault_record_read(v, &found, entry, plainp, e) == -1)
		return -1;
	if (vault_staged_id(v, entry->id) == NULL)
		return 0;
	secret_free(*plainp);
	*plainp = NULL;
	return err_set(e, ERR_NOENTRY, "vault %s: no such entry", v->shown);
}

int
vault_find(struct vault *v, enum table_kind kind, struct slice text,
    struct entry *entry, struct secret **plainp, struct err *e)
{
	/* Static, so that the stack below it is not spread over more pages. */
	static unsigned char buf[VAULT_KEY_TEXT];
	struct slice key;

	*plainp = NULL;
	if (vault_fresh(v, e) == -1)
		return -1;
	if (key_text(&key, buf, kind, text) == -1) {
		(void)err_set(e, ERR_NOENTRY, "vault %s: no such entry",
		    v->shown);
		return find_failed(e, kind, text);
	}
	if (find_record(v, kind, key, entry, plainp, e) == -1)
		return find_failed(e, kind, text);
	if (has_key(entry, kind, key))
		return 0;
	secret_free(*plainp);
	*plainp = NULL;
	return vault_damaged(v, e,
	    "its index: it leads to another entry than was looked for");
}
