#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vault_internal.h"

int
vault_entry_keys(const struct vault *v, const struct entry *entry,
    struct key_list *list, struct err *e)
{
	struct key_walk w;
	struct table_entry *key;
	struct slice text;
	size_t i, n = 0;

	list->n = 0;
	vault_key_start(&w, entry);
	while (vault_key_next(&w, &text)) {
		if (vault_grow(&list->keys, list->n, &list->cap,
			sizeof(*list->keys), e) == -1)
			return -1;
		key = &list->keys[list->n++];
		memset(key, 0, sizeof(*key));
		vault_key_hash(v, key->hash, w.kind, text);
		key->kind = (uint32_t)w.kind;
		if (w.kind == TABLE_NAME &&
		    entry->rotation.state != ROTATION_IDLE)
			key->kind |= TABLE_BUSY;
	}
	/* The same host twice, in other letters, is one key. */
	if (list->n > 1)
		qsort(list->keys, list->n, sizeof(*list->keys),
		    table_entry_compare);
	for (i = 0; i < list->n; i++) {
		if (n == 0 ||
		    table_entry_compare(&list->keys[n - 1], &list->keys[i]) !=
			0)
			list->keys[n++] = list->keys[i];
	}
	list->n = n;
	return 0;
}

int
vault_seal(const struct vault *v, const struct entry *entry,
    struct staged *item, struct err *e)
{
	struct key_list list = { 0 };
	struct secret *plain = NULL;
	unsigned char buf[VAULT_AD];
	size_t i, size;
	int rv = -1;

	if ((size = record_size(entry, e)) == 0 ||
	    (plain = secret_new(size, e)) == NULL ||
	    record_encode(entry, plain->data, size, e) == -1 ||
	    vault_entry_keys(v, entry, &list, e) == -1)
		goto out;
	item->length = (uint32_t)(size + VAULT_RECORD_OVERHEAD);
	if ((item->record = malloc(item->length)) == NULL) {
		(void)err_sys(e, ERR_IO, "memory for a record");
		goto out;
	}
	memcpy(item->record, entry->id, RECORD_ID);
	put_u64(item->record + RECORD_ID, entry->version);
	crypt_seal(item->record + VAULT_RECORD_HEAD, plain->data, size,
	    vault_record_ad(buf, &v->head, item->record),
	    vault_keys(v)->record);
	for (i = 0; i < list.n; i++) {
		list.keys[i].length = item->length;
		memcpy(list.keys[i].tag,
		    item->record + item->length - CRYPT_TAG, CRYPT_TAG);
	}
	/* A hundred thousand of these may be kept: without the spare room. */
	item->keys = reallocarray(list.keys, list.n, sizeof(*list.keys));
	if (item->keys == NULL)
		item->keys = list.keys;
	item->nkeys = list.n;
	list.keys = NULL;
	rv = 0;
out:
	free(list.keys);
	secret_free(plain);
	return rv;
}

static void
old_staged(struct old *old, const struct staged *item)
{
	old->exists = true;
	old->version = item->version;
	memcpy(old->id, item->id, RECORD_ID);
}

/* Opens a record before its id is believed. */
static int
old_committed(const struct vault *v, struct old *old,
    const struct table_entry *at, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry;

	if (vault_record_read(v, at, &entry, &plain, e) == -1)
		return -1;
	secret_free(plain);
	if (vault_staged_id(v, entry.id) != NULL)
		return 0;
	old->exists = true;
	old->committed = true;
	old->at = *at;
	old->version = entry.version;
	memcpy(old->id, entry.id, RECORD_ID);
	return 0;
}

/* Who has this name now; old->exists tells whether anybody. */
static int
find_by_name(const struct vault *v, struct old *old, struct slice name,
    struct err *e)
{
	unsigned char hash[CRYPT_HASH];
	const struct staged *item;
	struct table_entry at;

	memset(old, 0, sizeof(*old));
	vault_key_hash(v, hash, TABLE_NAME, name);
	if ((item = vault_staged_name(v, hash)) != NULL) {
		old_staged(old, item);
		return 0;
	}
	if (vault_lookup(v, TABLE_NAME, hash, &at, e) == -1)
		return e->kind == ERR_NOENTRY ? 0 : -1;
	return old_committed(v, old, &at, e);
}

