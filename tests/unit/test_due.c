/*
 * When an entry is due.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "due.h"
#include "suites.h"

#define DAY ((uint64_t)86400)
/* 2026-07-06, a Monday, 00:00 UTC. */
#define MONDAY ((uint64_t)1783296000)

static struct plan plan;
static struct entry entry;
static struct err err;

/* Set on a Monday, good for 30 days, in UTC. */
static void
ready(const char *windows)
{
	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	tzset();
	memset(&plan, 0, sizeof(plan));
	memset(&entry, 0, sizeof(entry));
	plan.every = 30 * DAY;
	plan.min_age = DAY;
	entry.current_from = MONDAY;
	if (windows != NULL)
		ck_assert_int_eq(window_parse(&plan.windows, windows, &err), 0);
}

START_TEST(at_its_limit)
{
	struct due d;

	ready(NULL);
	d = due_find(&plan, &entry, MONDAY + 30 * DAY - 1);
	ck_assert_uint_eq(d.limit, MONDAY + 30 * DAY);
	ck_assert_uint_eq(d.at, d.limit);
	ck_assert_uint_eq(d.next, d.limit);
	ck_assert(!d.now);
	d = due_find(&plan, &entry, MONDAY + 30 * DAY);
	ck_assert(d.now);
	/* Later it is due now, and was then. */
	d = due_find(&plan, &entry, MONDAY + 40 * DAY);
	ck_assert(d.now);
	ck_assert_uint_eq(d.at, MONDAY + 30 * DAY);
	ck_assert_uint_eq(d.next, MONDAY + 40 * DAY);
}
END_TEST

/* Monday and 30 days is Wednesday 2026-08-05: the Sunday before it counts. */
START_TEST(in_the_last_window_before_its_limit)
{
	uint64_t sunday = MONDAY + 27 * DAY + 2 * 3600;
	struct due d;

	ready("Sun 02:00-05:00");
	ck_assert_uint_eq(due_find(&plan, &entry, MONDAY).at, sunday);
	d = due_find(&plan, &entry, sunday - 1);
	ck_assert(!d.now);
	ck_assert_uint_eq(d.next, sunday);
	ck_assert(due_find(&plan, &entry, sunday).now);
	ck_assert(due_find(&plan, &entry, sunday + 3 * 3600 - 1).now);
	/* Missed: the next one, though it is older then than it may get. */
	d = due_find(&plan, &entry, sunday + (uint64_t)3 * 3600);
	ck_assert(!d.now);
	ck_assert_uint_eq(d.next, sunday + 7 * DAY);
	ck_assert(due_find(&plan, &entry, sunday + 7 * DAY).now);
}
END_TEST

/* Every day, in windows of a week: in each of them, never before its limit. */
START_TEST(a_limit_shorter_than_from_window_to_window)
{
	uint64_t sunday = MONDAY + 6 * DAY + 2 * 3600;
	struct due d;

	ready("Sun 02:00-05:00");
	plan.every = DAY;
	d = due_find(&plan, &entry, MONDAY + 2 * DAY);
	ck_assert_uint_eq(d.at, sunday);
	ck_assert(!d.now);
	/* Set in a window, and out of date in the same. */
	entry.current_from = sunday + 60;
	plan.every = 3600;
	plan.min_age = 0;
	d = due_find(&plan, &entry, sunday + 600);
	ck_assert_uint_eq(d.at, sunday + 60 + 3600);
	ck_assert(!d.now);
	ck_assert(due_find(&plan, &entry, sunday + 60 + 3600).now);
}
END_TEST

START_TEST(its_share_of_the_jitter)
{
	uint64_t at, earliest = UINT64_MAX, latest = 0;
	unsigned int i;

	ready(NULL);
	plan.jitter = 5 * DAY;
	for (i = 0; i < 200; i++) {
		entry.id[0] = (unsigned char)i;
		entry.id[3] = (unsigned char)(i * 7);
		at = due_find(&plan, &entry, MONDAY).at;
		/* Early, never late; and a second look does not move it. */
		ck_assert_uint_le(at, MONDAY + 30 * DAY);
		ck_assert_uint_ge(at, MONDAY + 25 * DAY);
		ck_assert_uint_eq(at,
		    due_find(&plan, &entry, MONDAY + 29 * DAY).at);
		earliest = at < earliest ? at : earliest;
		latest = at > latest ? at : latest;
	}
	ck_assert_uint_gt(latest - earliest, 4 * DAY);
}
END_TEST

START_TEST(its_share_of_a_window)
{
	uint64_t at, latest = 0, sunday = MONDAY + 27 * DAY + 2 * 3600;
	unsigned int i;

	ready("Sun 02:00-05:00");
	plan.jitter = 5 * DAY;
	for (i = 0; i < 200; i++) {
		entry.id[0] = (unsigned char)i;
		entry.id[1] = (unsigned char)(i * 7);
		at = due_find(&plan, &entry, MONDAY).at;
		ck_assert_uint_ge(at, sunday);
		/* The second half is for those that are late. */
		ck_assert_uint_le(at, sunday + 5400);
		latest = at > latest ? at : latest;
	}
	ck_assert_uint_gt(latest, sunday + 3600);
}
END_TEST

START_TEST(not_before_its_least_age)
{
	struct due d;

	ready(NULL);
	plan.every = 3600;
	entry.rotation.rotated = MONDAY;
	d = due_find(&plan, &entry, MONDAY + 7200);
	ck_assert(!d.now);
	ck_assert_uint_eq(d.next, MONDAY + DAY);
	ck_assert(due_find(&plan, &entry, MONDAY + DAY).now);
}
END_TEST

