#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "io.h"
#include "key.h"
#include "suites.h"

#define DIGITS_LOWER \
	"000102030405060708090a0b0c0d0e0f" \
	"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define DIGITS_UPPER \
	"000102030405060708090A0B0C0D0E0F" \
	"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"
#define RAW "exactly thirty-two bytes of text"

static char dir[PATH_MAX];
static char file[PATH_MAX];
static struct key key;
static struct err err;

/* A path in dir. */
static const char *
in_dir(char *buf, const char *name)
{
	int n = snprintf(buf, PATH_MAX, "%s/%s", dir, name);

	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, PATH_MAX);
	return buf;
}

static void
write_file(const char *path, const void *p, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(write_all(fd, p, len), 0);
	ck_assert_int_eq(close(fd), 0);
}

static void
write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text), 0600);
}

static size_t
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static size_t nfds;

static void
setup(void)
{
	ck_assert_int_eq(secret_init(NULL, 65536, &err), 0);
	memset(&err, 0, sizeof(err));
	(void)snprintf(dir, sizeof(dir), "/tmp/pawl-key-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)in_dir(file, "key");
	ck_assert_int_eq(setenv("HOME", dir, 1), 0);
	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", dir, 1), 0);
	ck_assert_int_eq(unsetenv("PAWL_KEY_FILE"), 0);
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	nfds = count_fds();
}

/* Every file a test makes is in dir or one directory below. */
static void
remove_all(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	char name[PATH_MAX];

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%.2048s/%s", path,
		    entry->d_name);
		if (unlink(name) == -1)
			(void)rmdir(name);
	}
	(void)closedir(d);
	(void)rmdir(path);
}

static void
teardown(void)
{
	char below[PATH_MAX];

	/* A key that was read holds its file, and nothing else. */
	ck_assert_uint_eq(count_fds(), nfds + (key.fd > 0 ? 1 : 0));
	key_free(&key);
	ck_assert_uint_eq(count_fds(), nfds);
	remove_all(in_dir(below, "pawl"));
	remove_all(in_dir(below, "other"));
	remove_all(dir);
}

static void
expect_key(const void *bytes)
{
	ck_assert_int_eq(key.slot.kind, SLOT_RAW);
	ck_assert_ptr_eq(key.slot.secret, key.secret);
	ck_assert_uint_eq(key.secret->len, CRYPT_KEY);
	ck_assert_int_eq(memcmp(key.secret->data, bytes, CRYPT_KEY), 0);
}

static void
expect_digits(void)
{
	unsigned char bytes[CRYPT_KEY];

	ck_assert_int_eq(sodium_hex2bin(bytes, sizeof(bytes), DIGITS_LOWER, 64,
			     NULL, NULL, NULL),
	    0);
	expect_key(bytes);
}

/* Nothing is left behind of a key that was not found. */
static void
expect_error(int rv, enum err_kind kind)
{
	ck_assert_int_eq(rv, -1);
	ck_assert_msg(err.kind == kind, "%d: %s", (int)err.kind, err.msg);
	ck_assert_ptr_null(key.secret);
	ck_assert_ptr_null(key.slot.secret);
}

static const char *const good[] = {
	KEY_PREFIX DIGITS_LOWER "\n",
	KEY_PREFIX DIGITS_LOWER,
	KEY_PREFIX DIGITS_UPPER "\n",
	KEY_PREFIX DIGITS_UPPER,
};

START_TEST(a_line_of_digits_is_a_key)
{
	write_text(file, good[_i]);
	ck_assert_int_eq(key_read_file(&key, file, NULL, &err), 0);
	expect_digits();
	ck_assert_str_eq(key.from, file);
}
END_TEST

START_TEST(thirty_two_bytes_are_a_key)
{
	struct path_trust t = { 0 };

	write_text(file, RAW);
	ck_assert_int_eq(key_read_file(&key, file, &t, &err), 0);
	expect_key(RAW);
	ck_assert_str_eq(t.good[0], dir);
}
END_TEST

