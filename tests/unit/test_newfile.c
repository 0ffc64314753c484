#include <sys/types.h>
#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "io.h"
#include "newfile.h"

Suite *newfile_suite(void);

#define TEXT "all of it"

static char dir[] = "/tmp/pawl-newfile.XXXXXX";
static char path[PATH_MAX];

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/new", dir);
}

static void
teardown(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* How many names there are. */
static int
names(void)
{
	DIR *list = opendir(dir);
	int n = 0;

	ck_assert_ptr_nonnull(list);
	while (readdir(list) != NULL)
		n++;
	(void)closedir(list);
	return n - 2;
}

static void
expect_whole(void)
{
	char text[sizeof(TEXT)] = "";
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(read(fd, text, sizeof(text)), sizeof(TEXT) - 1);
	ck_assert_str_eq(text, TEXT);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_int_eq(close(fd), 0);
}

/* All of it; -1 with errno. */
static int
make(void)
{
	struct newfile n;

	if (newfile_begin(&n, path) == -1)
		return -1;
	if (write_all(n.fd, TEXT, sizeof(TEXT) - 1) == 0)
		return newfile_commit(&n);
	newfile_abort(&n);
	return -1;
}

START_TEST(it_has_no_name_before_it_is_whole)
{
	mode_t mask = umask(0777);
	struct newfile n;

	ck_assert_int_eq(newfile_begin(&n, path), 0);
	(void)umask(mask);
	if (n.named)
		ck_abort_msg("no O_TMPFILE in %s", dir);
	ck_assert_int_eq(write_all(n.fd, TEXT, sizeof(TEXT) - 1), 0);
	ck_assert_int_eq(names(), 0);
	ck_assert_int_eq(newfile_commit(&n), 0);
	expect_whole();
	ck_assert_int_eq(names(), 1);
}
END_TEST

START_TEST(nothing_is_left_of_what_is_given_up)
{
	struct newfile n;

	ck_assert_int_eq(newfile_begin(&n, path), 0);
	ck_assert_int_eq(write_all(n.fd, TEXT, 3), 0);
	newfile_abort(&n);
	ck_assert_int_eq(names(), 0);
}
END_TEST

START_TEST(what_is_there_is_left_alone)
{
	struct newfile n;

	ck_assert_int_eq(symlink("nowhere", path), 0);
	ck_assert_int_eq(newfile_begin(&n, path), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(unlink(path), 0);
	/* It comes in the meantime. */
	ck_assert_int_eq(newfile_begin(&n, path), 0);
	ck_assert_int_eq(symlink("nowhere", path), 0);
	ck_assert_int_eq(newfile_commit(&n), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(names(), 1);
}
END_TEST

START_TEST(a_file_system_without_nameless_files_will_do)
{
	const struct fault f = { FAULT_ERROR, EOPNOTSUPP, false, FAULT_openat };

	fault_arm(1, f);
	ck_assert_int_eq(make(), 0);
	(void)fault_disarm();
	expect_whole();
}
END_TEST

/* Each call in turn, undone or done and yet failed: nothing, or the whole. */
START_TEST(each_call_may_fail)
{
	const enum fault_kind kinds[] = { FAULT_ERROR, FAULT_ERROR_AFTER };
	struct fault f = { FAULT_ERROR, EIO, false, FAULT_CALL_COUNT };
	unsigned int nth = 0, calls = 0;
	int rv = 0;

	f.kind = kinds[_i];
	for (nth = 1;; nth++) {
		fault_arm(nth, f);
		rv = make();
		calls = fault_disarm();
		if (calls < nth)
			break;
		/* What was closed or unlinked is, whatever it says. */
		ck_assert_msg(names() == (rv == 0), "%s: %d, %d names",
		    fault_where(), rv, names());
		if (rv == 0)
			expect_whole();
		(void)unlink(path);
	}
	ck_assert_uint_gt(nth, 5);
	ck_assert_int_eq(rv, 0);
	expect_whole();
}
END_TEST

Suite *
newfile_suite(void)
{
	Suite *s = suite_create("newfile");
	TCase *tc = tcase_create("newfile");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, it_has_no_name_before_it_is_whole);
	tcase_add_test(tc, nothing_is_left_of_what_is_given_up);
	tcase_add_test(tc, what_is_there_is_left_alone);
	tcase_add_test(tc, a_file_system_without_nameless_files_will_do);
	tcase_add_loop_test(tc, each_call_may_fail, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}
