/*
 * Bech32 (BIP-173), in which age(1) writes its keys: a human-readable part,
 * "1", and 5-bit characters of which the last six are a checksum.  Pure.
 */
#ifndef BECH32_H
#define BECH32_H

#include <stddef.h>

#include "bytes.h"
#include "err.h"

/* The longest string, as BIP-173 has it. */
#define BECH32_MAX 90

/*
 * Checks length, letters, case and checksum.  *hrp becomes the human-readable
 * part, within text.  -1 if anything is wrong.
 */
int bech32_check(struct slice text, struct slice *hrp) MUST_CHECK;

/*
 * Checks text, that its human-readable part is hrp, in any case of letters,
 * and that it stands for exactly len bytes, which go to to and nowhere else:
 * they may be a secret.  -1 if not.
 */
int bech32_decode(struct slice text, const char *hrp, unsigned char *to,
    size_t len) MUST_CHECK;

/*
 * Writes len bytes, in small letters and terminated, to buf.  -1 if size or
 * BECH32_MAX does not hold it.
 */
int bech32_encode(char *buf, size_t size, const char *hrp,
    struct slice bytes) MUST_CHECK;

#endif
