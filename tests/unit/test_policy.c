#include <check.h>
#include <string.h>

#include "policy.h"

Suite *policy_suite(void);

#define SAMPLES 100000

static const char *const names[] = { "racf", "racf-mixed", "racf-special",
	"racf-phrase" };

#define NAMES ((int)(sizeof(names) / sizeof(names[0])))

static const struct slice none = { NULL, 0 };
static struct err e;
static struct secret *out;

static void
setup(void)
{
	ck_assert_int_eq(secret_init(NULL, 65536, &e), 0);
	out = secret_new(POLICY_LENGTH_MAX, &e);
	ck_assert_ptr_nonnull(out);
}

static void
teardown(void)
{
	secret_free(out);
}

static struct policy
policy(const char *name)
{
	struct policy p = { 0 };

	ck_assert_int_eq(policy_named(&p, name, &e), 0);
	return p;
}

/* 0, or the kind of error; the message must not hold the secret. */
static enum err_kind
check(const char *name, const char *user, const char *secret)
{
	struct policy p = policy(name);

	e = (struct err){ 0 };
	if (policy_check(&p, slice_of(user), slice_of(secret), &e) == 0)
		return ERR_NONE;
	ck_assert_ptr_null(strstr(e.msg, secret));
	return e.kind;
}

static const struct {
	const char *policy;
	const char *user;
	const char *secret;
	bool good;
	/* Part of the message. */
	const char *why;
} cases[] = {
	{ "racf", "", "ABCDEFG1", true, "" },
	{ "racf", "", "A123456B", true, "" },
	{ "racf", "", "ABCDEFGH", false, "needs a digit" },
	{ "racf", "", "A1234567", false, "needs a capital letter" },
	{ "racf", "", "1BCDEFG2", false, "begin" },
	{ "racf", "", "ABCDEF1", false, "must have 8" },
	{ "racf", "", "ABCDEFG12", false, "must have 8" },
	{ "racf", "", "ABCDEf11", false, "may not stand" },
	{ "racf", "", "ABCDE 11", false, "may not stand" },
	{ "racf", "", "ABCDE#11", false, "may not stand" },
	{ "racf", "BCD", "ABCD1234", false, "user id" },
	{ "racf", "bcd", "ABCD1234", false, "user id" },
	{ "racf", "ABCD1234", "ABCD1234", false, "user id" },
	{ "racf", "34", "ABCD1234", false, "user id" },
	{ "racf", "ABCD12345", "ABCD1234", true, "" },
	{ "racf", "XY", "ABCD1234", true, "" },
	{ "racf-mixed", "", "aBcdef12", true, "" },
	{ "racf-mixed", "", "ABCDEF12", false, "needs a small letter" },
	{ "racf-mixed", "", "Abcdef12", false, "needs a capital letter" },
	{ "racf-mixed", "", "aBcdefgh", false, "needs a digit" },
	{ "racf-special", "", "aB_def12", true, "" },
	{ "racf-special", "", "aB<+&*9=", false, "needs a small letter" },
	{ "racf-special", "", "aBcdef12", false, "needs a special" },
	{ "racf-special", "", "aB:def1_", false, "may not stand" },
	{ "racf-special", "", "aB/def1_", false, "may not stand" },
	{ "racf-special", "", "aB!def1_", false, "may not stand" },
	{ "racf-special", "", "aB|def1_", false, "may not stand" },
	{ "racf-special", "", "_Bcdef1_", false, "begin" },
	{ "racf-phrase", "", "correct-horse-b", true, "" },
	{ "racf-phrase", "", "correct-horse", false, "14 to 100" },
	{ "racf-phrase", "", "correct horse-b", false, "may not stand" },
	{ "racf-phrase", "", "-orrect-horse-b", false, "begin" },
	{ "racf-phrase", "", "correct-horse--", false, "may not stand" },
	{ "racf-phrase", "", "correct-hooorse-", false, "may not stand" },
	{ "racf-phrase", "", "correct-hooorse", false, "three times" },
	{ "racf-phrase", "", "correcthorsebat", false, "two letters" },
	{ "racf-phrase", "", "correcthorseba1", false, "two letters" },
	{ "racf-phrase", "", "1234567890123a4", false, "two letters" },
	{ "racf-phrase", "", "12345678901b3a4", true, "" },
	{ "racf-phrase", "HORSE", "correct-horse-b", false, "user id" },
};

