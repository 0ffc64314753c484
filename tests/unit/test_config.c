#include <sys/types.h>
#include <sys/stat.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "io.h"

Suite *config_suite(void);

static struct err e;

static void
check_defaults(const struct config *c)
{
	ck_assert_str_eq(c->audit_file, "");
	ck_assert(!c->require_mlock);
	ck_assert(!c->require_sandbox);
	ck_assert_uint_eq(c->wait_ms, 10000);
	ck_assert_uint_eq(c->lock_wait_ms, 10000);
	ck_assert_uint_eq(c->rotate_jobs, 8);
	ck_assert_uint_eq(c->rotate_per_host, 4);
	ck_assert_uint_eq(c->rotate_brake_count, 0);
	ck_assert_uint_eq(c->rotate_brake_share, 25);
	ck_assert_int_eq(c->answer_encoding, ANSWER_ENCODING);
}

static int
parse(struct config *c, const char *text)
{
	/* Whatever was there is replaced. */
	memset(c, 0xa5, sizeof(*c));
	return config_parse(c, "pawl.conf", slice_of(text), &e);
}

START_TEST(nothing_means_the_defaults)
{
	static const char *const texts[] = { "", "\n", "\n\n\n", "# wait = 1s",
		"  # x\n\t\n#\n", "   ", "#\n#\t\x01\n" };
	struct config c;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_msg(parse(&c, texts[i]) == 0, "%s", e.msg);
		check_defaults(&c);
	}
	ck_assert_int_eq(config_parse(&c, "x", (struct slice){ NULL, 0 }, &e),
	    0);
	check_defaults(&c);
}
END_TEST

START_TEST(every_setting_is_taken)
{
	struct config c;

	ck_assert_msg(parse(&c,
			  "# a site\n"
			  "audit-file = /var/log/a pawl = b.log \n"
			  "\trequire-mlock=yes\n"
			  "require-sandbox\t=\tyes\t\n"
			  "\n"
			  "wait = 5m\n"
			  "rotate-jobs = 64\nrotate-per-host = 3\n"
			  "rotate-brake = 7\n"
			  "answer-encoding = ibm1047\n"
			  "lock-wait = 0") == 0,
	    "%s", e.msg);
	ck_assert_str_eq(c.audit_file, "/var/log/a pawl = b.log");
	ck_assert(c.require_mlock);
	ck_assert(c.require_sandbox);
	ck_assert_uint_eq(c.wait_ms, 300000);
	ck_assert_uint_eq(c.lock_wait_ms, 0);
	ck_assert_uint_eq(c.rotate_jobs, 64);
	ck_assert_uint_eq(c.rotate_per_host, 3);
	ck_assert_uint_eq(c.rotate_brake_count, 7);
	ck_assert_uint_eq(c.rotate_brake_share, 0);
	ck_assert_int_eq(c.answer_encoding, CODEPAGE_IBM1047);
	ck_assert_int_eq(parse(&c, "answer-encoding = ascii\n"), 0);
	ck_assert_int_eq(c.answer_encoding, CODEPAGE_ASCII);
}
END_TEST

START_TEST(the_brake_is_a_number_or_a_share_or_none)
{
	struct config c;

	ck_assert_int_eq(parse(&c, "rotate-brake = 10%\n"), 0);
	ck_assert_uint_eq(c.rotate_brake_count, 0);
	ck_assert_uint_eq(c.rotate_brake_share, 10);
	ck_assert_int_eq(parse(&c, "rotate-brake = 10\n"), 0);
	ck_assert_uint_eq(c.rotate_brake_count, 10);
	ck_assert_uint_eq(c.rotate_brake_share, 0);
	ck_assert_int_eq(parse(&c, "rotate-brake = no\n"), 0);
	ck_assert_uint_eq(c.rotate_brake_count, 0);
	ck_assert_uint_eq(c.rotate_brake_share, 0);
}
END_TEST

