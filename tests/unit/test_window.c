/*
 * Windows: how they are written, their edges, and the nights on which the
 * clock is changed.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "suites.h"
#include "window.h"

static struct windows windows;
static struct err err;

static void
zone(const char *name)
{
	ck_assert_int_eq(setenv("TZ", name, 1), 0);
	tzset();
}

static void
parse(const char *text)
{
	ck_assert_msg(window_parse(&windows, text, &err) == 0, "%s", err.msg);
}

/* "2026-10-25 01:00" in UTC. */
static uint64_t
utc(const char *text)
{
	struct tm tm;
	const char *end;

	memset(&tm, 0, sizeof(tm));
	end = strptime(text, "%Y-%m-%d %H:%M", &tm);
	ck_assert(end != NULL && *end == '\0');
	return (uint64_t)timegm(&tm);
}

static const struct {
	const char *text;
	size_t n;
	struct window last;
} good[] = {
	{ "Sun 02:00-05:00", 1, { 0x01, 120, 300 } },
	{ "02:00-05:00", 1, { 0x7f, 120, 300 } },
	{ "00:00-24:00", 1, { 0x7f, 0, 1440 } },
	{ "sat 22:30-04:15", 1, { 0x40, 1350, 255 } },
	{ "Mon-Fri 22:00-24:00", 1, { 0x3e, 1320, 1440 } },
	{ "Sat-Mon 01:00-02:00", 1, { 0x43, 60, 120 } },
	{ "Mon-Mon 01:00-02:00", 1, { 0x02, 60, 120 } },
	{ " Sun  02:00-05:00 ,Wed 23:00-01:00 ", 2, { 0x08, 1380, 60 } },
	{ "22:00-00:00", 1, { 0x7f, 1320, 0 } },
};

START_TEST(what_is_right_is_read)
{
	const struct window *w;

	parse(good[_i].text);
	ck_assert_uint_eq(windows.n, good[_i].n);
	w = &windows.list[windows.n - 1];
	ck_assert_uint_eq(w->days, good[_i].last.days);
	ck_assert_uint_eq(w->from, good[_i].last.from);
	ck_assert_uint_eq(w->to, good[_i].last.to);
}
END_TEST

#define THREE "01:00-02:00,02:00-03:00,03:00-04:00"
#define NINE THREE "," THREE "," THREE

static const char *const bad[] = {
	"",
	"Sun",
	"Sun 2:00-5:00",
	"Sun 02:00",
	"Sun 02:00-",
	"Sun 02:00-05:00,",
	",Sun 02:00-05:00",
	"Sun 02:00-05:00 Mon",
	"Sunday 02:00-05:00",
	"Sun-02:00-05:00",
	"Xyz 02:00-05:00",
	"Sun 02:60-05:00",
	"Sun 24:00-05:00",
	"Sun 02:00-24:01",
	"Sun 02:00-02:00",
	"Sun 02:00-05:000",
	"1:00-2:00, 1:00-2:00",
	NINE,
};

START_TEST(what_is_wrong_is_refused)
{
	ck_assert_int_eq(window_parse(&windows, bad[_i], &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "Sun 02:00-05:00"));
}
END_TEST

/* At now the next window of text is this one; the same when it is asked for by
 * its beginning. */
