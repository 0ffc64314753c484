#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "table.h"

/* Offsets in the header. */
#define AT_VERSION 8
#define AT_FLAGS 12
#define AT_ID 16
#define AT_GENERATION 32
#define AT_TIME 40
#define AT_BUSY 48
#define AT_ZERO 52
#define AT_KDF_OPS 56
#define AT_KDF_KIB 60
#define AT_GEOMETRY_END (TABLE_GEOMETRY_AT + TABLE_GEOMETRY + CRYPT_OVERHEAD)

#define MAGIC_SIZE (sizeof(TABLE_MAGIC) - 1)

/* What a page is filled to at first, before one overflows. */
#define PAGE_FILL 56

_Static_assert(MAGIC_SIZE == AT_VERSION, "pawl-vault(5)");
_Static_assert(AT_GEOMETRY_END == 152, "pawl-vault(5)");
_Static_assert(TABLE_SLOTS_AT + TABLE_SLOTS * TABLE_SLOT == TABLE_MAC_AT,
    "pawl-vault(5)");
_Static_assert(TABLE_MAC_AT + CRYPT_MAC == TABLE_HEADER, "pawl-vault(5)");
_Static_assert(8 + TABLE_PAGE_ENTRIES * TABLE_ENTRY == TABLE_PAGE_PLAIN,
    "pawl-vault(5)");

/*
 * The letters of the magic as a transfer leaves them that takes the vault for
 * text: only the line ends changed; ASCII made EBCDIC; EBCDIC made ASCII
 * (IBM-1047 and ISO 8859-1).
 */
static const unsigned char text_marks[][4] = {
	{ 0x50, 0x41, 0x57, 0x4c },
	{ 0xd7, 0xc1, 0xe6, 0xd3 },
	{ 0x26, 0xa0, 0xef, 0x3c },
};

/* The upper 64 bits of a product of 128. */
static uint64_t
multiply_high(uint64_t a, uint64_t b)
{
	uint64_t a0 = a & UINT32_MAX, a1 = a >> 32;
	uint64_t b0 = b & UINT32_MAX, b1 = b >> 32;
	uint64_t mid, low;

	mid = a1 * b0 + (a0 * b0 >> 32);
	low = a0 * b1 + (mid & UINT32_MAX);
	return a1 * b1 + (mid >> 32) + (low >> 32);
}

/* The first half of a hash.  Spelt out, compilers make one load of it. */
static uint64_t
number_of(const unsigned char *hash)
{
	return (uint64_t)hash[0] << 56 | (uint64_t)hash[1] << 48 |
	    (uint64_t)hash[2] << 40 | (uint64_t)hash[3] << 32 |
	    (uint64_t)hash[4] << 24 | (uint64_t)hash[5] << 16 |
	    (uint64_t)hash[6] << 8 | (uint64_t)hash[7];
}

/* The entry's flags and kind are ones that table_page_put() writes. */
static bool
kind_known(uint32_t kind)
{
	switch (kind) {
	case TABLE_NAME:
	case TABLE_NAME | TABLE_BUSY:
	case TABLE_LOGIN:
	case TABLE_DATASET:
	case TABLE_PATH:
		return true;
	default:
		return false;
	}
}

static void
entry_put(unsigned char *p, const struct table_entry *t)
{
	memcpy(p, t->hash, CRYPT_HASH);
	put_u64(p + 16, t->offset);
	put_u32(p + 24, t->length);
	put_u32(p + 28, t->kind);
	memcpy(p + 32, t->tag, CRYPT_TAG);
}

static void
entry_get(struct table_entry *t, const unsigned char *p)
{
	memcpy(t->hash, p, CRYPT_HASH);
	t->offset = get_u64(p + 16);
	t->length = get_u32(p + 24);
	t->kind = get_u32(p + 28);
	memcpy(t->tag, p + 32, CRYPT_TAG);
}

