#include <sys/types.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "io.h"

Suite *audit_suite(void);

static struct err e;

START_TEST(a_line_is_put_together)
{
	struct audit a;

	audit_begin(&a, "answer");
	ck_assert_str_eq(a.line, "event=answer");
	audit_text(&a, "entry", "prod/site1");
	audit_add(&a, "host", slice_of("sftp.example.com"));
	audit_number(&a, "uid", 0);
	audit_number(&a, "most", 18446744073709551615ull);
	audit_text(&a, "none", "");
	ck_assert_str_eq(a.line,
	    "event=answer entry=prod/site1 host=sftp.example.com uid=0 "
	    "most=18446744073709551615 none=");
	audit_begin(&a, "refuse");
	ck_assert_str_eq(a.line, "event=refuse");
}
END_TEST

START_TEST(values_cannot_pass_for_more)
{
	struct slice nul = { (const unsigned char *)"a\0b", 3 };
	struct audit a;

	audit_begin(&a, "x");
	audit_text(&a, "user", "a b=c\"d\\e\n\x7f\x80\xff~!");
	ck_assert_str_eq(a.line,
	    "event=x user=a\\x20b\\x3dc\\x22d\\x5ce\\x0a\\x7f\\x80\\xff~!");
	audit_begin(&a, "x");
	audit_add(&a, "n", nul);
	ck_assert_str_eq(a.line, "event=x n=a\\x00b");
}
END_TEST

/* Cut at any place, the line is a beginning of what it would have been. */
START_TEST(long_lines_are_cut)
{
	char value[1200], full[1400];
	struct audit a;
	size_t len;

	for (len = 990; len < 1040; len++) {
		memset(&a, '#', sizeof(a));
		memset(value, 'v', len);
		value[len - 1] = '\n';
		value[len] = '\0';
		audit_begin(&a, "x");
		audit_text(&a, "k", value);
		audit_text(&a, "after", "y");
		(void)snprintf(full, sizeof(full),
		    "event=x k=%.*s\\x0a after=y", (int)(len - 1), value);
		/* Three bytes are kept for the dots. */
		if (strlen(full) <= sizeof(a.line) - 4) {
			ck_assert_str_eq(a.line, full);
			continue;
		}
		ck_assert_uint_lt(strlen(a.line), sizeof(a.line));
		ck_assert_str_eq(a.line + strlen(a.line) - 3, "...");
		ck_assert(strncmp(a.line, full, strlen(a.line) - 3) == 0);
		audit_number(&a, "more", 1);
		ck_assert_str_eq(a.line + strlen(a.line) - 3, "...");
	}
}
END_TEST

START_TEST(half_an_escape_is_never_left)
{
	char value[1100];
	struct audit a;
	size_t len;

	for (len = 1000; len < 1020; len++) {
		memset(value, 'v', len);
		memset(value + len, '\n', 8);
		value[len + 8] = '\0';
		audit_begin(&a, "x");
		audit_text(&a, "k", value);
		ck_assert_str_eq(a.line + strlen(a.line) - 3, "...");
		/* "v" or a whole "\x0a" is before the dots. */
		ck_assert(a.line[strlen(a.line) - 4] == 'v' ||
		    strcmp(a.line + strlen(a.line) - 7, "\\x0a...") == 0);
	}
}
END_TEST

static char dir[128], path[160];

static void
make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dir, sizeof(dir), "%s/pawl-audit-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/audit", dir);
}

