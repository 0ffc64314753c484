#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

Suite *bytes_suite(void);

static const struct slice nothing = { NULL, 0 };

START_TEST(slices_compare)
{
	ck_assert(slice_equal(slice_of("abc"), slice_of("abc")));
	ck_assert(!slice_equal(slice_of("abc"), slice_of("abd")));
	ck_assert(!slice_equal(slice_of("abc"), slice_of("ab")));
	ck_assert(!slice_equal(slice_of("ab"), slice_of("abc")));
	ck_assert(slice_equal(nothing, slice_of("")));
	ck_assert(slice_equal(nothing, nothing));
	ck_assert(slice_is(slice_of("x"), "x"));
	ck_assert(!slice_is(slice_of("x"), "X"));
	ck_assert(!slice_is(slice_of("x"), ""));
	ck_assert(slice_is(nothing, ""));
}
END_TEST

START_TEST(fold_touches_ascii_letters_only)
{
	unsigned int i, j;

	for (i = 0; i < 256; i++)
		for (j = 0; j < 256; j++) {
			unsigned char a = (unsigned char)i;
			unsigned char b = (unsigned char)j;
			struct slice x = { &a, 1 }, y = { &b, 1 };
			unsigned int low = i < j ? i : j;
			bool want = i == j ||
			    (low >= 'A' && low <= 'Z' && (i ^ j) == 0x20);

			ck_assert_msg(slice_equal_fold(x, y) == want,
			    "%02x and %02x", i, j);
		}
	ck_assert(slice_equal_fold(slice_of("Host.COM"), slice_of("hOST.com")));
	ck_assert(!slice_equal_fold(slice_of("Host"), slice_of("Hos")));
	ck_assert(!slice_equal_fold(slice_of("Host"), slice_of("Hosu")));
	ck_assert(slice_equal_fold(nothing, nothing));
}
END_TEST

