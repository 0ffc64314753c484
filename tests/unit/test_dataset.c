#include <check.h>
#include <stdio.h>
#include <string.h>

#include "codepage.h"
#include "dataset.h"

Suite *dataset_suite(void);

static struct err e;
static struct secret *out;
static struct dataset_how how;

static void
setup(void)
{
	ck_assert_int_eq(secret_init(NULL, 65536, &e), 0);
	out = secret_new(256, &e);
	ck_assert_ptr_nonnull(out);
	how = (struct dataset_how){ 0 };
}

static void
teardown(void)
{
	secret_free(out);
}

static void
to_ebcdic(unsigned char *p, size_t len)
{
	size_t i = 0;

	for (i = 0; i < len; i++)
		p[i] = codepage_to_ibm1047(p[i]);
}

/* A record of 80: text, and numbers in columns 73 to 80. */
static void
record(unsigned char *to, const char *text, const char *numbers)
{
	memset(to, ' ', 80);
	memcpy(to, text, strlen(text));
	memcpy(to + 72, numbers, strlen(numbers));
}

static int
get(const void *raw, size_t len)
{
	e = (struct err){ 0 };
	return dataset_password(out, &how, (struct slice){ raw, len }, &e);
}

static void
expect(const void *raw, size_t len, const char *want)
{
	ck_assert_msg(get(raw, len) == 0, "%s", e.msg);
	ck_assert(slice_is(secret_slice(out), want));
}

