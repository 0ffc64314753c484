#include <check.h>
#include <string.h>

#include "edit_text.h"

Suite *edit_text_suite(void);

static struct err e;

static void
setup(void)
{
	ck_assert_int_eq(secret_init(NULL, 65536, &e), 0);
}

static struct entry
sample(void)
{
	struct entry entry = { .name = slice_of("site1") };

	ck_assert_int_eq(record_attr_add(&entry, slice_of("user"),
			     slice_of("SITE1"), &e),
	    0);
	ck_assert_int_eq(record_attr_add(&entry, slice_of("notes"),
			     slice_of("one\n\n#two: 2\n"), &e),
	    0);
	ck_assert_int_eq(record_attr_add(&entry, slice_of("host"),
			     slice_of(" a: b"), &e),
	    0);
	entry.current = slice_of("PASS1");
	return entry;
}

/* What stands behind the comments at the top. */
static struct slice
body(const struct secret *text)
{
	struct slice s = secret_slice(text);
	const unsigned char *end = NULL;

	while (s.len > 0 && s.p[0] == '#') {
		end = memchr(s.p, '\n', s.len);
		ck_assert_ptr_nonnull(end);
		s.len -= (size_t)(end + 1 - s.p);
		s.p = end + 1;
	}
	return s;
}

START_TEST(an_entry_as_text)
{
	struct entry entry = sample();
	struct secret *text = edit_print(&entry, false, &e);

	ck_assert_ptr_nonnull(text);
	ck_assert(slice_is(body(text),
	    "user: SITE1\nhost:  a: b\nsecret: (unchanged)\n\n"
	    "one\n\n#two: 2\n\n"));
	secret_free(text);
	text = edit_print(&entry, true, &e);
	ck_assert_ptr_nonnull(text);
	ck_assert(slice_is(body(text),
	    "user: SITE1\nhost:  a: b\nsecret: PASS1\n\none\n\n#two: 2\n\n"));
	secret_free(text);
}
END_TEST

START_TEST(and_back)
{
	struct entry entry = sample();
	struct secret *text = edit_print(&entry, true, &e);
	struct edit d;
	size_t line = 0;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(edit_parse(&d, secret_slice(text), &line, &e), 0);
	ck_assert_uint_eq(d.nattrs, 3);
	ck_assert(slice_is(d.attrs[0].key, "user"));
	ck_assert(slice_is(d.attrs[0].value, "SITE1"));
	ck_assert(slice_is(d.attrs[1].value, " a: b"));
	ck_assert(slice_is(d.attrs[2].key, "notes"));
	ck_assert(slice_is(d.attrs[2].value, "one\n\n#two: 2\n"));
	ck_assert(slice_is(d.secret, "PASS1"));
	ck_assert_uint_eq(d.lines[1], 4);
	ck_assert_uint_eq(d.secret_line, 5);
	secret_free(text);
}
END_TEST

START_TEST(a_secret_of_several_lines_is_not_shown)
{
	struct entry entry = sample();
	struct secret *text = NULL;

	entry.current = slice_of("a\nb");
	ck_assert_ptr_null(edit_print(&entry, true, &e));
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert_ptr_nonnull(text = edit_print(&entry, false, &e));
	secret_free(text);
}
END_TEST

static const struct {
	const char *text;
	size_t line;
} bad[] = {
	{ "", 1 },
	{ "user: a\n", 1 },
	{ "\nsecret: x\n", 1 },
	{ "secret: x\nuser\n", 2 },
	{ "secret: x\nuser:\n", 2 },
	{ "secret: x\nuser: \n", 2 },
	{ "secret: x\nuser:a\n", 2 },
	{ "secret: x\nuser : a\n", 2 },
	{ "secret: x\n: a\n", 2 },
	{ "secret: x\n user: a\n", 2 },
	{ "secret: x\nUser: a\n", 2 },
	{ "secret: x\n1user: a\n", 2 },
	{ "secret: x\nnotes: a\n", 2 },
	{ "secret: x\n# y\nsecret: x\n", 3 },
	{ "secret: x\r\n", 1 },
	{ "secret: \n", 1 },
	{ "secret: x\nuser: a\r\n", 2 },
	{ "secret: x\nuser: \xff\n", 2 },
	{ "secret: x\n\nfine\n\xff\nfine\n", 4 },
};

START_TEST(mistakes_are_found_where_they_are)
{
	struct edit d;
	size_t line = 0;

	e = (struct err){ 0 };
	ck_assert_int_eq(edit_parse(&d, slice_of(bad[_i].text), &line, &e), -1);
	ck_assert_msg(line == bad[_i].line, "case %d: line %zu", _i, line);
	ck_assert_int_eq(e.kind, ERR_USAGE);
}
END_TEST

