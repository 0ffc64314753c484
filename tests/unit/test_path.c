#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "fault.h"
#include "fixture.h"
#include "path.h"

Suite *path_suite(void);

#define NOBODY 65534
#define SOMEBODY 65533

static struct err e;

/* Where the tests work; made before the first and removed after the last. */
static char base[128];

static void
make_base(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(base, sizeof(base), "%s/pawl-path-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(base));
	/* Other users of the tests pass here. */
	ck_assert_int_eq(chmod(base, 0755), 0);
}

static void
remove_base(void)
{
	remove_tree(base);
}

/* base/name, in a buffer of the caller's. */
static const char *
in_base(char *buf, const char *name)
{
	(void)snprintf(buf, PATH_MAX, "%s/%s", base, name);
	return buf;
}

static void
make_dir(const char *path, mode_t mode, uid_t owner)
{
	if (mkdir(path, 0700) == -1)
		ck_assert_int_eq(errno, EEXIST);
	/* Only where it matters: the tests run without root as well. */
	if (owner != 0)
		ck_assert_int_eq(lchown(path, owner, owner), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/*
 * One case: base/N/a/b/f with these modes and owners (0 is the tests' user,
 * or the default mode), perhaps a link, and what comes of opening base/N/ask.
 */
struct trust_case {
	const char *name;
	const char *link;
	const char *target;
	const char *ask;
	/* Who asks: 0 or a uid to become. */
	uid_t caller;
	mode_t a_mode;
	uid_t a_owner;
	mode_t b_mode;
	uid_t b_owner;
	mode_t f_type;
	mode_t f_mode;
	uid_t f_owner;
	uid_t link_owner;
	enum err_kind kind;
	const char *says;
};

static const struct trust_case cases[] = {
	{ .name = "private file", .kind = ERR_NONE },
	{ .name = "read-only file", .f_mode = 0400, .kind = ERR_NONE },
	{ .name = "directories others may read",
	    .a_mode = 0755,
	    .b_mode = 0755,
	    .kind = ERR_NONE },
	{ .name = "group may read",
	    .f_mode = 0640,
	    .kind = ERR_DENIED,
	    .says = "/f: group or others may read it; run: chmod 600 /" },
	{ .name = "group may write",
	    .f_mode = 0620,
	    .kind = ERR_DENIED,
	    .says = "/f: group or others may write it; run: chmod 600 /" },
	{ .name = "group may run",
	    .f_mode = 0610,
	    .kind = ERR_DENIED,
	    .says = "/f: group or others may use it; run: chmod 600 /" },
	{ .name = "others may read",
	    .f_mode = 0604,
	    .kind = ERR_DENIED,
	    .says = "/f: group or others may read it; run: chmod 600 /" },
	{ .name = "others may write",
	    .f_mode = 0602,
	    .kind = ERR_DENIED,
	    .says = "/f: group or others may write it; run: chmod 600 /" },
	{ .name = "others may run",
	    .f_mode = 0601,
	    .kind = ERR_DENIED,
	    .says = "/f: group or others may use it; run: chmod 600 /" },
	{ .name = "group may write the directory",
	    .b_mode = 0770,
	    .kind = ERR_DENIED,
	    .says = "/a/b is writable by others; run: chmod go-w /" },
	{ .name = "others may write the directory",
	    .b_mode = 0702,
	    .kind = ERR_DENIED,
	    .says = "/a/b is writable by others; run: chmod go-w /" },
	{ .name = "group may write a directory further up",
	    .a_mode = 0770,
	    .kind = ERR_DENIED,
	    .says = "/a is writable by others; run: chmod go-w /" },
	{ .name = "sticky directory", .b_mode = 01777, .kind = ERR_NONE },
	{ .name = "sticky directory further up",
	    .a_mode = 01777,
	    .kind = ERR_NONE },
	{ .name = "directory",
	    .ask = "a/b",
	    .kind = ERR_DENIED,
	    .says = "/a/b is not a regular file" },
	{ .name = "fifo",
	    .f_type = S_IFIFO,
	    .kind = ERR_DENIED,
	    .says = "/f is not a regular file" },
	{ .name = "no file",
	    .ask = "a/b/g",
	    .kind = ERR_NOVAULT,
	    .says = "/a/b/g: " },
	{ .name = "no directory", .ask = "a/c/f", .kind = ERR_NOVAULT },
	{ .name = "file for a directory",
	    .ask = "a/b/f/g",
	    .kind = ERR_NOVAULT },
	{ .name = "slash behind the file",
	    .ask = "a/b/f/",
	    .kind = ERR_NOVAULT },
	{ .name = "dots", .ask = "a/./b/../b/f", .kind = ERR_NONE },
	{ .name = "slashes", .ask = "a//b///f", .kind = ERR_NONE },
	{ .name = "dots through a bad directory",
	    .ask = "a/b/../x",
	    .b_mode = 0777,
	    .link = "a/x",
	    .target = "b/f",
	    .kind = ERR_DENIED,
	    .says = "/a/b is writable by others" },
	{ .name = "link to the file",
	    .ask = "l",
	    .link = "l",
	    .target = "a/b/f",
	    .kind = ERR_NONE },
	{ .name = "link to a directory",
	    .ask = "l/b/f",
	    .link = "l",
	    .target = "a",
	    .kind = ERR_NONE },
	{ .name = "link up and down",
	    .ask = "a/l/a/b/f",
	    .link = "a/l",
	    .target = "../../../",
	    .kind = ERR_NOVAULT },
	{ .name = "link up",
	    .ask = "a/l/b/f",
	    .link = "a/l",
	    .target = ".././a",
	    .kind = ERR_NONE },
	{ .name = "absolute link",
	    .ask = "l/null",
	    .link = "l",
	    .target = "/dev",
	    .kind = ERR_DENIED,
	    .says = "/dev/null is not a regular file" },
	{ .name = "link to the root",
	    .ask = "l",
	    .link = "l",
	    .target = "/",
	    .kind = ERR_DENIED,
	    .says = "not a regular file" },
	{ .name = "link loop",
	    .ask = "l/x",
	    .link = "l",
	    .target = "l",
	    .kind = ERR_DENIED },
	{ .name = "dangling link",
	    .ask = "l",
	    .link = "l",
	    .target = "a/g",
	    .kind = ERR_NOVAULT },
	{ .name = "link to a file in a bad directory",
	    .ask = "l",
	    .link = "l",
	    .target = "a/b/f",
	    .b_mode = 0777,
	    .kind = ERR_DENIED,
	    .says = "/a/b is writable by others; run: chmod go-w /" },
	{ .name = "link in a bad directory",
	    .ask = "a/l",
	    .link = "a/l",
	    .target = "../f",
	    .a_mode = 0777,
	    .kind = ERR_DENIED,
	    .says = "/a is writable by others; run: chmod go-w /" },
	{ .name = "link with group-readable file",
	    .ask = "l",
	    .link = "l",
	    .target = "a/b/f",
	    .f_mode = 0640,
	    .kind = ERR_DENIED,
	    .says = "/a/b/f: group or others may read it" },
};

/* These need foreign owners, which only root can make. */
static const struct trust_case root_cases[] = {
	{ .name = "somebody else's file",
	    .f_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "/f is owned by uid 65534; run: chown -h 0 /" },
	{ .name = "somebody else's directory",
	    .b_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "directory /" },
	{ .name = "somebody else's directory further up",
	    .a_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "/a is owned by uid 65534; run: chown -h 0 /" },
	{ .name = "somebody else's sticky directory",
	    .b_mode = 01777,
	    .b_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "/a/b is owned by uid 65534" },
	{ .name = "somebody else's file in a sticky directory",
	    .b_mode = 01777,
	    .f_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "/f is owned by uid 65534" },
	{ .name = "somebody else's directory in a sticky one",
	    .a_mode = 01777,
	    .b_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "/a/b is owned by uid 65534" },
	{ .name = "somebody else's link",
	    .ask = "l",
	    .link = "l",
	    .target = "a/b/f",
	    .link_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "link /" },
	{ .name = "somebody else's link in a sticky directory",
	    .ask = "a/l/f",
	    .link = "a/l",
	    .target = "b",
	    .a_mode = 01777,
	    .link_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "/a/l is owned by uid 65534; run: chown -h 0 /" },
	{ .name = "link to somebody else's file",
	    .ask = "l",
	    .link = "l",
	    .target = "a/b/f",
	    .f_owner = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "/f is owned by uid 65534" },
	{ .name = "device",
	    .f_type = S_IFCHR,
	    .kind = ERR_DENIED,
	    .says = "/f is not a regular file" },
	{ .name = "user, all her own",
	    .a_owner = NOBODY,
	    .b_owner = NOBODY,
	    .f_owner = NOBODY,
	    .caller = NOBODY,
	    .kind = ERR_NONE },
	{ .name = "user, her file below root's directories",
	    .a_mode = 0755,
	    .b_mode = 0755,
	    .f_owner = NOBODY,
	    .caller = NOBODY,
	    .kind = ERR_NONE },
	{ .name = "user, through her link",
	    .ask = "l",
	    .link = "l",
	    .target = "a/b/f",
	    .link_owner = NOBODY,
	    .a_mode = 0755,
	    .b_mode = 0755,
	    .f_owner = NOBODY,
	    .caller = NOBODY,
	    .kind = ERR_NONE },
	{ .name = "user, through root's link",
	    .ask = "l",
	    .link = "l",
	    .target = "a/b/f",
	    .a_mode = 0755,
	    .b_mode = 0755,
	    .f_owner = NOBODY,
	    .caller = NOBODY,
	    .kind = ERR_NONE },
	{ .name = "user, below another user's directory",
	    .a_mode = 0755,
	    .a_owner = SOMEBODY,
	    .b_mode = 0755,
	    .f_owner = NOBODY,
	    .caller = NOBODY,
	    .kind = ERR_DENIED,
	    .says = "/a is owned by uid 65533; run: chown -h 65534 /" },
	{ .name = "user, file she may not read",
	    .a_mode = 0755,
	    .b_mode = 0755,
	    .caller = NOBODY,
	    .kind = ERR_DENIED },
	{ .name = "user, directory she may not search",
	    .a_mode = 0755,
	    .f_owner = NOBODY,
	    .caller = NOBODY,
	    .kind = ERR_DENIED },
};

#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))
#define ROOT_CASES ((int)(sizeof(root_cases) / sizeof(root_cases[0])))

/* Makes base/dir as c says; path gets what is to be opened. */
static void
lay_out(const struct trust_case *c, const char *dir, char *path)
{
	char top[256], name[512];
	mode_t f_mode = c->f_mode != 0 ? c->f_mode : 0600;

	(void)snprintf(top, sizeof(top), "%s/%s", base, dir);
	make_dir(top, 0755, 0);
	(void)snprintf(name, sizeof(name), "%s/a", top);
	make_dir(name, 0700, c->a_owner);
	(void)snprintf(name, sizeof(name), "%s/a/b", top);
	make_dir(name, c->b_mode != 0 ? c->b_mode : 0700, c->b_owner);
	(void)snprintf(name, sizeof(name), "%s/a/b/f", top);
	ck_assert_int_eq(mknod(name,
			     (c->f_type != 0 ? c->f_type : S_IFREG) | 0600,
			     makedev(1, 3)),
	    0);
	if (c->f_owner != 0)
		ck_assert_int_eq(chown(name, c->f_owner, c->f_owner), 0);
	ck_assert_int_eq(chmod(name, f_mode), 0);
	if (c->link != NULL) {
		(void)snprintf(name, sizeof(name), "%s/%s", top, c->link);
		ck_assert_int_eq(symlink(c->target, name), 0);
		if (c->link_owner != 0)
			ck_assert_int_eq(lchown(name, c->link_owner,
					     c->link_owner),
			    0);
	}
	(void)snprintf(name, sizeof(name), "%s/a", top);
	ck_assert_int_eq(chmod(name, c->a_mode != 0 ? c->a_mode : 0700), 0);
	(void)snprintf(path, PATH_MAX, "%s/%s", top,
	    c->ask != NULL ? c->ask : "a/b/f");
}

/* The next free descriptor: a leak moves it. */
static int
next_fd(void)
{
	int fd = dup(STDIN_FILENO);

	(void)close(fd);
	return fd;
}

static void
judge(const struct trust_case *c, const char *dir)
{
	struct path_trust t = { 0 };
	char path[PATH_MAX];
	struct stat st;
	int fd, before;

	lay_out(c, dir, path);
	if (c->caller != 0)
		ck_assert_int_eq(setresuid(c->caller, c->caller, c->caller), 0);
	before = next_fd();
	fd = path_open_trusted(path, "vault", &t, &st, &e);
	if (c->kind == ERR_NONE) {
		ck_assert_msg(fd != -1, "%s: %s", c->name, e.msg);
		ck_assert(S_ISREG(st.st_mode));
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		return;
	}
	ck_assert_msg(fd == -1, "%s: was opened", c->name);
	ck_assert_msg(e.kind == c->kind, "%s: kind %d, %s", c->name, e.kind,
	    e.msg);
	ck_assert_msg(strncmp(e.msg, "vault: ", 7) == 0, "%s: %s", c->name,
	    e.msg);
	ck_assert_msg(c->says == NULL || strstr(e.msg, c->says) != NULL,
	    "%s: %s", c->name, e.msg);
	ck_assert_msg(next_fd() == before, "%s: a leak", c->name);
}

/*
 * From here on openat2(2) fails with the number error, as on a kernel that
 * lacks it or in a container whose filter does not know it.
 */
static void
refuse_openat2(unsigned int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
	    0);
}

static void
judge_number(const char *how, int i)
{
	char dir[32];

	(void)snprintf(dir, sizeof(dir), "%s%d", how, i);
	judge(i < CASES ? &cases[i] : &root_cases[i - CASES], dir);
}

START_TEST(trust)
{
	judge_number("openat2-", _i);
}
END_TEST

START_TEST(trust_without_openat2)
{
	refuse_openat2(ENOSYS);
	judge_number("enosys-", _i);
}
END_TEST

START_TEST(trust_where_openat2_is_filtered)
{
	refuse_openat2(EPERM);
	judge_number("eperm-", _i);
}
END_TEST

START_TEST(SKIPPED_foreign_owners_need_root)
{
}
END_TEST

START_TEST(remembers_good_directories)
{
	struct path_trust t = { 0 };
	char path[PATH_MAX], dir[PATH_MAX];
	struct trust_case c = { 0 };
	struct stat st;

	lay_out(&c, "remember", path);
	(void)in_base(dir, "remember/a/b");
	ck_assert_int_ne(path_open_trusted(path, "vault", &t, &st, &e), -1);
	ck_assert_str_eq(t.good[0], dir);
	ck_assert_str_eq(t.good[1], "");
	/* Once found good it is not looked at again. */
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_ne(path_open_trusted(path, "vault", &t, &st, &e), -1);
	ck_assert_str_eq(t.good[1], "");
	/* Not so for whoever did not look. */
	ck_assert_int_eq(path_open_trusted(path, "vault", NULL, &st, &e), -1);
	/* A second directory is remembered beside it. */
	lay_out(&c, "remember2", path);
	ck_assert_int_ne(path_open_trusted(path, "vault", &t, &st, &e), -1);
	ck_assert_str_eq(t.good[0], dir);
	(void)in_base(dir, "remember2/a/b");
	ck_assert_str_eq(t.good[1], dir);
}
END_TEST

START_TEST(remembers_no_bad_directory)
{
	struct trust_case c = { .b_mode = 0777 };
	struct path_trust t = { 0 };
	char path[PATH_MAX];
	struct stat st;

	lay_out(&c, "bad", path);
	ck_assert_int_eq(path_open_trusted(path, "vault", &t, &st, &e), -1);
	ck_assert_int_eq(path_open_trusted(path, "vault", &t, &st, &e), -1);
	ck_assert_str_eq(t.good[0], "");
}
END_TEST

START_TEST(a_relative_path_is_judged_from_the_root)
{
	struct trust_case c = { .a_mode = 0777 };
	char path[PATH_MAX], dir[PATH_MAX];
	struct stat st;

	lay_out(&c, "relative", path);
	ck_assert_int_eq(chdir(in_base(dir, "relative/a/b")), 0);
	ck_assert_int_eq(path_open_trusted("f", "vault", NULL, &st, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(e.msg, "/relative/a is writable"));
	ck_assert_int_eq(path_check_parent("new", "vault", &e), -1);
	ck_assert_int_eq(chmod(in_base(dir, "relative/a"), 0700), 0);
	ck_assert_int_ne(path_open_trusted("f", "vault", NULL, &st, &e), -1);
	ck_assert_int_eq(path_check_parent("new", "vault", &e), 0);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(path_open_trusted("dev/null", "vault", NULL, &st, &e),
	    -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "/dev/null is not a regular"));
}
END_TEST

START_TEST(overlong_paths_are_errors)
{
	char path[2 * PATH_MAX];
	struct stat st;
	size_t len;

	/* Where a relative path has the most room. */
	ck_assert_int_eq(chdir("/"), 0);
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	for (len = PATH_MAX - 2; len < PATH_MAX + 2; len++) {
		path[len] = '\0';
		ck_assert_int_eq(path_open_trusted(path, "vault", NULL, &st,
				     &e),
		    -1);
		ck_assert_int_eq(e.kind, ERR_NOVAULT);
		ck_assert_int_eq(path_open_trusted(path + 1, "vault", NULL, &st,
				     &e),
		    -1);
		ck_assert_int_eq(e.kind, ERR_NOVAULT);
		path[len] = 'x';
	}
	ck_assert_int_eq(path_open_trusted("", "vault", NULL, &st, &e), -1);
	ck_assert_int_eq(e.kind, ERR_NOVAULT);
}
END_TEST

START_TEST(messages_show_no_control_characters)
{
	struct stat st;

	ck_assert_int_eq(path_open_trusted("/x\n\x1b[2J", "vault", NULL, &st,
			     &e),
	    -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "/x\\x0a\\x1b[2J"));
}
END_TEST

/*
 * Swaps a directory of somebody else's and a link to a good one, until it is
 * killed.
 */
static _Noreturn void
swap_for_ever(const char *place)
{
	char link[PATH_MAX + 8], good[PATH_MAX];

	(void)snprintf(link, sizeof(link), "%s.link", place);
	if (setresuid(NOBODY, NOBODY, NOBODY) == -1 ||
	    symlink(in_base(good, "race/good"), link) == -1)
		_exit(1);
	for (;;)
		if (renameat2(AT_FDCWD, place, AT_FDCWD, link,
			RENAME_EXCHANGE) == -1)
			_exit(2);
}

/* What was opened and what is judged must be the same in spite of that. */
START_TEST(swapping_directories_wins_no_race)
{
	char path[PATH_MAX], place[PATH_MAX];
	int i, opened = 0, status;
	struct stat st;
	pid_t pid;

	make_dir(in_base(path, "race"), 01777, 0);
	make_dir(in_base(path, "race/good"), 0755, 0);
	make_dir(in_base(path, "race/x"), 0755, 0);
	ck_assert_int_eq(mknod(in_base(path, "race/good/f"), S_IFREG | 0600, 0),
	    0);
	ck_assert_int_eq(mknod(in_base(path, "race/x/f"), S_IFREG | 0600, 0),
	    0);
	ck_assert_int_eq(chown(in_base(place, "race/x"), NOBODY, NOBODY), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0)
		swap_for_ever(place);
	(void)in_base(path, "race/x/f");
	for (i = 0; i < 20000; i++)
		if (path_open_trusted(path, "vault", NULL, &st, &e) != -1)
			opened++;
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(opened, 0);
}
END_TEST

START_TEST(check_parent_judges_the_directory)
{
	struct trust_case c = { .link = "l", .target = "a/b" };
	char path[PATH_MAX], dir[PATH_MAX];

	lay_out(&c, "parent", path);
	ck_assert_int_eq(path_check_parent(in_base(path, "parent/a/b/new"),
			     "vault", &e),
	    0);
	ck_assert_int_eq(path_check_parent(in_base(path, "parent/l/new"),
			     "vault", &e),
	    0);
	ck_assert_int_eq(path_check_parent(in_base(path, "parent/no/new"),
			     "vault", &e),
	    -1);
	ck_assert_int_eq(e.kind, ERR_NOVAULT);
	ck_assert_int_eq(path_check_parent(in_base(path, "parent/a/b/f/new"),
			     "vault", &e),
	    -1);
	ck_assert_int_eq(e.kind, ERR_NOVAULT);
	ck_assert_int_eq(path_check_parent("/new", "vault", &e), 0);
	ck_assert_int_eq(chmod(in_base(dir, "parent/a/b"), 0770), 0);
	ck_assert_int_eq(path_check_parent(in_base(path, "parent/l/new"),
			     "vault", &e),
	    -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(e.msg, "/parent/a/b is writable by"));
}
END_TEST

START_TEST(make_parent_makes_all_of_it)
{
	char path[PATH_MAX];
	struct stat st;

	(void)umask(0);
	ck_assert_int_eq(path_make_parent(in_base(path, "make/x//y/z/file"),
			     &e),
	    0);
	ck_assert_int_eq(stat(in_base(path, "make/x/y/z"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0700);
	ck_assert_int_eq(stat(in_base(path, "make"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0700);
	ck_assert_int_eq(access(in_base(path, "make/x/y/z/file"), F_OK), -1);
	/* What is there stays as it is. */
	ck_assert_int_eq(chmod(in_base(path, "make/x"), 0755), 0);
	ck_assert_int_eq(path_make_parent(in_base(path, "make/x/y/z/file"), &e),
	    0);
	ck_assert_int_eq(stat(in_base(path, "make/x"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	/* Relative, and without a directory at all. */
	ck_assert_int_eq(chdir(in_base(path, "make")), 0);
	ck_assert_int_eq(path_make_parent("r/s/file", &e), 0);
	ck_assert_int_eq(stat(in_base(path, "make/r/s"), &st), 0);
	ck_assert_int_eq(path_make_parent("file", &e), 0);
	ck_assert_int_eq(path_make_parent("/file", &e), 0);
}
END_TEST

/* A directory that may be gone after a power failure is not made. */
START_TEST(make_parent_syncs_each_directory)
{
	const struct fault f = { FAULT_ERROR, EIO, false, FAULT_fsync };
	char path[PATH_MAX];
	unsigned int n;

	for (n = 1; n <= 3; n++) {
		remove_tree(in_base(path, "sync"));
		fault_arm(n, f);
		ck_assert_int_eq(path_make_parent(in_base(path,
						      "sync/x/y/file"),
				     &e),
		    -1);
		ck_assert_uint_eq(fault_disarm(), n);
		ck_assert_int_eq(e.kind, ERR_IO);
	}
	remove_tree(in_base(path, "sync"));
	fault_arm(4, f);
	ck_assert_int_eq(path_make_parent(in_base(path, "sync/x/y/file"), &e),
	    0);
	ck_assert_uint_eq(fault_disarm(), 3);
}
END_TEST

START_TEST(make_parent_fails_on_a_file)
{
	char path[PATH_MAX];

	make_dir(in_base(path, "file"), 0700, 0);
	ck_assert_int_eq(mknod(in_base(path, "file/f"), S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(path_make_parent(in_base(path, "file/f/g"), &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_ptr_nonnull(strstr(e.msg, "/file/f: "));
	ck_assert_int_eq(path_make_parent(in_base(path, "file/f/g/h"), &e), -1);
}
END_TEST

/* The variables that the defaults look at. */
static const char *const variables[] = { "PAWL_VAULT", "PAWL_KEY_FILE",
	"PAWL_CONFIG", "CREDENTIALS_DIRECTORY", "XDG_DATA_HOME",
	"XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME" };

static void
clear_variables(void)
{
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		ck_assert_int_eq(unsetenv(variables[i]), 0);
}

struct default_case {
	int (*function)(char *buf, size_t size, struct err *e);
	uid_t caller;
	/* Up to three variables. */
	const char *set[6];
	const char *path;
	const char *says;
};

static const struct default_case defaults[] = {
	{ path_vault, 0, { NULL }, "/var/lib/pawl/vault", NULL },
	{ path_vault, 0, { "HOME", "/root" }, "/var/lib/pawl/vault", NULL },
	{ path_vault, NOBODY, { "HOME", "/h" }, "/h/.local/share/pawl/vault",
	    NULL },
	{ path_vault, 0, { "XDG_DATA_HOME", "/d" }, "/d/pawl/vault", NULL },
	{ path_vault, NOBODY, { "XDG_DATA_HOME", "/d", "HOME", "/h" },
	    "/d/pawl/vault", NULL },
	{ path_vault, 0, { "XDG_DATA_HOME", "/d", "PAWL_VAULT", "/v" }, "/v",
	    NULL },
	{ path_vault, 0, { "XDG_DATA_HOME", "", "PAWL_VAULT", "" },
	    "/var/lib/pawl/vault", NULL },
	{ path_vault, 0, { "PAWL_VAULT", "v/w" }, NULL,
	    "PAWL_VAULT is \"v/w\": it must be an absolute path" },
	{ path_vault, 0, { "XDG_DATA_HOME", "d" }, NULL,
	    "XDG_DATA_HOME is \"d\": it must be an absolute path" },
	{ path_vault, NOBODY, { "HOME", "." }, NULL,
	    "HOME is \".\": it must be an absolute path" },
	{ path_vault, NOBODY, { NULL }, NULL,
	    "HOME is not set: set it, or XDG_DATA_HOME" },
	{ path_vault, NOBODY, { "HOME", "" }, NULL,
	    "HOME is not set: set it, or XDG_DATA_HOME" },
	{ path_key, 0, { NULL }, "/etc/pawl/key", NULL },
	{ path_key, NOBODY, { "HOME", "/h" }, "/h/.config/pawl/key", NULL },
	{ path_key, 0, { "XDG_CONFIG_HOME", "/c" }, "/c/pawl/key", NULL },
	{ path_key, 0, { "PAWL_KEY_FILE", "/k", "XDG_CONFIG_HOME", "/c" }, "/k",
	    NULL },
	{ path_key, 0, { "PAWL_KEY_FILE", "k" }, NULL,
	    "PAWL_KEY_FILE is \"k\": it must be an absolute path" },
	{ path_key, 0, { "CREDENTIALS_DIRECTORY", "/nowhere" }, "/etc/pawl/key",
	    NULL },
	{ path_key, 0, { "CREDENTIALS_DIRECTORY", "nowhere" }, NULL,
	    "CREDENTIALS_DIRECTORY is \"nowhere\": it must be an absolute "
	    "path" },
	{ path_state, 0, { NULL }, "/var/lib/pawl", NULL },
	{ path_state, NOBODY, { "HOME", "/h" }, "/h/.local/state/pawl", NULL },
	{ path_state, 0, { "XDG_STATE_HOME", "/s" }, "/s/pawl", NULL },
	{ path_state, 0, { "XDG_STATE_HOME", "s" }, NULL,
	    "XDG_STATE_HOME is \"s\": it must be an absolute path" },
	{ path_config, 0, { NULL }, "/etc/pawl/pawl.conf", NULL },
	{ path_config, NOBODY, { "HOME", "/h" }, "/etc/pawl/pawl.conf", NULL },
	{ path_config, 0, { "PAWL_CONFIG", "/p" }, "/p", NULL },
	{ path_config, 0, { "PAWL_CONFIG", "p" }, NULL,
	    "PAWL_CONFIG is \"p\": it must be an absolute path" },
};

START_TEST(default_path)
{
	const struct default_case *c = &defaults[_i];
	char buf[PATH_MAX] = "";
	int i, rv;

	clear_variables();
	for (i = 0; i < 6 && c->set[i] != NULL; i += 2)
		ck_assert_int_eq(setenv(c->set[i], c->set[i + 1], 1), 0);
	if (geteuid() == 0 && c->caller != 0)
		ck_assert_int_eq(setresuid(c->caller, c->caller, c->caller), 0);
	/* Root's defaults cannot be had by others. */
	if (geteuid() != 0 && c->caller == 0)
		return;
	rv = c->function(buf, sizeof(buf), &e);
	if (c->path != NULL) {
		ck_assert_msg(rv == 0, "%s", e.msg);
		ck_assert_str_eq(buf, c->path);
		return;
	}
	ck_assert_int_eq(rv, -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
	ck_assert_str_eq(e.msg, c->says);
}
END_TEST

START_TEST(the_credential_counts_where_it_is)
{
	char dir[PATH_MAX], key[PATH_MAX], buf[PATH_MAX];

	clear_variables();
	make_dir(in_base(dir, "cred"), 0700, 0);
	ck_assert_int_eq(mknod(in_base(key, "cred/pawl.key"), S_IFREG | 0400,
			     0),
	    0);
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "/c", 1), 0);
	ck_assert_int_eq(path_key(buf, sizeof(buf), &e), 0);
	ck_assert_str_eq(buf, key);
	ck_assert_int_eq(setenv("PAWL_KEY_FILE", "/k", 1), 0);
	ck_assert_int_eq(path_key(buf, sizeof(buf), &e), 0);
	ck_assert_str_eq(buf, "/k");
}
END_TEST

START_TEST(overlong_variables_are_errors)
{
	char value[2 * PATH_MAX], buf[PATH_MAX + 1];
	size_t len, most = PATH_MAX - 1 - strlen("/pawl/vault");

	clear_variables();
	for (len = most - 1; len <= most + 2; len++) {
		memset(value, 'x', len);
		value[0] = '/';
		value[len] = '\0';
		buf[PATH_MAX] = '#';
		ck_assert_int_eq(setenv("XDG_DATA_HOME", value, 1), 0);
		ck_assert_int_eq(path_vault(buf, PATH_MAX, &e),
		    len <= most ? 0 : -1);
		ck_assert_int_eq(buf[PATH_MAX], '#');
		if (len > most)
			ck_assert_int_eq(e.kind, ERR_CONFIG);
		else
			ck_assert_uint_eq(strlen(buf),
			    len + strlen("/pawl/vault"));
	}
	memset(value, 'x', sizeof(value) - 1);
	value[0] = '/';
	value[sizeof(value) - 1] = '\0';
	ck_assert_int_eq(setenv("PAWL_VAULT", value, 1), 0);
	ck_assert_int_eq(path_vault(buf, PATH_MAX, &e), -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
}
END_TEST

static TCase *
trust_tests(void)
{
	bool root = geteuid() == 0;
	int n = root ? CASES + ROOT_CASES : CASES;
	TCase *tc = tcase_create("trust");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, make_base, remove_base);
	tcase_add_loop_test(tc, trust, 0, n);
	tcase_add_loop_test(tc, trust_without_openat2, 0, n);
	tcase_add_loop_test(tc, trust_where_openat2_is_filtered, 0, n);
	if (root)
		tcase_add_test(tc, swapping_directories_wins_no_race);
	else
		tcase_add_test(tc, SKIPPED_foreign_owners_need_root);
	tcase_add_test(tc, remembers_good_directories);
	tcase_add_test(tc, remembers_no_bad_directory);
	tcase_add_test(tc, a_relative_path_is_judged_from_the_root);
	tcase_add_test(tc, overlong_paths_are_errors);
	tcase_add_test(tc, messages_show_no_control_characters);
	tcase_add_test(tc, check_parent_judges_the_directory);
	tcase_add_test(tc, make_parent_makes_all_of_it);
	tcase_add_test(tc, make_parent_syncs_each_directory);
	tcase_add_test(tc, make_parent_fails_on_a_file);
	tcase_add_test(tc, the_credential_counts_where_it_is);
	return tc;
}

Suite *
path_suite(void)
{
	Suite *s = suite_create("path");
	TCase *tc = tcase_create("defaults");

	suite_add_tcase(s, trust_tests());
	tcase_add_loop_test(tc, default_path, 0,
	    (int)(sizeof(defaults) / sizeof(defaults[0])));
	tcase_add_test(tc, overlong_variables_are_errors);
	suite_add_tcase(s, tc);
	return s;
}