START_TEST(check_tells_good_from_bad)
{
	enum err_kind kind =
	    check(cases[_i].policy, cases[_i].user, cases[_i].secret);

	ck_assert_msg(kind == (cases[_i].good ? ERR_NONE : ERR_USAGE),
	    "%s of %s: %s", cases[_i].secret, cases[_i].policy, e.msg);
	ck_assert_msg(strstr(e.msg, cases[_i].why) != NULL, "%s: %s",
	    cases[_i].secret, e.msg);
}
END_TEST

START_TEST(a_nul_is_no_character_of_an_alphabet)
{
	struct policy p = policy("racf");
	static const unsigned char secret[] = { 'A', 'B', 'C', '\0', 'D', '1',
		'2', '3' };

	ck_assert_int_eq(policy_check(&p, none,
			     (struct slice){ secret, sizeof(secret) }, &e),
	    -1);
}
END_TEST

START_TEST(phrases_have_a_longest)
{
	char phrase[102];
	size_t i = 0;

	for (i = 0; i < sizeof(phrase) - 1; i++)
		phrase[i] = "ab12"[i % 4];
	phrase[100] = '\0';
	ck_assert_int_eq(check("racf-phrase", "", phrase), ERR_NONE);
	phrase[100] = 'a';
	phrase[101] = '\0';
	ck_assert_int_eq(check("racf-phrase", "", phrase), ERR_USAGE);
}
END_TEST

