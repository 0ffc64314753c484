/*
 * What the files of the vault share: vault.c opens, vault_read.c finds and
 * decrypts, vault_put.c seals changes, vault_stage.c keeps them,
 * vault_commit.c writes them, vault_rekey.c does so under new keys,
 * vault_verify.c walks over everything.
 */
#ifndef VAULT_INTERNAL_H
#define VAULT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"
#include "vault.h"

/* A file up to this size is read by one read, and then no more. */
#define VAULT_WHOLE 65536

/* A record: entry id, version, and the sealed part. */
#define VAULT_RECORD_HEAD (RECORD_ID + 8)
#define VAULT_RECORD_OVERHEAD (VAULT_RECORD_HEAD + CRYPT_OVERHEAD)
#define VAULT_RECORD_MAX (RECORD_MAX + VAULT_RECORD_OVERHEAD)

/* The longest text of an index key: user@host. */
#define VAULT_KEY_TEXT (2 * RECORD_VALUE_MAX + 1)

/* A change in memory: an entry that was put, or, not live, removed. */
struct staged {
	unsigned char id[RECORD_ID];
	/* Hash of the name. */
	unsigned char name[CRYPT_HASH];
	uint64_t version;
	bool live;
	/* It takes the place of a dead one of its length: vault_patch.c. */
	bool in_place;
	/* The sealed record, and its index entries, without an offset yet. */
	unsigned char *record;
	uint32_t length;
	struct table_entry *keys;
	size_t nkeys;
};

/* The entry that a change replaces, if it exists. */
struct old {
	bool exists;
	/* at is a committed record, and not dead yet. */
	bool committed;
	struct table_entry at;
	unsigned char id[RECORD_ID];
	uint64_t version;
};

/* A committed record that the next generation will not have. */
struct dead {
	struct table_entry at;
	/* Dead bytes before this one; vault_commit.c fills it in. */
	uint64_t before;
	/* What takes its place, or NULL: vault_patch.c. */
	const struct staged *heir;
};

/* A committed record by its id; see find_by_id(). */
struct record_at {
	unsigned char id[RECORD_ID];
	struct table_entry at;
};

/* A growing array, to be used again and freed by who zeroed it. */
struct key_list {
	struct table_entry *keys;
	size_t n;
	size_t cap;
};

struct stage {
	struct staged *items;
	size_t n;
	size_t cap;
	/* Hash tables of 1 + the item's number, 0 for a free place. */
	uint32_t *by_id;
	uint32_t *by_name;
	size_t places;
	size_t named;
	struct dead *dead;
	size_t ndead;
	size_t dead_cap;
	struct record_at *ids;
	size_t nids;
	bool ids_read;
	bool slots_changed;
	unsigned char slots[TABLE_SLOTS * TABLE_SLOT];
};

struct vault {
	char *path;
	/* The path for messages. */
	char shown[160];
	bool write;
	bool accept_older;
	bool hand_out;
	/* After a commit: the new file has yet to be opened. */
	bool stale;
	int lock;
	struct store store;
	/* From vault_begin() to the first commit, where there is no file yet,
	 * what that writes to; else NULL. */
	struct store_new *first;
	/* The file's first nbytes: the header, or all of it. */
	unsigned char *bytes;
	size_t nbytes;
	struct table_header head;
	struct table_geometry geometry;
	unsigned int slot_used;
	/* Kept by a writer only, who may add a slot. */
	struct secret *master;
	/* A struct crypt_keys. */
	struct secret *keys;
	/* Those of the next generation, in vault_rekey(); else NULL. */
	struct secret *next_master;
	struct secret *next_keys;
	bool have_state;
	struct state state;
	unsigned char state_id[TABLE_ID];
	struct stage stage;
};

/* The index keys of an entry, one after another.  Zero all but entry. */
struct key_walk {
	const struct entry *entry;
	enum table_kind kind;
	size_t at;
	size_t user_at;
	struct slice user;
	bool user_left;
	unsigned char text[VAULT_KEY_TEXT];
};

/* vault.c */

/* ERR_DAMAGED with the vault's name and what to do; fmt begins with where. */
int vault_damaged(const struct vault *v, struct err *e, const char *fmt, ...)
    PRINTF(3, 4);
void vault_drop_state(struct vault *v);
/* Opens what a commit left to be opened: call it before reading. */
int vault_fresh(struct vault *v, struct err *e) MUST_CHECK;

/* vault_read.c */

const struct crypt_keys *vault_keys(const struct vault *v);
/* Associated data, put together in buf. */
#define VAULT_AD 96
struct slice vault_geometry_ad(unsigned char buf[static VAULT_AD],
    const struct table_header *h);
/* The same for every generation. */
struct slice vault_page_ad(unsigned char buf[static VAULT_AD],
    const struct table_header *h, uint64_t page);
/* What binds a sealed page to the generation of h. */
struct slice vault_page_bond(unsigned char buf[static VAULT_AD],
    const struct table_header *h, uint64_t page, const unsigned char *sealed);
/* head is the record's: id and version. */
struct slice vault_record_ad(unsigned char buf[static VAULT_AD],
    const struct table_header *h, const unsigned char *head);
/* len bytes at an offset: within v, or read into buf; NULL for a failure. */
const unsigned char *vault_bytes(const struct vault *v, uint64_t at, size_t len,
    unsigned char *buf, struct err *e) MUST_CHECK;
