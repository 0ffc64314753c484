#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vault_internal.h"

/* Pages are read, bound and appended so many at a time. */
#define BATCH_PAGES 16

/*
 * With more changes than a page in so many has, the whole index is written:
 * it is then as dense as a new one.
 */
#define PAGES_A_CHANGE 4

/* A page as it becomes. */
struct patched {
	uint64_t page;
	size_t n;
	struct table_entry entries[TABLE_PAGE_ENTRIES];
};

struct patch {
	struct patched **pages;
	size_t n;
	size_t cap;
	/* Entries that came, or went, or were busy before, or are now. */
	size_t added;
	size_t removed;
	uint32_t busy_added;
	uint32_t busy_removed;
	/* Bytes of records behind the old ones. */
	uint64_t appended;
	size_t records;
	/* A page has no room for what belongs on it. */
	bool full;
};

void
vault_patch_free(struct patch *patch)
{
	size_t i;

	if (patch == NULL)
		return;
	for (i = 0; i < patch->n; i++)
		free(patch->pages[i]);
	free(patch->pages);
	free(patch);
}

/* A staged record of this length that has no place yet, or NULL. */
static struct staged *
heir_of(struct stage *s, uint32_t length)
{
	struct staged *item;
	size_t i;

	for (i = 0; i < s->n; i++) {
		item = &s->items[i];
		if (item->live && !item->in_place && item->length == length)
			return item;
	}
	return NULL;
}

/* Gives each dead record a staged one of its length.  False: one has none. */
static bool
find_heirs(struct stage *s)
{
	struct staged *item;
	size_t i;

	for (i = 0; i < s->ndead; i++) {
		if ((item = heir_of(s, s->dead[i].at.length)) == NULL)
			return false;
		item->in_place = true;
		s->dead[i].heir = item;
	}
	return true;
}

/* The heirs are not to be seen by whoever writes everything anew. */
static void
disown(struct stage *s)
{
	size_t i;

	for (i = 0; i < s->ndead; i++)
		s->dead[i].heir = NULL;
	for (i = 0; i < s->n; i++)
		s->items[i].in_place = false;
}

/* The page of a hash, read when it is first asked for. */
static struct patched *
page_for(const struct vault *v, struct patch *patch, const unsigned char *hash,
    struct err *e)
{
	uint64_t page = table_page_of(hash, v->geometry.pages);
	unsigned char buf[TABLE_PAGE];
	const unsigned char *sealed;
	struct patched *p;
	size_t i;

	for (i = 0; i < patch->n; i++) {
		if (patch->pages[i]->page == page)
			return patch->pages[i];
	}
	if (vault_grow(&patch->pages, patch->n, &patch->cap,
		sizeof(struct patched *), e) == -1)
		return NULL;
	if ((p = malloc(sizeof(*p))) == NULL) {
		(void)err_sys(e, ERR_IO, "memory for an index");
		return NULL;
	}
	p->page = page;
	sealed = vault_bytes(v, table_page_at(page), TABLE_PAGE, buf, e);
	if (sealed == NULL ||
	    vault_page_open(v, page, sealed, p->entries, &p->n, e) == -1) {
		free(p);
		return NULL;
	}
	patch->pages[patch->n++] = p;
	return p;
}

/* Takes the entry with this hash that points to a dead record. */
static int
drop_entry(const struct vault *v, struct patch *patch,
    const unsigned char *hash, uint64_t offset, struct err *e)
{
	struct patched *p = page_for(v, patch, hash, e);
	size_t i;

	if (p == NULL)
		return -1;
	for (i = 0; i < p->n; i++) {
		if (p->entries[i].offset == offset &&
		    memcmp(p->entries[i].hash, hash, CRYPT_HASH) == 0)
			break;
	}
	if (i == p->n)
		return vault_damaged(v, e,
		    "page %" PRIu64 ": a key of the record at %" PRIu64
		    " is missing",
		    p->page, offset);
	patch->busy_removed += (p->entries[i].kind & TABLE_BUSY) != 0;
	patch->removed++;
	memmove(&p->entries[i], &p->entries[i + 1],
	    (--p->n - i) * sizeof(p->entries[0]));
	return 0;
}

/* All keys of a dead record, as the record itself tells them. */
static int
drop_record(const struct vault *v, struct patch *patch, const struct dead *dead,
    struct err *e)
{
	struct key_list list = { 0 };
	struct secret *plain = NULL;
	struct entry entry;
	size_t i;
	int rv = -1;

	if (vault_record_read(v, &dead->at, &entry, &plain, e) == -1)
		return -1;
	if (vault_entry_keys(v, &entry, &list, e) == -1)
		goto out;
	for (i = 0; i < list.n; i++) {
		if (drop_entry(v, patch, list.keys[i].hash, dead->at.offset,
			e) == -1)
			goto out;
	}
	patch->records--;
	rv = 0;
out:
	free(list.keys);
	secret_free(plain);
	return rv;
}

