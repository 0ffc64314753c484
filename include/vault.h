/*
 * The vault: an encrypted table of entries in one file.  Joins crypt, slot,
 * table and record with the store.
 *
 *	v = vault_open(&o, &e);
 *	vault_find(v, TABLE_NAME, name, &entry, &plain, &e);
 *	... change entry ...
 *	vault_put(v, &entry, &e);
 *	vault_commit(v, &e);
 *	vault_close(v);
 *
 * A reader takes no lock and sees one generation.  A writer holds the write
 * lock from vault_open() to vault_close(); its changes are sealed at once,
 * kept in memory, and reach the disk together, in vault_commit(), or not at
 * all.
 */
#ifndef VAULT_H
#define VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "key.h"
#include "record.h"
#include "slot.h"
#include "state.h"
#include "table.h"

struct vault;

struct vault_options {
	const char *path;
	/* Borrowed during vault_open() only. */
	const struct slot_key *key;
	/* Shared with whoever opened the key file; may be NULL. */
	struct path_trust *trust;
	/* Take the write lock, waiting up to lock_wait_ms. */
	bool write;
	unsigned int lock_wait_ms;
	/* --accept-older: remember this generation, whatever was seen. */
	bool accept_older;
	/* Passwords are given away: rotations wait until it is closed. */
	bool hand_out;
};

/*
 * Makes an empty vault that key opens, and key2 if it is not NULL; path must
 * not exist (ERR_DENIED).  costs are those of passphrase slots, of these two
 * and later ones.
 */
int vault_create(const char *path, const struct slot_key *key,
    const struct slot_key *key2, const struct slot_info *costs,
    struct err *e) MUST_CHECK;

/*
 * Begins a vault of its own id and master key that keys[0..n) (1 to 32) open,
 * with info's costs and time; path must not exist (ERR_DENIED).  There is no
 * such file until vault_commit(), which writes generation 1 with what
 * vault_put() put; but for that and vault_find() by name, nothing may be done
 * before, and if it fails the vault is to be closed.  This machine remembers
 * nothing of it until it is opened.  NULL with ERR_DENIED, ERR_USAGE, ERR_BUSY,
 * ERR_IO.
 */
struct vault *vault_begin(const char *path, const struct slot_key *keys,
    size_t n, const struct slot_info *info, struct err *e) MUST_CHECK;

/*
 * Opens: file checks, key slot, header MAC, geometry, rollback (state.h).
 * NULL with ERR_NOVAULT, ERR_DENIED, ERR_DAMAGED, ERR_CONFIG, ERR_BUSY,
 * ERR_IO.
 */
struct vault *vault_open(const struct vault_options *o,
    struct err *e) MUST_CHECK;

/*
 * The same in two steps, for a program that closes its sandbox between:
 * vault_attach() opens and checks the files and reads the header, without
 * trusting a byte; vault_unlock() does the rest on open descriptors.
 */
struct vault *vault_attach(const struct vault_options *o,
    struct err *e) MUST_CHECK;
int vault_unlock(struct vault *v, const struct slot_key *key,
    struct err *e) MUST_CHECK;

/* Drops what was not committed, wipes, unlocks; NULL is fine. */
void vault_close(struct vault *v);

const struct table_header *vault_header(const struct vault *v);
const struct table_geometry *vault_geometry(const struct vault *v);
/*
 * What this machine remembers of the vault; the vault's own.  NULL if that
 * cannot be kept (disk full, directory missing or read-only): the vault is
 * read all the same, without looking for a rollback.
 */
struct state *vault_state(struct vault *v);

/*
 * Entries that the header, unverified before vault_unlock(), says are being
 * rotated.
 */
uint32_t vault_busy(const struct vault *v);

/*
 * Finds one entry by name, by user@host, by data set name or by path; the host
 * and the data set name in any case of letters.  The slices of *entry point into
 * *plainp, a new secret that the caller frees.  ERR_NOENTRY if there is none;
 * ERR_CONFIG if several match; ERR_DAMAGED.  What was put and not committed
 * is found by name only.
 */
int vault_find(struct vault *v, enum table_kind kind, struct slice text,
    struct entry *entry, struct secret **plainp, struct err *e) MUST_CHECK;

/*
 * Calls visit for every committed entry, in an order without meaning, until
 * it returns other than 0, which is then returned.  plain lives as long as
 * the call.
 */
int vault_each(struct vault *v,
    int (*visit)(const struct entry *entry, void *arg, struct err *e),
    void *arg, struct err *e) MUST_CHECK;

