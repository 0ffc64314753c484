#include <sys/types.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

Suite *io_suite(void);

#define BIG ((size_t)1024 * 1024)

/* The byte at i of what the tests send: no period is a power of two. */
static unsigned char
pattern(size_t i)
{
	return (unsigned char)(i % 251);
}

static volatile sig_atomic_t alarms;

static void
on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

/* Interrupts system calls all the time from now on. */
static void
start_alarms(void)
{
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } };
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_alarm;
	ck_assert_int_eq(sigaction(SIGALRM, &sa, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void
stop_alarms(void)
{
	struct itimerval none = { { 0, 0 }, { 0, 0 } };

	ck_assert_int_eq(setitimer(ITIMER_REAL, &none, NULL), 0);
}

/* A child that only moves on when as many signals came as it waits for. */
static void
dawdle(int more)
{
	sig_atomic_t from = alarms;

	while (alarms - from < more)
		(void)pause();
}

/* Reads BIG bytes in odd pieces; its exit status is 0 if they are right. */
static _Noreturn void
read_slowly(int fd)
{
	unsigned char b[70001];
	size_t have = 0, i;
	ssize_t n;

	start_alarms();
	while (have < BIG) {
		dawdle(1);
		n = read(fd, b, sizeof(b));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		for (i = 0; i < (size_t)n; i++)
			if (b[i] != pattern(have + i))
				_exit(2);
		have += (size_t)n;
	}
	_exit(0);
}

START_TEST(writes_all_in_spite_of_signals)
{
	unsigned char *b = malloc(BIG);
	int fds[2], status;
	size_t i;
	pid_t pid;

	ck_assert_ptr_nonnull(b);
	for (i = 0; i < BIG; i++)
		b[i] = pattern(i);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		(void)close(fds[1]);
		read_slowly(fds[0]);
	}
	(void)close(fds[0]);
	start_alarms();
	ck_assert_int_eq(write_all(fds[1], b, BIG), 0);
	stop_alarms();
	ck_assert_int_gt(alarms, 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	free(b);
}
END_TEST

START_TEST(write_fails_with_errno)
{
	int fds[2];

	ck_assert_int_eq(write_all(-1, "x", 1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(write_all(-1, "x", 0), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(fds), 0);
	(void)close(fds[0]);
	ck_assert_int_eq(write_all(fds[1], "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

/* Writes len bytes of the pattern, a piece per signal. */
static _Noreturn void
write_slowly(int fd, size_t len)
{
	unsigned char b[1009];
	size_t done = 0, i, n;

	start_alarms();
	while (done < len) {
		n = len - done < sizeof(b) ? len - done : sizeof(b);
		for (i = 0; i < n; i++)
			b[i] = pattern(done + i);
		dawdle(1);
		while (write(fd, b, n) != (ssize_t)n)
			if (errno != EINTR)
				_exit(1);
		done += n;
	}
	_exit(0);
}

/* Reads with read_full() what a child writes in small pieces. */
static void
reads(size_t sent, size_t asked)
{
	size_t want = sent < asked ? sent : asked, i;
	unsigned char *b = malloc(asked);
	int fds[2], status;
	pid_t pid;

	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		(void)close(fds[0]);
		write_slowly(fds[1], sent);
	}
	(void)close(fds[1]);
	start_alarms();
	ck_assert_int_eq(read_full(fds[0], b, asked), (ssize_t)want);
	stop_alarms();
	for (i = 0; i < want; i++)
		ck_assert_uint_eq(b[i], pattern(i));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	free(b);
}

START_TEST(reads_until_full_or_the_end)
{
	reads(20000, 20000);
	reads(20000, 30000);
	reads(0, 10);
}
END_TEST

START_TEST(reads_no_more_than_asked)
{
	char b[4] = "";
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write_all(fds[1], "abcdef", 6), 0);
	ck_assert_int_eq(read_full(fds[0], b, 4), 4);
	ck_assert_mem_eq(b, "abcd", 4);
	ck_assert_int_eq(read_full(fds[0], b, 2), 2);
	ck_assert_mem_eq(b, "efcd", 4);
	ck_assert_int_eq(read_full(-1, b, 4), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(preads_at_a_place)
{
	char name[] = "/tmp/pawl-io-XXXXXX", b[8] = "";
	int fd = mkstemp(name);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(write_all(fd, "0123456789", 10), 0);
	ck_assert_int_eq(pread_full(fd, b, 4, 3), 4);
	ck_assert_mem_eq(b, "3456", 4);
	ck_assert_int_eq(pread_full(fd, b, 4, 8), 2);
	ck_assert_mem_eq(b, "8956", 4);
	ck_assert_int_eq(pread_full(fd, b, 4, 10), 0);
	ck_assert_int_eq(pread_full(-1, b, 4, 0), -1);
	ck_assert_int_eq(errno, EBADF);
	/* The place is its own: the file's offset has not moved. */
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 10);
}
END_TEST

static const struct {
	const char *text;
	uint64_t min, max;
	int rv;
	uint64_t value;
} numbers[] = {
	{ "0", 0, 0, 0, 0 },
	{ "7", 1, 9, 0, 7 },
	{ "1", 1, 9, 0, 1 },
	{ "9", 1, 9, 0, 9 },
	{ "0", 1, 9, -1, 0 },
	{ "10", 1, 9, -1, 0 },
	{ "007", 1, 9, 0, 7 },
	{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
	{ "18446744073709551616", 0, UINT64_MAX, -1, 0 },
	{ "99999999999999999999", 0, UINT64_MAX, -1, 0 },
	{ "", 0, 9, -1, 0 },
	{ "-1", 0, UINT64_MAX, -1, 0 },
	{ "+1", 0, 9, -1, 0 },
	{ " 1", 0, 9, -1, 0 },
	{ "1 ", 0, 9, -1, 0 },
	{ "1x", 0, 9, -1, 0 },
	{ "0x1", 0, 9, -1, 0 },
	{ "1:", 0, 99, -1, 0 },
	{ "1/", 0, 99, -1, 0 },
};

START_TEST(number)
{
	struct err e = { 0 };
	uint64_t v = 4711;
	int rv;

	rv = parse_number(numbers[_i].text, numbers[_i].min, numbers[_i].max,
	    &v, &e);
	ck_assert_msg(rv == numbers[_i].rv, "\"%s\"", numbers[_i].text);
	if (rv == 0) {
		ck_assert(v == numbers[_i].value);
		return;
	}
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert(v == 4711);
}
END_TEST

START_TEST(number_message_names_text_and_bounds)
{
	struct err e = { 0 };
	uint64_t v = 0;

	ck_assert_int_eq(parse_number("a\nb", 2, 30, &v, &e), -1);
	ck_assert_str_eq(e.msg, "\"a\\x0ab\": must be a number from 2 to 30");
}
END_TEST

static const struct {
	const char *text;
	int rv;
	uint64_t seconds;
} durations[] = {
	{ "0", 0, 0 },
	{ "10", 0, 10 },
	{ "10s", 0, 10 },
	{ "5m", 0, 300 },
	{ "2h", 0, 7200 },
	{ "30d", 0, 2592000 },
	{ "2w", 0, 1209600 },
	{ "36525d", 0, UINT64_C(3155760000) },
	{ "36526d", -1, 0 },
	{ "3155760000", 0, UINT64_C(3155760000) },
	{ "3155760001", -1, 0 },
	{ "5218w", -1, 0 },
	{ "18446744073709551615w", -1, 0 },
	{ "99999999999999999999d", -1, 0 },
	/* 2^64 seconds and some. */
	{ "213503982334602d", -1, 0 },
	{ "", -1, 0 },
	{ "d", -1, 0 },
	{ "1y", -1, 0 },
	{ "1D", -1, 0 },
	{ "1 d", -1, 0 },
	{ "1dd", -1, 0 },
	{ "1d12h", -1, 0 },
	{ "-1d", -1, 0 },
	{ "1.5d", -1, 0 },
};

START_TEST(duration)
{
	struct err e = { 0 };
	uint64_t v = 4711;
	int rv = parse_duration(durations[_i].text, &v, &e);

	ck_assert_msg(rv == durations[_i].rv, "\"%s\"", durations[_i].text);
	if (rv == 0) {
		ck_assert(v == durations[_i].seconds);
		return;
	}
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(e.msg, durations[_i].text));
	ck_assert(v == 4711);
}
END_TEST

Suite *
io_suite(void)
{
	Suite *s = suite_create("io");
	TCase *tc = tcase_create("io");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, writes_all_in_spite_of_signals);
	tcase_add_test(tc, write_fails_with_errno);
	tcase_add_test(tc, reads_until_full_or_the_end);
	tcase_add_test(tc, reads_no_more_than_asked);
	tcase_add_test(tc, preads_at_a_place);
	tcase_add_loop_test(tc, number, 0,
	    (int)(sizeof(numbers) / sizeof(numbers[0])));
	tcase_add_test(tc, number_message_names_text_and_bounds);
	tcase_add_loop_test(tc, duration, 0,
	    (int)(sizeof(durations) / sizeof(durations[0])));
	suite_add_tcase(s, tc);
	return s;
}
