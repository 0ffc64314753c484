#include <sys/types.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "fault.h"
#include "store.h"

Suite *store_suite(void);

/*
 * A version of the vault in these tests: a head and a middle of its own, a
 * body that every version has (copied from the one before), a tail.  Middle
 * and body are each more than store.c gathers.
 */
#define HEAD 300
#define MIDDLE 66000
#define BODY 70000
#define TAIL 100
#define WHOLE (HEAD + MIDDLE + BODY + TAIL)

#define ABSENT (-1)
#define CORRUPT (-2)

/* What a child says that was not hit by its fault. */
#define UNHURT 99

static char dir[PATH_MAX];
static char scratch[PATH_MAX];
static char vault[PATH_MAX];

/* --- Files ---------------------------------------------------------------- */

static const char *
in(const char *where, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 4];

	ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", where, name),
	    PATH_MAX);
	return path;
}

static void
empty_dir(const char *where)
{
	const struct dirent *d;
	DIR *list = opendir(where);

	ck_assert_ptr_nonnull(list);
	while ((d = readdir(list)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			(void)remove(in(where, d->d_name));
	(void)closedir(list);
}

static void
setup(void)
{
	/* In memory, where fsync(2) costs nothing: there are thousands. */
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(dir, sizeof(dir), "%s/pawl-store-XXXXXX", tmp);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(vault, sizeof(vault), "%.4000s/v", dir);
	(void)snprintf(scratch, sizeof(scratch), "%.4000s.scratch", dir);
	ck_assert_int_eq(mkdir(scratch, 0700), 0);
}

static void
teardown(void)
{
	empty_dir(dir);
	empty_dir(scratch);
	(void)rmdir(dir);
	(void)rmdir(scratch);
}

static void
fill(unsigned char *to, int version)
{
	for (size_t i = 0; i < WHOLE; i++)
		to[i] = (unsigned char)(i * 31 + i / 256);
	for (size_t i = 0; i < HEAD + MIDDLE; i++)
		to[i] ^= (unsigned char)(version * 7 + 1);
	for (size_t i = WHOLE - TAIL; i < WHOLE; i++)
		to[i] ^= (unsigned char)(version * 7 + 1);
	to[0] = (unsigned char)version;
}

static void
put_file(const char *path, const void *from, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert(write(fd, from, len) == (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

static void
put_version(const char *path, int version)
{
	unsigned char b[WHOLE];

	fill(b, version);
	put_file(path, b, sizeof(b));
}

static int
version_of(const char *path)
{
	unsigned char is[WHOLE + 1];
	unsigned char want[WHOLE];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return ABSENT;
	n = read(fd, is, sizeof(is));
	(void)close(fd);
	if (n != WHOLE)
		return CORRUPT;
	fill(want, is[0]);
	return memcmp(is, want, WHOLE) == 0 ? is[0] : CORRUPT;
}

/* The names in a directory, sorted, with blanks between. */
static const char *
list_of(const char *where)
{
	static char text[1024];
	struct dirent **list;
	int n = scandir(where, &list, NULL, alphasort);

	ck_assert_int_ge(n, 0);
	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.')
			(void)snprintf(text + strlen(text),
			    sizeof(text) - strlen(text), "%s%s",
			    text[0] == '\0' ? "" : " ", list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return text;
}

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* --- Commits -------------------------------------------------------------- */

static int
append_all(struct store_new *n, const struct store *old, int version,
    struct err *e)
{
	unsigned char b[WHOLE];
	size_t at = HEAD + MIDDLE;

	fill(b, version);
	if (store_append(n, b, HEAD, e) == -1 ||
	    store_append(n, b + HEAD, MIDDLE, e) == -1)
		return -1;
	if (old->fd == -1)
		return store_append(n, b + at, BODY + TAIL, e);
	if (store_append_from(n, old, at, BODY - 50, e) == -1 ||
	    store_append_from(n, old, at + BODY - 50, 50, e) == -1)
		return -1;
	return store_append(n, b + at + BODY, TAIL, e);
}

/* As a program does it: lock, read the old, write the new. */
static int
commit_in(const char *path, int version, bool create, struct err *e)
{
	struct store old = { .fd = -1 };
	struct store_new *n = NULL;
	int lock = -1;
	int rv = -1;

	if (store_lock(path, 0, 0, &lock, e) == -1)
		return -1;
	if (!create && store_open(&old, path, NULL, e) == -1)
		goto out;
	if ((n = store_begin(path, create, e)) == NULL)
		goto out;
	if (append_all(n, &old, version, e) == -1) {
		store_abort(n);
		goto out;
	}
	rv = store_commit(n, e);
out:
	store_close(&old);
	(void)close(lock);
	return rv;
}

static void
commit_fine(const char *path, int version, bool create)
{
	struct err e = { 0 };

	ck_assert_msg(commit_in(path, version, create, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(version_of(path), version);
}

START_TEST(a_commit_replaces_and_keeps_the_previous)
{
	struct stat st;

	commit_fine(vault, 1, true);
	ck_assert_str_eq(list_of(dir), "v v.lock");
	commit_fine(vault, 2, false);
	ck_assert_int_eq(version_of(in(dir, "v.prev")), 1);
	commit_fine(vault, 3, false);
	ck_assert_int_eq(version_of(in(dir, "v.prev")), 2);
	ck_assert_str_eq(list_of(dir), "v v.lock v.prev");
	ck_assert_int_eq(stat(vault, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_int_eq(stat(in(dir, "v.lock"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(a_reader_keeps_the_generation_it_opened)
{
	struct err e = { 0 };
	struct store s;
	unsigned char b[1] = { 0 };

	commit_fine(vault, 1, true);
	ck_assert_int_eq(store_open(&s, vault, NULL, &e), 0);
	commit_fine(vault, 2, false);
	commit_fine(vault, 3, false);
	ck_assert_int_eq(store_read(&s, 0, b, 1, &e), 0);
	ck_assert_int_eq(b[0], 1);
	store_close(&s);
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

START_TEST(create_never_replaces)
{
	struct err e = { 0 };
	struct store_new *n;

	commit_fine(vault, 1, true);
	ck_assert_ptr_null(store_begin(vault, true, &e));
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(e.msg, "exists"));

	/* Nor one that comes while it is being written. */
	ck_assert_int_eq(unlink(vault), 0);
	ck_assert_ptr_nonnull(n = store_begin(vault, true, &e));
	put_version(vault, 9);
	ck_assert_int_eq(store_append(n, "x", 1, &e), 0);
	ck_assert_int_eq(store_commit(n, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_int_eq(version_of(vault), 9);
	ck_assert_str_eq(list_of(dir), "v v.lock");
}
END_TEST

START_TEST(what_is_appended_arrives)
{
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131072,
		200000 };
	static unsigned char want[200000 * 2], is[200000 * 2 + 100];
	struct err e = { 0 };
	struct store old, s;
	struct store_new *n;

	for (size_t i = 0; i < sizeof(want); i++)
		want[i] = (unsigned char)(i * 13 + i / 1000);
	put_file(vault, want, sizeof(want));
	ck_assert_int_eq(store_open(&old, vault, NULL, &e), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t at = 0; at <= 100; at += 50) {
			size_t len = sizes[i];

			n = store_begin(vault, false, &e);
			ck_assert_ptr_nonnull(n);
			ck_assert_int_eq(store_append(n, want, len, &e), 0);
			ck_assert_int_eq(store_append_from(n, &old, at, len,
					     &e),
			    0);
			ck_assert_int_eq(store_append(n, want, at, &e), 0);
			ck_assert_int_eq(store_commit(n, &e), 0);
			ck_assert_int_eq(store_open(&s, vault, NULL, &e), 0);
			ck_assert_uint_eq(s.size, 2 * len + at);
			ck_assert_int_eq(store_read(&s, 0, is, s.size, &e), 0);
			ck_assert_int_eq(memcmp(is, want, len), 0);
			ck_assert_int_eq(memcmp(is + len, want + at, len), 0);
			ck_assert_int_eq(memcmp(is + 2 * len, want, at), 0);
			store_close(&s);
		}
	}
	store_close(&old);
}
END_TEST

START_TEST(reading_past_the_end_is_damage)
{
	struct err e = { 0 };
	struct store s;
	struct store_new *n;
	unsigned char b[64];

	put_file(vault, "0123456789", 10);
	ck_assert_int_eq(store_open(&s, vault, NULL, &e), 0);
	ck_assert_uint_eq(s.size, 10);
	ck_assert_int_eq(store_read(&s, 0, b, 10, &e), 0);
	ck_assert_int_eq(store_read(&s, 10, b, 0, &e), 0);
	ck_assert_int_eq(store_read(&s, 0, b, 11, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	ck_assert_int_eq(store_read(&s, UINT64_MAX, b, 2, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);

	ck_assert_ptr_nonnull(n = store_begin(vault, false, &e));
	ck_assert_int_eq(store_append_from(n, &s, 5, 6, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	/* What was begun is spoiled, though the caller goes on. */
	ck_assert_int_eq(store_commit(n, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);

	/* Cut off behind our back. */
	ck_assert_int_eq(truncate(vault, 4), 0);
	ck_assert_int_eq(store_read(&s, 0, b, 10, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	store_close(&s);
}
END_TEST

START_TEST(what_crashes_left_is_cleared_away)
{
	put_version(vault, 1);
	put_file(in(dir, "v.new"), "junk", 4);
	put_file(in(dir, "v.prev.new"), "junk", 4);
	commit_fine(vault, 2, false);
	ck_assert_str_eq(list_of(dir), "v v.lock v.prev");

	/* After the crash between the two renames. */
	ck_assert_int_eq(unlink(in(dir, "v.prev")), 0);
	ck_assert_int_eq(link(vault, in(dir, "v.prev")), 0);
	put_file(in(dir, "v.new"), "junk", 4);
	commit_fine(vault, 3, false);
	ck_assert_int_eq(version_of(in(dir, "v.prev")), 2);
	ck_assert_str_eq(list_of(dir), "v v.lock v.prev");

	/* After the crash between link and unlink of a new vault. */
	ck_assert_int_eq(link(vault, in(dir, "v.new")), 0);
	commit_fine(vault, 4, false);
	ck_assert_int_eq(version_of(in(dir, "v.prev")), 3);
	ck_assert_str_eq(list_of(dir), "v v.lock v.prev");
}
END_TEST

START_TEST(an_abort_leaves_nothing)
{
	struct err e = { 0 };
	struct store_new *n;
	int before = open_fds();

	put_version(vault, 1);
	ck_assert_ptr_nonnull(n = store_begin(vault, false, &e));
	ck_assert_int_eq(store_append(n, "x", 1, &e), 0);
	store_abort(n);
	store_abort(NULL);
	ck_assert_int_eq(open_fds(), before);
	ck_assert_int_eq(version_of(vault), 1);
	ck_assert_str_eq(list_of(dir), "v");
}
END_TEST

START_TEST(links_and_other_things_are_not_replaced)
{
	struct err e = { 0 };
	struct stat st;
	int fd;

	put_version(in(dir, "real"), 1);
	ck_assert_int_eq(symlink("real", vault), 0);
	ck_assert_ptr_null(store_begin(vault, false, &e));
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_int_eq(store_lock(vault, 0, 0, &fd, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(unlink(vault), 0);

	/* A link where the temporary file goes is removed, not followed. */
	put_version(vault, 1);
	ck_assert_int_eq(symlink("real", in(dir, "v.new")), 0);
	commit_fine(vault, 2, false);
	ck_assert_int_eq(version_of(in(dir, "real")), 1);

	/* So is a link where the lock goes. */
	ck_assert_int_eq(unlink(in(dir, "v.lock")), 0);
	ck_assert_int_eq(symlink("real", in(dir, "v.lock")), 0);
	ck_assert_int_eq(store_lock(vault, 0, 0, &fd, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_int_eq(unlink(in(dir, "v.lock")), 0);
	ck_assert_int_eq(mkfifo(in(dir, "v.lock"), 0600), 0);
	ck_assert_int_eq(store_lock(vault, 0, 0, &fd, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_int_eq(unlink(in(dir, "v.lock")), 0);

	ck_assert_int_eq(mkdir(in(dir, "v.new"), 0700), 0);
	ck_assert_ptr_null(store_begin(vault, false, &e));
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(e.msg, "v.new"));
	ck_assert_int_eq(stat(in(dir, "v.new"), &st), 0);
	ck_assert_int_eq(rmdir(in(dir, "v.new")), 0);

	ck_assert_ptr_null(store_begin(in(dir, "none"), false, &e));
	ck_assert_int_eq(e.kind, ERR_NOVAULT);
	ck_assert_ptr_null(store_begin(in(dir, ""), true, &e));
	ck_assert_int_eq(e.kind, ERR_CONFIG);
}
END_TEST

START_TEST(a_name_is_as_long_as_its_suffixes_allow)
{
	char name[NAME_MAX + 1];
	struct err e = { 0 };

	memset(name, 'n', sizeof(name));
	name[NAME_MAX - 9] = '\0';
	commit_fine(in(dir, name), 1, true);
	commit_fine(in(dir, name), 2, false);
	name[NAME_MAX - 9] = 'n';
	name[NAME_MAX - 8] = '\0';
	ck_assert_ptr_null(store_begin(in(dir, name), true, &e));
	ck_assert_int_eq(e.kind, ERR_CONFIG);
}
END_TEST

START_TEST(the_mode_is_0600_under_any_umask)
{
	static const mode_t masks[] = { 0, 022, 0277, 0777 };
	struct stat st;

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		mode_t before = umask(masks[i]);

		empty_dir(dir);
		commit_fine(vault, 1, true);
		commit_fine(vault, 2, false);
		(void)umask(before);
		ck_assert_int_eq(stat(vault, &st), 0);
		ck_assert_int_eq(st.st_mode & 07777, 0600);
		ck_assert_int_eq(stat(in(dir, "v.lock"), &st), 0);
		ck_assert_int_eq(st.st_mode & 07777, 0600);
	}
}
END_TEST

START_TEST(root_keeps_the_owner)
{
	struct err e = { 0 };
	struct store_new *n;
	struct stat st;
	int fd;

	if (geteuid() != 0)
		return;
	put_version(vault, 1);
	ck_assert_int_eq(chown(vault, 65534, 65533), 0);
	ck_assert_int_eq(store_lock(vault, 0, 0, &fd, &e), 0);
	ck_assert_ptr_nonnull(n = store_begin(vault, false, &e));
	/* Before there is a byte in it. */
	ck_assert_int_eq(stat(in(dir, "v.new"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 65534);
	ck_assert_uint_eq(st.st_gid, 65533);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(store_append(n, "x", 1, &e), 0);
	ck_assert_int_eq(store_commit(n, &e), 0);
	ck_assert_int_eq(stat(vault, &st), 0);
	ck_assert_uint_eq(st.st_uid, 65534);
	ck_assert_uint_eq(st.st_gid, 65533);
	ck_assert_int_eq(st.st_size, 1);
	/* The lock as well, or its owner could never lock. */
	ck_assert_int_eq(stat(in(dir, "v.lock"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 65534);
	(void)close(fd);
}
END_TEST

START_TEST(a_writer_without_the_lock_is_noticed)
{
	struct err e = { 0 };
	struct store_new *n;

	put_version(vault, 1);
	ck_assert_ptr_nonnull(n = store_begin(vault, false, &e));
	put_version(in(dir, "other"), 7);
	ck_assert_int_eq(rename(in(dir, "other"), vault), 0);
	ck_assert_int_eq(store_append(n, "x", 1, &e), 0);
	ck_assert_int_eq(store_commit(n, &e), -1);
	ck_assert_int_eq(e.kind, ERR_BUSY);
	ck_assert_int_eq(version_of(vault), 7);
	ck_assert_str_eq(list_of(dir), "v");
}
END_TEST

/* --- Faults --------------------------------------------------------------- */

/* EINTR never for ever: no signal does that, and a write starts over. */
static const struct fault faults[] = {
	{ FAULT_ERROR, EIO, false, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EIO, true, FAULT_CALL_COUNT },
	{ FAULT_ERROR, ENOSPC, false, FAULT_CALL_COUNT },
	{ FAULT_ERROR, ENOSPC, true, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EDQUOT, false, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EINTR, false, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EACCES, false, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EACCES, true, FAULT_CALL_COUNT },
	{ FAULT_ERROR, ENOMEM, false, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EMFILE, true, FAULT_CALL_COUNT },
	{ FAULT_ERROR_AFTER, EIO, false, FAULT_CALL_COUNT },
	{ FAULT_ERROR_AFTER, EIO, true, FAULT_CALL_COUNT },
	{ FAULT_SHORT, 0, false, FAULT_CALL_COUNT },
	{ FAULT_SHORT, 0, true, FAULT_CALL_COUNT },
};

static void
put_old(bool create)
{
	empty_dir(dir);
	if (create)
		return;
	put_version(vault, 1);
	put_version(in(dir, "v.prev"), 0);
}

/* Whether a full disk can make this call fail. */
static bool
takes_space(const char *call)
{
	return strcmp(call, "write") == 0 || strcmp(call, "fsync") == 0 ||
	    strcmp(call, "openat") == 0 || strcmp(call, "linkat") == 0 ||
	    strcmp(call, "renameat") == 0 ||
	    strcmp(call, "copy_file_range") == 0;
}

/* What was said agrees with what is there. */
static void
check_truth(int rv, const struct err *e, const struct fault *f, bool create)
{
	int old = create ? ABSENT : 1;
	int is = version_of(vault);
	const char *at = fault_where();

	if (rv == 0) {
		ck_assert_msg(is == 2, "%s: done, but %d is there", at, is);
		return;
	}
	ck_assert_msg(strlen(e->msg) > 20, "%s: %s", at, e->msg);
	if (e->kind == ERR_UNSYNCED) {
		ck_assert_msg(is == old || is == 2, "%s: %d", at, is);
		return;
	}
	ck_assert_msg(is == old, "%s: %s, but %d is there", at, e->msg, is);
	ck_assert_msg(e->kind == ERR_IO || e->kind == ERR_DENIED, "%s: kind %d",
	    at, (int)e->kind);
	if (f->kind == FAULT_ERROR && takes_space(at) &&
	    (f->error == ENOSPC || f->error == EDQUOT))
		ck_assert_msg(strstr(e->msg,
				  "disk full: nothing was changed") != NULL,
		    "%s: %s", at, e->msg);
}

/* The next run works and leaves no litter. */
static void
check_mends(const char *where, const char *at)
{
	const char *path = in(where, "v");
	int is = version_of(path);
	struct err e = { 0 };
	const char *list;

	ck_assert_msg(is != CORRUPT, "%s", at);
	ck_assert_msg(commit_in(path, is == ABSENT ? 1 : is + 1, is == ABSENT,
			  &e) == 0,
	    "%s: then %s", at, e.msg);
	ck_assert_int_eq(version_of(path), is == ABSENT ? 1 : is + 1);
	list = list_of(where);
	ck_assert_msg(strcmp(list, "v v.lock v.prev") == 0 ||
		(is == ABSENT && strcmp(list, "v v.lock") == 0),
	    "%s: left %s", at, list);
}

static void
fail_each_call(const struct fault *f, bool create)
{
	unsigned int n, made;

	for (n = 1;; n++) {
		struct err e = { 0 };
		int before, rv;

		put_old(create);
		before = open_fds();
		fault_arm(n, *f);
		rv = commit_in(vault, 2, create, &e);
		made = fault_disarm();
		if (made < n) {
			ck_assert_msg(rv == 0, "%s", e.msg);
			break;
		}
		check_truth(rv, &e, f, create);
		ck_assert_msg(open_fds() == before, "%s: descriptor left open",
		    fault_where());
		if (!create)
			ck_assert_int_ge(version_of(in(dir, "v.prev")), 0);
		check_mends(dir, fault_where());
	}
	/* Or nothing was tested: the wrappers are not linked in. */
	ck_assert_uint_gt(made, create ? 12 : 20);
}

START_TEST(every_call_of_a_commit_may_fail)
{
	fail_each_call(&faults[_i], false);
}
END_TEST

START_TEST(every_call_of_a_creation_may_fail)
{
	fail_each_call(&faults[_i], true);
}
END_TEST

START_TEST(a_close_that_fails_is_no_failed_commit)
{
	struct fault f = { FAULT_ERROR, EIO, true, FAULT_close };
	struct err e = { 0 };

	put_old(false);
	fault_arm(1, f);
	ck_assert_int_eq(commit_in(vault, 2, false, &e), 0);
	ck_assert_uint_gt(fault_disarm(), 2);
	ck_assert_int_eq(version_of(vault), 2);
}
END_TEST

START_TEST(a_rename_that_says_it_failed_is_looked_at)
{
	struct fault f = { FAULT_ERROR_AFTER, EIO, false, FAULT_renameat };
	struct err e = { 0 };

	/* The second one; the first is that of PATH.prev. */
	put_old(false);
	fault_arm(2, f);
	ck_assert_int_eq(commit_in(vault, 2, false, &e), 0);
	ck_assert_int_eq(version_of(vault), 2);

	f.kind = FAULT_ERROR;
	put_old(false);
	fault_arm(2, f);
	ck_assert_int_eq(commit_in(vault, 2, false, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_ptr_nonnull(strstr(e.msg, "not committed"));
	ck_assert_int_eq(version_of(vault), 1);

	f.only = FAULT_linkat;
	f.kind = FAULT_ERROR_AFTER;
	f.error = EEXIST;
	put_old(true);
	fault_arm(1, f);
	ck_assert_int_eq(commit_in(vault, 2, true, &e), 0);
	(void)fault_disarm();
	ck_assert_int_eq(version_of(vault), 2);
}
END_TEST

START_TEST(a_failed_fsync_is_not_tried_again)
{
	struct fault f = { FAULT_ERROR, EIO, false, FAULT_fsync };
	struct err e = { 0 };

	put_old(false);
	fault_arm(1, f);
	ck_assert_int_eq(commit_in(vault, 2, false, &e), -1);
	ck_assert_uint_eq(fault_disarm(), 1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_int_eq(version_of(vault), 1);

	fault_arm(2, f);
	ck_assert_int_eq(commit_in(vault, 2, false, &e), -1);
	ck_assert_uint_eq(fault_disarm(), 2);
	ck_assert_int_eq(e.kind, ERR_UNSYNCED);
	ck_assert_int_eq(version_of(vault), 2);
}
END_TEST

START_TEST(a_copy_falls_back_to_read_and_write)
{
	static const int errors[] = { EXDEV, ENOSYS, EINVAL, EOPNOTSUPP,
		EPERM };
	struct fault f = { FAULT_ERROR, 0, true, FAULT_copy_file_range };
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		put_old(false);
		f.error = errors[i];
		fault_arm(1, f);
		ck_assert_int_eq(commit_in(vault, 2, false, &e), 0);
		ck_assert_uint_eq(fault_disarm(), 1);
		ck_assert_int_eq(version_of(vault), 2);
	}
	/* In two halves; then half of it in the kernel, the rest by hand. */
	f.kind = FAULT_SHORT;
	f.onward = false;
	for (f.error = 0; f.error <= EXDEV; f.error += EXDEV) {
		put_old(false);
		fault_arm(1, f);
		ck_assert_int_eq(commit_in(vault, 2, false, &e), 0);
		ck_assert_uint_eq(fault_disarm(), 2);
		ck_assert_int_eq(version_of(vault), 2);
	}
}
END_TEST

static const enum fault_kind kills[] = { FAULT_KILL, FAULT_KILL_AFTER };

static void
kill_at_each_call(enum fault_kind kind, bool create)
{
	unsigned int n;
	int status = 0;

	for (n = 1;; n++) {
		char at[40];
		pid_t pid;

		put_old(create);
		pid = fork();
		ck_assert_int_ne(pid, -1);
		if (pid == 0) {
			struct fault f = { kind, 0, false, FAULT_CALL_COUNT };
			struct err e = { 0 };

			fault_arm(n, f);
			(void)commit_in(vault, 2, create, &e);
			_exit(fault_disarm() < n ? UNHURT : 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status))
			break;
		ck_assert_int_eq(WTERMSIG(status), SIGKILL);
		(void)snprintf(at, sizeof(at), "killed at call %u", n);
		if (!create)
			ck_assert_int_ge(version_of(in(dir, "v.prev")), 0);
		/* The lock went with it, so that this is not ERR_BUSY. */
		check_mends(dir, at);
	}
	ck_assert_int_eq(WEXITSTATUS(status), UNHURT);
	ck_assert_uint_gt(n, create ? 12 : 20);
}

START_TEST(a_commit_may_be_killed_at_every_call)
{
	kill_at_each_call(kills[_i], false);
}
END_TEST

START_TEST(a_creation_may_be_killed_at_every_call)
{
	kill_at_each_call(kills[_i], true);
}
END_TEST

/* --- Power loss ----------------------------------------------------------- */

static void
check_after_power_loss(const char *where, int note)
{
	int is = version_of(in(where, "v"));
	int prev = version_of(in(where, "v.prev"));

	ck_assert_msg(is != CORRUPT, "corrupt: %s", disk_where());
	ck_assert_msg(is >= note || (is == ABSENT && note == 0),
	    "version %d was promised, %d is there: %s", note, is, disk_where());
	ck_assert_msg(is <= note + 1, "version %d after %d: %s", is, note,
	    disk_where());
	ck_assert_msg(prev == ABSENT || (prev > 0 && prev <= is),
	    "previous version %d of %d: %s", prev, is, disk_where());
	check_mends(where, disk_where());
}

START_TEST(power_may_fail_at_every_point)
{
	struct err e = { 0 };
	struct store_new *n;
	unsigned int states;

	disk_record(dir);
	commit_fine(vault, 1, true);
	disk_note(1);
	commit_fine(vault, 2, false);
	disk_note(2);
	ck_assert_ptr_nonnull(n = store_begin(vault, false, &e));
	ck_assert_int_eq(store_append(n, "x", 1, &e), 0);
	store_abort(n);
	commit_fine(vault, 3, false);
	disk_note(3);
	disk_stop();
	states = disk_replay(scratch, _i == 1, check_after_power_loss);
	ck_assert_uint_gt(states, 150);
}
END_TEST

/* --- A disk that is full -------------------------------------------------- */

/* A file system of its own, for this process: 0, or -1 if not permitted. */
static int
mount_small(unsigned int pages)
{
	char options[64];

	(void)snprintf(options, sizeof(options), "size=%ld,mode=0700",
	    (long)pages * sysconf(_SC_PAGESIZE));
	return mount("pawl", dir, "tmpfs", MS_NOSUID | MS_NODEV, options);
}

START_TEST(a_full_disk_changes_nothing)
{
	unsigned int page = (unsigned int)sysconf(_SC_PAGESIZE);
	unsigned int whole = (WHOLE + page - 1) / page;
	unsigned int done = 0;

	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return;
	for (unsigned int left = 0; left <= whole + 2; left++) {
		struct err e = { 0 };
		int rv;

		ck_assert_int_eq(mount_small(2 * whole + left), 0);
		put_old(false);
		rv = commit_in(vault, 2, false, &e);
		ck_assert_int_eq(version_of(vault), rv == 0 ? 2 : 1);
		if (rv == 0)
			done++;
		else
			ck_assert_msg(strstr(e.msg,
					  "disk full: nothing was changed") !=
				NULL,
			    "%s", e.msg);
		ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	}
	ck_assert_uint_gt(done, 0);
	ck_assert_uint_lt(done, 5);
}
END_TEST

/* --- Locks ---------------------------------------------------------------- */

static uint64_t
now_ms(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A child that holds a lock, says so, and waits for its end. */
static pid_t
hold(uint64_t byte)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		struct err e = { 0 };
		int fd;

		c = store_lock(vault, byte, 0, &fd, &e) == 0 ? 'y' : 'n';
		if (write(ready[1], &c, 1) == 1)
			for (;;)
				(void)pause();
		_exit(1);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(c, 'y');
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void
let_go(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_lock_excludes_and_dies_with_its_holder)
{
	struct err e = { 0 };
	uint64_t began;
	int before, fd;
	pid_t pid;

	put_version(vault, 1);
	pid = hold(0);
	before = open_fds();
	ck_assert_int_eq(store_lock(vault, 0, 0, &fd, &e), -1);
	ck_assert_int_eq(e.kind, ERR_BUSY);
	ck_assert_ptr_nonnull(strstr(e.msg, "try again"));
	ck_assert_int_eq(fd, -1);
	began = now_ms();
	ck_assert_int_eq(store_lock(vault, 0, 60, &fd, &e), -1);
	ck_assert_uint_ge(now_ms() - began, 60);
	ck_assert_uint_lt(now_ms() - began, 2000);
	ck_assert_int_eq(open_fds(), before);
	let_go(pid);
	ck_assert_int_eq(store_lock(vault, 0, 0, &fd, &e), 0);
	(void)close(fd);
	/* What it was is still there, for whoever waits on it. */
	ck_assert_str_eq(list_of(dir), "v v.lock");
}
END_TEST

static pid_t holder;

static void
kill_holder(int sig)
{
	(void)sig;
	(void)kill(holder, SIGKILL);
}

START_TEST(a_waiter_gets_the_lock_when_it_is_free)
{
	/* Most probably we are waiting by then; it works either way. */
	struct itimerval soon = { .it_value = { .tv_usec = 30000 } };
	struct err e = { 0 };
	int fd;

	put_version(vault, 1);
	holder = hold(0);
	ck_assert(signal(SIGALRM, kill_holder) != SIG_ERR);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	ck_assert_int_eq(store_lock(vault, 0, 20000, &fd, &e), 0);
	(void)close(fd);
	ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
}
END_TEST

START_TEST(entries_are_locked_one_by_one)
{
	static const uint64_t bytes[] = { 1, 2, 77, UINT64_C(1) << 62,
		INT64_MAX, UINT64_MAX };
	struct err e = { 0 };
	int fd, fd2;
	pid_t pid;

	put_version(vault, 1);
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		pid = hold(bytes[i]);
		ck_assert_int_eq(store_lock(vault, bytes[i], 0, &fd, &e), -1);
		ck_assert_int_eq(e.kind, ERR_BUSY);
		ck_assert_ptr_nonnull(strstr(e.msg, "rotating"));
		ck_assert_int_eq(store_lock(vault, 0, 0, &fd, &e), 0);
		ck_assert_int_eq(store_lock(vault, 5, 0, &fd2, &e), 0);
		(void)close(fd2);
		(void)close(fd);
		let_go(pid);
	}
}
END_TEST

START_TEST(one_lock_does_not_take_another_with_it)
{
	struct err e = { 0 };
	int entry, fd;
	pid_t pid;
	int status = 0;

	put_version(vault, 1);
	ck_assert_int_eq(store_lock(vault, 5, 0, &entry, &e), 0);
	ck_assert_int_eq(store_lock(vault, 0, 0, &fd, &e), 0);
	(void)close(fd);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit(store_lock(vault, 5, 0, &fd, &e) == -1 ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	(void)close(entry);
}
END_TEST

#define WRITERS 8
#define ROUNDS 200

static const unsigned int total = WRITERS * ROUNDS;

static int
add_one(struct err *e)
{
	struct store old = { .fd = -1 };
	struct store_new *n;
	unsigned int count[2] = { 0 };
	int lock = -1;
	int rv = -1;

	if (store_lock(vault, 0, 60000, &lock, e) == -1)
		return -1;
	if (store_open(&old, vault, NULL, e) == -1 ||
	    store_read(&old, 0, count, sizeof(count), e) == -1 ||
	    (n = store_begin(vault, false, e)) == NULL)
		goto out;
	count[0]++;
	count[1] = ~count[0];
	if (store_append(n, count, sizeof(count), e) == -1) {
		store_abort(n);
		goto out;
	}
	rv = store_commit(n, e);
out:
	store_close(&old);
	(void)close(lock);
	return rv;
}

/* Reads until the last count, which only ever grows. */
static int
watch_counts(void)
{
	unsigned int count[2] = { 0 };
	unsigned int last = 0;
	struct err e = { 0 };
	struct store s;

	while (last < total) {
		if (store_open(&s, vault, NULL, &e) == -1 ||
		    store_read(&s, 0, count, sizeof(count), &e) == -1)
			return 1;
		store_close(&s);
		if (count[1] != ~count[0] || count[0] < last)
			return 1;
		last = count[0];
		(void)sched_yield();
	}
	return 0;
}

START_TEST(no_update_is_lost_among_many_writers)
{
	unsigned int count[2] = { 0, ~0u };
	struct err e = { 0 };
	struct store s;

	put_file(vault, count, sizeof(count));
	for (int i = 0; i <= WRITERS; i++) {
		pid_t pid = fork();

		ck_assert_int_ne(pid, -1);
		if (pid != 0)
			continue;
		if (i == WRITERS)
			_exit(watch_counts());
		for (int j = 0; j < ROUNDS; j++)
			if (add_one(&e) == -1)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i <= WRITERS; i++) {
		int status = 0;

		ck_assert_int_ne(wait(&status), -1);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(store_open(&s, vault, NULL, &e), 0);
	ck_assert_int_eq(store_read(&s, 0, count, sizeof(count), &e), 0);
	ck_assert_uint_eq(count[0], total);
	store_close(&s);
	ck_assert_str_eq(list_of(dir), "v v.lock v.prev");
}
END_TEST

static TCase *
new_case(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return t;
}

Suite *
store_suite(void)
{
	const int nfaults = (int)(sizeof(faults) / sizeof(faults[0]));
	Suite *s = suite_create("store");
	TCase *t = new_case(s, "replace");

	tcase_add_test(t, a_commit_replaces_and_keeps_the_previous);
	tcase_add_test(t, a_reader_keeps_the_generation_it_opened);
	tcase_add_test(t, create_never_replaces);
	tcase_add_test(t, what_is_appended_arrives);
	tcase_add_test(t, reading_past_the_end_is_damage);
	tcase_add_test(t, what_crashes_left_is_cleared_away);
	tcase_add_test(t, an_abort_leaves_nothing);
	tcase_add_test(t, links_and_other_things_are_not_replaced);
	tcase_add_test(t, a_name_is_as_long_as_its_suffixes_allow);
	tcase_add_test(t, the_mode_is_0600_under_any_umask);
	tcase_add_test(t, root_keeps_the_owner);
	tcase_add_test(t, a_writer_without_the_lock_is_noticed);

	t = new_case(s, "faults");
	tcase_add_loop_test(t, every_call_of_a_commit_may_fail, 0, nfaults);
	tcase_add_loop_test(t, every_call_of_a_creation_may_fail, 0, nfaults);
	tcase_add_test(t, a_close_that_fails_is_no_failed_commit);
	tcase_add_test(t, a_rename_that_says_it_failed_is_looked_at);
	tcase_add_test(t, a_failed_fsync_is_not_tried_again);
	tcase_add_test(t, a_copy_falls_back_to_read_and_write);
	tcase_add_loop_test(t, a_commit_may_be_killed_at_every_call, 0, 2);
	tcase_add_loop_test(t, a_creation_may_be_killed_at_every_call, 0, 2);
	tcase_add_test(t, a_full_disk_changes_nothing);

	t = new_case(s, "power loss");
	tcase_add_loop_test(t, power_may_fail_at_every_point, 0, 2);

	t = new_case(s, "locks");
	tcase_add_test(t, a_lock_excludes_and_dies_with_its_holder);
	tcase_add_test(t, a_waiter_gets_the_lock_when_it_is_free);
	tcase_add_test(t, entries_are_locked_one_by_one);
	tcase_add_test(t, one_lock_does_not_take_another_with_it);
	tcase_add_test(t, no_update_is_lost_among_many_writers);
	return s;
}