START_TEST(a_message_shows_nothing_of_the_line)
{
	static const char *const texts[] = { "PASSWORT: hunter2\n",
		"hunter2: \n", "secret: hunter2\r\n", "hunter2\n" };
	struct edit d;
	size_t i = 0, line = 0;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_eq(edit_parse(&d, slice_of(texts[i]), &line, &e),
		    -1);
		ck_assert_ptr_null(strstr(e.msg, "hunter2"));
		ck_assert_ptr_null(strstr(e.msg, "PASSWORT"));
	}
}
END_TEST

START_TEST(limits)
{
	static char text[RECORD_VALUE_MAX + 64];
	struct edit d;
	size_t line = 0;

	memcpy(text, "secret: ", 8);
	memset(text + 8, 'x', RECORD_SECRET_MAX);
	ck_assert_int_eq(edit_parse(&d, slice_of(text), &line, &e), 0);
	ck_assert_uint_eq(d.secret.len, RECORD_SECRET_MAX);
	text[8 + RECORD_SECRET_MAX] = 'x';
	ck_assert_int_eq(edit_parse(&d, slice_of(text), &line, &e), -1);
	memcpy(text, "secret: x\n\n", 11);
	memset(text + 11, 'x', RECORD_VALUE_MAX);
	text[11 + RECORD_VALUE_MAX] = '\n';
	text[12 + RECORD_VALUE_MAX] = '\0';
	ck_assert_int_eq(edit_parse(&d, slice_of(text), &line, &e), 0);
	text[11 + RECORD_VALUE_MAX] = 'x';
	ck_assert_int_eq(edit_parse(&d, slice_of(text), &line, &e), -1);
	ck_assert_uint_eq(line, 3);
}
END_TEST

START_TEST(no_more_attributes_than_an_entry_holds)
{
	char text[RECORD_ATTRS_MAX * 8 + 32] = "secret: x\n";
	size_t i = 0, line = 0;
	struct edit d;

	for (i = 0; i < RECORD_ATTRS_MAX; i++)
		memcpy(text + strlen(text), "x-a: b\n", 8);
	ck_assert_int_eq(edit_parse(&d, slice_of(text), &line, &e), 0);
	memcpy(text + strlen(text), "\nnote\n", 7);
	ck_assert_int_eq(edit_parse(&d, slice_of(text), &line, &e), -1);
	ck_assert_uint_eq(line, RECORD_ATTRS_MAX + 3);
}
END_TEST

static const struct {
	const char *text;
	size_t line;
	const char *marked;
} marks[] = {
	{ "", 1, "#m\n" },
	{ "a\n", 1, "#m\na\n" },
	{ "a\nb\n", 2, "a\n#m\nb\n" },
	{ "a\nb", 2, "a\n#m\nb" },
	{ "a\nb\n", 9, "a\n#m\nb\n" },
	{ "\n\n", 2, "\n#m\n\n" },
};

START_TEST(a_mark_stands_directly_above_and_goes_again)
{
	struct secret *marked = NULL, *text = NULL;

	marked = edit_mark(slice_of(marks[_i].text), marks[_i].line, "#m", &e);
	ck_assert_ptr_nonnull(marked);
	ck_assert_msg(slice_is(secret_slice(marked), marks[_i].marked),
	    "case %d", _i);
	text = edit_unmark(secret_slice(marked), "#m", &e);
	ck_assert_ptr_nonnull(text);
	ck_assert_msg(slice_is(secret_slice(text), marks[_i].text), "case %d",
	    _i);
	secret_free(marked);
	secret_free(text);
}
END_TEST

START_TEST(only_one_line_that_is_the_mark_goes)
{
	struct secret *text =
	    edit_unmark(slice_of("x#m\n#mx\n#m\n\n#m\n"), "#m", &e);

	ck_assert_ptr_nonnull(text);
	ck_assert(slice_is(secret_slice(text), "x#m\n#mx\n\n#m\n"));
	secret_free(text);
}
END_TEST

START_TEST(a_mark_is_one_comment_line)
{
	char mark[EDIT_MARK_MAX], why[1000];

	edit_mark_line(mark, "a\nb\x1b");
	ck_assert_str_eq(mark, "# >>> a?b?");
	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	edit_mark_line(mark, why);
	ck_assert_uint_eq(strlen(mark), EDIT_MARK_MAX - 1);
}
END_TEST

Suite *
edit_text_suite(void)
{
	Suite *s = suite_create("edit_text");
	TCase *t = tcase_create("edit_text");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, an_entry_as_text);
	tcase_add_test(t, and_back);
	tcase_add_test(t, a_secret_of_several_lines_is_not_shown);
	tcase_add_loop_test(t, mistakes_are_found_where_they_are, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(t, a_message_shows_nothing_of_the_line);
	tcase_add_test(t, limits);
	tcase_add_test(t, no_more_attributes_than_an_entry_holds);
	tcase_add_loop_test(t, a_mark_stands_directly_above_and_goes_again, 0,
	    (int)(sizeof(marks) / sizeof(marks[0])));
	tcase_add_test(t, only_one_line_that_is_the_mark_goes);
	tcase_add_test(t, a_mark_is_one_comment_line);
	suite_add_tcase(s, t);
	return s;
}