/* What is wrong with an entry of this page, or NULL. */
static const char *
entry_fault(const struct table_entry *t, uint64_t page,
    const struct table_geometry *g)
{
	if (!kind_known(t->kind))
		return "of no known kind";
	if (table_page_of(t->hash, g->pages) != page)
		return "of another page";
	if (t->offset < g->records_at || t->offset >= g->size)
		return "not in the records";
	if (t->length == 0 || t->length > g->size - t->offset)
		return "beyond the end";
	return NULL;
}

static int
magic_check(const unsigned char *buf, struct err *e)
{
	size_t i;

	if (memcmp(buf, TABLE_MAGIC, MAGIC_SIZE) == 0)
		return 0;
	for (i = 0; i < sizeof(text_marks) / sizeof(text_marks[0]); i++) {
		if (memcmp(buf + 1, text_marks[i], sizeof(text_marks[i])) != 0)
			continue;
		return err_set(e, ERR_DAMAGED,
		    "was transferred as text; transfer it again in binary "
		    "(image) mode");
	}
	return err_set(e, ERR_DAMAGED, "not a vault: no magic");
}

void
table_header_put(unsigned char *buf, const struct table_header *h)
{
	memcpy(buf, TABLE_MAGIC, MAGIC_SIZE);
	put_u32(buf + AT_VERSION, TABLE_VERSION);
	put_u32(buf + AT_FLAGS, 0);
	memcpy(buf + AT_ID, h->id, TABLE_ID);
	put_u64(buf + AT_GENERATION, h->generation);
	put_u64(buf + AT_TIME, h->time);
	put_u32(buf + AT_BUSY, h->busy);
	put_u32(buf + AT_ZERO, 0);
	put_u32(buf + AT_KDF_OPS, h->kdf_ops);
	put_u32(buf + AT_KDF_KIB, h->kdf_kib);
	memset(buf + AT_GEOMETRY_END, 0, TABLE_SLOTS_AT - AT_GEOMETRY_END);
}

int
table_header_get(struct table_header *h, const unsigned char *buf,
    struct err *e)
{
	uint32_t number;

	if (magic_check(buf, e) == -1)
		return -1;
	if ((number = get_u32(buf + AT_VERSION)) != TABLE_VERSION)
		return err_set(e, ERR_CONFIG,
		    "format version %" PRIu32 " needs another pawl; this one "
		    "reads version %d",
		    number, TABLE_VERSION);
	if ((number = get_u32(buf + AT_FLAGS)) != 0)
		return err_set(e, ERR_CONFIG,
		    "flags 0x%" PRIx32 " need a newer pawl", number);
	if (get_u32(buf + AT_ZERO) != 0 ||
	    !is_zero(buf + AT_GEOMETRY_END, TABLE_SLOTS_AT - AT_GEOMETRY_END))
		return err_set(e, ERR_DAMAGED,
		    "bytes that must be zero are "
		    "not");
	memcpy(h->id, buf + AT_ID, TABLE_ID);
	h->generation = get_u64(buf + AT_GENERATION);
	h->time = get_u64(buf + AT_TIME);
	h->busy = get_u32(buf + AT_BUSY);
	h->kdf_ops = get_u32(buf + AT_KDF_OPS);
	h->kdf_kib = get_u32(buf + AT_KDF_KIB);
	return 0;
}

void
table_geometry_put(unsigned char *buf, const struct table_geometry *g)
{
	put_u64(buf, g->pages);
	put_u64(buf + 8, g->entries);
	put_u64(buf + 16, g->records);
	put_u64(buf + 24, g->records_at);
	put_u64(buf + 32, g->size);
	put_u64(buf + 40, 0);
}