static const char *const bad[] = {
	"",
	"\n",
	"exactly thirty-one bytes of tex",
	RAW "\n",
	DIGITS_LOWER "\n",
	KEY_PREFIX "\n",
	KEY_PREFIX DIGITS_LOWER "\r\n",
	KEY_PREFIX DIGITS_LOWER "\n\n",
	KEY_PREFIX DIGITS_LOWER " ",
	KEY_PREFIX DIGITS_LOWER "0",
	KEY_PREFIX DIGITS_LOWER "00",
	" " KEY_PREFIX DIGITS_LOWER,
	KEY_PREFIX " " DIGITS_LOWER,
	"pawl-key-2:" DIGITS_LOWER "\n",
	"PAWL-KEY-1:" DIGITS_LOWER "\n",
	KEY_PREFIX "g00102030405060708090a0b0c0d0e0f"
		   "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\n",
	KEY_PREFIX "000102030405060708090a0b0c0d0e0f"
		   "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeg\n",
	KEY_PREFIX "000102030405060708090a0b0c0d0e0f"
		   "f0f1f2f3f4f5f6f7f8f9fafbfcfdfe\n",
	KEY_PREFIX "00:102030405060708090a0b0c0d0e0f"
		   "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\n",
	KEY_PREFIX DIGITS_LOWER DIGITS_LOWER "\n",
};

START_TEST(anything_else_is_no_key)
{
	write_text(file, bad[_i]);
	expect_error(key_read_file(&key, file, NULL, &err), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, file));
	/* Close to a key is close to a secret. */
	ck_assert_ptr_null(strstr(err.msg, "0102030405"));
	ck_assert_ptr_null(strstr(err.msg, "thirty"));
}
END_TEST

START_TEST(what_is_too_long_is_not_read)
{
	int fd;

	/* A gibibyte that is not there: reading it would take a while. */
	write_text(file, KEY_PREFIX DIGITS_LOWER "\n");
	ck_assert_int_ne(fd = open(file, O_WRONLY | O_CLOEXEC), -1);
	ck_assert_int_eq(ftruncate(fd, 1 << 30), 0);
	ck_assert_int_eq(close(fd), 0);
	expect_error(key_read_file(&key, file, NULL, &err), ERR_CONFIG);
}
END_TEST

START_TEST(no_file_is_no_key)
{
	expect_error(key_read_file(&key, file, NULL, &err), ERR_NOVAULT);
}
END_TEST

START_TEST(a_file_that_others_read_is_denied)
{
	write_file(file, RAW, 32, 0640);
	expect_error(key_read_file(&key, file, NULL, &err), ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "key file"));
	expect_error(key_read_file(&key, dir, NULL, &err), ERR_DENIED);
}
END_TEST

START_TEST(an_overlong_path_is_an_error)
{
	char path[PATH_MAX + 10];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	expect_error(key_read_file(&key, path, NULL, &err), ERR_CONFIG);
}
END_TEST