static const struct {
	const char *text;
	const char *now;
	const char *begin;
	const char *end;
} nights[] = {
	/* An ordinary week of summer: two hours before UTC. */
	{ "Sun 02:00-05:00", "2026-07-04 12:00", "2026-07-05 00:00",
	    "2026-07-05 03:00" },
	/* The last minute, and the first after it. */
	{ "Sun 02:00-05:00", "2026-07-05 02:59", "2026-07-05 00:00",
	    "2026-07-05 03:00" },
	{ "Sun 02:00-05:00", "2026-07-05 03:00", "2026-07-12 00:00",
	    "2026-07-12 03:00" },
	/* Over midnight, which is one of the day before. */
	{ "Sat 22:00-04:00", "2026-07-05 01:59", "2026-07-04 20:00",
	    "2026-07-05 02:00" },
	{ "Sat 22:00-04:00", "2026-07-05 02:00", "2026-07-11 20:00",
	    "2026-07-12 02:00" },
	{ "Sun 00:00-24:00", "2026-07-05 21:59", "2026-07-04 22:00",
	    "2026-07-05 22:00" },
	/* The one that begins first. */
	{ "Wed 01:00-02:00, Tue 01:00-02:00", "2026-07-05 12:00",
	    "2026-07-06 23:00", "2026-07-07 00:00" },
	/* 2027-03-28, 02:00 is 03:00: an hour less, */
	{ "Sun 02:00-05:00", "2027-03-27 12:00", "2027-03-28 01:00",
	    "2027-03-28 03:00" },
	{ "Sun 01:00-02:30", "2027-03-27 12:00", "2027-03-28 00:00",
	    "2027-03-28 01:00" },
	{ "Sat 22:00-02:30", "2027-03-27 12:00", "2027-03-27 21:00",
	    "2027-03-28 01:00" },
	/* but never nothing. */
	{ "Sun 02:00-03:00", "2027-03-27 12:00", "2027-03-28 01:00",
	    "2027-03-28 02:00" },
	{ "Sun 02:15-02:45", "2027-03-27 12:00", "2027-03-28 01:00",
	    "2027-03-28 01:30" },
	{ "Sun 02:30-03:00", "2027-03-27 12:00", "2027-03-28 01:00",
	    "2027-03-28 01:30" },
	{ "Sun 03:00-04:00", "2027-03-27 12:00", "2027-03-28 01:00",
	    "2027-03-28 02:00" },
	/* 2026-10-25, 02:00 to 03:00 comes twice: the first counts. */
	{ "Sun 02:00-05:00", "2026-10-24 12:00", "2026-10-25 00:00",
	    "2026-10-25 04:00" },
	{ "Sun 02:15-02:45", "2026-10-24 12:00", "2026-10-25 00:15",
	    "2026-10-25 00:45" },
	{ "Sun 02:15-02:45", "2026-10-25 01:20", "2026-11-01 01:15",
	    "2026-11-01 01:45" },
	{ "Sun 01:00-03:00", "2026-10-24 12:00", "2026-10-24 23:00",
	    "2026-10-25 02:00" },
	{ "Sun 02:30-04:00", "2026-10-24 12:00", "2026-10-25 00:30",
	    "2026-10-25 03:00" },
	{ "Sun 03:00-04:00", "2026-10-24 12:00", "2026-10-25 02:00",
	    "2026-10-25 03:00" },
};

START_TEST(the_next_is_found)
{
	struct span s, last;

	zone("Europe/Berlin");
	parse(nights[_i].text);
	s = window_next(&windows, utc(nights[_i].now));
	ck_assert_uint_eq(s.begin, utc(nights[_i].begin));
	ck_assert_uint_eq(s.end, utc(nights[_i].end));
	last = window_last(&windows, s.begin);
	ck_assert_uint_eq(last.begin, s.begin);
	ck_assert_uint_eq(last.end, s.end);
	last = window_last(&windows, s.begin - 1);
	ck_assert_uint_lt(last.begin, s.begin);
	ck_assert_uint_le(last.end, s.begin);
}
END_TEST

/* What a clock on the wall says of the windows; the hour that comes twice is
 * one of the first time only. */
