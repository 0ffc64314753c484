#include <sys/types.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "fault.h"
#include "state.h"

Suite *state_suite(void);

#define FILE_SIZE 32832
#define WAYS 8
#define SETS 64

static const unsigned char id[STATE_ID] = { 0x0f, 0xa0, 1, 2, 3, 4, 5, 6, 7, 8,
	9, 10, 11, 12, 13, 0xff };
static const unsigned char site1[STATE_ID] = { 1 };
static const unsigned char site2[STATE_ID] = { 2 };
static const unsigned char mac1[STATE_MAC] = { 11 };
static const unsigned char mac2[STATE_MAC] = { 22 };

static char home[PATH_MAX];
static char pawl[PATH_MAX];
static char path[PATH_MAX];
static struct state s;
static size_t found;

static void
setup(void)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(home, sizeof(home), "%s/pawl-state-XXXXXX", tmp);
	ck_assert_ptr_nonnull(mkdtemp(home));
	ck_assert_int_eq(setenv("XDG_STATE_HOME", home, 1), 0);
	(void)snprintf(pawl, sizeof(pawl), "%.4000s/pawl", home);
	(void)snprintf(path, sizeof(path),
	    "%.4000s/0fa00102030405060708090a0b0c0dff.state", pawl);
	memset(&s, 0, sizeof(s));
	s.fd = -1;
}

static void
teardown(void)
{
	state_close(&s);
	(void)unlink(path);
	(void)rmdir(pawl);
	(void)rmdir(home);
}

static void
reopen(void)
{
	struct err e = { 0 };
	bool fresh = true;

	state_close(&s);
	ck_assert_msg(state_open(&s, id, NULL, &fresh, &e) == 0, "%s", e.msg);
	ck_assert(!fresh);
}

static void
open_fresh(void)
{
	struct err e = { 0 };
	bool fresh = false;

	state_close(&s);
	ck_assert_msg(state_open(&s, id, NULL, &fresh, &e) == 0, "%s", e.msg);
	ck_assert(fresh);
}

static uint64_t
clock_of(clockid_t clock)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(clock, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Some milliseconds at most. */
static uint64_t
when_past(uint64_t boot_ms)
{
	uint64_t now;

	do
		now = clock_of(CLOCK_BOOTTIME);
	while (now <= boot_ms);
	return now;
}

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* --- The file ------------------------------------------------------------- */

START_TEST(the_first_open_makes_the_file)
{
	unsigned char raw[FILE_SIZE + 1];
	struct stat st;
	int fd;

	open_fresh();
	ck_assert_uint_eq(s.generation, 0);
	ck_assert_int_eq(stat(pawl, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, raw, sizeof(raw)), FILE_SIZE);
	(void)close(fd);
	ck_assert_int_eq(memcmp(raw, "PAWLSTA1", 8), 0);
	ck_assert(is_zero(raw + 8, FILE_SIZE - 8));
	reopen();
	state_close(&s);
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

START_TEST(the_layout_is_as_documented)
{
	unsigned char raw[FILE_SIZE];
	unsigned char *m = NULL;
	struct state_mark mark = { .pid = 0x01020304,
		.event = STATE_REFUSED,
		.question = 0x0a0b0c0d };
	struct err e = { 0 };
	int fd;

	open_fresh();
	memcpy(mark.entry, site2, STATE_ID);
	ck_assert_int_eq(state_check(&s, UINT64_C(0x1122334455667788), mac1,
			     &e),
	    0);
	ck_assert_int_eq(state_mark(&s, &mark, &e), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, raw, sizeof(raw)), FILE_SIZE);
	(void)close(fd);
	ck_assert_int_eq(memcmp(raw, "PAWLSTA1\x88\x77\x66\x55\x44\x33\x22\x11",
			     16),
	    0);
	ck_assert_int_eq(memcmp(raw + 16, mac1, STATE_MAC), 0);
	ck_assert(is_zero(raw + 48, 16));
	for (size_t at = 64; at < FILE_SIZE; at += 64) {
		if (is_zero(raw + at, 64))
			continue;
		ck_assert_ptr_null(m);
		m = raw + at;
		ck_assert_uint_eq((at - 64) / 64 / WAYS, 0x01020304 % SETS);
	}
	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(memcmp(m, "\4\3\2\1\2\0\0\0\x0d\x0c\x0b\x0a\0\0\0\0",
			     16),
	    0);
	ck_assert_uint_eq(get_u64(m + 16), mark.real_ms);
	ck_assert_uint_eq(get_u64(m + 24), mark.boot_ms);
	ck_assert_int_eq(memcmp(m + 32, site2, STATE_ID), 0);
	ck_assert(is_zero(m + 48, 16));
}
END_TEST

START_TEST(a_hot_open_is_three_calls)
{
	struct fault none = { .kind = FAULT_SHORT, .only = FAULT_CALL_COUNT };
	struct err e = { 0 };

	open_fresh();
	state_close(&s);
	fault_arm(UINT_MAX, none);
	ck_assert_int_eq(state_open(&s, id, NULL, NULL, &e), 0);
	ck_assert_uint_eq(fault_disarm(), 3);
}
END_TEST

START_TEST(a_file_that_is_none_starts_afresh)
{
	static const off_t sizes[] = { 0, 1, 63, 64, FILE_SIZE - 1,
		FILE_SIZE + 1, 100000 };
	struct err e = { 0 };
	struct stat st;

	open_fresh();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ck_assert_int_eq(state_accept(&s, 5, mac1, &e), 0);
		ck_assert_int_eq(truncate(path, sizes[i]), 0);
		open_fresh();
		ck_assert_uint_eq(s.generation, 0);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_int_eq(st.st_size, FILE_SIZE);
		reopen();
	}
	ck_assert_int_eq(pwrite(s.fd, "X", 1, 7), 1);
	open_fresh();
	reopen();
}
END_TEST

