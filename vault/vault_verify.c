#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vault_internal.h"

/* Index and records are read so many bytes at a time. */
#define SCAN_PAGES 16
#define SCAN_SIZE 1048576

/* pawl-vault(5): the least size of a record, which divides the others. */
#define RECORD_UNIT 256

_Static_assert(SCAN_SIZE >= VAULT_RECORD_MAX, "a record is read at once");

/* An index being read: n entries so far. */
struct reading {
	const struct vault *v;
	struct table_entry *entries;
	size_t n;
};

static int
open_pages(struct reading *r, uint64_t first, size_t pages,
    const unsigned char *sealed, struct err *e)
{
	uint64_t most = r->v->geometry.entries;
	size_t i, n = 0;

	for (i = 0; i < pages; i++, sealed += TABLE_PAGE) {
		/* Behind what the geometry counts there is room for a page. */
		if (vault_page_open(r->v, first + i, sealed, r->entries + r->n,
			&n, e) == -1)
			return -1;
		r->n += n;
		if (r->n > most)
			return vault_damaged(r->v, e,
			    "page %" PRIu64 ": more than %" PRIu64 " entries",
			    first + i, most);
	}
	return 0;
}

int
vault_index(const struct vault *v, size_t extra, struct table_entry **entriesp,
    size_t *np, struct err *e)
{
	const struct table_geometry *g = &v->geometry;
	struct reading r = { .v = v };
	const unsigned char *sealed;
	unsigned char *buf = NULL;
	uint64_t page;
	size_t pages;
	int rv = -1;

	r.entries =
	    reallocarray(NULL, (size_t)g->entries + extra + TABLE_PAGE_ENTRIES,
		sizeof(*r.entries));
	buf = malloc((size_t)SCAN_PAGES * TABLE_PAGE);
	if (r.entries == NULL || buf == NULL) {
		(void)err_sys(e, ERR_IO, "memory for an index");
		goto out;
	}
	for (page = 0; page < g->pages; page += pages) {
		pages = SCAN_PAGES;
		if (pages > g->pages - page)
			pages = (size_t)(g->pages - page);
		sealed = vault_bytes(v, table_page_at(page), pages * TABLE_PAGE,
		    buf, e);
		if (sealed == NULL ||
		    open_pages(&r, page, pages, sealed, e) == -1)
			goto out;
	}
	if (r.n != g->entries) {
		(void)vault_damaged(v, e,
		    "its index: %zu entries instead of %" PRIu64, r.n,
		    g->entries);
		goto out;
	}
	*entriesp = r.entries;
	*np = r.n;
	r.entries = NULL;
	rv = 0;
out:
	free(buf);
	free(r.entries);
	return rv;
}

/*
 * Index entries in the order of what they point to, each in the order that it
 * had; frees what they were.  Records have sizes that are multiples of
 * RECORD_UNIT: so this counts, and compares nothing.
 */
static int
by_offset(const struct vault *v, struct table_entry **entriesp, size_t n,
    struct err *e)
{
	const uint64_t from = v->geometry.records_at;
	const size_t places =
	    (size_t)((v->geometry.size - from) / RECORD_UNIT) + 2;
	struct table_entry *old = *entriesp, *sorted;
	size_t *count, i;

	sorted = reallocarray(NULL, n + 1, sizeof(*sorted));
	count = calloc(places, sizeof(*count));
	if (sorted == NULL || count == NULL) {
		free(sorted);
		free(count);
		return err_sys(e, ERR_IO, "memory for an index");
	}
	for (i = 0; i < n; i++)
		count[(old[i].offset - from) / RECORD_UNIT + 1]++;
	for (i = 1; i < places; i++)
		count[i] += count[i - 1];
	for (i = 0; i < n; i++)
		sorted[count[(old[i].offset - from) / RECORD_UNIT]++] = old[i];
	free(count);
	free(old);
	*entriesp = sorted;
	return 0;
}

int
vault_records(const struct vault *v, struct table_entry **recordsp, size_t *np,
    struct err *e)
{
	struct table_entry *entries = NULL;
	size_t i, n, names = 0;

