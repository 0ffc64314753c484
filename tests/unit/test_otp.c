/*
 * One-time codes: the vectors of FIPS 180-4, RFC 4226 (appendix D) and RFC
 * 6238 (appendix B), every length against OpenSSL, and what seeds may be.
 */
#include <check.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "otp.h"
#include "sha1.h"
#include "suites.h"

static struct entry entry;
static struct otp otp;
static struct err err;

static void
start(void)
{
	ck_assert_int_eq(secret_init(NULL, 65536, &err), 0);
}

static void
add(const char *key, const char *value)
{
	ck_assert_int_eq(record_attr_add(&entry, slice_of(key), slice_of(value),
			     &err),
	    0);
}

static void
check_code(uint64_t counter, const char *expected)
{
	struct secret *code = secret_new(OTP_DIGITS_MAX, &err);

	ck_assert_ptr_nonnull(code);
	otp_code(&otp, counter, code);
	ck_assert(slice_is(secret_slice(code), expected));
	secret_free(code);
}

/* The seed text with the attributes that were added. */
static int
read_it(const char *text)
{
	entry.current = slice_of(text);
	return otp_read(&otp, &entry, &err);
}

START_TEST(sha1_is_that_of_fips_180)
{
	static const struct {
		const char *text;
		const char *digest;
	} cases[] = {
		{ "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
	};
	unsigned char out[SHA1_BYTES];
	char hex[2 * SHA1_BYTES + 1];
	struct sha1 s;
	size_t i;

	sha1_init(&s);
	sha1_update(&s, (const unsigned char *)cases[_i].text,
	    strlen(cases[_i].text));
	sha1_final(&s, out);
	for (i = 0; i < SHA1_BYTES; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", out[i]);
	ck_assert_str_eq(hex, cases[_i].digest);
}
END_TEST

START_TEST(every_hmac_is_openssls_at_every_length)
{
	static const struct {
		enum crypt_hmac which;
		const EVP_MD *(*md)(void);
	} hashes[] = { { CRYPT_HMAC_SHA1, EVP_sha1 },
		{ CRYPT_HMAC_SHA256, EVP_sha256 },
		{ CRYPT_HMAC_SHA512, EVP_sha512 } };
	unsigned char bytes[300], ours[CRYPT_HMAC_MAX], theirs[EVP_MAX_MD_SIZE];
	unsigned int len;
	size_t i, n;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7 + 3);
	for (n = 0; n <= 150; n++) {
		/* A key of every length, also beyond a block; and data. */
		struct slice key = { bytes, n },
			     data = { bytes + 1, 2 * n % 299 };

		ck_assert_ptr_nonnull(HMAC(hashes[_i].md(), key.p, (int)n,
		    data.p, data.len, theirs, &len));
		ck_assert_uint_eq(crypt_hmac(ours, hashes[_i].which, data, key),
		    len);
		ck_assert_mem_eq(ours, theirs, len);
	}
}
END_TEST

/* "12345678901234567890" in base32. */
#define SEED20 "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define SEED32 "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA===="
#define SEED64 \
	"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBV" \
	"GY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA="

START_TEST(codes_are_those_of_rfc_4226)
{
	static const char *const codes[] = { "755224", "287082", "359152",
		"969429", "338314", "254676", "287922", "162583", "399871",
		"520489" };

	start();
	ck_assert_int_eq(read_it(SEED20), 0);
	check_code((uint64_t)_i, codes[_i]);
}
END_TEST

static const struct {
	uint64_t time;
	const char *codes[3];
} rfc6238[] = {
	{ 59, { "94287082", "46119246", "90693936" } },
	{ 1111111109, { "07081804", "68084774", "25091201" } },
	{ 1111111111, { "14050471", "67062674", "99943326" } },
	{ 1234567890, { "89005924", "91819424", "93441116" } },
	{ 2000000000, { "69279037", "90698825", "38618901" } },
	{ 20000000000, { "65353130", "77737706", "47863826" } },
};

START_TEST(codes_are_those_of_rfc_6238)
{
	static const char *const seeds[] = { SEED20, SEED32, SEED64 };
	static const char *const names[] = { "sha1", "SHA256", "sha512" };
	char uri[300];
	size_t i;

	start();
	for (i = 0; i < 3; i++) {
		memset(&entry, 0, sizeof(entry));
		add("otp.digits", "8");
		add("otp.algorithm", names[i]);
		ck_assert_int_eq(read_it(seeds[i]), 0);
		check_code(otp_counter(&otp, rfc6238[_i].time),
		    rfc6238[_i].codes[i]);
		otp_free(&otp);
		/* What the URI says comes before the attributes. */
		(void)snprintf(uri, sizeof(uri),
		    "otpauth://totp/A:b@c?issuer=A&algorithm=%s&digits=8&"
		    "period=30&secret=%s&digit=5",
		    names[i], seeds[i]);
		memset(&entry, 0, sizeof(entry));
		add("otp.digits", "7");
		add("otp.period", "60");
		ck_assert_int_eq(read_it(uri), 0);
		check_code(otp_counter(&otp, rfc6238[_i].time),
		    rfc6238[_i].codes[i]);
		otp_free(&otp);
	}
}
END_TEST

START_TEST(seeds_may_be_written_in_many_ways)
{
	static const char *const same[] = { "gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
		"GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
		"gezd-gnbv-gy3t-qojq-gezd-gnbv-gy3t-qojq",
		"OTPAUTH://TOTP/x?secret=" SEED20,
		"otpauth://totp/?secret=" SEED20 "%3D%3D&" };

	start();
	ck_assert_int_eq(read_it(same[_i]), 0);
	ck_assert_uint_eq(otp.key->len, 20);
	check_code(1, "287082");
}
END_TEST

START_TEST(what_is_no_seed_is_refused_and_not_shown)
{
	static const char *const bad[] = { "", "SECRETWORD1", "SECRETWORD0",
		"SECRETWORD", "otpauth://hotp/x?secret=" SEED20,
		"otpauth://totp/x", "otpauth://totp/x?", "otpauth://",
		"otpauth://totp/x?issuer=SECRETWORD",
		"otpauth://totp/x?secret=SECRETWORD",
		"otpauth://totp/x?digits=SECRETWORD&secret=" SEED20,
		"otpauth://totp/x?digits=5&secret=" SEED20,
		"otpauth://totp/x?digits=9&secret=" SEED20,
		"otpauth://totp/x?period=0&secret=" SEED20,
		"otpauth://totp/x?period=301&secret=" SEED20,
		"otpauth://totp/x?algorithm=MD5&secret=" SEED20,
		"otpauth://totp/x?algorithm=&secret=" SEED20,
		SEED64 SEED64 SEED64 };

	start();
	ck_assert_int_eq(read_it(bad[_i]), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_ptr_null(strstr(err.msg, "SECRETWORD"));
	ck_assert_ptr_null(strstr(err.msg, SEED20));
	ck_assert_ptr_null(otp.key);
}
END_TEST

START_TEST(a_period_is_its_own_counter)
{
	start();
	add("otp.period", "60");
	ck_assert_int_eq(read_it(SEED20), 0);
	ck_assert_uint_eq(otp_counter(&otp, 59), 0);
	ck_assert_uint_eq(otp_counter(&otp, 60), 1);
	entry.current.p = NULL;
	ck_assert_int_eq(otp_read(&otp, &entry, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOENTRY);
}
END_TEST

START_TEST(the_service_says_what_is_for_codes)
{
	ck_assert(!otp_is(&entry));
	add("service", "ssh");
	ck_assert(!otp_is(&entry));
	add("service", "otp");
	ck_assert(otp_is(&entry));
}
END_TEST

Suite *
otp_suite(void)
{
	Suite *s = suite_create("otp");
	TCase *c = tcase_create("otp");

	tcase_add_loop_test(c, sha1_is_that_of_fips_180, 0, 3);
	tcase_add_loop_test(c, every_hmac_is_openssls_at_every_length, 0, 3);
	tcase_add_loop_test(c, codes_are_those_of_rfc_4226, 0, 10);
	tcase_add_loop_test(c, codes_are_those_of_rfc_6238, 0, 6);
	tcase_add_loop_test(c, seeds_may_be_written_in_many_ways, 0, 5);
	tcase_add_loop_test(c, what_is_no_seed_is_refused_and_not_shown, 0, 18);
	tcase_add_test(c, a_period_is_its_own_counter);
	tcase_add_test(c, the_service_says_what_is_for_codes);
	suite_add_tcase(s, c);
	return s;
}