int
table_geometry_get(struct table_geometry *g, const unsigned char *buf,
    uint64_t file_size, struct err *e)
{
	g->pages = get_u64(buf);
	g->entries = get_u64(buf + 8);
	g->records = get_u64(buf + 16);
	g->records_at = get_u64(buf + 24);
	g->size = get_u64(buf + 32);
	if (get_u64(buf + 40) != 0)
		return err_set(e, ERR_DAMAGED,
		    "bytes that must be zero are "
		    "not");
	if (g->pages == 0 || g->pages > TABLE_ENTRIES_MAX ||
	    g->entries > TABLE_ENTRIES_MAX ||
	    g->entries > g->pages * TABLE_PAGE_ENTRIES ||
	    g->records > g->entries || (g->records == 0) != (g->entries == 0))
		return err_set(e, ERR_DAMAGED,
		    "its counts contradict each "
		    "other");
	if (g->records_at != table_page_at(g->pages) ||
	    g->size < g->records_at ||
	    (g->records == 0) != (g->size == g->records_at))
		return err_set(e, ERR_DAMAGED,
		    "its sizes contradict each "
		    "other");
	if (g->size != file_size)
		return err_set(e, ERR_DAMAGED,
		    "it has %" PRIu64 " bytes instead of %" PRIu64, file_size,
		    g->size);
	return 0;
}

uint64_t
table_page_of(const unsigned char hash[static CRYPT_HASH], uint64_t pages)
{
	return multiply_high(number_of(hash), pages);
}

uint64_t
table_page_at(uint64_t page)
{
	return TABLE_HEADER + page * TABLE_PAGE;
}

int
table_entry_compare(const void *a, const void *b)
{
	const struct table_entry *x = a, *y = b;
	uint64_t m = number_of(x->hash), n = number_of(y->hash);
	int order;

	if (m != n)
		return m < n ? -1 : 1;
	if ((order = memcmp(x->hash + 8, y->hash + 8, CRYPT_HASH - 8)) != 0)
		return order;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

uint64_t
table_pages_for(const struct table_entry *entries, size_t n)
{
	uint64_t pages, page, last;
	size_t i, filled;

	/* An empty vault has a page as well: one case less for readers. */
	if (n == 0)
		return 1;
	for (pages = (n + PAGE_FILL - 1) / PAGE_FILL; pages <= n;
	     pages += pages / 16 + 1) {
		last = 0;
		filled = 0;
		for (i = 0; i < n && filled <= TABLE_PAGE_ENTRIES; i++) {
			page = table_page_of(entries[i].hash, pages);
			filled = page == last ? filled + 1 : 1;
			last = page;
		}
		if (filled <= TABLE_PAGE_ENTRIES)
			return pages;
	}
	return 0;
}

void
table_page_put(unsigned char *buf, const struct table_entry *entries, size_t n)
{
	unsigned char *p = buf + 8;
	size_t i;

	assert(n <= TABLE_PAGE_ENTRIES);
	put_u32(buf, (uint32_t)n);
	put_u32(buf + 4, 0);
	for (i = 0; i < n; i++, p += TABLE_ENTRY)
		entry_put(p, &entries[i]);
	memset(p, 0, (size_t)(buf + TABLE_PAGE_PLAIN - p));
}

int
table_page_get(struct table_entry *entries, size_t *np,
    const unsigned char *buf, uint64_t page, const struct table_geometry *g,
    struct err *e)
{
	const unsigned char *p = buf + 8;
	const char *fault;
	uint32_t i, n;

	n = get_u32(buf);
	if (n > TABLE_PAGE_ENTRIES)
		return err_set(e, ERR_DAMAGED, "it counts %" PRIu32 " entries",
		    n);
	for (i = 0; i < n; i++, p += TABLE_ENTRY) {
		entry_get(&entries[i], p);
		fault = entry_fault(&entries[i], page, g);
		if (fault == NULL && i > 0 &&
		    table_entry_compare(&entries[i - 1], &entries[i]) >= 0)
			fault = "out of order";
		if (fault != NULL)
			return err_set(e, ERR_DAMAGED,
			    "index entry %" PRIu32 " is %s", i, fault);
	}
	if (get_u32(buf + 4) != 0 ||
	    !is_zero(p, (size_t)(buf + TABLE_PAGE_PLAIN - p)))
		return err_set(e, ERR_DAMAGED,
		    "bytes that must be zero are "
		    "not");
	*np = n;
	return 0;
}
