/*
 * SHA-1 (FIPS 180-4, RFC 3174), which libsodium does not have, for the HMAC of
 * one-time codes (crypt.h) and for nothing else: as a hash it is broken, under
 * an HMAC with a secret key it is not.  Pure.
 */
#ifndef SHA1_H
#define SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_BYTES 20
#define SHA1_BLOCK 64

/* The state may hold what a key can be told from: the caller wipes it. */
struct sha1 {
	uint32_t h[5];
	uint64_t len;
	unsigned char block[SHA1_BLOCK];
	/* The message schedule, here so that it is wiped with the rest. */
	uint32_t w[80];
};

void sha1_init(struct sha1 *s);
void sha1_update(struct sha1 *s, const unsigned char *p, size_t len);
void sha1_final(struct sha1 *s, unsigned char out[static SHA1_BYTES]);

#endif
