#include <check.h>
#include <stdio.h>
#include <string.h>

#include "bech32.h"
#include "suites.h"

/* The vectors of BIP-173. */
static const char *const good[] = {
	"A12UEL5L",
	"a12uel5l",
	"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcluded"
	"charactersbio1tt5tgs",
	"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
	"11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
	"qqqqqqqqqqqqqqqqqqqqqqc8247j",
	"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
	"?1ezyfcl",
};

static const char *const bad[] = {
	"\x20"
	"1nwldj5",
	"\x7f"
	"1axkwrx",
	"\x80"
	"1eym55h",
	"an84characterslonghumanreadablepartthatcontainsthenumber1andtheexclude"
	"dcharactersbio1569pvx",
	"pzry9x0s0muk",
	"1pzry9x0s0muk",
	"x1b4n0q5v",
	"li1dgmt3",
	"de1lg7wt\xff",
	"A1G7SGD8",
	"10a06t8",
	"1qzzfhee",
	"",
	"1",
	/* Both cases of letters. */
	"A12uEL5L",
};

static const unsigned char twenty[] = { 0x00, 0x44, 0x32, 0x14, 0xc7, 0x42,
	0x54, 0xb6, 0x35, 0xcf, 0x84, 0x65, 0x3a, 0x56, 0xd7, 0xc6, 0x75, 0xbe,
	0x77, 0xdf };

START_TEST(good_vectors)
{
	struct slice hrp;

	ck_assert_int_eq(bech32_check(slice_of(good[_i]), &hrp), 0);
	ck_assert_uint_eq(hrp.len, (size_t)(strrchr(good[_i], '1') - good[_i]));
}
END_TEST

START_TEST(bad_vectors)
{
	struct slice hrp;

	ck_assert_int_eq(bech32_check(slice_of(bad[_i]), &hrp), -1);
}
END_TEST

START_TEST(bytes_there_and_back)
{
	static const char lower[] =
	    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw";
	static const char upper[] =
	    "ABCDEF1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LMQQQXW";
	struct slice bytes = { twenty, sizeof(twenty) };
	unsigned char to[20];
	char text[BECH32_MAX + 1];

	ck_assert_int_eq(bech32_decode(slice_of(lower), "abcdef", to, 20), 0);
	ck_assert_mem_eq(to, twenty, 20);
	memset(to, 0, sizeof(to));
	ck_assert_int_eq(bech32_decode(slice_of(upper), "abcdef", to, 20), 0);
	ck_assert_mem_eq(to, twenty, 20);
	ck_assert_int_eq(bech32_encode(text, sizeof(text), "abcdef", bytes), 0);
	ck_assert_str_eq(text, lower);
	/* One too small, and just right. */
	ck_assert_int_eq(bech32_encode(text, strlen(lower), "abcdef", bytes),
	    -1);
	ck_assert_int_eq(bech32_encode(text, strlen(lower) + 1, "abcdef",
			     bytes),
	    0);
	ck_assert_int_eq(bech32_decode(slice_of(lower), "abcdeg", to, 20), -1);
	ck_assert_int_eq(bech32_decode(slice_of(lower), "abcde", to, 20), -1);
	ck_assert_int_eq(bech32_decode(slice_of(lower), "abcdef", to, 19), -1);
}
END_TEST

/* The checksum is right, but the last letter has bits that no byte has. */
START_TEST(spare_bits_are_zero)
{
	unsigned char one = 0;

	/* Values 0 and 0, and 0 and 1, each for one byte of 0. */
	ck_assert_int_eq(bech32_decode(slice_of("a1qqqd87cq"), "a", &one, 1),
	    0);
	ck_assert_int_eq(bech32_decode(slice_of("a1qpamnt9j"), "a", &one, 1),
	    -1);
}
END_TEST

START_TEST(each_length_and_each_slip)
{
	static const char letters[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	unsigned char from[48], to[48];
	char text[BECH32_MAX + 1], spoilt[BECH32_MAX + 1];
	size_t len, i, j;

	for (i = 0; i < sizeof(from); i++)
		from[i] = (unsigned char)(i * 37 + 11);
	for (len = 0; len <= sizeof(from); len++) {
		struct slice bytes = { from, len };

		ck_assert_int_eq(bech32_encode(text, sizeof(text), "age",
				     bytes),
		    0);
		ck_assert_int_eq(bech32_decode(slice_of(text), "age", to, len),
		    0);
		ck_assert_mem_eq(to, from, len);
	}
	for (i = 4; text[i] != '\0'; i++)
		for (j = 0; j < 32; j++) {
			memcpy(spoilt, text, sizeof(spoilt));
			spoilt[i] = letters[j];
			ck_assert_int_eq(bech32_decode(slice_of(spoilt), "age",
					     to, sizeof(to)),
			    letters[j] == text[i] ? 0 : -1);
		}
	ck_assert_int_eq(bech32_encode(text, sizeof(text), "age",
			     (struct slice){ from, 500 }),
	    -1);
}
END_TEST

Suite *
bech32_suite(void)
{
	Suite *s = suite_create("bech32");
	TCase *tc = tcase_create("bech32");

	tcase_add_loop_test(tc, good_vectors, 0,
	    (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tc, bad_vectors, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, bytes_there_and_back);
	tcase_add_test(tc, spare_bits_are_zero);
	tcase_add_test(tc, each_length_and_each_slip);
	suite_add_tcase(s, tc);
	return s;
}