	if (vault_index(v, 0, &entries, &n, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if ((entries[i].kind & ~TABLE_BUSY) == TABLE_NAME)
			entries[names++] = entries[i];
	}
	if (names != v->geometry.records) {
		free(entries);
		return vault_damaged(v, e,
		    "its index: %zu names for %" PRIu64 " records", names,
		    v->geometry.records);
	}
	if (by_offset(v, &entries, names, e) == -1) {
		free(entries);
		return -1;
	}
	*recordsp = entries;
	*np = names;
	return 0;
}

const unsigned char *
vault_scan(struct scan *s, const struct table_entry *t, struct err *e)
{
	const struct vault *v = s->v;

	if (v->nbytes == v->store.size)
		return v->bytes + t->offset;
	if (s->buf == NULL && (s->buf = malloc(SCAN_SIZE)) == NULL) {
		(void)err_sys(e, ERR_IO, "memory for records");
		return NULL;
	}
	if (t->offset < s->at || t->offset - s->at > s->len ||
	    t->length > s->len - (t->offset - s->at)) {
		s->at = t->offset;
		s->len = SCAN_SIZE;
		if (s->len > v->geometry.size - s->at)
			s->len = (size_t)(v->geometry.size - s->at);
		if (vault_bytes(v, s->at, s->len, s->buf, e) == NULL) {
			s->len = 0;
			return NULL;
		}
	}
	return s->buf + (t->offset - s->at);
}

/* Secret memory for any of the records. */
static struct secret *
room_for(const struct table_entry *records, size_t n, struct err *e)
{
	size_t i, longest = 0;

	for (i = 0; i < n; i++) {
		if (records[i].length > longest)
			longest = records[i].length;
	}
	return secret_new(longest, e);
}

int
vault_each(struct vault *v,
    int (*visit)(const struct entry *entry, void *arg, struct err *e),
    void *arg, struct err *e)
{
	struct scan scan = { .v = v };
	struct table_entry *records = NULL;
	struct secret *plain = NULL;
	const unsigned char *record;
	struct entry entry;
	size_t i, n = 0;
	int rv = -1;

	if (vault_fresh(v, e) == -1 ||
	    vault_records(v, &records, &n, e) == -1 ||
	    (plain = room_for(records, n, e)) == NULL)
		goto out;
	for (i = 0, rv = 0; i < n && rv == 0; i++) {
		rv = -1;
		if ((record = vault_scan(&scan, &records[i], e)) == NULL ||
		    vault_record_open(v, &records[i], record, &entry, plain,
			e) == -1)
			goto out;
		rv = visit(&entry, arg, e);
	}
out:
	free(scan.buf);
	free(records);
	secret_free(plain);
	return rv;
}

/* What vault_verify() has at hand for each record. */
struct check {
	const struct vault *v;
	struct secret *plain;
	struct key_list keys;
	struct scan scan;
	/* The ids seen. */
	unsigned char *ids;
	size_t nids;
	/* Where the next record has to be. */
	uint64_t at;
	uint32_t busy;
};

/* The n index entries at t lead to one record, and are just its keys. */
static int
check_record(struct check *c, const struct table_entry *t, size_t n,
    struct err *e)
{
	const unsigned char *record;
	struct entry entry;
	size_t i;

	if (t->offset != c->at)
		return vault_damaged(c->v, e,
		    "the records: %" PRIu64 " where %" PRIu64 " should be",
		    t->offset, c->at);
	if ((record = vault_scan(&c->scan, t, e)) == NULL ||
	    vault_record_open(c->v, t, record, &entry, c->plain, e) == -1 ||
	    vault_entry_keys(c->v, &entry, &c->keys, e) == -1)
		return -1;
	for (i = 0; i < n && i < c->keys.n; i++) {
		if (memcmp(t[i].hash, c->keys.keys[i].hash, CRYPT_HASH) != 0 ||
		    t[i].kind != c->keys.keys[i].kind ||
		    t[i].length != t->length ||
		    memcmp(t[i].tag, t->tag, CRYPT_TAG) != 0)
			break;
	}
	if (i < n || n != c->keys.n)
		return vault_damaged(c->v, e,
		    "its index: other keys than those of the record at "
		    "%" PRIu64,
		    t->offset);
	/* Who changes an entry takes these for one that is new. */
	if (is_zero(entry.id, RECORD_ID) || entry.version == 0)
		return vault_damaged(c->v, e,
		    "the record at %" PRIu64 ": it has no id or no version",
		    t->offset);
	if (entry.rotation.state != ROTATION_IDLE)
		c->busy++;
	memcpy(c->ids + c->nids++ * RECORD_ID, entry.id, RECORD_ID);
	c->at += t->length;
	return 0;
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, RECORD_ID);
}

