/*
 * Who comes next, who waits for whom, and when it is enough.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule.h"

Suite *schedule_suite(void);

static struct err e;

static struct schedule *
make(unsigned int jobs, unsigned int per_host)
{
	const struct schedule_limits limits = { .jobs = jobs,
		.per_host = per_host };
	struct schedule *s = schedule_new(&limits, &e);

	ck_assert_ptr_nonnull(s);
	return s;
}

static void
add(struct schedule *s, const char *host, const char *user)
{
	ck_assert_int_eq(schedule_add(s, host, user, &e), 0);
}

/* The items that start now, as letters. */
static const char *
starts(struct schedule *s)
{
	static char text[64];
	size_t item, n = 0;

	while (n < sizeof(text) - 1 && schedule_next(s, &item))
		text[n++] = (char)('a' + item);
	text[n] = '\0';
	return text;
}

START_TEST(hosts_take_turns)
{
	struct schedule *s = make(4, 9);

	add(s, "one", "A");
	add(s, "one", "B");
	add(s, "one", "C");
	add(s, "two", "A");
	add(s, "two", "B");
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "adbe");
	ck_assert_uint_eq(schedule_waiting(s), 1);
	ck_assert_uint_eq(schedule_running(s), 4);
	schedule_done(s, 3, SCHEDULE_GOOD);
	ck_assert_str_eq(starts(s), "c");
	ck_assert_uint_eq(schedule_waiting(s), 0);
	schedule_free(s);
}
END_TEST

START_TEST(no_more_than_so_many_against_one_host)
{
	struct schedule *s = make(9, 2);

	add(s, "ftp.example.com", "A");
	add(s, "FTP.example.COM", "B");
	add(s, "ftp.example.com", "C");
	add(s, "other", "A");
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "adb");
	ck_assert_str_eq(starts(s), "");
	schedule_done(s, 3, SCHEDULE_GOOD);
	ck_assert_str_eq(starts(s), "");
	schedule_done(s, 0, SCHEDULE_GOOD);
	ck_assert_str_eq(starts(s), "c");
	schedule_free(s);
}
END_TEST

/* What the entries say about a host: the least; nothing about the others. */
START_TEST(a_host_may_have_a_limit_of_its_own)
{
	static const unsigned int each[] = { 0, 3, 1, 0, 2, 0, 0, 5, 0, 0 };
	const struct schedule_limits limits = { .jobs = 20,
		.per_host = 2,
		.each = each };
	struct schedule *s = schedule_new(&limits, &e);

	ck_assert_ptr_nonnull(s);
	/* a to d: one at a time. */
	add(s, "one", "A");
	add(s, "One", "B");
	add(s, "ONE", "C");
	add(s, "one", "D");
	/* e and f: what e says is more than nothing. */
	add(s, "two", "A");
	add(s, "two", "B");
	/* g to j: more than usual, by the word of one. */
	add(s, "more", "A");
	add(s, "more", "B");
	add(s, "more", "C");
	add(s, "more", "D");
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "aegfhij");
	ck_assert_str_eq(starts(s), "");
	schedule_done(s, 0, SCHEDULE_GOOD);
	ck_assert_str_eq(starts(s), "b");
	schedule_done(s, 1, SCHEDULE_GOOD);
	ck_assert_str_eq(starts(s), "c");
	schedule_free(s);
}
END_TEST

START_TEST(where_nothing_is_said_the_usual_counts)
{
	static const unsigned int each[] = { 0, 0, 0, 1 };
	const struct schedule_limits limits = { .jobs = 20,
		.per_host = 2,
		.each = each };
	struct schedule *s = schedule_new(&limits, &e);

	ck_assert_ptr_nonnull(s);
	add(s, "one", "A");
	add(s, "one", "B");
	add(s, "one", "C");
	add(s, "two", "A");
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "adb");
	schedule_free(s);
}
END_TEST

START_TEST(one_account_is_never_under_way_twice)
{
	struct schedule *s = make(9, 9);

	add(s, "one", "SITE1");
	add(s, "ONE", "site1");
	add(s, "one", "SITE2");
	add(s, "two", "SITE1");
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "adc");
	schedule_done(s, 2, SCHEDULE_GOOD);
	ck_assert_str_eq(starts(s), "");
	schedule_done(s, 0, SCHEDULE_FAILED);
	ck_assert_str_eq(starts(s), "b");
	schedule_free(s);
}
END_TEST

/* An entry that is taken out of the end of a queue leaves it in order. */
START_TEST(the_last_of_a_queue_may_be_taken_first)
{
	struct schedule *s = make(2, 9);

	add(s, "one", "A");
	add(s, "one", "A");
	add(s, "one", "B");
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "ac");
	schedule_done(s, 2, SCHEDULE_GOOD);
	schedule_done(s, 0, SCHEDULE_GOOD);
	ck_assert_str_eq(starts(s), "b");
	ck_assert_uint_eq(schedule_waiting(s), 0);
	schedule_free(s);
}
END_TEST

START_TEST(what_has_no_host_is_nobodys_account)
{
	struct schedule *s = make(9, 1);

	add(s, "", "");
	add(s, "", "");
	add(s, "", "");
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "abc");
	schedule_free(s);
}
END_TEST

START_TEST(nobody_is_a_schedule_too)
{
	struct schedule *s = make(9, 1);

	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "");
	schedule_free(s);
	schedule_free(NULL);
}
END_TEST

