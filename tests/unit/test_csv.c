#include <check.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "fixture.h"

Suite *csv_suite(void);

static struct err e;
static unsigned char text[4096];
static char shown[8192];

/* All records as a|b|c; with newlines between them, or NULL. */
static const char *
parse(const void *from, size_t len)
{
	struct slice fields[4];
	struct csv c;
	size_t i = 0, n = 0, at = 0;
	int rv = 0;

	e = (struct err){ 0 };
	memcpy(text, from, len);
	csv_start(&c, text, len);
	while ((rv = csv_next(&c, fields, 4, &n, &e)) == 1) {
		for (i = 0; i < n; i++) {
			memcpy(shown + at, fields[i].p, fields[i].len);
			at += fields[i].len;
			shown[at++] = i + 1 < n ? '|' : ';';
		}
	}
	shown[at] = '\0';
	return rv == -1 ? NULL : shown;
}

static const struct text_case cases[] = {
	{ "", "", false },
	{ "a,b\n", "a|b;", false },
	{ "a,b", "a|b;", false },
	{ "a,b\r\nc,d\r\n", "a|b;c|d;", false },
	{ "a,b\r", "a|b;", false },
	{ "a,,\n,\n", "a||;|;", false },
	{ "a,", "a|;", false },
	{ "\n\r\na\n\n\nb\n", "a;b;", false },
	{ "\xef\xbb\xbf\"a\",b\n", "a|b;", false },
	{ "\"a,b\",\"c\"\"d\"\"\"\n", "a,b|c\"d\";", false },
	{ "\"a\r\nb\",c\nd\n", "a\r\nb|c;d;", false },
	{ "\"\",\"\"\n", "|;", false },
	{ " a , b \n", " a | b ;", false },
	{ "a,b,c,d\n", "a|b|c|d;", false },
	{ "x\na,b,c,d,e\n", "line 2: more than 4 fields", true },
	{ "a\n\"b\nc", "line 2: a quote is opened and not closed", true },
	{ "\"a\"\"", "line 1: a quote is opened and not closed", true },
	{ "\"a\"b\n", "line 1: text behind a closing quote", true },
	{ "\"a\n\" \n", "line 2: text behind a closing quote", true },
	{ "\n\na\"b\n", "line 3: a quote within a field", true },
	{ "a\rb\n", "line 1: a carriage return alone", true },
	{ "\"a\"\rb\n", "line 1: a carriage return alone", true },
};

START_TEST(records)
{
	const char *got = parse(cases[_i].text, strlen(cases[_i].text));

	check_text(&cases[_i], got, &e);
}
END_TEST

START_TEST(a_nul_is_a_byte)
{
	struct slice fields[4];
	struct csv c;
	size_t n = 0;

	memcpy(text, "a\0b,c", 5);
	csv_start(&c, text, 5);
	ck_assert_int_eq(csv_next(&c, fields, 4, &n, &e), 1);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(fields[0].len, 3);
}
END_TEST

START_TEST(lines_are_those_where_records_begin)
{
	struct slice fields[4];
	struct csv c;
	size_t n = 0;

	memcpy(text, "h\n\n\"a\nb\"\nc\n", 11);
	csv_start(&c, text, 11);
	ck_assert_int_eq(csv_next(&c, fields, 4, &n, &e), 1);
	ck_assert_uint_eq(c.record_line, 1);
	ck_assert_int_eq(csv_next(&c, fields, 4, &n, &e), 1);
	ck_assert_uint_eq(c.record_line, 3);
	ck_assert_int_eq(csv_next(&c, fields, 4, &n, &e), 1);
	ck_assert_uint_eq(c.record_line, 5);
	ck_assert_int_eq(csv_next(&c, fields, 4, &n, &e), 0);
}
END_TEST

/* No message has anything of the text in it. */
START_TEST(messages_tell_no_secret)
{
	ck_assert_ptr_null(parse("a,\"HUNTER2\n", 11));
	ck_assert_ptr_null(strstr(e.msg, "HUNTER2"));
	ck_assert_ptr_null(parse("HUN\"TER2\n", 9));
	ck_assert_ptr_null(strstr(e.msg, "TER2"));
}
END_TEST

Suite *
csv_suite(void)
{
	Suite *s = suite_create("csv");
	TCase *t = tcase_create("csv");

	tcase_add_loop_test(t, records, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, a_nul_is_a_byte);
	tcase_add_test(t, lines_are_those_where_records_begin);
	tcase_add_test(t, messages_tell_no_secret);
	suite_add_tcase(s, t);
	return s;
}