static int
check_unique(const struct check *c, struct err *e)
{
	const unsigned char *id = c->ids;
	size_t i;

	qsort(c->ids, c->nids, RECORD_ID, compare_ids);
	for (i = 1; i < c->nids; i++, id += RECORD_ID) {
		if (memcmp(id, id + RECORD_ID, RECORD_ID) == 0)
			return vault_damaged(c->v, e,
			    "the records: two have one id");
	}
	return 0;
}

static int
check_names(const struct vault *v, const struct table_entry *entries, size_t n,
    struct err *e)
{
	size_t i;

	for (i = 1; i < n; i++) {
		if ((entries[i].kind & ~TABLE_BUSY) == TABLE_NAME &&
		    memcmp(entries[i - 1].hash, entries[i].hash, CRYPT_HASH) ==
			0)
			return vault_damaged(v, e,
			    "its index: two entries have one name");
	}
	return 0;
}

/* Every record, with all the index entries that lead to it. */
static int
check_records(struct check *c, struct table_entry *entries, size_t n,
    struct err *e)
{
	const struct table_geometry *g = &c->v->geometry;
	size_t i, same;

	c->at = g->records_at;
	for (i = 0; i < n; i += same) {
		for (same = 1; i + same < n; same++) {
			if (entries[i + same].offset != entries[i].offset)
				break;
		}
		if (c->nids == g->records)
			return vault_damaged(c->v, e,
			    "the records: more than %" PRIu64, g->records);
		if (check_record(c, &entries[i], same, e) == -1)
			return -1;
	}
	if (c->nids != g->records || c->at != g->size)
		return vault_damaged(c->v, e,
		    "the records: %zu of %" PRIu64 ", up to %" PRIu64
		    " of %" PRIu64,
		    c->nids, g->records, c->at, g->size);
	if (c->busy != c->v->head.busy)
		return vault_damaged(c->v, e,
		    "its header: %" PRIu32 " entries in rotation instead of "
		    "%" PRIu32,
		    c->v->head.busy, c->busy);
	return check_unique(c, e);
}

static int
check_slots(const struct vault *v, unsigned int *slotsp, struct err *e)
{
	const unsigned char *slot = v->bytes + TABLE_SLOTS_AT;
	struct slot_info info;
	unsigned int i;

	*slotsp = 0;
	for (i = 0; i < TABLE_SLOTS; i++, slot += TABLE_SLOT) {
		if (slot_get(&info, slot, e) == -1)
			return err_in(e, "vault %s: slot %u", v->shown, i);
		*slotsp += info.kind != SLOT_EMPTY;
	}
	return 0;
}

int
vault_verify(struct vault *v, struct vault_report *r, struct err *e)
{
	struct check c = { .v = v, .scan = { .v = v } };
	struct table_entry *entries = NULL;
	size_t n = 0;
	int rv = -1;

	if (vault_fresh(v, e) == -1 || check_slots(v, &r->slots, e) == -1 ||
	    vault_index(v, 0, &entries, &n, e) == -1 ||
	    check_names(v, entries, n, e) == -1 ||
	    (c.plain = room_for(entries, n, e)) == NULL)
		goto out;
	c.ids = reallocarray(NULL, (size_t)v->geometry.records + 1, RECORD_ID);
	if (c.ids == NULL) {
		(void)err_sys(e, ERR_IO, "memory for an index");
		goto out;
	}
	if (by_offset(v, &entries, n, e) == -1 ||
	    check_records(&c, entries, n, e) == -1)
		goto out;
	r->generation = v->head.generation;
	r->time = v->head.time;
	r->pages = v->geometry.pages;
	r->entries = v->geometry.entries;
	r->records = v->geometry.records;
	r->bytes = v->geometry.size;
	r->busy = v->head.busy;
	rv = 0;
out:
	free(c.scan.buf);
	free(c.keys.keys);
	free(c.ids);
	free(entries);
	secret_free(c.plain);
	return rv;
}