/* The reads of this process so far, or -1 where the kernel does not say. */
static long
count_reads(void)
{
	char text[512], *p;
	ssize_t n;
	int fd = open("/proc/self/io", O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	p = strstr(text, "syscr: ");
	return p == NULL ? -1 : strtol(p + 7, NULL, 10);
}

START_TEST(a_key_file_takes_one_read)
{
	long before, own, after;

	write_text(file, KEY_PREFIX DIGITS_LOWER "\n");
	before = count_reads();
	own = count_reads() - before;
	ck_assert_int_eq(key_read_file(&key, file, NULL, &err), 0);
	after = count_reads();
	if (before != -1)
		ck_assert_int_eq(after - before, 2 * own + 1);
}
END_TEST

START_TEST(the_named_file_is_the_key)
{
	char named[PATH_MAX], other[PATH_MAX];

	write_text(in_dir(named, "named"), good[0]);
	write_text(in_dir(other, "variable"), RAW);
	ck_assert_int_eq(setenv("PAWL_KEY_FILE", other, 1), 0);
	ck_assert_int_eq(key_find(&key, named, false, NULL, &err), 0);
	expect_digits();
	key_free(&key);
	ck_assert_int_eq(key_find(&key, NULL, false, NULL, &err), 0);
	expect_key(RAW);
	ck_assert_str_eq(key.from, other);
	key_free(&key);
	/* A named one that is not there is not made up for by another. */
	(void)unlink(named);
	expect_error(key_find(&key, named, true, NULL, &err), ERR_NOVAULT);
}
END_TEST

/* pawl/key in dir, which is XDG_CONFIG_HOME. */
static void
write_default(const char *text)
{
	char path[PATH_MAX];

	ck_assert_int_eq(mkdir(in_dir(path, "pawl"), 0700), 0);
	write_text(in_dir(path, "pawl/key"), text);
}

START_TEST(a_credential_comes_before_the_default)
{
	char credentials[PATH_MAX], path[PATH_MAX];

	write_default(RAW);
	ck_assert_int_eq(mkdir(in_dir(credentials, "other"), 0700), 0);
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", credentials, 1), 0);
	ck_assert_int_eq(key_find(&key, NULL, false, NULL, &err), 0);
	expect_key(RAW);
	key_free(&key);
	write_text(in_dir(path, "other/pawl.key"), good[0]);
	ck_assert_int_eq(key_find(&key, NULL, false, NULL, &err), 0);
	expect_digits();
	ck_assert_str_eq(key.from, path);
}
END_TEST

START_TEST(a_bad_default_is_not_passed_over)
{
	char path[PATH_MAX];

	write_default("no key");
	expect_error(key_find(&key, NULL, true, NULL, &err), ERR_CONFIG);
	ck_assert_int_eq(chmod(in_dir(path, "pawl/key"), 0644), 0);
	expect_error(key_find(&key, NULL, true, NULL, &err), ERR_DENIED);
}
END_TEST

START_TEST(without_asking_the_message_says_how_to_give_a_key)
{
	expect_error(key_find(&key, NULL, false, NULL, &err), ERR_NOVAULT);
	ck_assert_ptr_nonnull(strstr(err.msg, "-k FILE"));
	ck_assert_ptr_nonnull(strstr(err.msg, "PAWL_KEY_FILE"));
	ck_assert_ptr_nonnull(strstr(err.msg, "/pawl/key"));
	ck_assert_ptr_null(strstr(err.msg, "terminal"));
}
END_TEST

static int
find_asking(void)
{
	return key_find(&key, NULL, true, NULL, &err);
}

static int
new_passphrase(void)
{
	return key_new_passphrase(&key, -1, &err);
}

/*
 * What act() does in a process with a terminal of its own, or with none (tty
 * NULL): its exit status is the kind of error, or 255 if it is not the
 * passphrase "correct horse".
 */
static _Noreturn void
act_apart(int (*act)(void), const char *tty)
{
	int fd;

	if (setsid() == -1)
		_exit(254);
	if (tty != NULL) {
		fd = open(tty, O_RDWR | O_CLOEXEC);
		if (fd == -1 || ioctl(fd, TIOCSCTTY, 0) == -1)
			_exit(254);
		/* The name may be opened now, and nothing keeps it open. */
		(void)close(fd);
	}
	if (act() == -1)
		_exit((int)err.kind);
	if (key.slot.kind != SLOT_PASSPHRASE || key.slot.secret != key.secret ||
	    !slice_is(secret_slice(key.secret), "correct horse") ||
	    strcmp(key.from, "passphrase") != 0)
		_exit(255);
	key_free(&key);
	_exit(0);
}

static int
wait_for(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Reads what the terminal shows until text is at its end. */
static void
await(int master, const char *text)
{
	char seen[1024];
	size_t len = strlen(text), n = 0;

	for (;;) {
		ck_assert_uint_lt(n, sizeof(seen));
		ck_assert_int_eq(read(master, seen + n, 1), 1);
		n++;
		if (n >= len && memcmp(seen + n - len, text, len) == 0)
			return;
	}
}

/* Answers each question of act() on a terminal; its exit status. */
static int
converse(int (*act)(void), const char *question, const char *const *answers)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave, rv;
	char name[64];
	pid_t pid;

	ck_assert_int_ne(master, -1);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	ck_assert_int_eq(ptsname_r(master, name, sizeof(name)), 0);
	/* Held open here, or the master reads EIO before anybody asks. */
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ne(slave, -1);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0)
		act_apart(act, name);
	for (; *answers != NULL; answers++) {
		await(master, question);
		ck_assert_int_eq(write_all(master, *answers, strlen(*answers)),
		    0);
	}
	rv = wait_for(pid);
	(void)close(master);
	(void)close(slave);
	return rv;
}

