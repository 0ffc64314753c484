#include <check.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "jsonl.h"

Suite *jsonl_suite(void);

static struct err e;
static unsigned char text[4096];
static char shown[4096];

/* line:key=value|key=value|; of each object. */
static const char *
parse(const char *from, size_t len)
{
	struct jsonl_member members[4];
	struct jsonl j;
	size_t at = 0, i = 0, n = 0;
	int rv = 0;

	e = (struct err){ 0 };
	memcpy(text, from, len);
	jsonl_start(&j, text, len);
	while ((rv = jsonl_next(&j, members, 4, &n, &e)) == 1) {
		at += (size_t)snprintf(shown + at, 24, "%zu:", j.line);
		for (i = 0; i < n; i++) {
			memcpy(shown + at, members[i].key.p,
			    members[i].key.len);
			at += members[i].key.len;
			shown[at++] = '=';
			memcpy(shown + at, members[i].value.p,
			    members[i].value.len);
			at += members[i].value.len;
			shown[at++] = '|';
		}
		shown[at++] = ';';
	}
	shown[at] = '\0';
	return rv == -1 ? NULL : shown;
}

static const struct text_case cases[] = {
	{ "", "", false },
	{ "\n \n\r\n", "", false },
	{ "{}", "1:;", false },
	{ "{\"a\":\"b\"}\n", "1:a=b|;", false },
	{ "\n { \"a\" : \"b\" , \"c\":\t\"d\" } \r\n{\"e\":\"\"}",
	    "2:a=b|c=d|;3:e=|;", false },
	{ "{\"a\":[\"b\",\"c\"],\"d\":[ ]}", "1:a=b|a=c|;", false },
	{ "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "1:a=\"\\/\b\f\n\r\t|;",
	    false },
	{ "{\"\\u0061\":\"\\u00e9\\u20AC\\ud83d\\ude00x\"}",
	    "1:a=\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x|;", false },
	{ "{\"a\":\"caf\xc3\xa9\"}", "1:a=caf\xc3\xa9|;", false },
	{ "{\"a\":\"HUN\xff\"}", "line 1, column 10: is not UTF-8", true },
	{ "{\"a\":\"HUN\t\"}", "line 1, column 10: a control", true },
	{ "\n{\"a\":\"HUN", "line 2, column 10: a string has no end", true },
	{ "{\"a\":\"HUN\\", "column 10: a string has no end", true },
	{ "{\"a\":\"HUN\\x\"}", "column 10: no such escape", true },
	{ "{\"a\":\"HUN\\u00g0\"}", "column 10: \\u without", true },
	{ "{\"a\":\"HUN\\u00", "column 10: \\u without", true },
	{ "{\"a\":\"HUN\\ud83d\"}", "column 10: half a surrogate", true },
	{ "{\"a\":\"HUN\\ud83d\\u0041\"}", "column 10: half a surr", true },
	{ "{\"a\":\"HUN\\ude00\"}", "column 10: half a surrogate", true },
	{ "{\"a\":1}", "column 6: a string or an array", true },
	{ "{\"a\":null}", "column 6: a string or an array", true },
	{ "{\"a\":{\"b\":\"c\"}}", "column 6: a string or an array", true },
	{ "{\"a\":[[\"b\"]]}", "column 7: a string is expected", true },
	{ "{\"a\":[\"b\",]}", "a string is expected", true },
	{ "{\"a\":[\"b\"}", "',' or ']' is expected", true },
	{ "{\"a\":\"b\",}", "a string is expected", true },
	{ "{\"a\":\"b\" \"c\":\"d\"}", "',' or '}' is expected", true },
	{ "{\"a\" \"b\"}", "':' is expected", true },
	{ "{a:\"b\"}", "a string is expected", true },
	{ "[\"a\"]", "'{' is expected", true },
	{ "{\"a\":\"b\"} x", "text behind the object", true },
	{ "{\"a\":\"b\"}{}", "text behind the object", true },
	{ "{\"a\":\"b\",\"a\":\"c\"}", "a member is there twice", true },
	{ "{\"a\":\"b\",\"\\u0061\":\"c\"}", "a member is there twice", true },
	{ "{\"a\":[\"1\",\"2\",\"3\",\"4\"]}", "1:a=1|a=2|a=3|a=4|;", false },
	{ "{\"a\":[\"1\",\"2\",\"3\",\"4\",\"5\"]}", "more members", true },
};

START_TEST(lines)
{
	const char *got = parse(cases[_i].text, strlen(cases[_i].text));

	check_text(&cases[_i], got, &e);
}
END_TEST

START_TEST(a_nul_may_be_escaped_and_not_plain)
{
	struct jsonl_member members[4];
	struct jsonl j;
	size_t n = 0;

	memcpy(text, "{\"a\":\"b\\u0000c\"}", 16);
	jsonl_start(&j, text, 16);
	ck_assert_int_eq(jsonl_next(&j, members, 4, &n, &e), 1);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(members[0].value.len, 3);
	ck_assert_mem_eq(members[0].value.p, "b\0c", 3);
	ck_assert_ptr_null(parse("{\"a\":\"b\0\"}", 10));
	ck_assert_ptr_null(parse("{\"a\":\"b\\\0\"}", 11));
}
END_TEST

Suite *
jsonl_suite(void)
{
	Suite *s = suite_create("jsonl");
	TCase *t = tcase_create("jsonl");

	tcase_add_loop_test(t, lines, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, a_nul_may_be_escaped_and_not_plain);
	suite_add_tcase(s, t);
	return s;
}