START_TEST(unknown_policies_are_named_and_listed)
{
	struct policy p;

	ck_assert_int_eq(policy_named(&p, "RACF", &e), -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert_str_eq(e.msg,
	    "no policy RACF: there are racf, racf-mixed, racf-special and "
	    "racf-phrase");
}
END_TEST

START_TEST(alphabets_expand)
{
	struct policy p;

	ck_assert_int_eq(policy_custom(&p, 4, "a-cxa-", &e), 0);
	ck_assert_str_eq(p.inner, "abcx-");
	ck_assert_str_eq(p.end, "abcx-");
	ck_assert_int_eq(policy_custom(&p, 4, "-a", &e), 0);
	ck_assert_str_eq(p.inner, "-a");
	ck_assert_int_eq(policy_custom(&p, 4, "!-~", &e), 0);
	ck_assert_uint_eq(strlen(p.inner), 94);
	ck_assert_int_eq(policy_custom(&p, 4, NULL, &e), 0);
	ck_assert_uint_eq(strlen(p.inner), 62);
}
END_TEST

static const struct {
	size_t length;
	const char *alphabet;
} bad_custom[] = { { 0, "ab" }, { POLICY_LENGTH_MAX + 1, "ab" }, { 8, "" },
	{ 8, "a" }, { 8, "aaa" }, { 8, "a b" }, { 8, "a\n" }, { 8, "z-a" },
	{ 8, "xyz-a" }, { 8, "\xc3\xa9" }, { 8, "a-\x7f" } };

START_TEST(impossible_customs_are_refused)
{
	struct policy p;

	e = (struct err){ 0 };
	ck_assert_int_eq(policy_custom(&p, bad_custom[_i].length,
			     bad_custom[_i].alphabet, &e),
	    -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
}
END_TEST

/*
 * Sum over symbols of (seen - expected)^2 / expected.  With n symbols it is
 * about n - 1, give or take sqrt(2(n - 1)); limit() is 8 such deviations
 * above, which an even source does not reach in the life of this project.
 * The symbols of one class at one place must be equally frequent, since no
 * policy tells them apart.
 */
static double
chi_square(const unsigned long *seen, const char *symbols)
{
	double expected = 0, d = 0, sum = 0;
	size_t n = strlen(symbols), i = 0;

	for (i = 0; i < n; i++)
		expected += (double)seen[(unsigned char)symbols[i]];
	expected /= (double)n;
	if (expected < 5)
		return 0;
	for (i = 0; i < n; i++) {
		d = (double)seen[(unsigned char)symbols[i]] - expected;
		sum += d * d / expected;
	}
	return sum;
}

/* sqrt(2(n - 1)) <= n / 2 + 1. */
static double
limit(size_t n)
{
	double df = (double)n - 1, root = 1;
	int i = 0;

	for (i = 0; i < 30; i++)
		root = (root + 2 * df / root) / 2;
	return df + 8 * root;
}

static const char *const classes[] = { "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"abcdefghijklmnopqrstuvwxyz", "0123456789" };

static unsigned long seen[32][256];

/* Without ck_assert() for each, which would take most of the time. */
static void
sample(const struct policy *p)
{
	int n = 0, good = 0;
	size_t i = 0;

	memset(seen, 0, sizeof(seen));
	for (n = 0; n < SAMPLES; n++) {
		good += policy_generate(p, none, none, out, &e) == 0 &&
		    out->len == p->length &&
		    policy_check(p, none, secret_slice(out), &e) == 0;
		for (i = 0; i < p->length; i++)
			seen[i][out->data[i]]++;
	}
	ck_assert_int_eq(good, SAMPLES);
}

/*
 * A generator that mends a string without a digit at a fixed place, or at the
 * end, has more digits there.  The places from 2 on are equal by the policy.
 */
static void
check_places(const struct policy *p)
{
	unsigned long digits[256] = { 0 };
	char places[8] = "";
	size_t i = 0, d = 0;
	double chi = 0;

	for (i = 1; i < p->length; i++) {
		places[i - 1] = (char)('0' + i);
		for (d = 0; d < 10; d++)
			digits['0' + i] += seen[i]['0' + d];
	}
	chi = chi_square(digits, places);
	ck_assert_msg(chi < limit(7), "%s, digits by place: %.0f", p->name,
	    chi);
}

START_TEST(every_string_is_equally_likely)
{
	struct policy p = policy(names[_i]);
	size_t i = 0, c = 0;
	double chi = 0;

	sample(&p);
	for (i = 0; i < p.length; i++) {
		for (c = 0; c < 3; c++) {
			chi = chi_square(seen[i], classes[c]);
			ck_assert_msg(chi < limit(strlen(classes[c])),
			    "%s, place %zu, %s: %.0f", p.name, i, classes[c],
			    chi);
		}
	}
	if (p.length == 8)
		check_places(&p);
}
END_TEST

/* Fewer strings than samples: each of them comes, equally often. */
START_TEST(every_string_of_a_small_policy_comes)
{
	struct policy p;
	unsigned long count[256] = { 0 };
	int n = 0, good = 0;

	ck_assert_int_eq(policy_custom(&p, 2, "abc", &e), 0);
	for (n = 0; n < SAMPLES; n++) {
		good += policy_generate(&p, none, slice_of("BB"), out, &e) == 0;
		count[(out->data[0] - 'a') * 3 + out->data[1] - 'a' + '0']++;
	}
	ck_assert_int_eq(good, SAMPLES);
	/* bb, the old one in small letters, is 4 and never comes. */
	ck_assert_uint_eq(count['4'], 0);
	ck_assert_double_lt(chi_square(count, "01235678"), limit(8));
}
END_TEST

START_TEST(the_user_id_never_comes)
{
	struct policy p;
	int n = 0;

	ck_assert_int_eq(policy_custom(&p, 3, "ab", &e), 0);
	for (n = 0; n < 1000; n++) {
		ck_assert_int_eq(policy_generate(&p, slice_of("AB"), none, out,
				     &e),
		    0);
		ck_assert(out->data[0] != 'a' || out->data[1] != 'b');
		ck_assert(out->data[1] != 'a' || out->data[2] != 'b');
	}
}
END_TEST

START_TEST(an_impossible_wish_ends)
{
	struct policy p;

	ck_assert_int_eq(policy_custom(&p, 1, "ab", &e), 0);
	e = (struct err){ 0 };
	ck_assert_int_eq(policy_generate(&p, slice_of("a"), slice_of("b"), out,
			     &e),
	    -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert_uint_eq(out->len, 0);
}
END_TEST

START_TEST(a_secret_that_is_too_small_is_not_overrun)
{
	struct policy p = policy("racf");
	struct secret *small = secret_new(7, &e);

	ck_assert_ptr_nonnull(small);
	ck_assert_int_eq(policy_generate(&p, none, none, small, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	secret_free(small);
}
END_TEST

START_TEST(zos_pass_refuses_what_cannot_travel)
{
	unsigned char s[2] = { 'A', 0 };
	unsigned int c = 0;
	bool good = false;

	for (c = 0; c < 256; c++) {
		s[1] = (unsigned char)c;
		good = c > 0x20 && c < 0x7f && c != '/' && c != ':' &&
		    c != '"' && c != '\'';
		e = (struct err){ 0 };
		ck_assert_msg(policy_check_zos_pass((struct slice){ s, 2 },
				  &e) == (good ? 0 : -1),
		    "x'%02x'", c);
		ck_assert_int_eq(e.kind, good ? ERR_NONE : ERR_USAGE);
	}
}
END_TEST

START_TEST(zos_pass_has_lengths)
{
	char phrase[102];

	memset(phrase, 'a', sizeof(phrase));
	phrase[101] = '\0';
	ck_assert_int_eq(policy_check_zos_pass(slice_of(phrase), &e), -1);
	phrase[100] = '\0';
	ck_assert_int_eq(policy_check_zos_pass(slice_of(phrase), &e), 0);
	ck_assert_int_eq(policy_check_zos_pass(slice_of("a"), &e), 0);
	ck_assert_int_eq(policy_check_zos_pass(none, &e), -1);
}
END_TEST

START_TEST(what_is_generated_can_travel)
{
	struct policy p = policy(names[_i]);
	int n = 0;

	for (n = 0; n < 200; n++) {
		ck_assert_int_eq(policy_generate(&p, none, none, out, &e), 0);
		ck_assert_int_eq(policy_check_zos_pass(secret_slice(out), &e),
		    0);
	}
}
END_TEST

Suite *
policy_suite(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_checked_fixture(t, setup, teardown);
	/* Millions of random numbers at a system call each. */
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, check_tells_good_from_bad, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, a_nul_is_no_character_of_an_alphabet);
	tcase_add_test(t, phrases_have_a_longest);
	tcase_add_test(t, unknown_policies_are_named_and_listed);
	tcase_add_test(t, alphabets_expand);
	tcase_add_loop_test(t, impossible_customs_are_refused, 0,
	    (int)(sizeof(bad_custom) / sizeof(bad_custom[0])));
	tcase_add_loop_test(t, every_string_is_equally_likely, 0, NAMES);
	tcase_add_test(t, every_string_of_a_small_policy_comes);
	tcase_add_test(t, the_user_id_never_comes);
	tcase_add_test(t, an_impossible_wish_ends);
	tcase_add_test(t, a_secret_that_is_too_small_is_not_overrun);
	tcase_add_test(t, zos_pass_refuses_what_cannot_travel);
	tcase_add_test(t, zos_pass_has_lengths);
	tcase_add_loop_test(t, what_is_generated_can_travel, 0, NAMES);
	suite_add_tcase(s, t);
	return s;
}