static int
add_entry(const struct vault *v, struct patch *patch,
    const struct table_entry *t, struct err *e)
{
	struct patched *p = page_for(v, patch, t->hash, e);
	size_t i;

	if (p == NULL)
		return -1;
	if (p->n == TABLE_PAGE_ENTRIES) {
		patch->full = true;
		return 0;
	}
	for (i = p->n; i > 0; i--) {
		if (table_entry_compare(&p->entries[i - 1], t) < 0)
			break;
		p->entries[i] = p->entries[i - 1];
	}
	p->entries[i] = *t;
	p->n++;
	patch->busy_added += (t->kind & TABLE_BUSY) != 0;
	patch->added++;
	return 0;
}

static int
add_record(const struct vault *v, struct patch *patch,
    const struct staged *item, uint64_t offset, struct err *e)
{
	struct table_entry t;
	size_t i;

	for (i = 0; i < item->nkeys && !patch->full; i++) {
		t = item->keys[i];
		t.offset = offset;
		if (add_entry(v, patch, &t, e) == -1)
			return -1;
	}
	patch->records++;
	return 0;
}

static int
compare_pages(const void *a, const void *b)
{
	const struct patched *const *x = a, *const *y = b;

	return ((*x)->page > (*y)->page) - ((*x)->page < (*y)->page);
}

/* First all that goes, then all that comes: a page may be full. */
static int
change_pages(const struct vault *v, struct patch *patch, struct err *e)
{
	const struct stage *s = &v->stage;
	const struct staged *item;
	size_t i;

	for (i = 0; i < s->ndead; i++) {
		if (drop_record(v, patch, &s->dead[i], e) == -1)
			return -1;
	}
	for (i = 0; i < s->ndead; i++) {
		if (add_record(v, patch, s->dead[i].heir, s->dead[i].at.offset,
			e) == -1)
			return -1;
	}
	for (i = 0; i < s->n; i++) {
		item = &s->items[i];
		if (!item->live || item->in_place)
			continue;
		if (add_record(v, patch, item,
			v->geometry.size + patch->appended, e) == -1)
			return -1;
		patch->appended += item->length;
	}
	if (patch->n > 0)
		qsort(patch->pages, patch->n, sizeof(struct patched *),
		    compare_pages);
	return 0;
}

int
vault_patch_make(struct vault *v, struct table_header *head,
    struct table_geometry *g, struct patch **patchp, struct err *e)
{
	struct patch *patch;
	int rv = -1;

	*patchp = NULL;
	disown(&v->stage);
	if (v->next_keys != NULL ||
	    v->stage.n > v->geometry.pages / PAGES_A_CHANGE ||
	    !find_heirs(&v->stage)) {
		disown(&v->stage);
		return 0;
	}
	if ((patch = calloc(1, sizeof(*patch))) == NULL)
		return err_sys(e, ERR_IO, "memory for an index");
	rv = change_pages(v, patch, e);
	if (rv == -1 || patch->full ||
	    v->geometry.entries + patch->added > TABLE_ENTRIES_MAX) {
		disown(&v->stage);
		vault_patch_free(patch);
		return rv;
	}
	*g = v->geometry;
	g->entries += patch->added - patch->removed;
	g->records += patch->records;
	g->size += patch->appended;
	head->busy += patch->busy_added - patch->busy_removed;
	*patchp = patch;
	return 0;
}

/* Binds a page that stays as it is to the next generation. */
static int
carry_over(const struct vault *v, const struct table_header *h, uint64_t page,
    unsigned char *sealed, struct err *e)
{
	unsigned char buf[VAULT_AD];

	/* Or an older page that somebody put there would become a new one. */
	if (vault_page_bound(v, page, sealed, e) == -1)
		return -1;
	crypt_bind(sealed + TABLE_PAGE_SEALED,
	    vault_page_bond(buf, h, page, sealed), vault_keys(v)->bind);
	return 0;
}

int
vault_patch_write(const struct vault *v, const struct table_header *h,
    const struct patch *patch, struct store_new *out, struct err *e)
{
	const uint64_t pages = v->geometry.pages;
	const unsigned char *old;
	unsigned char *batch, *sealed;
	const struct patched *p;
	uint64_t page, end;
	size_t len, next = 0;
	int rv = -1;

	if ((batch = malloc((size_t)BATCH_PAGES * TABLE_PAGE)) == NULL)
		return err_sys(e, ERR_IO, "memory for an index");
	for (page = 0; page < pages;) {
		end = pages - page > BATCH_PAGES ? page + BATCH_PAGES : pages;
		len = (size_t)(end - page) * TABLE_PAGE;
		old = vault_bytes(v, table_page_at(page), len, batch, e);
		if (old == NULL)
			goto out;
		if (old != batch)
			memcpy(batch, old, len);
		for (sealed = batch; page < end; page++, sealed += TABLE_PAGE) {
			p = next < patch->n ? patch->pages[next] : NULL;
			if (p != NULL && p->page == page) {
				vault_page_seal(v, h, page, p->entries, p->n,
				    sealed);
				next++;
			} else if (carry_over(v, h, page, sealed, e) == -1) {
				goto out;
			}
		}
		if (store_append(out, batch, len, e) == -1)
			goto out;
	}
	rv = 0;
out:
	free(batch);
	return rv;
}
