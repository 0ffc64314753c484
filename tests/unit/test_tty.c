#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "io.h"
#include "tty.h"

Suite *tty_suite(void);

static struct err e;

/* Those that end a process, without a core file. */
static const int deadly[] = { SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGTERM };

/* A person's side of a terminal with a process on it. */
struct person {
	/* The pseudo terminal's master. */
	int fd;
	pid_t pid;
	/* From where the process reports what it got. */
	int report;
	/* All that the terminal has shown. */
	char shown[4096];
	size_t len;
};

/* What is run on the terminal.  It writes to report what came of it. */
typedef void run(int report);

/* Reports "kind:text". */
static void
tell(int report, int rv, const char *text, size_t len)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%d:%.*s",
	    rv == 0 ? 0 : (int)e.kind, (int)len, text);

	if (write_all(report, line, (size_t)n) == -1)
		_exit(1);
}

static void
run_secret(int report)
{
	struct secret *s = secret_new(8, &e);
	int rv = tty_secret("Password: ", s, &e);

	tell(report, rv, (const char *)s->data, s->len);
	if (rv == -1 && !is_zero(s->data, s->cap))
		tell(report, 0, "left", 4);
	secret_free(s);
}

static void
run_twice(int report)
{
	struct secret *s = secret_new(8, &e);
	int rv = tty_secret_twice("New: ", s, &e);

	tell(report, rv, (const char *)s->data, s->len);
	if (rv == -1 && !is_zero(s->data, s->cap))
		tell(report, 0, "left", 4);
	secret_free(s);
}

static void
run_confirm(int report)
{
	bool yes = true;
	int rv = tty_confirm("Sure? ", &yes, &e);

	tell(report, rv, yes ? "yes" : "no", yes ? 3 : 2);
}

/* Two questions, the first too short for a long answer. */
static void
run_both(int report)
{
	run_secret(report);
	run_confirm(report);
}

static void
on_signal(int signal)
{
	(void)signal;
}

static void
run_handled(int report)
{
	struct sigaction sa, now;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	(void)sigaction(SIGINT, &sa, NULL);
	run_secret(report);
	/* The caller's handler is back. */
	(void)sigaction(SIGINT, NULL, &now);
	if (now.sa_handler != on_signal)
		tell(report, 0, "lost", 4);
}

/* On a terminal that some program left as it was. */
static void
run_raw(int report)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	struct termios t;

	if (tcgetattr(fd, &t) == -1)
		_exit(1);
	t.c_lflag &= ~(tcflag_t)ICANON;
	t.c_iflag &= ~(tcflag_t)ICRNL;
	if (tcsetattr(fd, TCSANOW, &t) == -1)
		_exit(1);
	run_secret(report);
}

static void
run_ignoring(int report)
{
	(void)signal(SIGINT, SIG_IGN);
	run_secret(report);
}

/* Reports, and waits until the test resumes it. */
static void
pause_with(int report, const char *text)
{
	tell(report, 0, text, strlen(text));
	(void)raise(SIGSTOP);
}

static void
run_late(int report)
{
	struct secret *s = secret_new(8, &e);

	if (tty_secret("First: ", s, &e) == -1)
		_exit(1);
	secret_free(s);
	pause_with(report, "ready");
	run_confirm(report);
}