static int
compare_ids(const void *a, const void *b)
{
	const struct record_at *x = a, *y = b;

	return memcmp(x->id, y->id, RECORD_ID);
}

/* Reads the id of every record. */
static int
read_ids(struct vault *v, struct err *e)
{
	struct stage *s = &v->stage;
	struct scan scan = { .v = v };
	struct table_entry *records = NULL;
	struct record_at *ids = NULL;
	const unsigned char *record;
	size_t i, n;
	int rv = -1;

	if (vault_records(v, &records, &n, e) == -1)
		goto out;
	if ((ids = calloc(n + 1, sizeof(*ids))) == NULL) {
		(void)err_sys(e, ERR_IO, "memory for an index");
		goto out;
	}
	for (i = 0; i < n; i++) {
		if ((record = vault_scan(&scan, &records[i], e)) == NULL)
			goto out;
		memcpy(ids[i].id, record, RECORD_ID);
		ids[i].at = records[i];
	}
	qsort(ids, n, sizeof(*ids), compare_ids);
	s->ids = ids;
	s->nids = n;
	s->ids_read = true;
	ids = NULL;
	rv = 0;
out:
	free(scan.buf);
	free(records);
	free(ids);
	return rv;
}

/*
 * The entry with this id.  Only one that gets another name comes here: there
 * is no index of ids, and so they are all read, once for each commit.
 */
static int
find_by_id(struct vault *v, struct old *old, const unsigned char *id,
    struct err *e)
{
	const struct staged *item;
	const struct record_at *found;
	struct record_at key;

	if ((item = vault_staged_id(v, id)) != NULL) {
		old_staged(old, item);
		return 0;
	}
	if (!v->stage.ids_read && read_ids(v, e) == -1)
		return -1;
	memcpy(key.id, id, RECORD_ID);
	found = bsearch(&key, v->stage.ids, v->stage.nids, sizeof(key),
	    compare_ids);
	return found == NULL ? 0 : old_committed(v, old, &found->at, e);
}

int
vault_put(struct vault *v, struct entry *entry, struct err *e)
{
	bool fresh = is_zero(entry->id, RECORD_ID);
	struct staged sealed = { 0 };
	struct old old;
	char shown[128];

	assert(v->write);
	if (vault_fresh(v, e) == -1 ||
	    find_by_name(v, &old, entry->name, e) == -1)
		return -1;
	if (old.exists && (fresh || memcmp(old.id, entry->id, RECORD_ID) != 0))
		return err_set(e, ERR_DENIED,
		    "vault %s: it has an entry %s already", v->shown,
		    text_show(shown, sizeof(shown), entry->name));
	if (!old.exists && !fresh && find_by_id(v, &old, entry->id, e) == -1)
		return -1;
	if (fresh)
		crypt_random(entry->id, RECORD_ID);
	if (old.version == UINT64_MAX)
		return err_set(e, ERR_DENIED,
		    "vault %s: there is no version of %s after this one; copy "
		    "it to a new entry",
		    v->shown, text_show(shown, sizeof(shown), entry->name));
	entry->version = old.version + 1;
	entry->modified = (uint64_t)time(NULL);
	if (fresh || entry->created == 0)
		entry->created = entry->modified;
	if (vault_stage_reserve(&v->stage, e) == -1)
		return -1;
	if (vault_seal(v, entry, &sealed, e) == -1) {
		vault_staged_free(&sealed);
		return err_in(e, "entry %s",
		    text_show(shown, sizeof(shown), entry->name));
	}
	vault_stage_put(v, &old, entry, &sealed);
	return 0;
}

int
vault_remove(struct vault *v, struct slice name, struct err *e)
{
	struct old old;
	char shown[128];

	assert(v->write);
	if (vault_fresh(v, e) == -1 || find_by_name(v, &old, name, e) == -1)
		return -1;
	if (!old.exists)
		return err_set(e, ERR_NOENTRY, "vault %s: no entry %s",
		    v->shown, text_show(shown, sizeof(shown), name));
	if (vault_stage_reserve(&v->stage, e) == -1)
		return -1;
	(void)vault_stage_remove(v, &old, old.id);
	return 0;
}
