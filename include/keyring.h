/*
 * A vault's slot secret in the kernel's user keyring (keyrings(7)), for as
 * long as "pawl-vault unlock" said: never a passphrase, and of no use once the
 * slot is gone.  Read by all processes of the user; described as
 * "pawl:VAULTID".
 */
#ifndef KEYRING_H
#define KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "secret.h"
#include "table.h"

/*
 * Keeps secret for so many seconds (1 to UINT32_MAX).  ERR_CONFIG if the
 * kernel has no keyrings, ERR_DENIED if it does not let us use them, ERR_IO.
 */
int keyring_put(const unsigned char id[static TABLE_ID],
    const struct secret *secret, uint32_t seconds, struct err *e) MUST_CHECK;

/*
 * Reads it into secret.  ERR_NOVAULT if there is none, for whatever reason:
 * without keyrings there is none either.
 */
int keyring_get(const unsigned char id[static TABLE_ID], struct secret *secret,
    struct err *e) MUST_CHECK;

/* The same for a key of type "user" that somebody else put there. */
int keyring_read(const char *description, struct secret *secret,
    struct err *e) MUST_CHECK;

/* Forgets it; *foundp tells whether there was one.  As keyring_put(). */
int keyring_remove(const unsigned char id[static TABLE_ID], bool *foundp,
    struct err *e) MUST_CHECK;

#endif
