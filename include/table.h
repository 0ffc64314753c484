/*
 * The vault's table: header, geometry and index pages as bytes and back, and
 * which page a key is on.  Pure; specified in pawl-vault(5).
 *
 *	header		8192 bytes: fields, 32 key slots, MAC
 *	pages		4096 bytes each, sealed, and bound to the generation;
 *			page i holds the entries whose hash, as a 64-bit
 *			big-endian number h, has floor(h * pages / 2^64) = i
 *	records		sealed, in the order they were written
 *
 * So a lookup is one header, one page, one record, at any number of entries.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "crypt.h"
#include "err.h"

#define TABLE_MAGIC "\x89PAWL\r\n\x1a"
#define TABLE_VERSION 1
#define TABLE_ID 16
#define TABLE_HEADER 8192
#define TABLE_SLOTS 32
#define TABLE_SLOT 240
#define TABLE_SLOTS_AT 480
#define TABLE_MAC_AT 8160
#define TABLE_PAGE 4096
#define TABLE_PAGE_SEALED (TABLE_PAGE - CRYPT_BIND)
#define TABLE_PAGE_PLAIN (TABLE_PAGE_SEALED - CRYPT_OVERHEAD)
#define TABLE_ENTRY 48
/* 8 bytes of head, 84 entries: 4040. */
#define TABLE_PAGE_ENTRIES 84
#define TABLE_GEOMETRY 48
#define TABLE_GEOMETRY_AT 64
/* 1,000,000 entries with four keys each is 4,000,000. */
#define TABLE_ENTRIES_MAX 16000000u

/* Where everything is; sealed in the header, for it tells the counts. */
struct table_geometry {
	uint64_t pages;
	/* Index entries on all pages, and records. */
	uint64_t entries;
	uint64_t records;
	/* First byte behind the pages; the size of the file. */
	uint64_t records_at;
	uint64_t size;
};

/* The header without slots, geometry and MAC. */
struct table_header {
	unsigned char id[TABLE_ID];
	uint64_t generation;
	/* Of the commit, Unix seconds. */
	uint64_t time;
	/* Entries whose rotation is not idle. */
	uint32_t busy;
	/* Argon2id cost that new passphrase slots get. */
	uint32_t kdf_ops;
	uint32_t kdf_kib;
};

/* What an index entry's key is. */
enum table_kind {
	TABLE_NAME = 1,
	/* user@host */
	TABLE_LOGIN = 2,
	TABLE_DATASET = 3,
	/* A key file, token or repository, byte for byte. */
	TABLE_PATH = 4
};

/* In a name's entry: the rotation of this record is not idle. */
#define TABLE_BUSY 0x100u

struct table_entry {
	unsigned char hash[CRYPT_HASH];
	uint64_t offset;
	uint32_t length;
	/* enum table_kind, with flags. */
	uint32_t kind;
	/* The record's AEAD tag: an older record in its place is noticed. */
	unsigned char tag[CRYPT_TAG];
};

/*
 * Fills in the fixed fields of buf, TABLE_HEADER bytes, and zeros where
 * nothing else goes; slots, sealed geometry and MAC are left alone.
 */
void table_header_put(unsigned char *buf, const struct table_header *h);

/*
 * Reads them.  ERR_DAMAGED: not a vault (with a hint if it was transferred in
 * text mode); ERR_CONFIG: a version or flag of a newer pawl, by number;
 * ERR_DAMAGED: bytes that must be zero are not.
 */
int table_header_get(struct table_header *h, const unsigned char *buf,
    struct err *e) MUST_CHECK;

void table_geometry_put(unsigned char *buf, const struct table_geometry *g);
/* Checks every number against the others and against the file's size. */
int table_geometry_get(struct table_geometry *g, const unsigned char *buf,
    uint64_t file_size, struct err *e) MUST_CHECK;

/* The page of a hash, 0 to pages - 1. */
uint64_t table_page_of(const unsigned char hash[static CRYPT_HASH],
    uint64_t pages);

/* Where page i starts. */
uint64_t table_page_at(uint64_t page);

/* Orders by hash, then offset; for qsort(3). */
int table_entry_compare(const void *a, const void *b);

/*
 * How many pages the n sorted entries need so that none overflows: from a
 * filling of two thirds upwards.  0 if no number up to n would do (so many
 * equal keys), which is ERR_USAGE to the caller.
 */
uint64_t table_pages_for(const struct table_entry *entries, size_t n);

/* One page's plaintext, TABLE_PAGE_PLAIN bytes, from its n entries. */
void table_page_put(unsigned char *buf, const struct table_entry *entries,
    size_t n);

/*
 * Reads a page.  entries has room for TABLE_PAGE_ENTRIES.  ERR_DAMAGED if
 * they are not in order, not of this page, or point outside of the records.
 */
int table_page_get(struct table_entry *entries, size_t *np,
    const unsigned char *buf, uint64_t page, const struct table_geometry *g,
    struct err *e) MUST_CHECK;

#endif
