/*
 * The only door to libsodium's ciphers.  It never sees a file.
 *
 * Subkeys come from the 32-byte master key by crypto_kdf (BLAKE2b), one
 * context a use.  Sealing is XChaCha20-Poly1305 with a random nonce; MACs are
 * keyed BLAKE2b; the index is hashed with SipHash-2-4 of 128 bits, which is
 * made for short texts.  All of it is specified in pawl-vault(5).
 */
#ifndef CRYPT_H
#define CRYPT_H

#include <stddef.h>

#include "bytes.h"
#include "err.h"
#include "secret.h"

#define CRYPT_KEY 32
#define CRYPT_NONCE 24
#define CRYPT_TAG 16
#define CRYPT_MAC 32
#define CRYPT_HASH 16
#define CRYPT_HASH_KEY 16
/* Kinds of texts, 1 to 4, each with a key of its own. */
#define CRYPT_HASH_KINDS 4
#define CRYPT_BIND 16
/* What sealing adds: the nonce before, the tag behind. */
#define CRYPT_OVERHEAD (CRYPT_NONCE + CRYPT_TAG)

/*
 * libsodium leaves keys and plaintext on the stack.  A function that calls it
 * wipes so many bytes below its own frame, with secret_wipe_traces().
 */
#define CRYPT_STACK 4096

/* Contexts of crypto_kdf_derive_from_key(), subkey number 1 of each. */
#define CRYPT_CTX_HEADER "pawlhead"
#define CRYPT_CTX_GEOMETRY "pawlgeom"
#define CRYPT_CTX_INDEX "pawlindx"
#define CRYPT_CTX_BIND "pawlbind"
#define CRYPT_CTX_HASH "pawlhash"
#define CRYPT_CTX_RECORD "pawlrecd"

/* Kept in a struct secret: data points to one of these. */
struct crypt_keys {
	unsigned char header[CRYPT_KEY];
	unsigned char geometry[CRYPT_KEY];
	unsigned char index[CRYPT_KEY];
	unsigned char bind[CRYPT_KEY];
	unsigned char hash[CRYPT_HASH_KINDS * CRYPT_HASH_KEY];
	unsigned char record[CRYPT_KEY];
};

void crypt_subkeys(struct crypt_keys *k, const unsigned char *master);

void crypt_random(void *to, size_t len);

/*
 * Seals len bytes into out, len + CRYPT_OVERHEAD: nonce, ciphertext, tag.
 * out and plain must not overlap.  Cannot fail.
 */
void crypt_seal(unsigned char *out, const void *plain, size_t len,
    struct slice ad, const unsigned char key[static CRYPT_KEY]);

/*
 * Opens a sealed run into out (sealed.len - CRYPT_OVERHEAD bytes).  -1 if it
 * is too short or does not authenticate; out is then zeroed.
 */
int crypt_open(unsigned char *out, struct slice sealed, struct slice ad,
    const unsigned char key[static CRYPT_KEY]) MUST_CHECK;

/* Keyed BLAKE2b-256. */
void crypt_mac(unsigned char out[static CRYPT_MAC], struct slice data,
    const unsigned char key[static CRYPT_KEY]);
/* In constant time. */
int crypt_mac_verify(const unsigned char mac[static CRYPT_MAC],
    struct slice data, const unsigned char key[static CRYPT_KEY]) MUST_CHECK;

/*
 * Keyed BLAKE2b-128: binds what was sealed before to a new place, for a tenth
 * of what sealing it anew costs.
 */
void crypt_bind(unsigned char out[static CRYPT_BIND], struct slice data,
    const unsigned char key[static CRYPT_KEY]);
/* In constant time. */
int crypt_bind_verify(const unsigned char bind[static CRYPT_BIND],
    struct slice data, const unsigned char key[static CRYPT_KEY]) MUST_CHECK;

/* Where a text of this kind, 1 to CRYPT_HASH_KINDS, is in the index. */
void crypt_hash(unsigned char out[static CRYPT_HASH], unsigned char kind,
    struct slice text,
    const unsigned char keys[static CRYPT_HASH_KINDS * CRYPT_HASH_KEY]);

/* HMACs of RFC 2104, which one-time codes are made of (otp.h). */
enum crypt_hmac {
	CRYPT_HMAC_SHA1,
	CRYPT_HMAC_SHA256,
	CRYPT_HMAC_SHA512
};

#define CRYPT_HMAC_MAX 64

/*
 * The HMAC of data, any length, with a key of any length; returns how many
 * bytes it has: 20, 32 or 64.  SHA-256 and SHA-512 are libsodium's.
 */
size_t crypt_hmac(unsigned char out[static CRYPT_HMAC_MAX],
    enum crypt_hmac which, struct slice data, struct slice key);

#endif
