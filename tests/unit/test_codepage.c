#include <check.h>
#include <iconv.h>
#include <string.h>

#include "codepage.h"
#include "policy.h"

Suite *codepage_suite(void);

static struct err e;

/* What iconv(3) makes of one byte. */
static unsigned char
converted(const char *to, const char *from, unsigned char c)
{
	iconv_t cd = iconv_open(to, from);
	char in = (char)c, out = 0, *inp = &in, *outp = &out;
	size_t inleft = 1, left = 1;

	ck_assert(cd != (iconv_t)-1);
	ck_assert_uint_eq(iconv(cd, &inp, &inleft, &outp, &left), 0);
	ck_assert_uint_eq(left, 0);
	(void)iconv_close(cd);
	return (unsigned char)out;
}

START_TEST(the_tables_are_those_of_iconv)
{
	unsigned int i = 0;
	unsigned char c = 0;

	for (i = 0; i < 256; i++) {
		c = (unsigned char)i;
		ck_assert_uint_eq(codepage_from_ibm1047(c),
		    converted("ISO-8859-1", "IBM1047", c));
		ck_assert_uint_eq(codepage_to_ibm1047(c),
		    converted("IBM1047", "ISO-8859-1", c));
		ck_assert_uint_eq(codepage_from_ibm037(c),
		    converted("ISO-8859-1", "IBM037", c));
	}
}
END_TEST

START_TEST(every_byte_comes_back)
{
	bool seen[256] = { false }, seen037[256] = { false };
	unsigned int i = 0;
	unsigned char c = 0, there = 0;

	for (i = 0; i < 256; i++) {
		c = (unsigned char)i;
		ck_assert_uint_eq(codepage_to_ibm1047(codepage_from_ibm1047(c)),
		    c);
		there = codepage_encode(CODEPAGE_IBM1047, c);
		ck_assert(!seen[there]);
		seen[there] = true;
		ck_assert_uint_eq(codepage_decode(CODEPAGE_IBM1047, there), c);
		ck_assert(!seen037[codepage_from_ibm037(c)]);
		seen037[codepage_from_ibm037(c)] = true;
		ck_assert_uint_eq(codepage_encode(CODEPAGE_ASCII, c), c);
		ck_assert_uint_eq(codepage_decode(CODEPAGE_ASCII, c), c);
	}
}
END_TEST

/* z/OS UNIX: '\n' is NEL; and all else is as in the table. */
START_TEST(the_newline_is_that_of_zos)
{
	unsigned int i = 0;

	ck_assert_uint_eq(codepage_encode(CODEPAGE_IBM1047, '\n'), 0x15);
	ck_assert_uint_eq(codepage_encode(CODEPAGE_IBM1047, 0x85), 0x25);
	ck_assert_uint_eq(codepage_encode(CODEPAGE_IBM1047, '\r'), 0x0d);
	ck_assert_uint_eq(codepage_decode(CODEPAGE_IBM1047, 0x15), '\n');
	ck_assert_uint_eq(codepage_decode(CODEPAGE_IBM1047, 0x25), 0x85);
	for (i = 0; i < 256; i++) {
		if (i == '\n' || i == 0x85)
			continue;
		ck_assert_uint_eq(codepage_encode(CODEPAGE_IBM1047,
				      (unsigned char)i),
		    codepage_to_ibm1047((unsigned char)i));
	}
}
END_TEST

START_TEST(secrets_that_do_not_come_back)
{
	struct slice s = { NULL, 1 };
	unsigned char c = 0;
	unsigned int i = 0;

	for (i = 0; i < 256; i++) {
		c = (unsigned char)i;
		s.p = &c;
		ck_assert_int_eq(codepage_check(CODEPAGE_ASCII, s, &e), 0);
		ck_assert_int_eq(codepage_check(CODEPAGE_IBM1047, s, &e),
		    c == '\n' || c == 0x85 ? -1 : 0);
	}
	/* The last byte counts as well; nothing is a secret that survives. */
	s = slice_of("g*5<#D!Qyh^*kn/7r\xc3\x84");
	ck_assert_int_eq(codepage_check(CODEPAGE_IBM1047, s, &e), 0);
	s = slice_of("g*5<#D!Qyh^*kn/7r\xc3\x85");
	ck_assert_int_eq(codepage_check(CODEPAGE_IBM1047, s, &e), -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert_ptr_null(strstr(e.msg, "g*5"));
	s.len = 0;
	ck_assert_int_eq(codepage_check(CODEPAGE_IBM1047, s, &e), 0);
}
END_TEST

/* What pawl generates is of these characters, whichever policy it has. */
START_TEST(what_a_policy_may_have_comes_back)
{
	static const char *const names[] = { "racf", "racf-mixed",
		"racf-special", "racf-phrase" };
	struct policy p;
	size_t i = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(policy_named(&p, names[i], &e), 0);
		ck_assert_int_eq(codepage_check(CODEPAGE_IBM1047,
				     slice_of(p.inner), &e),
		    0);
		ck_assert_int_eq(codepage_check(CODEPAGE_IBM1047,
				     slice_of(p.end), &e),
		    0);
	}
	/* And an alphabet has nothing beyond ASCII. */
	ck_assert_int_eq(policy_custom(&p, 8, "ab\x85", &e), -1);
	ck_assert_int_eq(policy_custom(&p, 8, "ab\xc3\x85", &e), -1);
}
END_TEST

static const struct {
	enum codepage page;
	const char *given;
	const char *meant;
} prompts[] = {
	/* "u@h's password: " */
	{ CODEPAGE_IBM1047,
	    "\xa4\x7c\x88\x7d\xa2\x40\x97\x81\xa2\xa2\xa6\x96\x99\x84\x7a\x40",
	    "u@h's password: " },
	/* Two lines. */
	{ CODEPAGE_IBM1047, "\x81\x15\x82", "a\nb" },
	{ CODEPAGE_IBM1047, "u@h's password: ", "u@h's password: " },
	{ CODEPAGE_IBM1047, "", "" },
	/* Nothing but signs: it asks for nothing that is answered. */
	{ CODEPAGE_IBM1047, "\x7a\x40", "z@" },
	{ CODEPAGE_ASCII, "\xa4\x7c\x88", "\xa4\x7c\x88" },
};

START_TEST(prompts_become_ascii)
{
	char text[64];

	(void)strncpy(text, prompts[_i].given, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	codepage_prompt(prompts[_i].page, text);
	ck_assert_str_eq(text, prompts[_i].meant);
}
END_TEST

Suite *
codepage_suite(void)
{
	Suite *s = suite_create("codepage");
	TCase *t = tcase_create("codepage");

	tcase_add_test(t, the_tables_are_those_of_iconv);
	tcase_add_test(t, every_byte_comes_back);
	tcase_add_test(t, the_newline_is_that_of_zos);
	tcase_add_test(t, secrets_that_do_not_come_back);
	tcase_add_test(t, what_a_policy_may_have_comes_back);
	tcase_add_loop_test(t, prompts_become_ascii, 0,
	    (int)(sizeof(prompts) / sizeof(prompts[0])));
	suite_add_tcase(s, t);
	return s;
}