START_TEST(a_file_of_others_is_refused)
{
	char other[PATH_MAX];
	struct err e = { 0 };
	int before = open_fds();

	(void)snprintf(other, sizeof(other), "%.4000s/other", pawl);
	open_fresh();
	state_close(&s);
	ck_assert_int_eq(chmod(path, 0620), 0);
	ck_assert_int_eq(state_open(&s, id, NULL, NULL, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(e.msg, "chmod go-w"));
	/* It is not secret. */
	ck_assert_int_eq(chmod(path, 0644), 0);
	reopen();
	state_close(&s);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 65534, 65534), 0);
		ck_assert_int_eq(state_open(&s, id, NULL, NULL, &e), -1);
		ck_assert_int_eq(e.kind, ERR_DENIED);
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(state_open(&s, id, NULL, NULL, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	/* A good one, but by way of a link. */
	ck_assert_int_eq(unlink(path), 0);
	open_fresh();
	state_close(&s);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink(other, path), 0);
	ck_assert_int_eq(state_open(&s, id, NULL, NULL, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_int_eq(s.fd, -1);
	ck_assert_int_eq(open_fds(), before);
	ck_assert_int_eq(unlink(other), 0);
}
END_TEST

/* --- Generations ---------------------------------------------------------- */

START_TEST(an_older_vault_is_noticed)
{
	struct err e = { 0 };

	open_fresh();
	ck_assert_int_eq(state_check(&s, 9, mac1, &e), 0);
	ck_assert_int_eq(state_check(&s, 9, mac1, &e), 0);
	reopen();
	ck_assert_int_eq(state_check(&s, 9, mac1, &e), 0);
	ck_assert_int_eq(state_check(&s, 7, mac1, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	ck_assert_str_eq(e.msg,
	    "generation 7, but 9 was seen here: an older copy was put back; if "
	    "on purpose, run once with --accept-older");
	ck_assert_int_eq(state_check(&s, 9, mac2, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(e.msg, "--accept-older"));
	ck_assert_int_eq(state_check(&s, 10, mac2, &e), 0);
	reopen();
	ck_assert_int_eq(state_check(&s, 9, mac1, &e), -1);
	ck_assert_int_eq(state_check(&s, 10, mac2, &e), 0);
}
END_TEST

START_TEST(an_older_vault_can_be_accepted)
{
	struct fault none = { .kind = FAULT_SHORT, .only = FAULT_fsync };
	struct err e = { 0 };

	open_fresh();
	fault_arm(UINT_MAX, none);
	ck_assert_int_eq(state_check(&s, 9, mac1, &e), 0);
	ck_assert_uint_eq(fault_disarm(), 0);
	fault_arm(UINT_MAX, none);
	ck_assert_int_eq(state_accept(&s, 7, mac2, &e), 0);
	ck_assert_uint_eq(fault_disarm(), 1);
	reopen();
	ck_assert_int_eq(state_check(&s, 6, mac1, &e), -1);
	ck_assert_int_eq(state_check(&s, 7, mac2, &e), 0);
	ck_assert_int_eq(state_check(&s, 8, mac1, &e), 0);
}
END_TEST

START_TEST(what_another_process_saw_is_not_forgotten)
{
	struct state other = { .fd = -1 };
	struct err e = { 0 };

	open_fresh();
	ck_assert_int_eq(state_open(&other, id, NULL, NULL, &e), 0);
	ck_assert_int_eq(state_check(&other, 12, mac1, &e), 0);
	ck_assert_int_eq(state_check(&s, 10, mac2, &e), 0);
	state_close(&other);
	reopen();
	ck_assert_int_eq(state_check(&s, 11, mac1, &e), -1);
	ck_assert_int_eq(state_check(&s, 12, mac1, &e), 0);
}
END_TEST

/* --- Marks ---------------------------------------------------------------- */

static void
mark(pid_t pid, enum state_event event, const unsigned char *entry)
{
	struct state_mark m = { .pid = (uint32_t)pid,
		.event = event,
		.question = 3 };
	struct err e = { 0 };

	memcpy(m.entry, entry, STATE_ID);
	ck_assert_msg(state_mark(&s, &m, &e) == 0, "%s", e.msg);
}

/* Puts a mark with these times into the file, and reads it. */
static void
put_mark(size_t slot, pid_t pid, uint64_t real_ms, uint64_t boot_ms)
{
	unsigned char raw[64] = { 0 };

	put_u32(raw, (uint32_t)pid);
	put_u32(raw + 4, STATE_ANSWERED);
	put_u32(raw + 8, 3);
	put_u64(raw + 16, real_ms);
	put_u64(raw + 24, boot_ms);
	memcpy(raw + 32, site1, STATE_ID);
	ck_assert_int_eq(pwrite(s.fd, raw, 64, (off_t)(64 + slot * 64)), 64);
	reopen();
}

START_TEST(a_mark_is_found_by_its_process)
{
	struct state_mark other = { .event = STATE_ANSWERED, .question = 4 };
	const struct state_mark *m;
	struct err e = { 0 };
	uint64_t real = clock_of(CLOCK_REALTIME);
	uint64_t boot = clock_of(CLOCK_BOOTTIME);

	open_fresh();
	ck_assert_ptr_null(state_find(&s, getpid(), &found));
	mark(getpid(), STATE_ANSWERED, site1);
	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_nonnull(m = state_find(&s, getpid(), &found));
		ck_assert_uint_eq(m->pid, (uint32_t)getpid());
		ck_assert_int_eq(m->event, STATE_ANSWERED);
		ck_assert_uint_eq(m->question, 3);
		ck_assert_int_eq(memcmp(m->entry, site1, STATE_ID), 0);
		ck_assert_uint_ge(m->real_ms, real);
		ck_assert_uint_ge(m->boot_ms, boot);
		ck_assert_uint_lt(m->boot_ms, boot + 60000);
		reopen();
	}
	ck_assert_ptr_null(state_find(&s, getppid(), &found));
	ck_assert_ptr_null(state_find(&s, 0, &found));
	ck_assert_ptr_null(state_find(&s, -1, &found));
	ck_assert_uint_eq(found, 0);
	mark(getpid(), STATE_REFUSED, site1);
	reopen();
	ck_assert_ptr_nonnull(m = state_find(&s, getpid(), &found));
	ck_assert_uint_eq(found, 1);
	ck_assert_int_eq(m->event, STATE_REFUSED);
	/* Another entry is another mark, and so is another question. */
	mark(getpid(), STATE_ANSWERED, site2);
	other.pid = (uint32_t)getpid();
	memcpy(other.entry, site2, STATE_ID);
	ck_assert_int_eq(state_mark(&s, &other, &e), 0);
	reopen();
	ck_assert_ptr_nonnull(state_find(&s, getpid(), &found));
	ck_assert_uint_eq(found, 3);
}
END_TEST

START_TEST(an_unknown_event_is_no_mark)
{
	unsigned char raw[64] = { 0 };

	open_fresh();
	put_u32(raw, (uint32_t)getpid());
	put_u32(raw + 4, 3);
	put_u64(raw + 16, clock_of(CLOCK_REALTIME));
	put_u64(raw + 24, clock_of(CLOCK_BOOTTIME));
	ck_assert_int_eq(pwrite(s.fd, raw, 64, 64), 64);
	reopen();
	ck_assert_ptr_null(state_find(&s, getpid(), &found));
}
END_TEST

/* A child that lives until let_go(). */
static pid_t
new_child(const char *name)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, name);
		(void)kill(getpid(), SIGSTOP);
		_exit(0);
	}
	/* Stopped: it has its name. */
	ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
	return pid;
}

static void
let_go(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_dead_process_has_no_mark)
{
	siginfo_t info;
	pid_t pid = new_child("child");

	open_fresh();
	mark(pid, STATE_ANSWERED, site1);
	ck_assert_ptr_nonnull(state_find(&s, pid, &found));
	ck_assert_uint_lt(state_last_answer(&s, site1), 60000);
#ifndef PAWL_POSIX
	/* Nor has one that is dead and not yet waited for. */
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_ptr_null(state_find(&s, pid, &found));
#else
	(void)info;
#endif
	let_go(pid);
	ck_assert_ptr_null(state_find(&s, pid, &found));
	ck_assert_uint_eq(state_last_answer(&s, site1), UINT64_MAX);
}
END_TEST

#ifndef PAWL_POSIX
static uint64_t
start_of(pid_t pid)
{
	char name[40];
	char text[1024];
	char *p, *next;
	ssize_t n;
	int fd;

	(void)snprintf(name, sizeof(name), "/proc/%ld/stat", (long)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	(void)close(fd);
	text[n] = '\0';
	/* From behind the name: state, and 18 more, and the start. */
	p = text;
	while ((next = strchr(p, ')')) != NULL)
		p = next + 1;
	for (int field = 2; field < 22; field++) {
		p = strchr(p, ' ');
		ck_assert_ptr_nonnull(p);
		p++;
	}
	return strtoull(p, NULL, 10) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* Names that would lead a careless parser of /proc/PID/stat astray. */
static const char *const child_names[] = { "child", "a b", ") S 1 1 (", "((",
	"))", "" };

START_TEST(a_pid_that_came_round_finds_nothing)
{
	pid_t pid = new_child(child_names[_i]);
	uint64_t start = start_of(pid);
	uint64_t real = clock_of(CLOCK_REALTIME);
	uint64_t boot = when_past(start + 1);
	const struct {
		uint64_t real_ms;
		uint64_t boot_ms;
		bool found;
	} table[] = {
		{ real, boot, true },
		{ real, start, true },
		{ real, start + 1, true },
		/* Of the process that had the pid before. */
		{ real, start - 1, false },
		{ real, start - 10000, false },
		{ real, 0, false },
		/* Of an earlier boot, that lasted longer or as long. */
		{ real - boot - 60000, boot + 100000, false },
		{ real, boot + 100000, false },
		{ real - boot - 60000, boot, false },
		{ 0, boot, false },
		/* The wall clock was set a little, or much ahead. */
		{ real - boot - 4000, boot, true },
		{ real + 86400000, boot, true },
		{ UINT64_MAX, UINT64_MAX, false },
	};

	open_fresh();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		put_mark((size_t)pid % SETS * WAYS, pid, table[i].real_ms,
		    table[i].boot_ms);
		ck_assert_msg((state_find(&s, pid, &found) != NULL) ==
			table[i].found,
		    "line %zu", i);
		ck_assert_msg((state_last_answer(&s, site1) != UINT64_MAX) ==
			table[i].found,
		    "line %zu", i);
	}
	let_go(pid);
}
END_TEST
#endif

static int
find_without_proc(pid_t pid)
{
	uint64_t boot = clock_of(CLOCK_BOOTTIME);
	uint64_t real = clock_of(CLOCK_REALTIME);
	size_t slot = (size_t)pid % SETS * WAYS;

	put_mark(slot, pid, real, boot);
	if (state_find(&s, pid, &found) == NULL)
		return 1;
	put_mark(slot, pid, real - 599000, boot - 599000);
	if (state_find(&s, pid, &found) == NULL)
		return 2;
	put_mark(slot, pid, real - 601000, boot - 601000);
	if (boot > 601000 && state_find(&s, pid, &found) != NULL)
		return 3;
	return 0;
}

START_TEST(without_proc_a_mark_lives_ten_minutes)
{
	pid_t alive = new_child("child");
	pid_t pid;
	int status = 0;

	open_fresh();
	/* In a child, for the sanitizer needs /proc at the end. */
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
#ifndef PAWL_POSIX
		if (unshare(CLONE_NEWNS) == -1 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
		    mount("pawl", "/proc", "tmpfs", 0, NULL) == -1)
			_exit(0);
#endif
		_exit(find_without_proc(alive));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	let_go(alive);
	reopen();
	ck_assert_ptr_null(state_find(&s, alive, &found));
}
END_TEST

START_TEST(the_last_answer_is_the_youngest)
{
	uint64_t real = clock_of(CLOCK_REALTIME);
	uint64_t before, then, now;
	pid_t a, b;

	open_fresh();
	ck_assert_uint_eq(state_last_answer(&s, site1), UINT64_MAX);
	a = new_child("a");
	b = new_child("b");
	mark(a, STATE_ANSWERED, site1);
	mark(b, STATE_REFUSED, site1);
	ck_assert_uint_lt(state_last_answer(&s, site1), 60000);
	ck_assert_uint_eq(state_last_answer(&s, site2), UINT64_MAX);
	mark(a, STATE_ANSWERED, site2);
	ck_assert_uint_lt(state_last_answer(&s, site1), 60000);
	mark(a, STATE_REFUSED, site1);
	ck_assert_uint_eq(state_last_answer(&s, site1), UINT64_MAX);

	/* Both live since before these two times. */
	before = clock_of(CLOCK_BOOTTIME);
	then = when_past(before + 4);
	put_mark(100, a, real, before);
	ck_assert_uint_ge(state_last_answer(&s, site1), 5);
	for (size_t slot = 50; slot <= 150; slot += 100) {
		put_mark(slot, b, real, then);
		now = clock_of(CLOCK_BOOTTIME);
		ck_assert_uint_le(state_last_answer(&s, site1),
		    clock_of(CLOCK_BOOTTIME) - then);
		ck_assert_uint_ge(state_last_answer(&s, site1), now - then);
		put_mark(slot, b, 0, 0);
	}
	let_go(a);
	let_go(b);
}
END_TEST

static unsigned int
marks_of(pid_t pid)
{
	struct state_mark m;
	unsigned int n = 0;

	for (size_t i = 0; i < STATE_SLOTS; i++) {
		state_mark_at(&s, i, &m);
		n += m.event != STATE_NOTHING && m.pid == (uint32_t)pid;
	}
	return n;
}

START_TEST(a_full_set_gives_up_its_oldest)
{
	uint64_t real = clock_of(CLOCK_REALTIME);
	pid_t pid = 1000;
	size_t first = (size_t)pid % SETS * WAYS;

	open_fresh();
	/* Eight of one set; the third is the oldest. */
	for (int i = 0; i < WAYS; i++)
		put_mark(first + (size_t)i, pid + i * SETS,
		    real - 5000 + (uint64_t)i - (i == 2 ? 1000 : 0), 1);
	/* A neighbour has its own. */
	put_mark(first + WAYS, pid + 1, 1, 1);

	mark(pid + 8 * SETS, STATE_ANSWERED, site1);
	reopen();
	ck_assert_uint_eq(marks_of(pid + 8 * SETS), 1);
	ck_assert_uint_eq(marks_of(pid + 2 * SETS), 0);
	ck_assert_uint_eq(marks_of(pid), 1);
	ck_assert_uint_eq(marks_of(pid + 1), 1);

	/* Its own slot rather than the oldest. */
	mark(pid + 5 * SETS, STATE_REFUSED, site1);
	reopen();
	for (int i = 0; i < WAYS + 1; i++)
		ck_assert_uint_eq(marks_of(pid + i * SETS), i != 2);
	mark(pid + 9 * SETS, STATE_ANSWERED, site1);
	ck_assert_uint_eq(marks_of(pid), 0);

	/* A free one rather than the oldest. */
	put_mark(first + 7, 0, 0, 0);
	ck_assert_int_eq(pwrite(s.fd, "\0", 1,
			     (off_t)(64 + (first + 7) * 64 + 4)),
	    1);
	reopen();
	mark(pid + 10 * SETS, STATE_ANSWERED, site1);
	ck_assert_uint_eq(marks_of(pid + SETS), 1);
	ck_assert_uint_eq(marks_of(pid + 10 * SETS), 1);
}
END_TEST

START_TEST(a_full_set_keeps_who_lives)
{
	uint64_t real = clock_of(CLOCK_REALTIME);
	pid_t pid = new_child("holder"), gone = new_child("gone");
	pid_t asks = pid + SETS;
	size_t first = (size_t)pid % SETS * WAYS;

	open_fresh();
	let_go(gone);
	/* The oldest lives; of the others the fourth is the oldest. */
	put_mark(first, pid, real - 9000, 1);
	for (size_t i = 1; i < WAYS; i++)
		put_mark(first + i, gone, real - (i == 3 ? 8000 : 7000), 1);
	(void)state_find(&s, asks, &found);
	ck_assert_uint_eq(found, 0);
	mark(asks, STATE_ANSWERED, site1);
	reopen();
	ck_assert_uint_eq(marks_of(pid), 1);
	ck_assert_uint_eq(marks_of(gone), WAYS - 2);
	ck_assert_uint_eq(get_u32(s.raw + 64 + (first + 3) * 64),
	    (uint32_t)asks);
	/* With a stale one nobody's is looked at. */
	put_mark(first + 5, pid, 1, 1);
	(void)state_find(&s, asks + SETS, &found);
	ck_assert_uint_eq(marks_of(gone), WAYS - 3);
	let_go(pid);
}
END_TEST

/* Each has read the table before the other marks it. */
START_TEST(two_of_a_set_at_once_take_different_slots)
{
	struct state other = { .fd = -1 };
	struct state_mark m = { .pid = 1000 + SETS, .event = STATE_ANSWERED };
	struct err e = { 0 };
	size_t first = (size_t)1000 % SETS * WAYS;

	open_fresh();
	/* All stale, and not equally so. */
	for (size_t i = 0; _i == 1 && i < WAYS; i++)
		put_mark(first + i, 100000, 1000 - i, 1);
	reopen();
	ck_assert_int_eq(state_open(&other, id, NULL, NULL, &e), 0);
	mark(1000, STATE_ANSWERED, site1);
	ck_assert_int_eq(state_mark(&other, &m, &e), 0);
	state_close(&other);
	reopen();
	ck_assert_uint_eq(marks_of(1000), 1);
	ck_assert_uint_eq(marks_of(1000 + SETS), 1);
}
END_TEST

/* Opens, waits until all have, marks itself, and waits for its end. */
static void
mark_with_others(int gate, int done)
{
	struct state mine = { .fd = -1 };
	struct state_mark m = { .pid = (uint32_t)getpid(),
		.event = STATE_ANSWERED };
	struct err e = { 0 };
	char c = 'x';

	if (state_open(&mine, id, NULL, NULL, &e) == -1)
		_exit(1);
	if (write(done, &c, 1) != 1 || read(gate, &c, 1) != 0)
		_exit(1);
	c = state_mark(&mine, &m, &e) == 0 ? 'y' : 'n';
	if (write(done, &c, 1) != 1)
		_exit(1);
	(void)pause();
	_exit(0);
}

#define CROWD 32

START_TEST(marks_made_at_once_do_not_hurt_each_other)
{
	pid_t pid[CROWD];
	int gate[2], done[2];
	char c;

	/* A table that is full already, or a file that is not there yet. */
	if (_i == 1) {
		open_fresh();
		for (size_t i = 0; i < STATE_SLOTS; i++)
			put_mark(i, 100000, 1 + i, 1);
	}
	ck_assert_int_eq(pipe(gate), 0);
	ck_assert_int_eq(pipe(done), 0);
	for (int i = 0; i < CROWD; i++) {
		ck_assert_int_ne(pid[i] = fork(), -1);
		if (pid[i] == 0) {
			(void)close(gate[1]);
			mark_with_others(gate[0], done[1]);
		}
	}
	for (int i = 0; i < CROWD; i++)
		ck_assert_int_eq(read(done[0], &c, 1), 1);
	(void)close(gate[1]);
	for (int i = 0; i < CROWD; i++) {
		ck_assert_int_eq(read(done[0], &c, 1), 1);
		ck_assert_int_eq(c, 'y');
	}
	reopen();
	for (int i = 0; i < CROWD; i++)
		ck_assert_ptr_nonnull(state_find(&s, pid[i], &found));
	for (int i = 0; i < CROWD; i++)
		let_go(pid[i]);
}
END_TEST

static unsigned int looks, rival_look;
static pid_t rival;

/*
 * Between one of our looks at an empty file and our filling it, another
 * process opens it too and leaves its mark, unless it has to wait for us.
 */
static void
rival_comes(const struct fault_event *ev)
{
	struct pollfd end = { .fd = -1, .events = POLLIN };
	int done[2];

	if (ev->call != FAULT_pread || ++looks != rival_look)
		return;
	ck_assert_int_eq(pipe(done), 0);
	ck_assert_int_ne(rival = fork(), -1);
	if (rival == 0) {
		struct state theirs = { .fd = -1 };
		struct state_mark m = { .pid = (uint32_t)getppid(),
			.event = STATE_ANSWERED };
		struct err e = { 0 };

		fault_watch(NULL);
		if (state_open(&theirs, id, NULL, NULL, &e) == -1 ||
		    state_mark(&theirs, &m, &e) == -1)
			_exit(1);
		_exit(0);
	}
	(void)close(done[1]);
	end.fd = done[0];
	(void)poll(&end, 1, 300);
	(void)close(done[0]);
}

START_TEST(the_first_open_does_not_wipe_out_the_second)
{
	struct err e = { 0 };
	int status = 0;

	looks = 0;
	rival_look = (unsigned int)_i;
	fault_watch(rival_comes);
	ck_assert_int_eq(state_open(&s, id, NULL, NULL, &e), 0);
	fault_watch(NULL);
	ck_assert_uint_ge(looks, 2);
	ck_assert_int_eq(waitpid(rival, &status, 0), rival);
	ck_assert_int_eq(status, 0);
	reopen();
	ck_assert_ptr_nonnull(state_find(&s, getpid(), &found));
}
END_TEST

/* --- Draining ------------------------------------------------------------- */

/* A process that reads generation 5, and another one when told. */
struct reader {
	pid_t pid;
	int to;
	int from;
};

static void
read_on(int from, int to)
{
	struct state theirs = { .fd = -1 };
	struct state_mark m = { .pid = (uint32_t)getpid(),
		.event = STATE_ANSWERED };
	struct err e = { 0 };
	unsigned char c = 0;
	int rv;

	memcpy(m.entry, site1, STATE_ID);
	rv = state_open_reader(&theirs, id, 5, NULL, &e);
	while (rv == 0 && write(to, "", 1) == 1 && read(from, &c, 1) == 1)
		rv = c == 'm' ? state_mark(&theirs, &m, &e) :
				state_move(&theirs, c, &e);
	_exit(rv == 0 ? 0 : 1);
}

static void
tell_reader(const struct reader *r, char c)
{
	char answer;

	if (c != '\0')
		ck_assert_int_eq(write(r->to, &c, 1), 1);
	ck_assert_int_eq(read(r->from, &answer, 1), 1);
}

static struct reader
new_reader(void)
{
	struct reader r = { -1, -1, -1 };
	int to[2], from[2];

	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	ck_assert_int_ne(r.pid = fork(), -1);
	if (r.pid == 0) {
		(void)close(to[1]);
		(void)close(from[0]);
		read_on(to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	r.to = to[1];
	r.from = from[0];
	tell_reader(&r, '\0');
	return r;
}

START_TEST(a_drain_waits_for_readers_of_before)
{
	struct reader r;

	open_fresh();
	ck_assert_uint_eq(state_drain(&s, 9, site1), UINT64_MAX);
	r = new_reader();
	ck_assert_uint_eq(state_drain(&s, 5, site1), UINT64_MAX);
	ck_assert_uint_eq(state_drain(&s, 6, site1), 0);
	ck_assert_uint_eq(state_drain(&s, 600, site2), 0);
	/* It reads a later one: what it had is no longer read by anybody. */
	tell_reader(&r, 6);
	ck_assert_uint_eq(state_drain(&s, 6, site1), UINT64_MAX);
	ck_assert_uint_eq(state_drain(&s, 7, site1), 0);
	ck_assert_int_eq(kill(r.pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(r.pid, NULL, 0), r.pid);
	ck_assert_uint_eq(state_drain(&s, 7, site1), UINT64_MAX);
}
END_TEST

START_TEST(a_drain_sees_marks_made_since)
{
	struct reader r = { -1, -1, -1 };

	open_fresh();
	r = new_reader();
	ck_assert_uint_eq(state_drain(&s, 5, site1), UINT64_MAX);
	tell_reader(&r, 'm');
	ck_assert_uint_lt(state_drain(&s, 5, site1), 60000);
	ck_assert_uint_eq(state_drain(&s, 5, site2), UINT64_MAX);
	let_go(r.pid);
	ck_assert_uint_eq(state_drain(&s, 5, site1), UINT64_MAX);
}
END_TEST

START_TEST(who_reads_what_is_drained_is_late)
{
	unsigned char raw[64];
	struct state slow = { .fd = -1 };
	struct err e = { 0 };

	open_fresh();
	ck_assert_int_eq(state_check(&s, 4, mac1, &e), 0);
	ck_assert_int_eq(state_open(&slow, id, NULL, NULL, &e), 0);
	ck_assert_uint_eq(state_drain(&s, 6, site1), UINT64_MAX);
	/* Nor is an earlier one forgotten for it, or what is seen of others. */
	ck_assert_uint_eq(state_drain(&slow, 5, site1), UINT64_MAX);
	ck_assert_int_eq(state_check(&slow, 7, mac2, &e), 0);
	state_close(&slow);
	ck_assert_int_eq(pread(s.fd, raw, 64, 0), 64);
	ck_assert_uint_eq(get_u64(raw + 8), 7);
	ck_assert_uint_eq(get_u64(raw + 48), 6);
	ck_assert(is_zero(raw + 56, 8));

	/* Of the generation seen, somebody may have an older memory. */
	put_u64(raw + 8, 5);
	ck_assert_int_eq(pwrite(s.fd, raw, 64, 0), 64);
	state_close(&s);
	ck_assert_int_eq(state_open_reader(&s, id, 5, NULL, &e), 0);
	ck_assert(state_behind(&s, 5));
	ck_assert(!state_behind(&s, 6));
	ck_assert_int_eq(state_check(&s, 5, mac2, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(e.msg, "but 6 was seen here"));
	/* Unless it is put back on purpose. */
	ck_assert_int_eq(state_accept(&s, 5, mac2, &e), 0);
	ck_assert_int_eq(state_move(&s, 5, &e), 0);
	ck_assert(!state_behind(&s, 5));
}
END_TEST

START_TEST(what_cannot_be_found_out_is_not_drained)
{
	static const enum fault_call calls[] = { FAULT_pwrite, FAULT_pread };
	struct fault f = { FAULT_ERROR, EIO, true, FAULT_CALL_COUNT };

	open_fresh();
	for (size_t i = 0; i < 2; i++) {
		f.only = calls[i];
		fault_arm(1, f);
		ck_assert_uint_eq(state_drain(&s, 3, site1), 0);
		ck_assert_uint_ge(fault_disarm(), 1);
	}
	ck_assert_uint_eq(state_drain(&s, 3, site1), UINT64_MAX);
	/* Known to be drained, it is read all the same. */
	fault_arm(1, f);
	ck_assert_uint_eq(state_drain(&s, 3, site1), 0);
	ck_assert_uint_eq(fault_disarm(), 1);
}
END_TEST

/* --- Faults --------------------------------------------------------------- */

static const struct fault faults[] = {
	{ FAULT_ERROR, EIO, false, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EIO, true, FAULT_CALL_COUNT },
	{ FAULT_ERROR, ENOSPC, true, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EACCES, true, FAULT_CALL_COUNT },
	{ FAULT_ERROR, EINTR, false, FAULT_CALL_COUNT },
	{ FAULT_SHORT, 0, false, FAULT_CALL_COUNT },
	{ FAULT_SHORT, 0, true, FAULT_CALL_COUNT },
};

static int
use_all(struct state *t, struct err *e)
{
	struct state_mark m = { .pid = (uint32_t)getpid(),
		.event = STATE_ANSWERED };

	if (state_open(t, id, NULL, NULL, e) == -1)
		return -1;
	if (state_check(t, 3, mac1, e) == -1 || state_mark(t, &m, e) == -1 ||
	    state_accept(t, 2, mac1, e) == -1) {
		state_close(t);
		return -1;
	}
	(void)state_find(t, getpid(), &found);
	state_close(t);
	return 0;
}

START_TEST(every_call_may_fail)
{
	unsigned int n, made;

	for (n = 1;; n++) {
		struct err e = { 0 };
		int before, rv;

		(void)unlink(path);
		if (n % 2 == 0)
			open_fresh();
		state_close(&s);
		before = open_fds();
		fault_arm(n / 2 + 1, faults[_i]);
		rv = use_all(&s, &e);
		made = fault_disarm();
		ck_assert_msg(open_fds() == before, "%s", fault_where());
		if (rv == -1) {
			ck_assert_msg(e.kind == ERR_IO || e.kind == ERR_DENIED,
			    "%s: %d", fault_where(), (int)e.kind);
			ck_assert_msg(strlen(e.msg) > 20, "%s: %s",
			    fault_where(), e.msg);
		}
		if (made < n / 2 + 1 && n % 2 == 0)
			break;
		ck_assert_int_eq(use_all(&s, &e), 0);
	}
	ck_assert_uint_gt(made, 8);
}
END_TEST

START_TEST(half_a_mark_is_an_error)
{
	struct fault f = { FAULT_SHORT, 0, false, FAULT_pwrite };
	struct state_mark m = { .pid = (uint32_t)getpid(),
		.event = STATE_ANSWERED };
	struct err e = { 0 };

	open_fresh();
	fault_arm(1, f);
	ck_assert_int_eq(state_mark(&s, &m, &e), -1);
	ck_assert_uint_eq(fault_disarm(), 1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_ptr_null(state_find(&s, getpid(), &found));
}
END_TEST

Suite *
state_suite(void)
{
	const int nfaults = (int)(sizeof(faults) / sizeof(faults[0]));
	Suite *suite = suite_create("state");
	TCase *t = tcase_create("state");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	suite_add_tcase(suite, t);
	tcase_add_test(t, the_first_open_makes_the_file);
	tcase_add_test(t, the_layout_is_as_documented);
	tcase_add_test(t, a_hot_open_is_three_calls);
	tcase_add_test(t, a_file_that_is_none_starts_afresh);
	tcase_add_test(t, a_file_of_others_is_refused);
	tcase_add_test(t, an_older_vault_is_noticed);
	tcase_add_test(t, an_older_vault_can_be_accepted);
	tcase_add_test(t, what_another_process_saw_is_not_forgotten);
	tcase_add_test(t, a_mark_is_found_by_its_process);
	tcase_add_test(t, an_unknown_event_is_no_mark);
	tcase_add_test(t, a_dead_process_has_no_mark);
#ifndef PAWL_POSIX
	tcase_add_loop_test(t, a_pid_that_came_round_finds_nothing, 0,
	    (int)(sizeof(child_names) / sizeof(child_names[0])));
#endif
	tcase_add_test(t, without_proc_a_mark_lives_ten_minutes);
	tcase_add_test(t, the_last_answer_is_the_youngest);
	tcase_add_test(t, a_full_set_gives_up_its_oldest);
	tcase_add_test(t, a_full_set_keeps_who_lives);
	tcase_add_test(t, a_drain_waits_for_readers_of_before);
	tcase_add_test(t, a_drain_sees_marks_made_since);
	tcase_add_test(t, who_reads_what_is_drained_is_late);
	tcase_add_test(t, what_cannot_be_found_out_is_not_drained);
	tcase_add_loop_test(t, two_of_a_set_at_once_take_different_slots, 0, 2);
	tcase_add_loop_test(t, marks_made_at_once_do_not_hurt_each_other, 0, 2);
	tcase_add_loop_test(t, the_first_open_does_not_wipe_out_the_second, 1,
	    3);
	tcase_add_loop_test(t, every_call_may_fail, 0, nfaults);
	tcase_add_test(t, half_a_mark_is_an_error);
	return suite;
}