static bool
open_on_the_wall(time_t now)
{
	struct tm tm, before;
	time_t earlier = now - 3600;
	unsigned int minute, today, yesterday;
	size_t i;

	ck_assert_ptr_nonnull(localtime_r(&now, &tm));
	ck_assert_ptr_nonnull(localtime_r(&earlier, &before));
	if (tm.tm_hour == before.tm_hour)
		return false;
	minute = (unsigned int)(tm.tm_hour * 60 + tm.tm_min);
	today = 1u << tm.tm_wday;
	yesterday = 1u << (tm.tm_wday + 6) % 7;
	for (i = 0; i < windows.n; i++) {
		const struct window *w = &windows.list[i];

		if (w->from < w->to) {
			if ((w->days & today) != 0 && minute >= w->from &&
			    minute < w->to)
				return true;
		} else if (((w->days & today) != 0 && minute >= w->from) ||
		    ((w->days & yesterday) != 0 && minute < w->to)) {
			return true;
		}
	}
	return false;
}

static const struct {
	const char *zone;
	const char *text;
	const char *from;
	/* The hour that comes twice is in a window, and stays in it. */
	bool twice;
} weeks[] = {
	{ "Europe/Berlin", "Sun 02:00-05:00", "2027-03-25 00:00", false },
	{ "Europe/Berlin", "Sat 22:00-02:30, Mon-Fri 23:10-00:20",
	    "2027-03-25 00:00", false },
	{ "Europe/Berlin", "03:00-04:00, 20:00-21:00", "2026-10-22 00:00",
	    false },
	{ "Europe/Berlin", "Sun 01:00-05:00", "2026-10-22 00:00", true },
	{ "Europe/Berlin", "Sun 02:15-02:45", "2026-10-22 00:00", false },
	{ "America/New_York", "Sun 01:30-05:00", "2027-03-12 00:00", false },
	/* Half an hour, at midnight's other side, and none at all. */
	{ "Australia/Lord_Howe", "Sun 02:10-05:00", "2026-10-02 00:00", false },
	{ "Asia/Kolkata", "Fri-Mon 21:00-03:00", "2026-10-22 00:00", false },
	{ "Pacific/Auckland", "Sun 00:00-24:00", "2026-09-24 00:00", false },
	{ "UTC", "00:00-24:00", "2026-10-22 00:00", false },
};

START_TEST(every_minute_of_eleven_days)
{
	uint64_t from = utc(weeks[_i].from), now, begin = 0;
	struct span s;
	bool open;

	zone(weeks[_i].zone);
	parse(weeks[_i].text);
	for (now = from; now < from + (uint64_t)11 * 86400; now += 60) {
		s = window_next(&windows, now);
		ck_assert_uint_lt(s.begin, s.end);
		ck_assert_uint_gt(s.end, now);
		ck_assert_uint_ge(s.begin, begin);
		begin = s.begin;
		open = open_on_the_wall((time_t)now);
		if (weeks[_i].twice && !open && s.begin <= now)
			continue;
		ck_assert_msg((s.begin <= now) == open, "%s %s: %llu",
		    weeks[_i].zone, weeks[_i].text, (unsigned long long)now);
	}
}
END_TEST

START_TEST(the_ends_of_time_do_no_harm)
{
	static const uint64_t ends[] = { 0, 1, 86400, 253402300799,
		(uint64_t)INT64_MAX, UINT64_MAX };
	size_t i;

	zone("Pacific/Kiritimati");
	parse("Sun 02:00-05:00");
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		ck_assert_uint_gt(window_next(&windows, ends[i]).end, 0);
		ck_assert_uint_gt(window_last(&windows, ends[i]).end, 0);
	}
}
END_TEST

Suite *
window_suite(void)
{
	Suite *s = suite_create("window");
	TCase *t = tcase_create("core");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_is_right_is_read, 0,
	    sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(t, what_is_wrong_is_refused, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(t, the_next_is_found, 0,
	    sizeof(nights) / sizeof(nights[0]));
	tcase_add_loop_test(t, every_minute_of_eleven_days, 0,
	    sizeof(weeks) / sizeof(weeks[0]));
	tcase_add_test(t, the_ends_of_time_do_no_harm);
	suite_add_tcase(s, t);
	return s;
}