START_TEST(with_a_terminal_the_passphrase_is_asked_for)
{
	static const char *const answers[] = { "correct horse\n", NULL };
	static const char *const empty[] = { "\n", NULL };

	ck_assert_int_eq(converse(find_asking, "passphrase: ", answers), 0);
	ck_assert_int_eq(converse(find_asking, "passphrase: ", empty),
	    ERR_NOENTRY);
}
END_TEST

static int
find_not_asking(void)
{
	return key_find(&key, NULL, false, NULL, &err);
}

START_TEST(nobody_is_asked_who_need_not_be)
{
	static const char *const none[] = { NULL };

	ck_assert_int_eq(converse(find_not_asking, "", none), ERR_NOVAULT);
	/* Somebody named a key file: that it is missing is a mistake. */
	ck_assert_int_eq(setenv("PAWL_KEY_FILE", file, 1), 0);
	ck_assert_int_eq(converse(find_asking, "", none), ERR_NOVAULT);
}
END_TEST

START_TEST(a_key_file_is_not_asked_for)
{
	write_default(good[0]);
	ck_assert_int_eq(find_asking(), 0);
	expect_digits();
}
END_TEST

START_TEST(without_a_terminal_there_is_no_key)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		act_apart(find_asking, NULL);
	ck_assert_int_eq(wait_for(pid), ERR_NOVAULT);
}
END_TEST

START_TEST(a_new_passphrase_is_asked_for_twice)
{
	static const char *const same[] = { "correct horse\n",
		"correct horse\n", NULL };
	static const char *const empty[] = { "\n", "\n", NULL };

	ck_assert_int_eq(converse(new_passphrase, ": ", same), 0);
	ck_assert_int_eq(converse(new_passphrase, ": ", empty), ERR_USAGE);
}
END_TEST

/* key_new_passphrase() of a pipe that holds text. */
static int
from_pipe(const void *text, size_t len, int *restp)
{
	int fds[2], rv;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write_all(fds[1], text, len), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	rv = key_new_passphrase(&key, fds[0], &err);
	ck_assert_int_eq(ioctl(fds[0], FIONREAD, restp), 0);
	ck_assert_int_eq(close(fds[0]), 0);
	return rv;
}

START_TEST(a_new_passphrase_is_one_line_of_a_descriptor)
{
	char line[KEY_PASSPHRASE_MAX + 2];
	int rest;

	ck_assert_int_eq(from_pipe("correct horse \nrest", 19, &rest), 0);
	ck_assert_int_eq(key.slot.kind, SLOT_PASSPHRASE);
	ck_assert(slice_is(secret_slice(key.secret), "correct horse "));
	ck_assert_str_eq(key.from, "passphrase");
	ck_assert_int_eq(rest, 4);
	key_free(&key);
	memset(line, 'x', sizeof(line));
	line[KEY_PASSPHRASE_MAX] = '\n';
	ck_assert_int_eq(from_pipe(line, KEY_PASSPHRASE_MAX + 1, &rest), 0);
	ck_assert_uint_eq(key.secret->len, KEY_PASSPHRASE_MAX);
	key_free(&key);
	line[KEY_PASSPHRASE_MAX] = 'x';
	line[KEY_PASSPHRASE_MAX + 1] = '\n';
	expect_error(from_pipe(line, sizeof(line), &rest), ERR_USAGE);
	expect_error(from_pipe("\n", 1, &rest), ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "empty"));
	expect_error(from_pipe("", 0, &rest), ERR_USAGE);
}
END_TEST

START_TEST(a_new_key_file_is_read_again)
{
	unsigned char first[CRYPT_KEY];
	char path[PATH_MAX], other[PATH_MAX];
	struct stat st;
	mode_t mask = umask(0);

	ck_assert_int_eq(key_create_file(&key, in_dir(path, "pawl/key"), &err),
	    0);
	(void)umask(mask);
	ck_assert_int_eq(key.slot.kind, SLOT_RAW);
	ck_assert_str_eq(key.from, path);
	ck_assert_uint_eq(key.secret->len, CRYPT_KEY);
	memcpy(first, key.secret->data, CRYPT_KEY);
	ck_assert(!is_zero(first, CRYPT_KEY));
	key_free(&key);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_int_eq(st.st_size, 11 + 64 + 1);
	ck_assert_int_eq(key_read_file(&key, path, NULL, &err), 0);
	expect_key(first);
	key_free(&key);
	ck_assert_int_eq(key_create_file(&key, in_dir(other, "key"), &err), 0);
	ck_assert_int_ne(memcmp(key.secret->data, first, CRYPT_KEY), 0);
}
END_TEST

