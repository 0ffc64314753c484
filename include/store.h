/*
 * The store: one file, replaced whole, and its locks.  The only code that
 * replaces a file.  It sees sealed bytes and never a key.
 *
 * A replacement is written to PATH.new, synced, and renamed over PATH, whose
 * old self stays as the hard link PATH.prev; then the directory is synced.
 * Readers take no lock: an open descriptor keeps the generation it opened.
 * A failed fsync(2) is final and never tried again: Linux marks the pages
 * clean after it (Rebello et al., ATC 2020), so a second one proves nothing.
 *
 * Another kind of store has to offer just what this header does.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "path.h"

/* An open generation, for reading. */
struct store {
	int fd;
	uint64_t size;
};

/* As path_open_trusted(), for the vault at path.  Close with store_close. */
int store_open(struct store *s, const char *path, struct path_trust *t,
    struct err *e) MUST_CHECK;
void store_close(struct store *s);

/* Exactly len bytes at an offset; fewer is ERR_DAMAGED, a failure ERR_IO. */
int store_read(const struct store *s, uint64_t at, void *to, size_t len,
    struct err *e) MUST_CHECK;

/*
 * Locks one byte of PATH.lock, which is made if need be and never renamed:
 * byte 0 for who writes the vault, any other for whoever excludes others from
 * one entry (see vault_lock_entry).  Open file description locks (fcntl(2))
 * where they exist, else POSIX ones, and those in PATH.lock.BYTE but for byte
 * 0.  Waits up to wait_ms, then ERR_BUSY naming the process that holds it
 * where that is known.  ERR_DENIED: PATH is a symbolic link, which would give
 * one vault two locks, or the lock cannot be one.  *fdp is the lock: close it
 * to unlock.
 */
int store_lock(const char *path, uint64_t byte, unsigned int wait_ms, int *fdp,
    struct err *e) MUST_CHECK;

/* A replacement being written.  Opaque. */
struct store_new;

/*
 * Starts PATH.new (a stale one is removed), mode 0600, owned like PATH.  The
 * caller holds the lock.  With create, PATH must not exist (ERR_DENIED), now
 * or when it is committed; without, it must (ERR_NOVAULT), and not as a
 * symbolic link (ERR_DENIED).
 */
struct store_new *store_begin(const char *path, bool create,
    struct err *e) MUST_CHECK;

/* Appends.  Writes are gathered in 64 KiB; ERR_IO, the file stays old. */
int store_append(struct store_new *n, const void *from, size_t len,
    struct err *e) MUST_CHECK;

/* Appends len bytes at an offset of an open generation, in the kernel
 * (copy_file_range(2)) where that works. */
int store_append_from(struct store_new *n, const struct store *from,
    uint64_t at, uint64_t len, struct err *e) MUST_CHECK;

/*
 * Makes it durable and puts it in place; n is freed whatever happens.
 * ERR_IO: not committed, the old file stays.  ERR_BUSY: nor was it, because
 * someone who did not ask for the lock replaced PATH since store_begin().
 * ERR_UNSYNCED: the new file is in place but its directory could not be
 * synced, and either may be there after a power failure; or it could not even
 * be seen which of them is there.
 */
int store_commit(struct store_new *n, struct err *e) MUST_CHECK;

/* Removes PATH.new and frees; NULL is fine. */
void store_abort(struct store_new *n);

#endif