/* Seals n entries as a page of the generation of h, TABLE_PAGE bytes. */
void vault_page_seal(const struct vault *v, const struct table_header *h,
    uint64_t page, const struct table_entry *entries, size_t n,
    unsigned char *sealed);
/* A sealed page is of the generation that v has; what is in it may yet be
 * altered. */
int vault_page_bound(const struct vault *v, uint64_t page,
    const unsigned char *sealed, struct err *e) MUST_CHECK;
/* Opens a sealed page; entries as in table_page_get(). */
int vault_page_open(const struct vault *v, uint64_t page,
    const unsigned char *sealed, struct table_entry *entries, size_t *np,
    struct err *e) MUST_CHECK;
/* Opens and decodes the record that t points to; plain has room for it. */
int vault_record_open(const struct vault *v, const struct table_entry *t,
    const unsigned char *record, struct entry *entry, struct secret *plain,
    struct err *e) MUST_CHECK;
/* The same for one that is to be read first; *plainp is new. */
int vault_record_read(const struct vault *v, const struct table_entry *t,
    struct entry *entry, struct secret **plainp, struct err *e) MUST_CHECK;
/* The only committed index entry with this key. */
int vault_lookup(const struct vault *v, enum table_kind kind,
    const unsigned char *hash, struct table_entry *found,
    struct err *e) MUST_CHECK;
void vault_key_hash(const struct vault *v, unsigned char *hash,
    enum table_kind kind, struct slice text);
/* The next key's w->kind and text, which lives until the next call. */
void vault_key_start(struct key_walk *w, const struct entry *entry);
bool vault_key_next(struct key_walk *w, struct slice *textp);

/* vault_stage.c */

struct staged *vault_staged_id(const struct vault *v, const unsigned char *id);
/* Live ones only. */
struct staged *vault_staged_name(const struct vault *v,
    const unsigned char *hash);
/* As vault_record_read(). */
int vault_staged_read(const struct vault *v, const struct staged *item,
    struct entry *entry, struct secret **plainp, struct err *e) MUST_CHECK;
/* Doubles the array *arrayp of n elements of size bytes if it is full. */
int vault_grow(void *arrayp, size_t n, size_t *capp, size_t size,
    struct err *e) MUST_CHECK;
/* Makes room for one more change, so that the next two cannot fail. */
int vault_stage_reserve(struct stage *s, struct err *e) MUST_CHECK;
/* From now on there is no entry with this id; old is what it was. */
struct staged *vault_stage_remove(struct vault *v, const struct old *old,
    const unsigned char *id);
/* There is this one.  Takes record and keys from sealed. */
void vault_stage_put(struct vault *v, const struct old *old,
    const struct entry *entry, const struct staged *sealed);
void vault_staged_free(struct staged *item);
void vault_stage_free(struct stage *s);

/* vault_put.c */

/* The sorted index entries of an entry, but for offset, length and tag. */
int vault_entry_keys(const struct vault *v, const struct entry *entry,
    struct key_list *list, struct err *e) MUST_CHECK;

/* Seals an entry into item: record, and keys that point to it.  If it fails
 * item may hold something to be freed all the same. */
int vault_seal(const struct vault *v, const struct entry *entry,
    struct staged *item, struct err *e) MUST_CHECK;

/* vault_rekey.c */

/* Makes slots, zeroed, open the master key, or the next one if there is one,
 * with these keys, in this order. */
int vault_make_slots(const struct vault *v, unsigned char *slots,
    const struct slot_key *keys, size_t n, const struct slot_info *info,
    struct err *e) MUST_CHECK;
/* The next generation's keys become the vault's, and the other way round. */
void vault_swap_keys(struct vault *v);
/* Wipes them. */
void vault_drop_next(struct vault *v);

/* vault_patch.c */

/* Pages that change while the others stay as they are. */
struct patch;

/*
 * Makes a patch of what is staged: *patchp, to be freed, with head->busy and
 * *g as they become; heirs and in_place are set.  *patchp is NULL if so much
 * changes that the whole index has to be written.
 */
int vault_patch_make(struct vault *v, struct table_header *head,
    struct table_geometry *g, struct patch **patchp, struct err *e) MUST_CHECK;
/* Appends all pages: those of the patch anew, the others bound to h. */
int vault_patch_write(const struct vault *v, const struct table_header *h,
    const struct patch *patch, struct store_new *out, struct err *e) MUST_CHECK;
void vault_patch_free(struct patch *patch);

/* vault_verify.c */

/*
 * All index entries in order, *entriesp, to be freed, with room for extra
 * more behind them.  Checked against the geometry.
 */
int vault_index(const struct vault *v, size_t extra,
    struct table_entry **entriesp, size_t *np, struct err *e) MUST_CHECK;
/* One for each record, in the order of their offsets. */
int vault_records(const struct vault *v, struct table_entry **recordsp,
    size_t *np, struct err *e) MUST_CHECK;

/* Records read one after another by few reads.  Zero it, set v; free buf. */
struct scan {
	const struct vault *v;
	unsigned char *buf;
	uint64_t at;
	size_t len;
};

const unsigned char *vault_scan(struct scan *s, const struct table_entry *t,
    struct err *e) MUST_CHECK;

#endif