START_TEST(a_key_file_without_a_directory_goes_where_we_are)
{
	int old = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ne(old, -1);
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(key_create_file(&key, "key", &err), 0);
	ck_assert_int_eq(access(file, F_OK), 0);
	ck_assert_int_eq(fchdir(old), 0);
	ck_assert_int_eq(close(old), 0);
}
END_TEST

START_TEST(an_existing_file_is_left_alone)
{
	struct stat st;

	write_text(file, RAW);
	expect_error(key_create_file(&key, file, &err), ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "-k"));
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_size, 32);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(symlink("elsewhere", file), 0);
	expect_error(key_create_file(&key, file, &err), ERR_DENIED);
}
END_TEST

START_TEST(no_key_file_where_others_may_write)
{
	char path[PATH_MAX];

	ck_assert_int_eq(mkdir(in_dir(path, "other"), 0700), 0);
	ck_assert_int_eq(chmod(path, 0777), 0);
	expect_error(key_create_file(&key, in_dir(path, "other/key"), &err),
	    ERR_DENIED);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(a_failed_write_leaves_no_file)
{
	struct rlimit old, none;
	int rv;

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 40;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	rv = key_create_file(&key, file, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	expect_error(rv, ERR_IO);
	ck_assert_int_eq(access(file, F_OK), -1);
}
END_TEST

START_TEST(freeing_is_always_allowed)
{
	key_free(NULL);
	key_free(&key);
	write_text(file, RAW);
	ck_assert_int_eq(key_read_file(&key, file, NULL, &err), 0);
	key_free(&key);
	key_free(&key);
	ck_assert_ptr_null(key.secret);
}
END_TEST

static void
add_new_tests(Suite *s)
{
	TCase *t = tcase_create("new keys");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_new_passphrase_is_asked_for_twice);
	tcase_add_test(t, a_new_passphrase_is_one_line_of_a_descriptor);
	tcase_add_test(t, a_new_key_file_is_read_again);
	tcase_add_test(t, a_key_file_without_a_directory_goes_where_we_are);
	tcase_add_test(t, an_existing_file_is_left_alone);
	tcase_add_test(t, no_key_file_where_others_may_write);
	tcase_add_test(t, a_failed_write_leaves_no_file);
	tcase_add_test(t, freeing_is_always_allowed);
	suite_add_tcase(s, t);
}

static void
add_find_tests(Suite *s)
{
	TCase *t = tcase_create("finding");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_named_file_is_the_key);
	tcase_add_test(t, a_credential_comes_before_the_default);
	tcase_add_test(t, a_bad_default_is_not_passed_over);
	tcase_add_test(t, without_asking_the_message_says_how_to_give_a_key);
	tcase_add_test(t, with_a_terminal_the_passphrase_is_asked_for);
	tcase_add_test(t, nobody_is_asked_who_need_not_be);
	tcase_add_test(t, a_key_file_is_not_asked_for);
	tcase_add_test(t, without_a_terminal_there_is_no_key);
	suite_add_tcase(s, t);
}

Suite *
key_suite(void)
{
	Suite *s = suite_create("key");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_line_of_digits_is_a_key, 0,
	    (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_test(t, thirty_two_bytes_are_a_key);
	tcase_add_loop_test(t, anything_else_is_no_key, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(t, what_is_too_long_is_not_read);
	tcase_add_test(t, no_file_is_no_key);
	tcase_add_test(t, a_file_that_others_read_is_denied);
	tcase_add_test(t, an_overlong_path_is_an_error);
	tcase_add_test(t, a_key_file_takes_one_read);
	suite_add_tcase(s, t);
	add_find_tests(s);
	add_new_tests(s);
	return s;
}
