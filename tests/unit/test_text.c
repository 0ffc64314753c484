/*
 * Text for people and programs: its escapes, and what the status becomes.
 */
#include <check.h>
#include <string.h>

#include "prometheus.h"
#include "report.h"
#include "show.h"
#include "suites.h"
#include "text.h"

static struct text text;

static const char *
shown_text(void)
{
	text_bytes(&text, "", 1);
	ck_assert(!text.failed);
	return text.p;
}

static void
drop(void)
{
	text_free(&text);
}

START_TEST(html)
{
	text_html(&text, "<a href=\"x\">&'\n\x7f\xc2\x85\xff\xc3\xa4");
	ck_assert_str_eq(shown_text(),
	    "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xc3\xa4");
}
END_TEST

START_TEST(labels)
{
	text_label(&text, "a\\b\"c\nd\xff\xc3\xa4");
	ck_assert_str_eq(shown_text(), "a\\\\b\\\"c\\nd\xef\xbf\xbd\xc3\xa4");
}
END_TEST

START_TEST(columns)
{
	ck_assert_uint_eq(text_columns("\xc3\xa4"
				       "b\033"),
	    3);
	text_padded(&text,
	    "\xc3\xa4"
	    "b\033",
	    5);
	text_padded(&text, "abcdef", 3);
	ck_assert_str_eq(shown_text(),
	    "\xc3\xa4"
	    "b?  abc");
}
END_TEST

START_TEST(it_grows)
{
	size_t i;

	for (i = 0; i < 10000; i++)
		text_format(&text, "%04zu", i);
	ck_assert_uint_eq(text.len, 40000);
	ck_assert_int_eq(memcmp(text.p + 39996, "9999", 4), 0);
}
END_TEST

#define NOW ((uint64_t)1783296000)
#define DAY ((uint64_t)86400)

static struct status_row rows[2];
static struct status_list list = { rows, 2, 2, NOW };

/* It fits. */
static void
set(char *to, const char *value)
{
	memcpy(to, value, strlen(value) + 1);
}

/* One in trouble, with a name that is none, and one that is well. */
static void
fill(void)
{
	memset(rows, 0, sizeof(rows));
	set(rows[0].name, "<b>\"x\\");
	set(rows[0].note, "530 <script>");
	rows[0].state = ROTATION_ATTN;
	rows[0].attempted = NOW - 60;
	rows[0].age = 31 * DAY;
	rows[0].every = 30 * DAY;
	rows[0].due.limit = rows[0].due.at = NOW - DAY;
	rows[0].due.next = UINT64_MAX;
	set(rows[1].name, "site2");
	set(rows[1].host, "h");
	rows[1].rotated = NOW - 15 * DAY;
	rows[1].age = 15 * DAY;
	rows[1].every = 30 * DAY;
	rows[1].due.limit = rows[1].due.at = NOW + 15 * DAY;
	rows[1].due.next = NOW + 15 * DAY;
}

START_TEST(lines)
{
	struct show_style style = { .width = 80 };
	const char *shown;

	fill();
	show_list(&text, &list, &style);
	shown = shown_text();
	ck_assert_ptr_nonnull(strstr(shown,
	    "<b>\"x\\   [########################]   31d of   30d  "
	    "attention: 530 <script>\n"));
	ck_assert_ptr_nonnull(strstr(shown,
	    "site2    [############............]   15d of   30d  "
	    "ok, due in 15d\n"));
	ck_assert_ptr_null(strchr(shown, '\033'));
}
END_TEST

START_TEST(lines_of_a_terminal)
{
	size_t width, length;
	const char *p, *end;

	fill();
	memset(rows[1].name, 'n', sizeof(rows[1].name) - 1);
	memset(rows[0].note, 'x', sizeof(rows[0].note) - 1);
	for (width = 40; width < 200; width += 7) {
		struct show_style style = { width, true, false };

		drop();
		show_list(&text, &list, &style);
		for (p = shown_text(); *p != '\0'; p = end + 1) {
			end = strchr(p, '\n');
			length = (size_t)(end - p);
			ck_assert_uint_le(length, width < 50 ? 50 : width);
		}
	}
	drop();
	show_list(&text, &list, &(struct show_style){ 80, true, true });
	ck_assert_ptr_nonnull(strstr(shown_text(), "\033[31m["));
	ck_assert_ptr_nonnull(strstr(text.p, "\033[32m["));
}
END_TEST

START_TEST(figures)
{
	const char *shown;

	fill();
	prometheus_list(&text, &list);
	shown = shown_text();
	ck_assert_ptr_nonnull(strstr(shown,
	    "\npawl_secret_age_seconds{entry=\"<b>\\\"x\\\\\",host=\"\","
	    "user=\"\"} 2678400\n"));
	ck_assert_ptr_nonnull(strstr(shown,
	    "\npawl_rotation_due_seconds{entry=\"site2\",host=\"h\","
	    "user=\"\"} 1296000\n"));
	ck_assert_ptr_nonnull(strstr(shown, "user=\"\"} -86400\n"));
	ck_assert_ptr_nonnull(strstr(shown,
	    "user=\"\",state=\"attention\"} 1\n"));
	/* One that was never rotated has no time of it. */
	ck_assert_ptr_nonnull(strstr(shown,
	    "last_success_timestamp_seconds{entry=\"site2\""));
	ck_assert_ptr_null(strstr(shown,
	    "last_success_timestamp_seconds{entry=\"<b>"));
	ck_assert_ptr_nonnull(strstr(shown,
	    "last_failure_timestamp_seconds{entry=\"<b>"));
}
END_TEST

START_TEST(a_page)
{
	const char *shown;

	fill();
	report_html(&text, &list, "/v<1>");
	shown = shown_text();
	ck_assert_ptr_nonnull(strstr(shown,
	    "data-entry=\"&lt;b&gt;&quot;x\\\""));
	ck_assert_ptr_nonnull(strstr(shown, "530 &lt;script&gt;"));
	ck_assert_ptr_nonnull(strstr(shown, "/v&lt;1&gt;"));
	ck_assert_ptr_null(strstr(shown, "<script"));
	ck_assert_ptr_null(strstr(shown, "<b>\"x"));
}
END_TEST

Suite *
text_suite(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("core");

	tcase_add_checked_fixture(t, NULL, drop);
	tcase_add_test(t, html);
	tcase_add_test(t, labels);
	tcase_add_test(t, columns);
	tcase_add_test(t, it_grows);
	tcase_add_test(t, lines);
	tcase_add_test(t, lines_of_a_terminal);
	tcase_add_test(t, figures);
	tcase_add_test(t, a_page);
	suite_add_tcase(s, t);
	return s;
}
