#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "crypt.h"
#include "sha1.h"

_Static_assert(CRYPT_KEY == crypto_kdf_KEYBYTES, "pawl-vault(5)");
_Static_assert(CRYPT_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    "pawl-vault(5)");
_Static_assert(CRYPT_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    "pawl-vault(5)");
_Static_assert(CRYPT_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES,
    "pawl-vault(5)");
_Static_assert(CRYPT_HASH == crypto_shorthash_siphashx24_BYTES,
    "pawl-vault(5)");
_Static_assert(CRYPT_HASH_KEY == crypto_shorthash_siphashx24_KEYBYTES,
    "pawl-vault(5)");
_Static_assert(CRYPT_HASH_KINDS *CRYPT_HASH_KEY <= crypto_kdf_BYTES_MAX,
    "pawl-vault(5)");
_Static_assert(CRYPT_BIND >= crypto_generichash_BYTES_MIN, "pawl-vault(5)");

static void
derive(unsigned char *to, size_t len, const char *context,
    const unsigned char *master)
{
	/* It fails for lengths only, and these are right. */
	(void)crypto_kdf_derive_from_key(to, len, 1, context, master);
	secret_wipe_traces(CRYPT_STACK);
}

void
crypt_subkeys(struct crypt_keys *k, const unsigned char *master)
{
	derive(k->header, sizeof(k->header), CRYPT_CTX_HEADER, master);
	derive(k->geometry, sizeof(k->geometry), CRYPT_CTX_GEOMETRY, master);
	derive(k->index, sizeof(k->index), CRYPT_CTX_INDEX, master);
	derive(k->bind, sizeof(k->bind), CRYPT_CTX_BIND, master);
	derive(k->hash, sizeof(k->hash), CRYPT_CTX_HASH, master);
	derive(k->record, sizeof(k->record), CRYPT_CTX_RECORD, master);
}

void
crypt_random(void *to, size_t len)
{
	randombytes_buf(to, len);
}

void
crypt_seal(unsigned char *out, const void *plain, size_t len, struct slice ad,
    const unsigned char key[static CRYPT_KEY])
{
	crypt_random(out, CRYPT_NONCE);
	/* It always returns 0, and writes len + CRYPT_TAG bytes. */
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + CRYPT_NONCE,
	    NULL, plain, len, ad.p, ad.len, NULL, out, key);
	secret_wipe_traces(CRYPT_STACK);
}

int
crypt_open(unsigned char *out, struct slice sealed, struct slice ad,
    const unsigned char key[static CRYPT_KEY])
{
	int rv;

	if (sealed.len < CRYPT_OVERHEAD)
		return -1;
	rv = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
	    sealed.p + CRYPT_NONCE, sealed.len - CRYPT_NONCE, ad.p, ad.len,
	    sealed.p, key);
	secret_wipe_traces(CRYPT_STACK);
	if (rv == 0)
		return 0;
	sodium_memzero(out, sealed.len - CRYPT_OVERHEAD);
	return -1;
}

void
crypt_mac(unsigned char out[static CRYPT_MAC], struct slice data,
    const unsigned char key[static CRYPT_KEY])
{
	/* It fails for lengths only, and these are right. */
	(void)crypto_generichash(out, CRYPT_MAC, data.p, data.len, key,
	    CRYPT_KEY);
	secret_wipe_traces(CRYPT_STACK);
}

int
crypt_mac_verify(const unsigned char mac[static CRYPT_MAC], struct slice data,
    const unsigned char key[static CRYPT_KEY])
{
	unsigned char is[CRYPT_MAC];
	int rv;

	crypt_mac(is, data, key);
	rv = sodium_memcmp(is, mac, sizeof(is));
	/* The right MAC of altered data is nobody's to find. */
	sodium_memzero(is, sizeof(is));
	return rv;
}

void
crypt_bind(unsigned char out[static CRYPT_BIND], struct slice data,
    const unsigned char key[static CRYPT_KEY])
{
	/* It fails for lengths only, and these are right. */
	(void)crypto_generichash(out, CRYPT_BIND, data.p, data.len, key,
	    CRYPT_KEY);
	secret_wipe_traces(CRYPT_STACK);
}

int
crypt_bind_verify(const unsigned char bind[static CRYPT_BIND],
    struct slice data, const unsigned char key[static CRYPT_KEY])
{
	unsigned char is[CRYPT_BIND];
	int rv;

	crypt_bind(is, data, key);
	rv = sodium_memcmp(is, bind, sizeof(is));
	sodium_memzero(is, sizeof(is));
	return rv;
}

void
crypt_hash(unsigned char out[static CRYPT_HASH], unsigned char kind,
    struct slice text,
    const unsigned char keys[static CRYPT_HASH_KINDS * CRYPT_HASH_KEY])
{
	assert(kind >= 1 && kind <= CRYPT_HASH_KINDS);
	(void)crypto_shorthash_siphashx24(out, text.p, text.len,
	    keys + (size_t)(kind - 1) * CRYPT_HASH_KEY);
	secret_wipe_traces(CRYPT_STACK);
}

/* RFC 2104: H(K ^ opad, H(K ^ ipad, data)). */
static void
hmac_sha1(unsigned char *out, struct slice data, struct slice key)
{
	unsigned char pad[SHA1_BLOCK] = { 0 }, digest[SHA1_BYTES];
	struct sha1 s;
	size_t i;

	sha1_init(&s);
	if (key.len > sizeof(pad)) {
		sha1_update(&s, key.p, key.len);
		sha1_final(&s, pad);
		sha1_init(&s);
	} else if (key.len > 0) {
		memcpy(pad, key.p, key.len);
	}
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	sha1_update(&s, pad, sizeof(pad));
	sha1_update(&s, data.p, data.len);
	sha1_final(&s, digest);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha1_init(&s);
	sha1_update(&s, pad, sizeof(pad));
	sha1_update(&s, digest, sizeof(digest));
	sha1_final(&s, out);
	sodium_memzero(&s, sizeof(s));
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(digest, sizeof(digest));
}

/* libsodium's calls here cannot fail. */
static void
hmac_sha256(unsigned char *out, struct slice data, struct slice key)
{
	crypto_auth_hmacsha256_state s;

	(void)crypto_auth_hmacsha256_init(&s, key.p, key.len);
	(void)crypto_auth_hmacsha256_update(&s, data.p, data.len);
	(void)crypto_auth_hmacsha256_final(&s, out);
	sodium_memzero(&s, sizeof(s));
}

static void
hmac_sha512(unsigned char *out, struct slice data, struct slice key)
{
	crypto_auth_hmacsha512_state s;

	(void)crypto_auth_hmacsha512_init(&s, key.p, key.len);
	(void)crypto_auth_hmacsha512_update(&s, data.p, data.len);
	(void)crypto_auth_hmacsha512_final(&s, out);
	sodium_memzero(&s, sizeof(s));
}

size_t
crypt_hmac(unsigned char out[static CRYPT_HMAC_MAX], enum crypt_hmac which,
    struct slice data, struct slice key)
{
	size_t len = SHA1_BYTES;

	switch (which) {
	case CRYPT_HMAC_SHA1:
		hmac_sha1(out, data, key);
		break;
	case CRYPT_HMAC_SHA256:
		hmac_sha256(out, data, key);
		len = crypto_auth_hmacsha256_BYTES;
		break;
	case CRYPT_HMAC_SHA512:
		hmac_sha512(out, data, key);
		len = crypto_auth_hmacsha512_BYTES;
		break;
	}
	secret_wipe_traces(CRYPT_STACK);
	return len;
}
