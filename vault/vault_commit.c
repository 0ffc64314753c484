#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vault_internal.h"

/* Pages are sealed and appended so many at a time. */
#define BATCH_PAGES 16

/* The next generation in the making. */
struct next {
	/* Sorted.  Offsets count from the first record. */
	struct table_entry *entries;
	size_t n;
	/* Or, where there is little to do, this instead of entries. */
	struct patch *patch;
	struct table_header head;
	struct table_geometry geometry;
	/* TABLE_HEADER bytes. */
	unsigned char *header;
	struct store_new *out;
};

/* Nobody replaced the vault since it was read, as the lock says. */
static int
check_unchanged(const struct vault *v, struct err *e)
{
	struct store now = { .fd = -1 };
	unsigned char header[TABLE_HEADER] = { 0 };
	int rv = -1;

	if (store_open(&now, v->path, NULL, e) == -1)
		return -1;
	if (now.size >= TABLE_HEADER &&
	    store_read(&now, 0, header, sizeof(header), e) == -1)
		goto out;
	if (memcmp(header, v->bytes, sizeof(header)) == 0)
		rv = 0;
	else
		(void)err_set(e, ERR_BUSY,
		    "vault %s: somebody else replaced it and nothing was "
		    "written; try again",
		    v->shown);
out:
	store_close(&now);
	return rv;
}

static int
compare_dead(const void *a, const void *b)
{
	const struct dead *x = a, *y = b;

	return (x->at.offset > y->at.offset) - (x->at.offset < y->at.offset);
}

/* Sorts the dead records and adds up how much goes before each. */
static void
sort_dead(struct stage *s)
{
	uint64_t before = 0;
	size_t i;

	if (s->ndead > 0)
		qsort(s->dead, s->ndead, sizeof(*s->dead), compare_dead);
	for (i = 0; i < s->ndead; i++) {
		s->dead[i].before = before;
		before += s->dead[i].at.length;
	}
}