static void
remove_dir(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

/* Reads the file and forgets what was there. */
static void
take_file(char *buf, size_t size)
{
	int fd = open(path, O_RDWR);
	ssize_t n;

	ck_assert_int_ne(fd, -1);
	n = read_full(fd, buf, size - 1);
	ck_assert_int_ge(n, 0);
	buf[n] = '\0';
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	(void)close(fd);
}

static void
send_event(const char *event)
{
	struct audit a;

	audit_begin(&a, event);
	audit_text(&a, "k", "v w");
	audit_send(&a);
}

START_TEST(the_file_gets_dated_lines)
{
	char got[512], want[512], stamp[64];
	time_t from, now;
	struct stat st;
	size_t n;

	ck_assert_msg(audit_open("pawl-test", path, &e) == 0, "%s", e.msg);
	ck_assert(audit_is_open());
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	/* Within one second, so that the time to expect is known. */
	do {
		from = time(NULL);
		send_event("one");
		send_event("two");
		take_file(got, sizeof(got));
		now = time(NULL);
	} while (now != from);
	n = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	ck_assert_uint_ne(n, 0);
	(void)snprintf(want, sizeof(want),
	    "%s pawl-test[%ld]: event=one k=v\\x20w\n"
	    "%s pawl-test[%ld]: event=two k=v\\x20w\n",
	    stamp, (long)getpid(), stamp, (long)getpid());
	ck_assert_str_eq(got, want);
}
END_TEST

START_TEST(the_file_is_appended_to)
{
	char got[512];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write_all(fd, "before\n", 7), 0);
	(void)close(fd);
	ck_assert_int_eq(audit_open("pawl-test", path, &e), 0);
	send_event("one");
	take_file(got, sizeof(got));
	ck_assert(strncmp(got, "before\n2", 8) == 0);
	/* Where somebody cut it, the next line begins at the start. */
	send_event("two");
	take_file(got, sizeof(got));
	ck_assert_int_eq(got[0], '2');
	/* Without a file nothing goes there any more. */
	ck_assert_int_eq(audit_open("pawl-test", NULL, &e), 0);
	/* Nor to what has its descriptor now. */
	ck_assert_int_ne(open(path, O_WRONLY), -1);
	ck_assert_int_ne(open(path, O_WRONLY), -1);
	send_event("three");
	ck_assert_int_eq(audit_open("pawl-test", "", &e), 0);
	send_event("four");
	take_file(got, sizeof(got));
	ck_assert_str_eq(got, "");
}
END_TEST

START_TEST(a_file_that_will_not_do_is_an_error)
{
	char link[200];

	ck_assert_int_eq(audit_open("p", "/nonexistent/audit", &e), -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.msg, "audit-file /nonexistent/audit: "));
	ck_assert_int_eq(audit_open("p", "/dev/null", &e), -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
	ck_assert_str_eq(e.msg,
	    "audit-file /dev/null is not a regular file; name one");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(audit_open("p", path, &e), -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
	ck_assert_int_eq(unlink(path), 0);
	(void)snprintf(link, sizeof(link), "%s/link", dir);
	ck_assert_int_eq(symlink("audit", link), 0);
	ck_assert_int_eq(audit_open("p", link, &e), -1);
	ck_assert_int_eq(unlink(link), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(a_long_line_and_name_fit)
{
	char program[300], got[4096], value[2000];
	struct audit a;

	memset(program, 'p', sizeof(program) - 1);
	program[sizeof(program) - 1] = '\0';
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	ck_assert_int_eq(audit_open(program, path, &e), 0);
	audit_begin(&a, "x");
	audit_text(&a, "k", value);
	audit_send(&a);
	take_file(got, sizeof(got));
	ck_assert_uint_gt(strlen(got), 1000);
	ck_assert_str_eq(got + strlen(got) - 5, "v...\n");
	(void)snprintf(value, sizeof(value), "ppp[%ld]: event=x k=vvv",
	    (long)getpid());
	ck_assert_ptr_nonnull(strstr(got, value));
}
END_TEST

START_TEST(before_it_is_open_nothing_happens)
{
	ck_assert(!audit_is_open());
	send_event("early");
}
END_TEST

/* A /dev of this process's own, empty.  -1 where that is not permitted. */
static int
own_dev(void)
{
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", "/dev", "tmpfs", 0, NULL) == -1)
		return -1;
	return 0;
}

static bool
may_have_own_dev(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(own_dev() == 0 ? 0 : 1);
	return pid != -1 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Listens as a logger does. */
static int
start_log(int type)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, type, 0);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)(const void *)&sun,
			     sizeof(sun)),
	    0);
	return fd;
}

