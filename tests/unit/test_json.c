#include <check.h>
#include <string.h>

#include "json.h"

Suite *json_suite(void);

/* What j holds, as a terminated string; json_finish() ended it with \n. */
static void
expect(struct json *j, const char *want)
{
	struct err e = { 0 };

	ck_assert_int_eq(json_finish(j, &e), 0);
	ck_assert_uint_eq(j->len, strlen(want));
	ck_assert_int_eq(strncmp(j->text, want, j->len), 0);
	json_free(j);
	ck_assert_ptr_null(j->text);
}

START_TEST(commas_come_by_themselves)
{
	struct json j = { 0 };

	json_open(&j, '[');
	json_open(&j, '{');
	json_key(&j, "a");
	json_number(&j, 0);
	json_key(&j, "b");
	json_open(&j, '[');
	json_bool(&j, true);
	json_bool(&j, false);
	json_null(&j);
	json_close(&j, ']');
	json_key(&j, "c");
	json_open(&j, '{');
	json_close(&j, '}');
	json_close(&j, '}');
	json_open(&j, '[');
	json_close(&j, ']');
	json_text(&j, "");
	json_close(&j, ']');
	expect(&j, "[{\"a\":0,\"b\":[true,false,null],\"c\":{}},[],\"\"]\n");
}
END_TEST

/* The last byte decides about the comma: it must be the quote, not these. */
START_TEST(strings_that_end_like_an_opening)
{
	struct json j = { 0 };

	json_open(&j, '[');
	json_text(&j, "[");
	json_text(&j, "{");
	json_text(&j, ":");
	json_close(&j, ']');
	expect(&j, "[\"[\",\"{\",\":\"]\n");
}
END_TEST

START_TEST(numbers_keep_all_digits)
{
	struct json j = { 0 };

	json_number(&j, UINT64_MAX);
	expect(&j, "18446744073709551615\n");
}
END_TEST

START_TEST(controls_and_quotes_are_escaped)
{
	struct json j = { 0 };
	static const unsigned char bytes[] = { 0x00, 0x1f, 0x7f, '\n', '"',
		'\\', '/', 'x' };

	json_string(&j, (struct slice){ bytes, sizeof(bytes) });
	expect(&j, "\"\\u0000\\u001f\\u007f\\u000a\\\"\\\\/x\"\n");
}
END_TEST

static const struct {
	const char *text;
	size_t len;
} utf8[] = {
	{ "", 0 },
	{ "a", 1 },
	{ "\x7f", 1 },
	{ "\x80", 0 },
	{ "\xc1\xbf", 0 },
	{ "\xc2\x80", 2 },
	{ "\xdf\xbf", 2 },
	{ "\xdf", 0 },
	{ "\xdf\xc0", 0 },
	{ "\xe0\x9f\xbf", 0 },
	{ "\xe0\xa0\x80", 3 },
	{ "\xed\x9f\xbf", 3 },
	{ "\xed\xa0\x80", 0 },
	{ "\xef\xbf\xbf", 3 },
	{ "\xef\xbf", 0 },
	{ "\xf0\x8f\xbf\xbf", 0 },
	{ "\xf0\x90\x80\x80", 4 },
	{ "\xf4\x8f\xbf\xbf", 4 },
	{ "\xf4\x90\x80\x80", 0 },
	{ "\xf5\x80\x80\x80", 0 },
	{ "\xf0\x90\x80", 0 },
	{ "\xff", 0 },
};

START_TEST(utf8_is_told_from_other_bytes)
{
	ck_assert_msg(json_utf8(slice_of(utf8[_i].text)) == utf8[_i].len,
	    "case %d", _i);
}
END_TEST

START_TEST(other_bytes_are_replaced_one_by_one)
{
	struct json j = { 0 };

	json_text(&j, "a\xff\xc3\xa9\xe2\x82z");
	expect(&j, "\"a\\ufffd\xc3\xa9\\ufffd\\ufffdz\"\n");
}
END_TEST

START_TEST(the_buffer_grows)
{
	struct json j = { 0 };
	char line[1001];
	int i = 0;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	json_open(&j, '[');
	for (i = 0; i < 100; i++)
		json_text(&j, line);
	json_close(&j, ']');
	ck_assert(!j.failed);
	ck_assert_uint_eq(j.len, 2 + 100 * 1002 + 99);
	json_free(&j);
}
END_TEST

START_TEST(a_failure_stays_and_is_told)
{
	struct json j = { 0 };
	struct err e = { 0 };

	json_open(&j, '[');
	j.failed = true;
	json_text(&j, "lost");
	ck_assert_uint_eq(j.len, 1);
	ck_assert_int_eq(json_finish(&j, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	json_free(&j);
}
END_TEST

Suite *
json_suite(void)
{
	Suite *s = suite_create("json");
	TCase *t = tcase_create("json");

	tcase_add_test(t, commas_come_by_themselves);
	tcase_add_test(t, strings_that_end_like_an_opening);
	tcase_add_test(t, numbers_keep_all_digits);
	tcase_add_test(t, controls_and_quotes_are_escaped);
	tcase_add_loop_test(t, utf8_is_told_from_other_bytes, 0,
	    (int)(sizeof(utf8) / sizeof(utf8[0])));
	tcase_add_test(t, other_bytes_are_replaced_one_by_one);
	tcase_add_test(t, the_buffer_grows);
	tcase_add_test(t, a_failure_stays_and_is_told);
	suite_add_tcase(s, t);
	return s;
}
