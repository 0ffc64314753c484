/*
 * Secret memory: bytes that are locked, not dumped, not inherited by a fork,
 * and wiped when they are freed.
 *
 * All secrets of a process live in one arena, made by secret_init(): a
 * sodium_malloc() for each would cost 12 us and 6 system calls.  The arena
 * grows by further mappings when it is full.  A failed mlock(2) is not an
 * error here: secret_locked() tells, main() says so once, and a site may
 * refuse it (require-mlock in pawl.conf, secret_require_locked()).
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"

/* data holds len bytes of cap.  The struct lives in the arena as well. */
struct secret {
	unsigned char *data;
	size_t len;
	size_t cap;
};

/*
 * Calls sodium_init() and makes the arena; once, first thing in main().
 * With at not NULL the arena is those size bytes (static, aligned to 4096,
 * in a process that never forks): the price is then one mlock(2).  With NULL
 * it is mapped, between guard pages, with MADV_DONTDUMP and
 * MADV_WIPEONFORK.  size is rounded up to pages.
 */
int secret_init(void *at, size_t size, struct err *e) MUST_CHECK;

/* Whether every part of the arena is locked into memory. */
bool secret_locked(void);

/*
 * From now on secret memory is locked or there is none: ERR_DENIED here if a
 * part of the arena is not, and from secret_new() if a new one cannot be.
 */
int secret_require_locked(struct err *e) MUST_CHECK;

/* Wipes all of the arena that was ever used.  Every secret is void after. */
void secret_wipe_all(void);

/*
 * Wipes what a function that has returned may have left: depth bytes of the
 * stack below the caller, and the vector registers, which end up on the stack
 * as well when a signal comes or the dynamic linker is called.
 */
void secret_wipe_traces(size_t depth);

/*
 * From now on a signal that ends the process wipes the arena first, and the
 * registers that it has saved: SIGTERM at a prompt, SIGPIPE.  What the caller
 * ignores stays ignored; SIGKILL and the signals of a crash are as they were.
 * Programs that are started get the defaults.
 */
void secret_wipe_on_signals(void);

/* An empty secret for up to cap bytes, or NULL (ERR_IO, ERR_DENIED). */
struct secret *secret_new(size_t cap, struct err *e) MUST_CHECK;

/* Wipes and frees; NULL is fine.  A write past cap aborts here. */
void secret_free(struct secret *s);

/* Replaces the contents.  ERR_IO if len > cap.  from may lie within s. */
int secret_set(struct secret *s, const void *from, size_t len,
    struct err *e) MUST_CHECK;
int secret_append(struct secret *s, const void *from, size_t len,
    struct err *e) MUST_CHECK;

/* Borrows the contents, until the next change of s. */
struct slice secret_slice(const struct secret *s);

/* In time that depends on the lengths only. */
bool secret_equal(struct slice a, struct slice b);

/*
 * Reads one line, byte by byte (never past its newline), without the newline;
 * end of file ends a line too.  ERR_USAGE if it is longer than cap or there
 * is none; ERR_IO if read(2) fails.
 */
int secret_read_line(int fd, struct secret *s, struct err *e) MUST_CHECK;

/* Reads to the end of file.  ERR_USAGE if there is more than cap. */
int secret_read_all(int fd, struct secret *s, struct err *e) MUST_CHECK;

#endif