/* Ten accounts, one at a time, each ending as the letter says (g, f, p);
 * returns how many were started. */
static size_t
brake(unsigned int count, unsigned int share, const char *ends, bool *brakedp)
{
	const struct schedule_limits limits = { .jobs = 1,
		.per_host = 1,
		.brake_count = count,
		.brake_share = share };
	struct schedule *s = schedule_new(&limits, &e);
	char users[10][2];
	size_t i, item, n = 0;

	ck_assert_ptr_nonnull(s);
	for (i = 0; i < 10; i++) {
		(void)snprintf(users[i], sizeof(users[i]), "%zu", i);
		add(s, "host", users[i]);
	}
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	while (schedule_next(s, &item)) {
		n++;
		schedule_done(s, item,
		    ends[item] == 'f'     ? SCHEDULE_FAILED :
			ends[item] == 'p' ? SCHEDULE_PASSED_OVER :
					    SCHEDULE_GOOD);
	}
	*brakedp = schedule_braked(s);
	schedule_free(s);
	return n;
}

static const struct {
	unsigned int count, share;
	const char *ends;
	size_t started;
	bool braked;
} brakes[] = {
	{ 0, 0, "ffffffffff", 10, false },
	{ 3, 0, "fgfgfggggg", 5, true },
	{ 3, 0, "fgfggggggg", 10, false },
	{ 3, 0, "fpfpfggggg", 5, true },
	{ 3, 0, "pppppppppp", 10, false },
	/* The last one: there is nobody left to be spared. */
	{ 3, 0, "fgfggggggf", 10, false },
	{ 1, 0, "gfgggggggg", 2, true },
	/* Not before there are five. */
	{ 0, 25, "ffffgggggg", 10, false },
	{ 0, 25, "fffffggggg", 5, true },
	{ 0, 50, "ggggffffgf", 10, false },
	{ 0, 100, "fffffggggg", 5, true },
	{ 0, 100, "gfffffffff", 10, false },
	/* Those that were passed over are not in the share. */
	{ 0, 100, "pfffffgggg", 6, true },
};

START_TEST(the_brake)
{
	bool braked = false;
	size_t n =
	    brake(brakes[_i].count, brakes[_i].share, brakes[_i].ends, &braked);

	ck_assert_uint_eq(n, brakes[_i].started);
	ck_assert(braked == brakes[_i].braked);
}
END_TEST

START_TEST(stopped_is_stopped)
{
	struct schedule *s = make(1, 1);

	add(s, "one", "A");
	add(s, "one", "B");
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	ck_assert_str_eq(starts(s), "a");
	schedule_stop(s);
	schedule_done(s, 0, SCHEDULE_GOOD);
	ck_assert_str_eq(starts(s), "");
	ck_assert_uint_eq(schedule_waiting(s), 1);
	ck_assert(!schedule_braked(s));
	schedule_free(s);
}
END_TEST

/* Any fleet, any limits: nobody is left out, started twice, or started beside
 * whom he must not meet. */
START_TEST(whatever_comes)
{
	static char hosts[200][8], users[200][8];
	unsigned int jobs = 1 + (unsigned int)_i % 7;
	unsigned int per_host = 1 + (unsigned int)_i % 3;
	struct schedule *s = make(jobs, per_host);
	bool started[200] = { false };
	size_t running[200], n = 0, i, item, at, done = 0;
	unsigned int same;

	srand((unsigned int)_i);
	for (i = 0; i < 200; i++) {
		(void)snprintf(hosts[i], sizeof(hosts[i]), "h%d", rand() % 5);
		(void)snprintf(users[i], sizeof(users[i]), "u%d", rand() % 30);
		add(s, hosts[i], users[i]);
	}
	ck_assert_int_eq(schedule_begin(s, &e), 0);
	while (done < 200) {
		while (schedule_next(s, &item)) {
			ck_assert(!started[item]);
			started[item] = true;
			for (i = 0, same = 0; i < n; i++) {
				bool host =
				    strcmp(hosts[running[i]], hosts[item]) == 0;

				same += host;
				ck_assert(!host ||
				    strcmp(users[running[i]], users[item]) !=
					0);
			}
			ck_assert_uint_lt(same, per_host);
			running[n++] = item;
			ck_assert_uint_le(n, jobs);
		}
		ck_assert_uint_gt(n, 0);
		at = (size_t)rand() % n;
		schedule_done(s, running[at], SCHEDULE_GOOD);
		running[at] = running[--n];
		done++;
	}
	schedule_free(s);
}
END_TEST

Suite *
schedule_suite(void)
{
	Suite *s = suite_create("schedule");
	TCase *t = tcase_create("schedule");

	tcase_add_test(t, hosts_take_turns);
	tcase_add_test(t, no_more_than_so_many_against_one_host);
	tcase_add_test(t, a_host_may_have_a_limit_of_its_own);
	tcase_add_test(t, where_nothing_is_said_the_usual_counts);
	tcase_add_test(t, one_account_is_never_under_way_twice);
	tcase_add_test(t, the_last_of_a_queue_may_be_taken_first);
	tcase_add_test(t, what_has_no_host_is_nobodys_account);
	tcase_add_test(t, nobody_is_a_schedule_too);
	tcase_add_loop_test(t, the_brake, 0,
	    (int)(sizeof(brakes) / sizeof(brakes[0])));
	tcase_add_test(t, stopped_is_stopped);
	tcase_add_loop_test(t, whatever_comes, 0, 50);
	suite_add_tcase(s, t);
	return s;
}