/*
 * Adds the entry, or replaces the one with its id; seals it now, so that its
 * slices may go.  A zero id is a new entry and gets one.  version, modified
 * and created are filled in.  Another entry of this name is ERR_DENIED.
 */
int vault_put(struct vault *v, struct entry *entry, struct err *e) MUST_CHECK;

/* ERR_NOENTRY. */
int vault_remove(struct vault *v, struct slice name, struct err *e) MUST_CHECK;

/*
 * Slots.  number is 0 to 31.  vault_slot_add() takes the first free one
 * (ERR_DENIED: none left); the last slot cannot be removed (ERR_DENIED).
 */
int vault_slot_info(const struct vault *v, unsigned int number,
    struct slot_info *info, struct err *e) MUST_CHECK;
int vault_slot_add(struct vault *v, const struct slot_key *key,
    const struct slot_info *info, unsigned int *numberp,
    struct err *e) MUST_CHECK;
int vault_slot_remove(struct vault *v, unsigned int number,
    struct err *e) MUST_CHECK;
/* Puts another in the place of slot number, in use until the commit. */
int vault_slot_replace(struct vault *v, unsigned int number,
    const struct slot_key *key, const struct slot_info *info,
    struct err *e) MUST_CHECK;
/* The slot secret of the slot that key opened, as slot_secret(). */
int vault_slot_secret(const struct vault *v, const struct slot_key *key,
    struct secret *to, struct err *e) MUST_CHECK;
/* The slot that this vault was opened with. */
unsigned int vault_slot_used(const struct vault *v);

/*
 * Writes the next generation.  Nothing to write is no error and writes
 * nothing.  After it the vault is the new generation and may be changed and
 * committed again.  ERR_IO: the file is as it was.  ERR_UNSYNCED as in
 * store_commit().
 */
int vault_commit(struct vault *v, struct err *e) MUST_CHECK;

/*
 * Gives a vault opened for writing, without changes, a new master key: every
 * record is sealed anew, in memory, with its version and times as they are;
 * keys[0..n) (1 to 32) get slots 0 to n - 1, with info's costs and time, and
 * every other slot is gone; and all of it is committed.  The id stays, so that
 * an older generation is still known for one.  Fails as vault_commit() and
 * slot_make() do, and the vault is then as it was.
 */
int vault_rekey(struct vault *v, const struct slot_key *keys, size_t n,
    const struct slot_info *info, struct err *e) MUST_CHECK;

/* What vault_verify() counted. */
struct vault_report {
	uint64_t generation;
	uint64_t time;
	uint64_t pages;
	uint64_t entries;
	uint64_t records;
	uint64_t bytes;
	unsigned int slots;
	uint32_t busy;
};

/*
 * Reads all of it: every page's seal, order and reach, every record opened,
 * each found under exactly the keys it has, no record unreferenced, no byte
 * unaccounted for, the busy count.  ERR_DAMAGED says where.
 */
int vault_verify(struct vault *v, struct vault_report *r,
    struct err *e) MUST_CHECK;

/*
 * Copies the generation that v has open, byte for byte, to a new file, mode
 * 0600, synced.  ERR_DENIED if there is one of that name, ERR_IO; then no
 * file is left.
 */
int vault_backup(struct vault *v, const char *file, struct err *e) MUST_CHECK;

/* What vault_restore() is to do, and below what it did. */
struct vault_restore {
	const char *path;
	const char *from;
	/* Opens the copy; borrowed. */
	const struct slot_key *key;
	struct path_trust *trust;
	unsigned int lock_wait_ms;
	/* Replace another vault too, and one with unfinished rotations. */
	bool force;
	/* There was a vault; its generation, unverified, 0 if unreadable. */
	bool replaces;
	uint64_t old;
	uint64_t restored;
	/* This machine remembers the restored generation as the newest. */
	bool accepted;
};

/*
 * Puts a copy that opens with key and passes vault_verify() in the place of
 * the vault, which stays as PATH.prev.  What vault_open() says of the copy, or
 * ERR_DENIED: it is of another vault; ERR_ATTENTION: a rotation is unfinished;
 * ERR_BUSY, ERR_IO, ERR_UNSYNCED as in store_commit().
 */
int vault_restore(struct vault_restore *r, struct err *e) MUST_CHECK;

/*
 * Excludes others from rotating one entry, without holding up the writers of
 * others.  Needs no open vault.  *fdp is the lock, to be closed.  ERR_BUSY.
 */
int vault_lock_entry(const char *path, const unsigned char *id,
    unsigned int wait_ms, int *fdp, struct err *e) MUST_CHECK;

#endif
