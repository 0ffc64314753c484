/*
 * Start and end of libcurl and OpenSSL, on an allocator that wipes.
 *
 * libcurl copies a password into five places of the heap and frees them as
 * they are.  With this allocator whatever either library frees or moves is
 * overwritten first, so that nothing of a password is left when all of their
 * objects are gone.
 */
#ifndef WIPE_H
#define WIPE_H

#include "err.h"

/* Before any other call of either library.  ERR_IO. */
int wipe_start(struct err *e) MUST_CHECK;

/*
 * Overwrites what calls that have returned left on the stack below the caller:
 * registers that were saved there with whatever memcpy(3) had in them.  A
 * dynamic linker that binds functions when they are first called saves all of
 * them, and after this one too: link with -z now.
 */
void wipe_stack(void);

/* After the last call: both give back what they hold. */
void wipe_stop(void);

#endif
