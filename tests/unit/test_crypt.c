#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "crypt.h"
#include "suites.h"

#define SEALED_MAX 256

/* The text and AD of draft-irtf-cfrg-xchacha-03, A.3.1. */
static const char sunscreen[] =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one "
    "tip for the future, sunscreen would be it.";
static const char sunscreen_ad[] = "50515253c0c1c2c3c4c5c6c7";
static const char sunscreen_sealed[] =
    "404142434445464748494a4b4c4d4e4f5051525354555657"
    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
    "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
    "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
    "21f9664c97637da9768812f615c68b13b52e"
    "c0875924c1c7987947deafd8780acf49";

static unsigned char key[CRYPT_KEY];

static size_t
unhex(unsigned char *to, size_t size, const char *hex)
{
	size_t n;

	ck_assert_int_eq(sodium_hex2bin(to, size, hex, strlen(hex), NULL, &n,
			     NULL),
	    0);
	return n;
}

static void
expect(const void *is, size_t len, const char *hex)
{
	char text[2 * 64 + 1];

	ck_assert_uint_le(len, 64);
	(void)sodium_bin2hex(text, sizeof(text), is, len);
	ck_assert_str_eq(text, hex);
}

static void
setup(void)
{
	unsigned char i;

	ck_assert_int_ne(sodium_init(), -1);
	for (i = 0; i < CRYPT_KEY; i++)
		key[i] = i;
}

/* The vectors of this file were computed with Python's hashlib. */
START_TEST(subkeys_are_those_of_the_format)
{
	struct crypt_keys k;

	crypt_subkeys(&k, key);
	expect(k.header, CRYPT_KEY,
	    "39bcf2027daf30dbb1e0e6a56351029805f416686dde31b826b3f32b71bafe77");
	expect(k.geometry, CRYPT_KEY,
	    "60c615f2ce1bed162e15f4d46c3361f30c7a3ea6296760eaa98fd5cba0b10c5a");
	expect(k.index, CRYPT_KEY,
	    "09ebb35f94c4891c9e74400e466e4d2bacb32ee45c14e5b0a81bf0a2f598f42e");
	expect(k.bind, CRYPT_KEY,
	    "b805e5676520217ae8bb3001d3f375e31c983f7b0dc7c143de911c6def932703");
	expect(k.hash, sizeof(k.hash),
	    "b33a60e787033180d49396ccbcb916079f7b0bbfcdf72fc148338263724fe545"
	    "3032d77886fa829ecae4a3a655297994155abe90b1292328dd11b31acc2d7017");
	expect(k.record, CRYPT_KEY,
	    "9e167a007a460084ad3f5991c64149642a14add85eea4b8f000132c996c518ac");
}
END_TEST

START_TEST(a_mac_is_keyed_blake2b_256)
{
	unsigned char mac[CRYPT_MAC];

	crypt_mac(mac, slice_of("abc"), key);
	expect(mac, sizeof(mac),
	    "d63a32d3e44738d7907f964316c241adaba0abfeabc32349677578a15a203f7f");
	crypt_mac(mac, slice_of(""), key);
	expect(mac, sizeof(mac),
	    "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d");
}
END_TEST

START_TEST(a_mac_fits_nothing_else)
{
	unsigned char mac[CRYPT_MAC], other[CRYPT_KEY];
	size_t i;

	crypt_mac(mac, slice_of("abc"), key);
	ck_assert_int_eq(crypt_mac_verify(mac, slice_of("abc"), key), 0);
	ck_assert_int_eq(crypt_mac_verify(mac, slice_of("abd"), key), -1);
	ck_assert_int_eq(crypt_mac_verify(mac, slice_of("ab"), key), -1);
	memcpy(other, key, sizeof(other));
	other[31] ^= 1;
	ck_assert_int_eq(crypt_mac_verify(mac, slice_of("abc"), other), -1);
	for (i = 0; i < 8 * sizeof(mac); i++) {
		mac[i / 8] ^= (unsigned char)(1u << i % 8);
		ck_assert_int_eq(crypt_mac_verify(mac, slice_of("abc"), key),
		    -1);
		mac[i / 8] ^= (unsigned char)(1u << i % 8);
	}
}
END_TEST

/* The first two are of the reference implementation's vectors.h. */
START_TEST(a_hash_depends_on_the_kind)
{
	unsigned char hash[CRYPT_HASH], keys[CRYPT_HASH_KINDS * CRYPT_HASH_KEY];
	unsigned char of[15];
	struct slice text = { of, sizeof(of) };
	unsigned char i;

	for (i = 0; i < sizeof(keys); i++)
		keys[i] = i;
	memcpy(of, keys, sizeof(of));
	crypt_hash(hash, 1, slice_of(""), keys);
	expect(hash, sizeof(hash), "a3817f04ba25a8e66df67214c7550293");
	crypt_hash(hash, 1, text, keys);
	expect(hash, sizeof(hash), "5493e99933b0a8117e08ec0f97cfc3d9");
	crypt_hash(hash, 2, text, keys);
	expect(hash, sizeof(hash), "59b8d462c2e2f730babf812baf056e1a");
	crypt_hash(hash, 4, text, keys);
	expect(hash, sizeof(hash), "19fc7b6bfaa2dfffb10c25d0e2e33b7b");
}
END_TEST