/* A job of its own in the foreground of a session, as shells make them. */
static void
run_as_job(int report)
{
	int status, tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	pid_t pid;

	(void)signal(SIGTTOU, SIG_IGN);
	if ((pid = fork()) == 0) {
		if (secret_init(NULL, 4096, &e) == -1)
			_exit(1);
		(void)setpgid(0, 0);
		(void)tcsetpgrp(tty, getpid());
		(void)signal(SIGTTOU, SIG_DFL);
		run_secret(report);
		_exit(0);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		_exit(1);
	(void)tcsetpgrp(tty, getpid());
	pause_with(report, "stopped");
	/* Continued in the background it must stop again and not be heard. */
	(void)kill(-pid, SIGCONT);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		_exit(2);
	pause_with(report, "again");
	(void)tcsetpgrp(tty, pid);
	(void)kill(-pid, SIGCONT);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		_exit(3);
}

static _Noreturn void
be_process(const char *name, int report, run *what)
{
	size_t i;
	int fd;

	/* Neither the test runner's handlers nor what nohup(1) ignores. */
	for (i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		(void)signal(deadly[i], SIG_DFL);
	if (setsid() == -1 || (fd = open(name, O_RDWR)) == -1 ||
	    ioctl(fd, TIOCSCTTY, 0) == -1)
		_exit(1);
	(void)close(fd);
	if (secret_init(NULL, 4096, &e) == -1)
		_exit(2);
	what(report);
	_exit(0);
}

/* Starts what on a new terminal. */
static void
start(struct person *p, run *what)
{
	char name[64];
	int fds[2];

	memset(p, 0, sizeof(*p));
	p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ne(p->fd, -1);
	ck_assert_int_eq(grantpt(p->fd), 0);
	ck_assert_int_eq(unlockpt(p->fd), 0);
	ck_assert_int_eq(ptsname_r(p->fd, name, sizeof(name)), 0);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_ne(p->pid = fork(), -1);
	if (p->pid == 0) {
		/* So that it is hung up on if the test dies. */
		(void)close(p->fd);
		be_process(name, fds[1], what);
	}
	(void)close(fds[1]);
	p->report = fds[0];
}

/* Reads the terminal until it shows text, and forgets it up to there. */
static void
await(struct person *p, const char *text)
{
	char *at = NULL;
	ssize_t n;

	while ((at = strstr(p->shown, text)) == NULL) {
		n = read(p->fd, p->shown + p->len,
		    sizeof(p->shown) - p->len - 1);
		if (n == -1 && (errno == EINTR || errno == EIO))
			continue;
		ck_assert_int_gt(n, 0);
		p->len += (size_t)n;
		p->shown[p->len] = '\0';
	}
	at += strlen(text);
	p->len -= (size_t)(at - p->shown);
	memmove(p->shown, at, p->len + 1);
}

static void
type(struct person *p, const char *text)
{
	ck_assert_int_eq(write_all(p->fd, text, strlen(text)), 0);
}

static bool
echoes(const struct person *p)
{
	struct termios t;

	ck_assert_int_eq(tcgetattr(p->fd, &t), 0);
	return (t.c_lflag & ECHO) != 0;
}

/* The next report must be this. */
static void
hear(struct person *p, const char *want)
{
	char got[256] = "";
	size_t len = strlen(want);

	ck_assert_int_ge(read_full(p->report, got, len), 0);
	ck_assert_str_eq(got, want);
}

/* Waits until the process pauses.  resume() lets it go on. */
static void
await_pause(const struct person *p)
{
	int status;

	ck_assert_int_eq(waitpid(p->pid, &status, WUNTRACED), p->pid);
	ck_assert(WIFSTOPPED(status));
}

static void
resume(const struct person *p)
{
	ck_assert_int_eq(kill(p->pid, SIGCONT), 0);
}

/* Nothing more is reported, and the process ends with this status. */
static void
finish(struct person *p, int want)
{
	char c = '\0';
	int status;

	ck_assert_int_eq(read_full(p->report, &c, 1), 0);
	ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
	ck_assert_int_eq(status, want);
}

START_TEST(a_secret_is_read_without_echo)
{
	struct person p;

	start(&p, run_secret);
	/* The "\r" covers what was typed too early. */
	await(&p, "\rPassword: ");
	ck_assert(!echoes(&p));
	type(&p, "hush\n");
	hear(&p, "0:hush");
	ck_assert(echoes(&p));
	await(&p, "\n");
	ck_assert_ptr_null(strstr(p.shown, "hush"));
	finish(&p, 0);
}
END_TEST

START_TEST(the_line_can_be_edited)
{
	struct person p;

	start(&p, run_both);
	await(&p, "Password: ");
	/* Editing is the terminal's. */
	type(&p, "hux\177sh\r");
	hear(&p, "0:hush");
	await(&p, "Sure? ");
	ck_assert(echoes(&p));
	type(&p, "y\n");
	hear(&p, "0:yes");
	finish(&p, 0);
}
END_TEST

START_TEST(a_raw_terminal_will_do)
{
	struct person p;

	start(&p, run_raw);
	await(&p, "Password: ");
	type(&p, "hush\r");
	hear(&p, "0:hush");
	finish(&p, 0);
}
END_TEST

START_TEST(an_empty_line_is_an_answer)
{
	struct person p;

	start(&p, run_secret);
	await(&p, "Password: ");
	type(&p, "\n");
	hear(&p, "0:");
	finish(&p, 0);
}
END_TEST

START_TEST(the_capacity_is_usable)
{
	struct person p;

	start(&p, run_secret);
	await(&p, "Password: ");
	type(&p, "12345678\n");
	hear(&p, "0:12345678");
	finish(&p, 0);
}
END_TEST

START_TEST(a_long_line_is_refused_and_thrown_away)
{
	struct person p;

	start(&p, run_both);
	await(&p, "Password: ");
	type(&p, "123456789\n");
	hear(&p, "64:");
	await(&p, "Sure? ");
	type(&p, "y\n");
	hear(&p, "0:yes");
	finish(&p, 0);
}
END_TEST

START_TEST(end_of_file_is_no_answer)
{
	struct person p;

	start(&p, run_both);
	await(&p, "Password: ");
	type(&p, "\004");
	hear(&p, "1:");
	await(&p, "Sure? ");
	type(&p, "\004");
	hear(&p, "1:no");
	finish(&p, 0);
}
END_TEST

START_TEST(what_was_typed_before_is_no_answer)
{
	struct person p;

	start(&p, run_late);
	await(&p, "First: ");
	type(&p, "x\n");
	hear(&p, "0:ready");
	await_pause(&p);
	type(&p, "yes\n");
	/* The echo shows that it has arrived. */
	await(&p, "yes");
	resume(&p);
	await(&p, "Sure? ");
	type(&p, "no\n");
	hear(&p, "0:no");
	finish(&p, 0);
}
END_TEST

START_TEST(the_interrupt_key_kills)
{
	struct person p;

	start(&p, run_secret);
	await(&p, "Password: ");
	type(&p, "hu\003");
	finish(&p, SIGINT);
	ck_assert(echoes(&p));
}
END_TEST

START_TEST(signals_kill_but_restore_first)
{
	struct person p;

	start(&p, run_secret);
	await(&p, "Password: ");
	ck_assert(!echoes(&p));
	ck_assert_int_eq(kill(p.pid, deadly[_i]), 0);
	finish(&p, deadly[_i]);
	ck_assert(echoes(&p));
}
END_TEST

START_TEST(a_signal_that_is_handled_is_no_answer)
{
	struct person p;

	start(&p, run_handled);
	await(&p, "Password: ");
	type(&p, "hu");
	ck_assert_int_eq(kill(p.pid, SIGINT), 0);
	hear(&p, "1:");
	ck_assert(echoes(&p));
	finish(&p, 0);
}
END_TEST

START_TEST(a_signal_that_is_ignored_stays_so)
{
	struct person p;

	start(&p, run_ignoring);
	await(&p, "Password: ");
	ck_assert_int_eq(kill(p.pid, SIGINT), 0);
	type(&p, "hush\n");
	hear(&p, "0:hush");
	finish(&p, 0);
}
END_TEST

START_TEST(a_stopped_question_is_asked_again)
{
	struct person p;

	start(&p, run_as_job);
	await(&p, "Password: ");
	/* Half an answer, then the suspend key. */
	type(&p, "xx\032");
	hear(&p, "0:stopped");
	await_pause(&p);
	ck_assert(echoes(&p));
	resume(&p);
	hear(&p, "0:again");
	await_pause(&p);
	ck_assert(echoes(&p));
	resume(&p);
	await(&p, "Password: ");
	ck_assert(!echoes(&p));
	type(&p, "hush\n");
	hear(&p, "0:hush");
	ck_assert(echoes(&p));
	finish(&p, 0);
}
END_TEST

START_TEST(without_a_terminal_it_says_what_to_do)
{
	struct secret *s = NULL;
	int status;
	pid_t pid;

	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		if (setsid() == -1 || secret_init(NULL, 4096, &e) == -1 ||
		    (s = secret_new(8, &e)) == NULL)
			_exit(1);
		if (tty_secret("Password: ", s, &e) != -1)
			_exit(2);
		if (e.kind != ERR_USAGE ||
		    strstr(e.msg, "standard input") == NULL ||
		    strstr(e.msg, "PAWL_KEY_FILE") == NULL)
			_exit(3);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(twice_the_same_is_taken)
{
	struct person p;

	start(&p, run_twice);
	await(&p, "New: ");
	type(&p, "hush\n");
	await(&p, "once more: ");
	type(&p, "hush\n");
	hear(&p, "0:hush");
	ck_assert_ptr_null(strstr(p.shown, "hush"));
	finish(&p, 0);
}
END_TEST

START_TEST(two_that_differ_are_asked_for_again)
{
	struct person p;

	start(&p, run_twice);
	await(&p, "New: ");
	type(&p, "hush\n");
	await(&p, "once more: ");
	type(&p, "hus\n");
	await(&p, "differ");
	await(&p, "New: ");
	type(&p, "quiet\n");
	await(&p, "once more: ");
	type(&p, "quiet\n");
	hear(&p, "0:quiet");
	finish(&p, 0);
}
END_TEST

START_TEST(three_times_is_enough)
{
	struct person p;
	int i;

	start(&p, run_twice);
	for (i = 0; i < 3; i++) {
		await(&p, "New: ");
		type(&p, "hush\n");
		await(&p, "once more: ");
		type(&p, "husk\n");
	}
	hear(&p, "1:");
	finish(&p, 0);
}
END_TEST

START_TEST(the_second_may_be_declined)
{
	struct person p;

	start(&p, run_twice);
	await(&p, "New: ");
	type(&p, "hush\n");
	await(&p, "once more: ");
	type(&p, "\004");
	hear(&p, "1:");
	finish(&p, 0);
}
END_TEST

static const struct {
	const char *answer;
	const char *report;
} answers[] = { { "y\n", "0:yes" }, { "yes\n", "0:yes" }, { "Y\n", "0:yes" },
	{ "YES\n", "0:yes" }, { "n\n", "0:no" }, { "\n", "0:no" },
	{ "ye\n", "0:no" }, { "yess\n", "0:no" }, { " y\n", "0:no" },
	{ "no\n", "0:no" } };

START_TEST(only_yes_is_yes)
{
	struct person p;

	start(&p, run_confirm);
	await(&p, "Sure? ");
	ck_assert(echoes(&p));
	type(&p, answers[_i].answer);
	hear(&p, answers[_i].report);
	finish(&p, 0);
}
END_TEST

Suite *
tty_suite(void)
{
	Suite *s = suite_create("tty");
	TCase *tc = tcase_create("tty");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_secret_is_read_without_echo);
	tcase_add_test(tc, the_line_can_be_edited);
	tcase_add_test(tc, a_raw_terminal_will_do);
	tcase_add_test(tc, an_empty_line_is_an_answer);
	tcase_add_test(tc, the_capacity_is_usable);
	tcase_add_test(tc, a_long_line_is_refused_and_thrown_away);
	tcase_add_test(tc, end_of_file_is_no_answer);
	tcase_add_test(tc, what_was_typed_before_is_no_answer);
	tcase_add_test(tc, the_interrupt_key_kills);
	tcase_add_loop_test(tc, signals_kill_but_restore_first, 0,
	    (int)(sizeof(deadly) / sizeof(deadly[0])));
	tcase_add_test(tc, a_signal_that_is_handled_is_no_answer);
	tcase_add_test(tc, a_signal_that_is_ignored_stays_so);
	tcase_add_test(tc, without_a_terminal_it_says_what_to_do);
	tcase_add_test(tc, twice_the_same_is_taken);
	tcase_add_test(tc, two_that_differ_are_asked_for_again);
	tcase_add_test(tc, three_times_is_enough);
	tcase_add_test(tc, the_second_may_be_declined);
	tcase_add_loop_test(tc, only_yes_is_yes, 0,
	    (int)(sizeof(answers) / sizeof(answers[0])));
	suite_add_tcase(s, tc);
	/* On its own, to be left out under valgrind, which never stops. */
	tc = tcase_create("job-control");
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_stopped_question_is_asked_again);
	suite_add_tcase(s, tc);
	return s;
}