static void
refuse(const void *raw, size_t len, const char *why)
{
	ck_assert_int_eq(get(raw, len), -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert_msg(strstr(e.msg, why) != NULL, "%s", e.msg);
}

/* x'5F' is ^ in IBM-1047 and the not sign in IBM-037. */
START_TEST(where_the_code_pages_disagree)
{
	expect("\xc1\xf1\x5f\x15", 4, "A1^");
	ck_assert_int_eq(how.encoding, DATASET_IBM1047);
	ck_assert(how.doubtful);
	/* Told, it is no guess. */
	expect("\xc1\xf1\x5f\x15", 4, "A1^");
	ck_assert(!how.doubtful);
	how = (struct dataset_how){ .encoding = DATASET_IBM037 };
	expect("\xc1\xf1\x5f\xb0\xba\xbb\x15", 7, "A1\xac^[]");
	ck_assert(!how.doubtful);
	refuse("\xc1\xc1\x04", 3, "column 3");
	how = (struct dataset_how){ 0 };
	expect("\xc1\xf1\x4b\x15", 4, "A1.");
	ck_assert(!how.doubtful);
}
END_TEST

START_TEST(fb80_in_both_encodings)
{
	unsigned char raw[80];

	record(raw, "pA55-w0rd", "");
	expect(raw, sizeof(raw), "pA55-w0rd");
	ck_assert_int_eq(how.format, DATASET_FB80);
	ck_assert_int_eq(how.encoding, DATASET_ASCII);
	ck_assert(!how.numbered);
	to_ebcdic(raw, sizeof(raw));
	how = (struct dataset_how){ 0 };
	expect(raw, sizeof(raw), "pA55-w0rd");
	ck_assert_int_eq(how.format, DATASET_FB80);
	ck_assert_int_eq(how.encoding, DATASET_IBM1047);
}
END_TEST

START_TEST(line_numbers_are_dropped)
{
	unsigned char raw[240];

	record(raw, "g*5<#D!Qyh^*kn", "00010000");
	record(raw + 80, "", "00020000");
	record(raw + 160, "", "");
	expect(raw, sizeof(raw), "g*5<#D!Qyh^*kn");
	ck_assert(how.numbered);
	to_ebcdic(raw, sizeof(raw));
	how = (struct dataset_how){ 0 };
	expect(raw, sizeof(raw), "g*5<#D!Qyh^*kn");
	ck_assert(how.numbered);
}
END_TEST

/* Columns 73 to 80 hold more than a number: it is the password's end. */
START_TEST(what_is_no_line_number_stays)
{
	unsigned char raw[80];
	char want[81];

	record(raw, "", "0001000 ");
	memset(raw, 'x', 72);
	memcpy(want, raw, 79);
	want[79] = '\0';
	expect(raw, sizeof(raw), want);
	memcpy(raw + 72, "0001000x", 8);
	memcpy(want, raw, 80);
	want[80] = '\0';
	expect(raw, sizeof(raw), want);
	ck_assert(!how.numbered);
}
END_TEST

START_TEST(a_number_behind_a_full_line_is_not_guessed)
{
	unsigned char raw[80];

	record(raw, "", "00010000");
	memset(raw, 'x', 72);
	refuse(raw, sizeof(raw), "record 1: the digits in columns 73 to 80");
	raw[71] = ' ';
	ck_assert_int_eq(get(raw, sizeof(raw)), 0);
	ck_assert_uint_eq(out->len, 71);
}
END_TEST

START_TEST(text_lines)
{
	static const unsigned char nel[] = { 0xe2, 0x85, 0x83, 0xf1, 0x40,
		0x15 };
	static const unsigned char lf[] = { 0xe2, 0x85, 0x83, 0xf1, 0x25, 0x40,
		0x25 };

	expect("Sec1\n", 5, "Sec1");
	expect("Sec1", 4, "Sec1");
	expect("Sec1  \r\n", 8, "Sec1");
	expect("Sec1\n\n  \n", 9, "Sec1");
	ck_assert_int_eq(how.format, DATASET_TEXT);
	how = (struct dataset_how){ 0 };
	expect(nel, sizeof(nel), "Sec1");
	ck_assert_int_eq(how.encoding, DATASET_IBM1047);
	ck_assert_int_eq(how.format, DATASET_TEXT);
	how = (struct dataset_how){ 0 };
	expect(lf, sizeof(lf), "Sec1");
}
END_TEST

/* A member with numbers, fetched in text mode: 80 and a newline. */
START_TEST(text_lines_with_numbers)
{
	unsigned char raw[81];

	record(raw, "Sec1", "00010000");
	raw[80] = '\n';
	expect(raw, sizeof(raw), "Sec1");
	ck_assert(how.numbered);
	ck_assert_int_eq(how.format, DATASET_TEXT);
}
END_TEST

START_TEST(leading_blanks_stay)
{
	expect("  a b \n", 7, "  a b");
}
END_TEST

START_TEST(only_the_first_record_is_a_password)
{
	unsigned char raw[160];

	refuse("one\ntwo\n", 8, "record 2 is not blank");
	refuse("\ntwo\n", 5, "record 2 is not blank");
	how = (struct dataset_how){ 0 };
	record(raw, "one", "");
	record(raw + 80, "two", "");
	refuse(raw, sizeof(raw), "record 2 is not blank");
	/* The message knows nothing of the contents. */
	ck_assert_ptr_null(strstr(e.msg, "two"));
}
END_TEST

START_TEST(nothing_is_no_password)
{
	unsigned char raw[80];

	refuse("", 0, "is empty");
	refuse("  \n", 3, "only blanks");
	record(raw, "", "00010000");
	refuse(raw, sizeof(raw), "only blanks");
}
END_TEST

START_TEST(records_must_be_whole)
{
	unsigned char raw[81];

	how.format = DATASET_FB80;
	record(raw, "one", "");
	raw[80] = ' ';
	refuse(raw, 81, "no multiple of 80");
	refuse(raw, 79, "no multiple of 80");
	expect(raw, 80, "one");
}
END_TEST

START_TEST(controls_are_refused)
{
	refuse("a\tb\n", 4, "plain text neither");
	how.encoding = DATASET_ASCII;
	refuse("a\tb\n", 4, "record 1, column 2: a control character");
	refuse("a\0b\n", 4, "column 2");
	refuse("ab\x7f", 3, "column 3");
	how.encoding = DATASET_IBM1047;
	/* NUL, and x'04', which is C1 in ISO 8859-1. */
	refuse("\xc1\x00\x40", 3, "column 2");
	refuse("\xc1\xc1\x04", 3, "column 3");
}
END_TEST

START_TEST(letters_beyond_ascii_need_a_word)
{
	/* UTF-8, ISO 8859-1, and IBM-1047 of "e acute". */
	refuse("caf\xc3\xa9\n", 6, "--encoding ascii");
	how.encoding = DATASET_ASCII;
	expect("caf\xc3\xa9\n", 6, "caf\xc3\xa9");
	how = (struct dataset_how){ .encoding = DATASET_IBM1047 };
	expect("\x83\x81\x86\x51\x15", 5, "caf\xe9");
	refuse("\xef\xbb\xbfSec1\n", 8, "byte order mark");
}
END_TEST

/* Text in both: KLM is .<( and nothing tells which is meant. */
START_TEST(doubt_is_not_decided)
{
	unsigned char raw[80];

	how = (struct dataset_how){ 0 };
	refuse("KLM", 3, "could be ASCII or IBM-1047");
	how.encoding = DATASET_IBM1047;
	expect("KLM", 3, ".<(");
	/* But a record is padded with blanks, not with '@'. */
	how = (struct dataset_how){ 0 };
	memset(raw, 0x40, sizeof(raw));
	memcpy(raw, "KLM", 3);
	expect(raw, sizeof(raw), ".<(");
	ck_assert_int_eq(how.encoding, DATASET_IBM1047);
}
END_TEST

START_TEST(a_password_must_fit)
{
	char raw[300];

	memset(raw, 'x', sizeof(raw));
	refuse(raw, 257, "longer than a secret");
	ck_assert_int_eq(get(raw, 256), 0);
	ck_assert_uint_eq(out->len, 256);
}
END_TEST

static const struct {
	const char *text;
	/* NULL: no name. */
	const char *name;
} dataset_names[] = {
	{ "HLQ.PASSWD(SITE1)", "HLQ.PASSWD(SITE1)" },
	{ "//'hlq.passwd(site1)'", "HLQ.PASSWD(SITE1)" },
	{ " // ' Hlq.Passwd(Site1) ' ", "HLQ.PASSWD(SITE1)" },
	{ "\"OPER.PBB.CONTROL(SAS#SFTP)\"", "OPER.PBB.CONTROL(SAS#SFTP)" },
	{ "HLQ.PASSWD", "HLQ.PASSWD" },
	{ "A", "A" },
	{ "$A.#B.@C1-2", "$A.#B.@C1-2" },
	{ "HLQ.GDG(0)", "HLQ.GDG(0)" },
	{ "HLQ.GDG(-1)", "HLQ.GDG(-1)" },
	{ "HLQ.GDG(+1)", "HLQ.GDG(+1)" },
	{ "AAAAAAAA.BBBBBBBB.CCCCCCCC.DDDDDDDD.EEEEEEEE(FFFFFFFF)",
	    "AAAAAAAA.BBBBBBBB.CCCCCCCC.DDDDDDDD.EEEEEEEE(FFFFFFFF)" },
	{ "AAAAAAAA.BBBBBBBB.CCCCCCCC.DDDDDDDD.EEEEEEEE.F", NULL },
	{ "", NULL },
	{ "//''", NULL },
	{ "HLQ..PASSWD", NULL },
	{ ".HLQ", NULL },
	{ "HLQ.", NULL },
	{ "HLQ.TOOLONGNAME", NULL },
	{ "1HLQ.PASSWD", NULL },
	{ "-HLQ", NULL },
	{ "HLQ.PASS WD", NULL },
	{ "HLQ.PASSWD(SITE1", NULL },
	{ "HLQ.PASSWD()", NULL },
	{ "HLQ.PASSWD(SITE1)X", NULL },
	{ "HLQ.PASSWD(1SITE)", NULL },
	{ "HLQ.PASSWD(SI-TE)", NULL },
	{ "HLQ.PASSWD(TOOLONGNAME)", NULL },
	{ "HLQ.GDG(+)", NULL },
	{ "HLQ.GDG(12345)", NULL },
	{ "'HLQ.PASSWD", NULL },
	{ "/u/hlq/passwd", NULL },
	{ "HLQ.P\xc3\x84SSWD", NULL },
};

START_TEST(names_are_normalised)
{
	char buf[DATASET_NAME_MAX];
	int rv = 0;

	e = (struct err){ 0 };
	rv = dataset_name(buf, sizeof(buf), slice_of(dataset_names[_i].text),
	    &e);
	if (dataset_names[_i].name == NULL) {
		ck_assert_int_eq(rv, -1);
		ck_assert_int_eq(e.kind, ERR_USAGE);
		return;
	}
	ck_assert_msg(rv == 0, "%s", e.msg);
	ck_assert_str_eq(buf, dataset_names[_i].name);
}
END_TEST

START_TEST(names_with_a_nul_are_none)
{
	static const unsigned char name[] = { 'A', '\0', 'B' };
	char buf[DATASET_NAME_MAX];

	ck_assert_int_eq(dataset_name(buf, sizeof(buf),
			     (struct slice){ name, sizeof(name) }, &e),
	    -1);
}
END_TEST

Suite *
dataset_suite(void)
{
	Suite *s = suite_create("dataset");
	TCase *t = tcase_create("dataset");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, where_the_code_pages_disagree);
	tcase_add_test(t, fb80_in_both_encodings);
	tcase_add_test(t, line_numbers_are_dropped);
	tcase_add_test(t, what_is_no_line_number_stays);
	tcase_add_test(t, a_number_behind_a_full_line_is_not_guessed);
	tcase_add_test(t, text_lines);
	tcase_add_test(t, text_lines_with_numbers);
	tcase_add_test(t, leading_blanks_stay);
	tcase_add_test(t, only_the_first_record_is_a_password);
	tcase_add_test(t, nothing_is_no_password);
	tcase_add_test(t, records_must_be_whole);
	tcase_add_test(t, controls_are_refused);
	tcase_add_test(t, letters_beyond_ascii_need_a_word);
	tcase_add_test(t, doubt_is_not_decided);
	tcase_add_test(t, a_password_must_fit);
	tcase_add_loop_test(t, names_are_normalised, 0,
	    (int)(sizeof(dataset_names) / sizeof(dataset_names[0])));
	tcase_add_test(t, names_with_a_nul_are_none);
	suite_add_tcase(s, t);
	return s;
}
