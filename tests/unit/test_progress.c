/*
 * What a person reads while it runs, and at the end.
 */
#include <check.h>
#include <string.h>

#include "progress.h"

Suite *progress_suite(void);

static char text[512];

START_TEST(the_line)
{
	struct progress p = { .total = 100 };

	progress_line(&p, 8, 0, text, sizeof(text));
	ck_assert_str_eq(text, "0 of 100 done, 8 at work, 92 to go");
	p.changed = 20;
	progress_line(&p, 8, 10000, text, sizeof(text));
	ck_assert_str_eq(text,
	    "20 of 100 done, 8 at work, 72 to go, 2.0/s, 40 s left");
	p.nothing = 4;
	p.failed = p.refused = 1;
	progress_line(&p, 8, 1000000, text, sizeof(text));
	ck_assert_str_eq(text,
	    "25 of 100 done, 1 failed, 8 at work, 67 to go, 0.0/s, "
	    "50 min 00 s left");
	progress_line(&p, 8, 10000000, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, ", 8 h 20 min left"));
	p.changed = 95;
	progress_line(&p, 0, 100000, text, sizeof(text));
	ck_assert_str_eq(text,
	    "100 of 100 done, 1 failed, 0 at work, 0 to go, 1.0/s, 0 s left");
}
END_TEST

START_TEST(little_room_is_enough)
{
	struct progress p = { .total = 100, .changed = 1 };
	char little[10];

	progress_line(&p, 8, 1, little, sizeof(little));
	ck_assert_str_eq(little, "1 of 100 ");
	progress_summary(&p, 0, little, sizeof(little));
	ck_assert_str_eq(little, "100 entri");
}
END_TEST

START_TEST(every_end_is_counted_as_what_it_is)
{
	static const struct {
		enum tx_end end;
		enum err_kind kind;
	} ends[] = {
		{ TX_END_ROTATED, ERR_NONE },
		{ TX_END_NOTHING, ERR_NONE },
		{ TX_END_REFUSED, ERR_REFUSED },
		{ TX_END_LOST, ERR_UNREACHABLE },
		{ TX_END_UNREACHABLE, ERR_UNREACHABLE },
		{ TX_END_HELD, ERR_BUSY },
		{ TX_END_UNPROVED, ERR_ATTENTION },
		{ TX_END_STRANGER, ERR_ATTENTION },
		{ TX_END_ATTENTION, ERR_ATTENTION },
		{ TX_END_NONE, ERR_CONFIG },
	};
	struct progress p = { .total = 12 };
	struct err e = { ERR_NONE, "" };
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		e.kind = ends[i].kind;
		progress_count(&p, ends[i].end, &e);
	}
	ck_assert_uint_eq(p.failed, 8);
	progress_summary(&p, 2, text, sizeof(text));
	ck_assert_str_eq(text,
	    "12 entries: 1 changed, 1 with nothing to do, 1 refused, 2 "
	    "unreachable, 1 for later, 1 with an error, 3 that need "
	    "attention, 2 not started");
}
END_TEST

START_TEST(a_check_changes_nothing)
{
	struct progress p = { .total = 2, .event = TX_CHECK, .nothing = 2 };

	progress_summary(&p, 0, text, sizeof(text));
	ck_assert_str_eq(text, "2 entries: 2 good");
}
END_TEST

Suite *
progress_suite(void)
{
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("progress");

	tcase_add_test(t, the_line);
	tcase_add_test(t, little_room_is_enough);
	tcase_add_test(t, every_end_is_counted_as_what_it_is);
	tcase_add_test(t, a_check_changes_nothing);
	suite_add_tcase(s, t);
	return s;
}