START_TEST(the_logger_gets_a_datagram_a_line)
{
	char got[512], want[512];
	ssize_t n;
	int fd;

	ck_assert_int_eq(own_dev(), 0);
	ck_assert_int_eq(audit_open("pawl-test", NULL, &e), 0);
	ck_assert(!audit_is_open());
	fd = start_log(SOCK_DGRAM);
	ck_assert_int_eq(audit_open("pawl-test", NULL, &e), 0);
	ck_assert(audit_is_open());
	send_event("one");
	send_event("two");
	n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	ck_assert_int_gt(n, 0);
	got[n] = '\0';
	(void)snprintf(want, sizeof(want),
	    "<86>pawl-test[%ld]: event=one k=v\\x20w", (long)getpid());
	ck_assert_str_eq(got, want);
	n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	ck_assert_int_eq(n, (ssize_t)strlen(want));
	ck_assert_int_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
}
END_TEST

START_TEST(no_logger_is_no_error)
{
	int fd;

	ck_assert_int_eq(own_dev(), 0);
	ck_assert_int_eq(audit_open("pawl-test", path, &e), 0);
	send_event("one");
	/* One of another kind, and one that went away in between. */
	fd = start_log(SOCK_STREAM);
	ck_assert_int_eq(audit_open("pawl-test", path, &e), 0);
	send_event("two");
	(void)close(fd);
	ck_assert_int_eq(unlink("/dev/log"), 0);
	fd = start_log(SOCK_DGRAM);
	ck_assert_int_eq(audit_open("pawl-test", path, &e), 0);
	(void)close(fd);
	send_event("three");
}
END_TEST

/* alarm(2) kills the test if the logger can hold the job. */
START_TEST(a_logger_that_hangs_holds_nobody)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd;

	ck_assert_int_eq(own_dev(), 0);
	(void)start_log(SOCK_DGRAM);
	ck_assert_int_eq(audit_open("pawl-test", NULL, &e), 0);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(connect(fd,
			     (const struct sockaddr *)(const void *)&sun,
			     sizeof(sun)),
	    0);
	while (send(fd, "x", 1, 0) == 1)
		continue;
	ck_assert_int_eq(errno, EAGAIN);
	(void)alarm(10);
	send_event("one");
	(void)alarm(0);
}
END_TEST

START_TEST(SKIPPED_a_logger_needs_a_mount_namespace)
{
}
END_TEST

static TCase *
logger_tests(void)
{
	TCase *tc = tcase_create("logger");

	if (!may_have_own_dev()) {
		tcase_add_test(tc, SKIPPED_a_logger_needs_a_mount_namespace);
		return tc;
	}
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, make_dir, remove_dir);
	tcase_add_test(tc, the_logger_gets_a_datagram_a_line);
	tcase_add_test(tc, no_logger_is_no_error);
	tcase_add_test(tc, a_logger_that_hangs_holds_nobody);
	return tc;
}

Suite *
audit_suite(void)
{
	Suite *s = suite_create("audit");
	TCase *tc = tcase_create("line");

	tcase_add_test(tc, a_line_is_put_together);
	tcase_add_test(tc, values_cannot_pass_for_more);
	tcase_add_test(tc, long_lines_are_cut);
	tcase_add_test(tc, half_an_escape_is_never_left);
	tcase_add_test(tc, before_it_is_open_nothing_happens);
	suite_add_tcase(s, tc);
	tc = tcase_create("file");
	tcase_add_checked_fixture(tc, make_dir, remove_dir);
	tcase_add_test(tc, the_file_gets_dated_lines);
	tcase_add_test(tc, the_file_is_appended_to);
	tcase_add_test(tc, a_file_that_will_not_do_is_an_error);
	tcase_add_test(tc, a_long_line_and_name_fit);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, logger_tests());
	return s;
}