START_TEST(not_again_so_soon_after_a_failure)
{
	uint64_t now = MONDAY + 31 * DAY;
	struct due d;

	ready(NULL);
	entry.rotation.rotated = MONDAY;
	entry.rotation.attempted = now - 60;
	d = due_find(&plan, &entry, now);
	ck_assert(!d.now);
	ck_assert_uint_eq(d.next, now - 60 + DUE_RETRY);
	ck_assert(due_find(&plan, &entry, d.next).now);
	/* One that succeeded counts by its age alone. */
	entry.rotation.rotated = now - 60;
	ck_assert_uint_eq(due_find(&plan, &entry, now).next, now - 60 + DAY);
}
END_TEST

START_TEST(what_was_left_unfinished)
{
	struct due d;

	ready("Sun 02:00-05:00");
	entry.rotation.attempted = MONDAY;
	entry.rotation.state = ROTATION_SENT;
	ck_assert(due_find(&plan, &entry, MONDAY + 60).now);
	/* Nothing was sent: that is for a window. */
	entry.rotation.state = ROTATION_PEND;
	d = due_find(&plan, &entry, MONDAY + 60);
	ck_assert(!d.now);
	ck_assert_uint_eq(d.next, MONDAY + 6 * DAY + 2 * 3600);
	ck_assert(due_find(&plan, &entry, d.next).now);
	entry.rotation.state = ROTATION_IDLE;
	entry.rotation.outstanding = 1;
	ck_assert_uint_eq(due_find(&plan, &entry, MONDAY + 60).next, d.next);
	/* That is for a person. */
	entry.rotation.state = ROTATION_ATTN;
	d = due_find(&plan, &entry, MONDAY + 60 * DAY);
	ck_assert(!d.now);
	ck_assert_uint_eq(d.next, UINT64_MAX);
}
END_TEST

START_TEST(numbers_beyond_all_bounds)
{
	struct due d;

	ready("Sun 02:00-05:00");
	entry.current_from = UINT64_MAX - 5;
	d = due_find(&plan, &entry, MONDAY);
	ck_assert(!d.now);
	entry.current_from = 0;
	ck_assert_uint_gt(due_find(&plan, &entry, MONDAY).next, MONDAY);
	ready(NULL);
	entry.current_from = UINT64_MAX - 5;
	plan.jitter = DAY;
	ck_assert(!due_find(&plan, &entry, MONDAY).now);
}
END_TEST

static struct due_turn a, b;

/* Two that are due now, and were rotated long ago: b after a. */
static struct due
pair_now(uint64_t now, const struct due_turn *me, const struct due_turn *other)
{
	struct due d = { .at = MONDAY, .next = now, .now = true };

	due_pair(&d, me, other, now);
	return d;
}

static void
ready_pair(void)
{
	ready(NULL);
	a = (struct due_turn){ .name = "a",
		.current_from = MONDAY,
		.rotated = MONDAY,
		.due = true,
		.min_age = DAY,
		.windows = &plan.windows };
	b = a;
	b.name = "b";
	b.current_from = b.rotated = MONDAY + DAY;
}

START_TEST(of_a_pair_one_at_a_time)
{
	uint64_t now = MONDAY + 40 * DAY;
	struct due d;

	ready_pair();
	/* b is the newer, which jobs use: a goes first. */
	ck_assert(due_is_active(&b, &a));
	ck_assert(!due_is_active(&a, &b));
	ck_assert(pair_now(now, &a, &b).now);
	ck_assert(!pair_now(now, &b, &a).now);
	/* While it does, b waits; a itself is not held up by anything. */
	a.unfinished = true;
	ck_assert(due_is_active(&b, &a));
	d = pair_now(now, &b, &a);
	ck_assert(!d.now);
	ck_assert_uint_eq(d.next, UINT64_MAX);
	ck_assert(pair_now(now, &a, &b).now);
	/* It was rotated: jobs move over for as long as b's least age. */
	a.unfinished = false;
	a.rotated = a.current_from = now;
	ck_assert(due_is_active(&a, &b));
	d = pair_now(now + 60, &b, &a);
	ck_assert(!d.now);
	ck_assert_uint_eq(d.next, now + DAY);
	ck_assert(pair_now(now + DAY, &b, &a).now);
}
END_TEST

START_TEST(of_a_pair_that_is_the_same_age)
{
	ready_pair();
	b = a;
	b.name = "b";
	ck_assert(due_is_active(&a, &b) != due_is_active(&b, &a));
	ck_assert(pair_now(MONDAY + 40 * DAY, &a, &b).now !=
	    pair_now(MONDAY + 40 * DAY, &b, &a).now);
}
END_TEST

Suite *
due_suite(void)
{
	Suite *s = suite_create("due");
	TCase *t = tcase_create("core");

	tcase_add_test(t, at_its_limit);
	tcase_add_test(t, in_the_last_window_before_its_limit);
	tcase_add_test(t, a_limit_shorter_than_from_window_to_window);
	tcase_add_test(t, its_share_of_the_jitter);
	tcase_add_test(t, its_share_of_a_window);
	tcase_add_test(t, not_before_its_least_age);
	tcase_add_test(t, not_again_so_soon_after_a_failure);
	tcase_add_test(t, what_was_left_unfinished);
	tcase_add_test(t, numbers_beyond_all_bounds);
	tcase_add_test(t, of_a_pair_one_at_a_time);
	tcase_add_test(t, of_a_pair_that_is_the_same_age);
	suite_add_tcase(s, t);
	return s;
}