/* The last dead record at or before an offset, or NULL. */
static const struct dead *
dead_before(const struct stage *s, uint64_t offset)
{
	size_t low = 0, high = s->ndead, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (s->dead[mid].at.offset <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low == 0 ? NULL : &s->dead[low - 1];
}

/* Reads the old index without what is dead; offsets close up. */
static int
gather_old(const struct vault *v, struct next *next, size_t extra,
    struct err *e)
{
	const struct dead *dead;
	struct table_entry *t;
	size_t i, n;

	if (vault_index(v, extra, &next->entries, &n, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		t = &next->entries[i];
		dead = dead_before(&v->stage, t->offset);
		if (dead != NULL && dead->at.offset == t->offset)
			continue;
		if (dead != NULL &&
		    t->offset - dead->at.offset < dead->at.length)
			return vault_damaged(v, e,
			    "its index: a record within the one at %" PRIu64,
			    dead->at.offset);
		t->offset -= v->geometry.records_at;
		if (dead != NULL)
			t->offset -= dead->before + dead->at.length;
		next->head.busy += (t->kind & TABLE_BUSY) != 0;
		if (&next->entries[next->n] != t)
			next->entries[next->n] = *t;
		next->n++;
	}
	return 0;
}

/* How many of the first n entries come before t. */
static size_t
count_before(const struct table_entry *entries, size_t n,
    const struct table_entry *t)
{
	size_t low = 0, mid;

	while (low < n) {
		mid = low + (n - low) / 2;
		if (table_entry_compare(&entries[mid], t) < 0)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

/* Merges n sorted entries into those that there are, from the end. */
static void
merge(struct next *next, const struct table_entry *fresh, size_t n)
{
	size_t i, left = next->n;

	next->n += n;
	while (n-- > 0) {
		i = count_before(next->entries, left, &fresh[n]);
		memmove(&next->entries[i + n + 1], &next->entries[i],
		    (left - i) * sizeof(*fresh));
		next->entries[i + n] = fresh[n];
		left = i;
	}
}

/* Adds what was put; there is room. */
static int
gather_new(const struct vault *v, struct next *next, size_t extra,
    struct err *e)
{
	const struct stage *s = &v->stage;
	const struct staged *item;
	struct table_entry *fresh;
	size_t i, j, n = 0;

	if ((fresh = reallocarray(NULL, extra + 1, sizeof(*fresh))) == NULL)
		return err_sys(e, ERR_IO, "memory for an index");
	for (i = 0; i < s->n; i++) {
		item = &s->items[i];
		for (j = 0; j < item->nkeys; j++) {
			fresh[n] = item->keys[j];
			fresh[n++].offset = next->geometry.size;
			next->head.busy +=
			    (item->keys[j].kind & TABLE_BUSY) != 0;
		}
		next->geometry.size += item->length;
		next->geometry.records += item->live;
	}
	qsort(fresh, n, sizeof(*fresh), table_entry_compare);
	merge(next, fresh, n);
	free(fresh);
	return 0;
}

/* The longest run of one hash: its length, and *lastp its last entry. */
static size_t
longest_run(const struct next *next, const struct table_entry **lastp)
{
	const struct table_entry *t = next->entries;
	size_t i, run = 0, longest = 0;

	for (i = 0; i < next->n; i++) {
		if (i == 0 || memcmp(t[i].hash, t[i - 1].hash, CRYPT_HASH) != 0)
			run = 0;
		if (++run > longest) {
			longest = run;
			*lastp = &t[i];
		}
	}
	return longest;
}

/* No number of pages will do: names an entry that is one too many. */
static int
crowded(const struct vault *v, const struct next *next, struct err *e)
{
	const struct table_entry *last = next->entries;
	const struct staged *item = v->stage.items;
	struct secret *plain = NULL;
	struct entry entry;
	char shown[128] = "that was there before";
	size_t i, run = longest_run(next, &last);

	for (i = 0; i < v->stage.n; i++, item++) {
		/* What was put last comes last in a run. */
		if (!item->live ||
		    memcmp(item->keys[0].tag, last->tag, CRYPT_TAG) != 0)
			continue;
		if (vault_staged_read(v, item, &entry, &plain, e) == -1)
			return -1;
		(void)text_show(shown, sizeof(shown), entry.name);
		secret_free(plain);
		break;
	}
	return err_set(e, ERR_USAGE,
	    "vault %s: %zu entries have one login or data set, which is too "
	    "many; one is entry %s; nothing was written",
	    v->shown, run, shown);
}

/* The whole index and geometry of the next generation. */
static int
gather(struct vault *v, struct next *next, struct err *e)
{
	const struct stage *s = &v->stage;
	struct table_geometry *g = &next->geometry;
	size_t i, extra = 0;

	for (i = 0; i < s->n; i++)
		extra += s->items[i].nkeys;
	next->head.busy = 0;
	g->records = v->geometry.records - s->ndead;
	/* Of the records alone, at first. */
	g->size = v->geometry.size - v->geometry.records_at;
	for (i = 0; i < s->ndead; i++)
		g->size -= s->dead[i].at.length;
	if (gather_old(v, next, extra, e) == -1 ||
	    gather_new(v, next, extra, e) == -1)
		return -1;
	if (next->n > TABLE_ENTRIES_MAX)
		return err_set(e, ERR_USAGE,
		    "vault %s: more than %u index entries; nothing was "
		    "written",
		    v->shown, TABLE_ENTRIES_MAX);
	g->entries = next->n;
	if ((g->pages = table_pages_for(next->entries, next->n)) == 0)
		return crowded(v, next, e);
	g->records_at = table_page_at(g->pages);
	g->size += g->records_at;
	return 0;
}

static void
make_header(const struct vault *v, struct next *next)
{
	unsigned char buf[VAULT_AD], plain[TABLE_GEOMETRY];
	unsigned char *header = next->header;
	struct slice signed_part = { header, TABLE_MAC_AT };

	memcpy(header, v->bytes, TABLE_HEADER);
	if (v->stage.slots_changed)
		memcpy(header + TABLE_SLOTS_AT, v->stage.slots,
		    sizeof(v->stage.slots));
	table_header_put(header, &next->head);
	table_geometry_put(plain, &next->geometry);
	crypt_seal(header + TABLE_GEOMETRY_AT, plain, sizeof(plain),
	    vault_geometry_ad(buf, &next->head), vault_keys(v)->geometry);
	crypt_mac(header + TABLE_MAC_AT, signed_part, vault_keys(v)->header);
}

static int
write_pages(const struct vault *v, struct next *next, struct err *e)
{
	uint64_t page, pages = next->geometry.pages;
	unsigned char *batch;
	struct table_entry *t;
	size_t n, at = 0, len = 0;
	int rv = -1;

	if ((batch = malloc((size_t)BATCH_PAGES * TABLE_PAGE)) == NULL)
		return err_sys(e, ERR_IO, "memory for an index");
	for (page = 0; page < pages; page++) {
		t = next->entries + at;
		for (n = 0; at + n < next->n; n++) {
			if (table_page_of(t[n].hash, pages) != page)
				break;
			t[n].offset += next->geometry.records_at;
		}
		vault_page_seal(v, &next->head, page, t, n, batch + len);
		at += n;
		len += TABLE_PAGE;
		if (page + 1 < pages && len < (size_t)BATCH_PAGES * TABLE_PAGE)
			continue;
		if (store_append(next->out, batch, len, e) == -1)
			goto out;
		len = 0;
	}
	rv = 0;
out:
	free(batch);
	return rv;
}

/* Copies what lives; heirs go where the dead were, the others to the end. */
static int
write_records(const struct vault *v, struct next *next, struct err *e)
{
	const struct stage *s = &v->stage;
	const struct dead *dead;
	uint64_t end, at = v->geometry.records_at;
	size_t i;

	for (i = 0; i <= s->ndead; i++) {
		dead = i < s->ndead ? &s->dead[i] : NULL;
		end = dead != NULL ? dead->at.offset : v->geometry.size;
		if (end > at &&
		    store_append_from(next->out, &v->store, at, end - at, e) ==
			-1)
			return -1;
		if (dead == NULL)
			break;
		at = end + dead->at.length;
		if (dead->heir != NULL &&
		    store_append(next->out, dead->heir->record,
			dead->heir->length, e) == -1)
			return -1;
	}
	for (i = 0; i < s->n; i++) {
		if (s->items[i].live && !s->items[i].in_place &&
		    store_append(next->out, s->items[i].record,
			s->items[i].length, e) == -1)
			return -1;
	}
	return 0;
}

static int
write_all_of(const struct vault *v, struct next *next, struct err *e)
{
	if ((next->header = malloc(TABLE_HEADER)) == NULL)
		return err_sys(e, ERR_IO, "memory for a header");
	make_header(v, next);
	if (store_append(next->out, next->header, TABLE_HEADER, e) == -1)
		return -1;
	if (next->patch != NULL) {
		if (vault_patch_write(v, &next->head, next->patch, next->out,
			e) == -1)
			return -1;
	} else if (write_pages(v, next, e) == -1) {
		return -1;
	}
	return write_records(v, next, e);
}

/* The vault becomes the generation that was written. */
static void
become(struct vault *v, struct next *next)
{
	v->head = next->head;
	v->geometry = next->geometry;
	free(v->bytes);
	v->bytes = next->header;
	v->nbytes = TABLE_HEADER;
	next->header = NULL;
	v->stale = true;
	store_close(&v->store);
	vault_stage_free(&v->stage);
}

static bool
has_changes(const struct vault *v)
{
	const struct stage *s = &v->stage;
	size_t i;

	if (v->first != NULL || s->ndead > 0 || s->slots_changed)
		return true;
	for (i = 0; i < s->n; i++) {
		if (s->items[i].live)
			return true;
	}
	return false;
}

/* Writes it, under the new keys if there are any, and puts it in place. */
static int
replace(struct vault *v, struct next *next, struct err *e)
{
	bool rekeyed = v->next_keys != NULL;
	int rv = -1;

	next->out = v->first;
	v->first = NULL;
	if (next->out == NULL &&
	    (next->out = store_begin(v->path, false, e)) == NULL)
		return -1;
	if (rekeyed)
		vault_swap_keys(v);
	if (write_all_of(v, next, e) == -1)
		store_abort(next->out);
	else
		rv = store_commit(next->out, e);
	if (rekeyed && rv == -1 && e->kind != ERR_UNSYNCED)
		vault_swap_keys(v);
	return rv;
}

int
vault_commit(struct vault *v, struct err *e)
{
	struct next next = { 0 };
	struct err ignored;
	int rv = -1;

	assert(v->write);
	if (!has_changes(v))
		return 0;
	if (v->first == NULL &&
	    (vault_fresh(v, e) == -1 || check_unchanged(v, e) == -1))
		return -1;
	if (v->head.generation == UINT64_MAX)
		return err_set(e, ERR_DENIED,
		    "vault %s: there is no generation after this one; export "
		    "it into a new vault",
		    v->shown);
	next.head = v->head;
	next.head.generation++;
	next.head.time = (uint64_t)time(NULL);
	sort_dead(&v->stage);
	/* The first pages are all new. */
	if (v->first == NULL &&
	    vault_patch_make(v, &next.head, &next.geometry, &next.patch, e) ==
		-1)
		goto out;
	if (next.patch == NULL && gather(v, &next, e) == -1)
		goto out;
	if ((rv = replace(v, &next, e)) == -1 && e->kind != ERR_UNSYNCED)
		goto out;
	become(v, &next);
	/* If it is not remembered, whoever reads the vault next does it. */
	if (rv == 0 && v->have_state &&
	    state_check(&v->state, v->head.generation, v->bytes + TABLE_MAC_AT,
		&ignored) == -1)
		vault_drop_state(v);
out:
	free(next.header);
	free(next.entries);
	vault_patch_free(next.patch);
	return rv;
}