START_TEST(settings_are_told_apart)
{
	struct config c;

	ck_assert_int_eq(parse(&c, "require-mlock = yes\n"), 0);
	ck_assert(c.require_mlock && !c.require_sandbox);
	ck_assert_int_eq(parse(&c, "require-sandbox = yes\n"), 0);
	ck_assert(!c.require_mlock && c.require_sandbox);
	ck_assert_int_eq(parse(&c, "require-sandbox = no\n"), 0);
	ck_assert(!c.require_sandbox);
	ck_assert_int_eq(parse(&c, "wait = 1d\n"), 0);
	ck_assert_uint_eq(c.wait_ms, 86400000);
	ck_assert_uint_eq(c.lock_wait_ms, 10000);
	ck_assert_int_eq(parse(&c, "lock-wait = 3\n"), 0);
	ck_assert_uint_eq(c.wait_ms, 10000);
	ck_assert_uint_eq(c.lock_wait_ms, 3000);
	ck_assert_int_eq(parse(&c, "audit-file =\n"), 0);
	check_defaults(&c);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} mistakes[] = {
	{ "foo = 1\n", "pawl.conf:1: unknown setting \"foo\"" },
	{ "\n#\nfoo = 1\n", "pawl.conf:3: unknown setting \"foo\"" },
	{ "Wait = 1s", "pawl.conf:1: unknown setting \"Wait\"" },
	{ "= 1s", "pawl.conf:1: unknown setting \"\"" },
	{ "waits = 1s", "pawl.conf:1: unknown setting \"waits\"" },
	{ "wai = 1s", "pawl.conf:1: unknown setting \"wai\"" },
	{ "a\xff = 1s", "pawl.conf:1: unknown setting \"a\\xff\"" },
	{ "wait\n", "pawl.conf:1: must be: key = value" },
	{ "wait 1s\n", "pawl.conf:1: must be: key = value" },
	{ "wait = 1s\nwait = 1s\n",
	    "pawl.conf:2: \"wait\" is set for a second time" },
	{ "require-mlock = true\n",
	    "pawl.conf:1: require-mlock: must be yes or no" },
	{ "answer-encoding = IBM-1047\n",
	    "pawl.conf:1: answer-encoding: must be ascii or ibm1047" },
	{ "require-mlock =\n",
	    "pawl.conf:1: require-mlock: must be yes or no" },
	{ "require-sandbox = Yes\n",
	    "pawl.conf:1: require-sandbox: must be yes or no" },
	{ "require-sandbox = yes # really\n",
	    "pawl.conf:1: \"#\" in a value; a comment has a line of its own" },
	{ "wait = soon\n",
	    "pawl.conf:1: wait: \"soon\": must be digits and one of s, m, h, "
	    "d, w, as in 30d" },
	{ "wait = 86401\n", "pawl.conf:1: wait: must not be more than 1d" },
	{ "rotate-hook = mail\n",
	    "pawl.conf:1: rotate-hook: must be an absolute path" },
	{ "rotate-hook-timeout = 0\n",
	    "pawl.conf:1: rotate-hook-timeout: must not be 0" },
	{ "lock-wait = 2d\n",
	    "pawl.conf:1: lock-wait: must not be more than 1d" },
	{ "audit-file = log\n",
	    "pawl.conf:1: audit-file: must be an absolute path" },
	{ "rotate-jobs = 0\n",
	    "pawl.conf:1: rotate-jobs: \"0\": must be a number from 1 to 512" },
	{ "rotate-per-host = 513\n",
	    "pawl.conf:1: rotate-per-host: \"513\": must be a number from 1 "
	    "to 512" },
	{ "rotate-brake = 0\n",
	    "pawl.conf:1: rotate-brake: must be a number from 1 to "
	    "1000000, a share like 25%, or no" },
	{ "rotate-brake = 0%\n",
	    "pawl.conf:1: rotate-brake: must be a number from 1 to "
	    "1000000, a share like 25%, or no" },
	{ "rotate-brake = 101%\n",
	    "pawl.conf:1: rotate-brake: must be a number from 1 to "
	    "1000000, a share like 25%, or no" },
	{ "rotate-brake = 000000001%\n",
	    "pawl.conf:1: rotate-brake: must be a number from 1 to "
	    "1000000, a share like 25%, or no" },
	{ "rotate-brake = %\n",
	    "pawl.conf:1: rotate-brake: must be a number from 1 to "
	    "1000000, a share like 25%, or no" },
	{ "wait = 1s\r\n",
	    "pawl.conf:1: the line ends in CR LF; it must end in LF" },
	{ "\r\n", "pawl.conf:1: the line ends in CR LF; it must end in LF" },
	{ "wait\r = 1s\n",
	    "pawl.conf:1: a control character (\\x0d) is not allowed" },
	{ "wait = 1s\x7f\n",
	    "pawl.conf:1: a control character (\\x7f) is not allowed" },
};

START_TEST(a_mistake_is_named)
{
	struct config c;

	ck_assert_int_eq(parse(&c, mistakes[_i].text), -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
	ck_assert_str_eq(e.msg, mistakes[_i].message);
}
END_TEST

START_TEST(a_nul_is_a_control_character)
{
	struct slice text = { (const unsigned char *)"wait = 1\0s\n", 11 };
	struct config c;

	ck_assert_int_eq(config_parse(&c, "x", text, &e), -1);
	ck_assert_str_eq(e.msg,
	    "x:1: a control character (\\x00) is not allowed");
}
END_TEST

START_TEST(long_values_fit_or_are_errors)
{
	char text[2 * PATH_MAX];
	struct config c;
	size_t len, head = strlen("audit-file = ");

	for (len = PATH_MAX - 2; len < PATH_MAX + 2; len++) {
		memset(text, 'x', sizeof(text));
		memcpy(text, "audit-file = /", head + 1);
		text[head + len] = '\0';
		if (len < PATH_MAX) {
			ck_assert_int_eq(parse(&c, text), 0);
			ck_assert_uint_eq(strlen(c.audit_file), len);
			continue;
		}
		ck_assert_int_eq(parse(&c, text), -1);
		ck_assert_str_eq(e.msg, "pawl.conf:1: the value is too long");
	}
}
END_TEST

static char dir[128], path[160];

static void
make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dir, sizeof(dir), "%s/pawl-config-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/pawl.conf", dir);
	ck_assert_int_eq(setenv("PAWL_CONFIG", path, 1), 0);
}