START_TEST(text_fits_or_fails)
{
	struct slice nul = { (const unsigned char *)"a\0b", 3 };
	char buf[4] = "zzz";

	ck_assert_int_eq(slice_text(slice_of("abc"), buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "abc");
	ck_assert_int_eq(slice_text(slice_of("abcd"), buf, sizeof(buf)), -1);
	ck_assert_int_eq(slice_text(nul, buf, sizeof(buf)), -1);
	ck_assert_int_eq(slice_text(nothing, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "");
	ck_assert_int_eq(slice_text(nothing, buf, 0), -1);
}
END_TEST

START_TEST(trim_takes_blanks_at_both_ends)
{
	ck_assert(slice_is(slice_trim(slice_of("\t  a\t b \t")), "a\t b"));
	ck_assert(slice_is(slice_trim(slice_of("a\n")), "a\n"));
	ck_assert(slice_is(slice_trim(slice_of(" \t ")), ""));
	ck_assert(slice_is(slice_trim(nothing), ""));
}
END_TEST

START_TEST(a_line_has_no_end_in_it)
{
	struct slice nul = { (const unsigned char *)"a\0", 2 };

	ck_assert(slice_is_line(slice_of("a \t\x7f\xff")));
	ck_assert(slice_is_line(nothing));
	ck_assert(!slice_is_line(nul));
	ck_assert(!slice_is_line(slice_of("a\r")));
	ck_assert(!slice_is_line(slice_of("\na")));
}
END_TEST

START_TEST(lines_end_in_newlines_or_with_the_text)
{
	struct slice text = slice_of("a\r\n\nb"), line = text;

	ck_assert(slice_next_line(&text, &line));
	ck_assert(slice_is(line, "a\r"));
	ck_assert(slice_is(text, "\nb"));
	ck_assert(slice_next_line(&text, &line));
	ck_assert(slice_is(line, ""));
	ck_assert(slice_next_line(&text, &line));
	ck_assert(slice_is(line, "b"));
	ck_assert(!slice_next_line(&text, &line));
	ck_assert(slice_is(line, ""));
	/* A newline at the end begins no line. */
	text = slice_of("c\n");
	ck_assert(slice_next_line(&text, &line));
	ck_assert(slice_is(line, "c"));
	ck_assert(!slice_next_line(&text, &line));
	text = nothing;
	ck_assert(!slice_next_line(&text, &line));
}
END_TEST

START_TEST(integers_are_little_endian)
{
	unsigned char b[8] = { 0 };

	put_u16(b, 0xa1b2);
	ck_assert_mem_eq(b, "\xb2\xa1\0", 3);
	ck_assert_uint_eq(get_u16(b), 0xa1b2);
	put_u32(b, 0xa1b2c3d4);
	ck_assert_mem_eq(b, "\xd4\xc3\xb2\xa1\0", 5);
	ck_assert_uint_eq(get_u32(b), 0xa1b2c3d4);
	put_u64(b, UINT64_C(0xa1b2c3d4e5f60718));
	ck_assert_mem_eq(b, "\x18\x07\xf6\xe5\xd4\xc3\xb2\xa1", 8);
	ck_assert(get_u64(b) == UINT64_C(0xa1b2c3d4e5f60718));
	memset(b, 0xff, sizeof(b));
	ck_assert_uint_eq(get_u16(b), UINT16_MAX);
	ck_assert_uint_eq(get_u32(b), UINT32_MAX);
	ck_assert(get_u64(b) == UINT64_MAX);
}
END_TEST

START_TEST(zero_looks_at_each_byte)
{
	unsigned char b[9] = { 0 };
	size_t i;

	ck_assert(is_zero(b, sizeof(b)));
	ck_assert(is_zero(NULL, 0));
	for (i = 0; i < sizeof(b); i++) {
		b[i] = 0x80;
		ck_assert(!is_zero(b, sizeof(b)));
		ck_assert(is_zero(b, i));
		b[i] = 0;
	}
	/* All alike is not enough. */
	memset(b, 0x80, sizeof(b));
	for (i = 1; i <= sizeof(b); i++)
		ck_assert(!is_zero(b, i));
}
END_TEST

START_TEST(cursor_stops_at_the_end)
{
	unsigned char raw[15], to[16] = { 0 };
	struct cursor c = { raw, sizeof(raw) };
	struct slice s = nothing;
	uint32_t v32 = 0;
	uint64_t v64 = 0;
	size_t i;

	for (i = 0; i < sizeof(raw); i++)
		raw[i] = (unsigned char)(i + 1);
	ck_assert_int_eq(take(&c, to, 1), 0);
	ck_assert_uint_eq(to[0], 1);
	ck_assert_int_eq(take_u32(&c, &v32), 0);
	ck_assert_uint_eq(v32, 0x05040302);
	ck_assert_int_eq(take_u64(&c, &v64), 0);
	ck_assert(v64 == UINT64_C(0x0d0c0b0a09080706));
	/* Two are left: nothing larger moves the cursor or the result. */
	ck_assert_int_eq(take_u64(&c, &v64), -1);
	ck_assert_int_eq(take_u32(&c, &v32), -1);
	ck_assert_int_eq(take(&c, to, 3), -1);
	ck_assert_int_eq(take_slice(&c, &s, 3), -1);
	ck_assert_int_eq(take_slice(&c, &s, SIZE_MAX), -1);
	ck_assert_uint_eq(c.left, 2);
	ck_assert_uint_eq(v32, 0x05040302);
	ck_assert_int_eq(take_slice(&c, &s, 2), 0);
	ck_assert_uint_eq(s.len, 2);
	ck_assert_ptr_eq(s.p, raw + 13);
	ck_assert_int_eq(take(&c, to, 0), 0);
	ck_assert_int_eq(take(&c, to, 1), -1);
	ck_assert_uint_eq(c.left, 0);
}
END_TEST

static const struct {
	size_t size;
	const char *text;
	const char *shown;
} shows[] = {
	{ 64, "", "" },
	{ 64, "plain text ~!", "plain text ~!" },
	{ 64, "a\\b", "a\\x5cb" },
	{ 64, "\n\t\x1b\x7f\x80\xff", "\\x0a\\x09\\x1b\\x7f\\x80\\xff" },
	{ 64, "\xc3\xbc", "\\xc3\\xbc" },
	{ 8, "1234567", "1234567" },
	{ 8, "12345678", "1234..." },
	{ 8, "123\n", "123\\x0a" },
	{ 8, "1234\n", "1234..." },
	{ 8, "12\n45", "12..." },
	{ 8, "\n\n", "\\x0a..." },
	{ 9, "\n\n", "\\x0a\\x0a" },
	{ 8, "\n123", "\\x0a123" },
	{ 8, "\n1234", "\\x0a..." },
};

START_TEST(show_escapes_and_cuts)
{
	char out[65];
	char *got;

	memset(out, '#', sizeof(out));
	got = text_show(out, shows[_i].size, slice_of(shows[_i].text));
	ck_assert_ptr_eq(got, out);
	ck_assert_str_eq(out, shows[_i].shown);
	/* Nothing is written behind the end. */
	ck_assert_int_eq(out[shows[_i].size], '#');
}
END_TEST

START_TEST(show_knows_no_terminator)
{
	struct slice nul = { (const unsigned char *)"a\0b", 3 };
	char out[16];

	ck_assert_str_eq(text_show(out, sizeof(out), nul), "a\\x00b");
	ck_assert_str_eq(text_show(out, sizeof(out), nothing), "");
}
END_TEST

/* What fits in full is the same at each size; what is cut is a beginning. */
START_TEST(show_is_right_at_every_size)
{
	static const char text[] = "ab\ncd\\ef\xffgh\x01\x02ij";
	char full[128], out[130];
	size_t size, len;

	text_show(full, sizeof(full), slice_of(text));
	len = strlen(full);
	for (size = 8; size < sizeof(out) - 1; size++) {
		memset(out, '#', sizeof(out));
		text_show(out, size, slice_of(text));
		ck_assert_int_eq(out[size], '#');
		if (len < size) {
			ck_assert_str_eq(out, full);
			continue;
		}
		ck_assert_uint_gt(strlen(out), 3);
		ck_assert_uint_lt(strlen(out), size);
		/* An escape is four wide: at most three bytes are wasted. */
		ck_assert_uint_ge(strlen(out) + 4, size);
		ck_assert_str_eq(out + strlen(out) - 3, "...");
		ck_assert(strncmp(out, full, strlen(out) - 3) == 0);
	}
}
END_TEST

Suite *
bytes_suite(void)
{
	Suite *s = suite_create("bytes");
	TCase *tc = tcase_create("bytes");

	tcase_add_test(tc, slices_compare);
	tcase_add_test(tc, fold_touches_ascii_letters_only);
	tcase_add_test(tc, text_fits_or_fails);
	tcase_add_test(tc, trim_takes_blanks_at_both_ends);
	tcase_add_test(tc, a_line_has_no_end_in_it);
	tcase_add_test(tc, lines_end_in_newlines_or_with_the_text);
	tcase_add_test(tc, integers_are_little_endian);
	tcase_add_test(tc, zero_looks_at_each_byte);
	tcase_add_test(tc, cursor_stops_at_the_end);
	tcase_add_loop_test(tc, show_escapes_and_cuts, 0,
	    (int)(sizeof(shows) / sizeof(shows[0])));
	tcase_add_test(tc, show_knows_no_terminator);
	tcase_add_test(tc, show_is_right_at_every_size);
	suite_add_tcase(s, tc);
	return s;
}