START_TEST(opens_the_vector_of_the_draft)
{
	unsigned char sealed[SEALED_MAX], ad[16], k[CRYPT_KEY];
	unsigned char out[SEALED_MAX];
	struct slice s = { sealed, 0 }, a = { ad, 0 };
	unsigned char i;

	for (i = 0; i < CRYPT_KEY; i++)
		k[i] = (unsigned char)(0x80 + i);
	a.len = unhex(ad, sizeof(ad), sunscreen_ad);
	s.len = unhex(sealed, sizeof(sealed), sunscreen_sealed);
	ck_assert_uint_eq(s.len, sizeof(sunscreen) - 1 + CRYPT_OVERHEAD);
	ck_assert_int_eq(crypt_open(out, s, a, k), 0);
	ck_assert_int_eq(memcmp(out, sunscreen, sizeof(sunscreen) - 1), 0);
}
END_TEST

START_TEST(what_was_sealed_opens_at_any_length)
{
	unsigned char plain[SEALED_MAX - CRYPT_OVERHEAD], sealed[SEALED_MAX];
	unsigned char out[SEALED_MAX];
	struct slice s = { sealed, 0 };
	size_t len;

	crypt_random(plain, sizeof(plain));
	for (len = 0; len <= sizeof(plain); len++) {
		s.len = len + CRYPT_OVERHEAD;
		crypt_seal(sealed, plain, len, slice_of("ad"), key);
		ck_assert_int_eq(crypt_open(out, s, slice_of("ad"), key), 0);
		ck_assert_int_eq(memcmp(out, plain, len), 0);
	}
}
END_TEST

START_TEST(the_same_is_never_sealed_the_same)
{
	unsigned char a[CRYPT_OVERHEAD + 8], b[sizeof(a)];

	crypt_seal(a, "password", 8, slice_of(""), key);
	crypt_seal(b, "password", 8, slice_of(""), key);
	ck_assert_int_ne(memcmp(a, b, CRYPT_NONCE), 0);
	ck_assert_int_ne(memcmp(a + CRYPT_NONCE, b + CRYPT_NONCE, 8), 0);
}
END_TEST

START_TEST(an_altered_bit_opens_nothing_and_leaves_zeros)
{
	unsigned char sealed[CRYPT_OVERHEAD + 20], out[20];
	struct slice s = { sealed, sizeof(sealed) };
	size_t i;

	crypt_seal(sealed, "twenty bytes of text", 20, slice_of("ad"), key);
	for (i = 0; i < 8 * sizeof(sealed); i++) {
		sealed[i / 8] ^= (unsigned char)(1u << i % 8);
		memset(out, 0xaa, sizeof(out));
		ck_assert_int_eq(crypt_open(out, s, slice_of("ad"), key), -1);
		ck_assert(is_zero(out, sizeof(out)));
		sealed[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	ck_assert_int_eq(crypt_open(out, s, slice_of("ad"), key), 0);
	ck_assert_int_eq(crypt_open(out, s, slice_of("ae"), key), -1);
	ck_assert_int_eq(crypt_open(out, s, slice_of("a"), key), -1);
	key[0] ^= 1;
	ck_assert_int_eq(crypt_open(out, s, slice_of("ad"), key), -1);
}
END_TEST

START_TEST(a_cut_one_opens_nothing)
{
	unsigned char whole[CRYPT_OVERHEAD + 20], *cut;
	unsigned char out[sizeof(whole)];
	struct slice s;

	crypt_seal(whole, "twenty bytes of text", 20, slice_of(""), key);
	for (s.len = 1; s.len < sizeof(whole); s.len++) {
		/* In memory of its own, so that reading on is noticed. */
		ck_assert_ptr_nonnull(cut = malloc(s.len));
		memcpy(cut, whole, s.len);
		s.p = cut;
		ck_assert_int_eq(crypt_open(out, s, slice_of(""), key), -1);
		free(cut);
	}
}
END_TEST

Suite *
crypt_suite(void)
{
	Suite *s = suite_create("crypt");
	TCase *t = tcase_create("crypt");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, subkeys_are_those_of_the_format);
	tcase_add_test(t, a_mac_is_keyed_blake2b_256);
	tcase_add_test(t, a_mac_fits_nothing_else);
	tcase_add_test(t, a_hash_depends_on_the_kind);
	tcase_add_test(t, opens_the_vector_of_the_draft);
	tcase_add_test(t, what_was_sealed_opens_at_any_length);
	tcase_add_test(t, the_same_is_never_sealed_the_same);
	tcase_add_test(t, an_altered_bit_opens_nothing_and_leaves_zeros);
	tcase_add_test(t, a_cut_one_opens_nothing);
	suite_add_tcase(s, t);
	return s;
}