static void
remove_dir(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
write_file(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write_all(fd, text, len), 0);
	(void)close(fd);
}

/* The next free descriptor: a leak moves it. */
static int
next_fd(void)
{
	int fd = dup(STDIN_FILENO);

	(void)close(fd);
	return fd;
}

START_TEST(no_file_means_the_defaults)
{
	struct config c;

	memset(&c, 0xa5, sizeof(c));
	ck_assert_int_eq(config_load(&c, &e), 0);
	check_defaults(&c);
}
END_TEST

START_TEST(a_file_is_read)
{
	int before = next_fd();
	struct config c;

	write_file("wait = 1\n", 9);
	/* It is no secret. */
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_msg(config_load(&c, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(c.wait_ms, 1000);
	ck_assert_int_eq(next_fd(), before);
	write_file("nonsense\n", 9);
	ck_assert_int_eq(config_load(&c, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg,
	    "/pawl.conf:1: must be: key = value"));
	ck_assert_int_eq(next_fd(), before);
}
END_TEST

/* Expects config_load() to fail with this in the message. */
static void
is_refused(const char *says)
{
	int before = next_fd();
	struct config c;

	ck_assert_int_eq(config_load(&c, &e), -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
	ck_assert_msg(strstr(e.msg, says) != NULL, "%s", e.msg);
	ck_assert_int_eq(next_fd(), before);
}

START_TEST(others_may_not_write_it)
{
	write_file("", 0);
	ck_assert_int_eq(chmod(path, 0620), 0);
	is_refused("/pawl.conf is writable by others; run: chmod go-w /");
	ck_assert_int_eq(chmod(path, 0602), 0);
	is_refused("/pawl.conf is writable by others; run: chmod go-w /");
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	is_refused(" is writable by others; run: chmod go-w /");
	ck_assert_int_eq(chmod(dir, 0700), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 65534, 0), 0);
		is_refused("/pawl.conf is owned by uid 65534; run: chown 0 /");
	}
}
END_TEST

START_TEST(only_a_regular_file_will_do)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	is_refused("/pawl.conf is not a regular file");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(setenv("PAWL_CONFIG", dir, 1), 0);
	is_refused(" is not a regular file");
	ck_assert_int_eq(symlink("pawl.conf", path), 0);
	ck_assert_int_eq(setenv("PAWL_CONFIG", path, 1), 0);
	is_refused("/pawl.conf: ");
	ck_assert_int_eq(setenv("PAWL_CONFIG", "pawl.conf", 1), 0);
	is_refused("PAWL_CONFIG is \"pawl.conf\"");
}
END_TEST

START_TEST(a_large_file_is_refused)
{
	static char text[16385] = "wait = 1s";
	struct config c;

	memset(text + 9, '\n', sizeof(text) - 9);
	write_file(text, sizeof(text) - 1);
	ck_assert_msg(config_load(&c, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(c.wait_ms, 1000);
	write_file(text, sizeof(text));
	is_refused("/pawl.conf is larger than 16384 bytes");
}
END_TEST

Suite *
config_suite(void)
{
	Suite *s = suite_create("config");
	TCase *tc = tcase_create("parse");

	tcase_add_test(tc, nothing_means_the_defaults);
	tcase_add_test(tc, every_setting_is_taken);
	tcase_add_test(tc, the_brake_is_a_number_or_a_share_or_none);
	tcase_add_test(tc, settings_are_told_apart);
	tcase_add_loop_test(tc, a_mistake_is_named, 0,
	    (int)(sizeof(mistakes) / sizeof(mistakes[0])));
	tcase_add_test(tc, a_nul_is_a_control_character);
	tcase_add_test(tc, long_values_fit_or_are_errors);
	suite_add_tcase(s, tc);
	tc = tcase_create("load");
	tcase_add_checked_fixture(tc, make_dir, remove_dir);
	tcase_add_test(tc, no_file_means_the_defaults);
	tcase_add_test(tc, a_file_is_read);
	tcase_add_test(tc, others_may_not_write_it);
	tcase_add_test(tc, only_a_regular_file_will_do);
	tcase_add_test(tc, a_large_file_is_refused);
	suite_add_tcase(s, tc);
	return s;
}
