#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sodium.h>

#include "io.h"
#include "secret.h"

Suite *secret_suite(void);

#define ARENA ((size_t)65536)

static struct err e;

static struct secret *
new_secret(size_t cap)
{
	struct secret *s = secret_new(cap, &e);

	ck_assert_msg(s != NULL, "%s", e.msg);
	return s;
}

static struct secret *
holding(const char *text, size_t cap)
{
	struct secret *s = new_secret(cap);

	ck_assert_int_eq(secret_set(s, text, strlen(text), &e), 0);
	return s;
}

static void
init(void)
{
	ck_assert_int_eq(secret_init(NULL, ARENA, &e), 0);
}

START_TEST(needs_init)
{
	ck_assert_ptr_null(secret_new(1, &e));
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert(!secret_locked());
}
END_TEST

START_TEST(holds_what_was_set)
{
	struct secret *s = NULL;

	init();
	s = new_secret(5);
	ck_assert_uint_eq(s->len, 0);
	ck_assert_uint_eq(s->cap, 5);
	ck_assert_int_eq(secret_set(s, "a\0cde", 5, &e), 0);
	ck_assert_uint_eq(secret_slice(s).len, 5);
	ck_assert_mem_eq(secret_slice(s).p, "a\0cde", 5);
	ck_assert_int_eq(secret_set(s, "abcdef", 6, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_mem_eq(s->data, "a\0cde", 5);
	ck_assert_int_eq(secret_set(s, NULL, 0, &e), 0);
	ck_assert_uint_eq(s->len, 0);
	secret_free(s);
	secret_free(NULL);
	s = new_secret(0);
	ck_assert_int_eq(secret_set(s, NULL, 0, &e), 0);
	ck_assert_int_eq(secret_set(s, "x", 1, &e), -1);
	secret_free(s);
}
END_TEST

START_TEST(appends)
{
	struct secret *s = NULL;

	init();
	s = holding("ab", 5);
	ck_assert_int_eq(secret_append(s, "cd", 2, &e), 0);
	ck_assert_int_eq(secret_append(s, NULL, 0, &e), 0);
	ck_assert_int_eq(secret_append(s, "ef", 2, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_int_eq(secret_append(s, s->data, SIZE_MAX, &e), -1);
	ck_assert_int_eq(secret_append(s, s->data, 1, &e), 0);
	ck_assert(slice_is(secret_slice(s), "abcda"));
	secret_free(s);
}
END_TEST

START_TEST(sets_a_part_of_itself)
{
	struct secret *s = NULL;

	init();
	s = holding("prefix:secret", 16);
	ck_assert_int_eq(secret_set(s, s->data + 2, 11, &e), 0);
	ck_assert(slice_is(secret_slice(s), "efix:secret"));
	/* And nothing of it is left behind the end. */
	ck_assert(is_zero(s->data + s->len, s->cap - s->len));
	secret_free(s);
}
END_TEST

START_TEST(is_wiped_when_freed)
{
	struct secret *s = NULL;
	unsigned char *data = NULL;

	init();
	s = holding("0123456789abcdef0123456789abcdef", 40);
	data = s->data;
	secret_free(s);
	/* The memory is the arena's still; ASan knows nothing of it. */
	ck_assert(is_zero(data, 40));
	ck_assert(is_zero((unsigned char *)s, sizeof(*s)));
}
END_TEST

START_TEST(all_is_wiped_at_once)
{
	struct secret *a = NULL, *b = NULL, *c = NULL;
	unsigned char *da = NULL, *db = NULL;

	init();
	a = holding("first", 100);
	b = holding("in a second map", 2 * ARENA);
	da = a->data;
	db = b->data;
	secret_wipe_all();
	ck_assert(is_zero(da, 100));
	ck_assert(is_zero(db, 2 * ARENA));
	/* The arena is as good as new. */
	c = holding("again", 100);
	ck_assert_ptr_eq(c, a);
	secret_free(c);
}
END_TEST

START_TEST(a_full_arena_is_wiped_to_its_end)
{
	struct secret *s = NULL;
	unsigned char *data = NULL;

	init();
	s = new_secret(ARENA - 48);
	data = s->data;
	memset(data, 'x', s->cap);
	secret_wipe_all();
	ck_assert(is_zero(data, ARENA - 48));
}
END_TEST

/* Bytes at and behind the end, of data that fill a block or do not. */
static const struct {
	size_t cap, at;
} overruns[] = { { 1, 1 }, { 24, 24 }, { 24, 31 }, { 24, 55 }, { 25, 25 },
	{ 16, 16 }, { 16, 23 }, { 17, 17 }, { 0, 0 } };

START_TEST(overrun_aborts)
{
	struct secret *s = NULL;

	init();
	s = new_secret(overruns[_i].cap);
	s->data[overruns[_i].at] ^= 1;
	secret_free(s);
}
END_TEST

START_TEST(underrun_aborts)
{
	struct secret *s = NULL;

	init();
	s = new_secret(8);
	s->data[-1] ^= 1;
	secret_free(s);
}
END_TEST

START_TEST(bad_length_aborts)
{
	struct secret *s = NULL;

	init();
	s = new_secret(8);
	s->len = 9;
	secret_free(s);
}
END_TEST

START_TEST(bad_pointer_aborts)
{
	struct secret *s = NULL;

	init();
	s = new_secret(8);
	s->data++;
	secret_free(s);
}
END_TEST

START_TEST(smashed_header_aborts)
{
	struct secret *s = NULL;

	init();
	s = new_secret(8);
	((unsigned char *)s)[-1] ^= 1;
	secret_free(s);
}
END_TEST

/* 96 made 72: only the canary tells. */
START_TEST(smashed_size_aborts)
{
	struct secret *s = NULL;

	init();
	s = new_secret(20);
	ck_assert_uint_eq(((unsigned char *)s)[-8], 96);
	((unsigned char *)s)[-8] = 72;
	secret_free(s);
}
END_TEST

START_TEST(smashed_header_aborts_the_next_search)
{
	struct secret *s = NULL;

	init();
	s = new_secret(8);
	((unsigned char *)s)[-16] ^= 1;
	(void)new_secret(8);
}
END_TEST

START_TEST(freeing_twice_aborts)
{
	struct secret *s = NULL;

	init();
	s = new_secret(8);
	secret_free(s);
	secret_free(s);
}
END_TEST

START_TEST(freeing_twice_aborts_after_joining)
{
	struct secret *a = NULL, *b = NULL;

	init();
	a = new_secret(8);
	b = new_secret(8);
	secret_free(b);
	secret_free(a);
	/* Takes the place of both. */
	(void)new_secret(64);
	secret_free(b);
}
END_TEST

START_TEST(all_of_cap_may_be_written)
{
	struct secret *s = NULL;
	size_t cap;

	init();
	for (cap = 0; cap < 200; cap++) {
		s = new_secret(cap);
		memset(s->data, 0xff, cap);
		s->len = cap;
		secret_free(s);
	}
}
END_TEST

START_TEST(guard_before)
{
	volatile unsigned char *p = NULL;
	struct secret *s = NULL;

	init();
	(void)signal(SIGSEGV, SIG_DFL);
	s = new_secret(8);
	/* The first block: the page before it is the guard. */
	p = (unsigned char *)s - 17;
	ck_assert_uint_eq(*p, 0);
}
END_TEST

START_TEST(guard_behind)
{
	volatile unsigned char *p = NULL;
	struct secret *s = NULL;

	init();
	(void)signal(SIGSEGV, SIG_DFL);
	s = new_secret(8);
	p = (unsigned char *)s - 16 + ARENA;
	ck_assert_uint_eq(*p, 0);
}
END_TEST

START_TEST(first_fit_and_joining)
{
	struct secret *a = NULL, *b = NULL, *c = NULL, *d = NULL;

	init();
	a = new_secret(100);
	b = new_secret(100);
	c = new_secret(100);
	d = new_secret(100);
	/* A hole is taken again, by what fits. */
	secret_free(b);
	ck_assert_ptr_eq(new_secret(100), b);
	secret_free(b);
	ck_assert(new_secret(200) > d);
	/* Neighbours freed in any order become one. */
	secret_free(c);
	ck_assert_ptr_eq(new_secret(200), b);
	secret_free(b);
	secret_free(a);
	b = new_secret(300);
	ck_assert_ptr_eq(b, a);
	/* Nothing of what was there shows, the allocator's own included. */
	ck_assert(is_zero(b->data, 300));
}
END_TEST

START_TEST(grows_by_maps)
{
	struct secret *s[64];
	size_t i;

	init();
	for (i = 0; i < 64; i++) {
		s[i] = new_secret(ARENA / 8);
		memset(s[i]->data, (int)i, s[i]->cap);
		s[i]->len = s[i]->cap;
	}
	for (i = 0; i < 64; i++)
		ck_assert_uint_eq(s[i]->data[ARENA / 8 - 1], i);
	for (i = 0; i < 64; i++)
		secret_free(s[i]);
	ck_assert(secret_locked());
	/* The first place is free again. */
	ck_assert_ptr_eq(new_secret(ARENA / 2), s[0]);
}
END_TEST

START_TEST(absurd_sizes_are_errors)
{
	init();
	ck_assert_ptr_null(secret_new(SIZE_MAX, &e));
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_ptr_null(secret_new(SIZE_MAX / 2, &e));
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_ptr_null(secret_new(SIZE_MAX / 4, &e));
	ck_assert_int_eq(e.kind, ERR_IO);
	secret_free(new_secret(1));
}
END_TEST

/* Many of them in any order, against what each should hold. */
START_TEST(any_order)
{
	struct secret *s[50] = { NULL };
	unsigned int seed = 1, i, round;
	unsigned char want[3000];
	size_t cap;

	init();
	for (round = 0; round < 20000; round++) {
		seed = seed * 1103515245u + 12345u;
		i = (seed >> 16) % 50;
		if (s[i] != NULL) {
			memset(want, (int)i, sizeof(want));
			ck_assert(memcmp(s[i]->data, want, s[i]->len) == 0);
			secret_free(s[i]);
			s[i] = NULL;
			continue;
		}
		cap = (seed >> 8) % 3000;
		s[i] = new_secret(cap);
		memset(s[i]->data, (int)i, cap);
		s[i]->len = cap;
	}
}
END_TEST

/*
 * Whether the mapping that holds p has each of flags ("lo dd") in the VmFlags
 * of /proc/self/smaps.
 */
static bool
has_flags(const void *p, const char *flags)
{
	char line[1024], flag[8];
	unsigned long from, to;
	char *end = NULL;
	bool inside = false, all = true;
	FILE *f = fopen("/proc/self/smaps", "r");
	size_t i;

	if (f == NULL)
		return false;
	line[0] = '\0';
	while (fgets(line, sizeof(line), f) != NULL) {
		from = strtoul(line, &end, 16);
		if (*end == '-') {
			to = strtoul(end + 1, NULL, 16);
			inside = (uintptr_t)p >= from && (uintptr_t)p < to;
		}
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			break;
	}
	(void)fclose(f);
	for (i = 0; i + 1 < strlen(flags); i += 3) {
		(void)snprintf(flag, sizeof(flag), " %.2s ", flags + i);
		if (strstr(line, flag) == NULL)
			all = false;
	}
	return all;
}

START_TEST(is_locked_not_dumped_and_not_inherited)
{
	struct secret *s = NULL;

	init();
	ck_assert(secret_locked());
	s = new_secret(100);
	ck_assert(has_flags(s->data, "lo dd wf"));
	/* So is what it grows by. */
	s = new_secret(2 * ARENA);
	ck_assert(has_flags(s->data, "lo dd wf"));
	ck_assert(has_flags(s->data + 2 * ARENA - 1, "lo dd wf"));
}
END_TEST

START_TEST(child_sees_zeros)
{
	struct secret *s = NULL, *t = NULL;
	unsigned char *data = NULL;
	int status;
	pid_t pid;

	init();
	s = holding("not for children, not for children", 64);
	data = s->data;
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		if (!is_zero(data, 64))
			_exit(1);
		/* It may have secrets of its own. */
		if ((t = secret_new(10, &e)) == NULL)
			_exit(2);
		secret_free(t);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(data[0] == 'n');
	secret_free(s);
}
END_TEST

/* Where a parent can see what a dead child has left. */
static int
end_by(int number, bool ignored)
{
	unsigned char *shared = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct secret *s = NULL;
	int status;
	pid_t pid;

	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		(void)signal(number, ignored ? SIG_IGN : SIG_DFL);
		if (secret_init(shared, ARENA, &e) == -1)
			_exit(1);
		secret_wipe_on_signals();
		if ((s = secret_new(100, &e)) == NULL ||
		    secret_set(s, "something to hide", 17, &e) == -1)
			_exit(2);
		(void)raise(number);
		_exit(is_zero(shared, ARENA) ? 3 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(is_zero(shared, ARENA), !ignored);
	ck_assert_int_eq(munmap(shared, ARENA), 0);
	return status;
}

START_TEST(a_signal_that_ends_us_wipes_first)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE,
		SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ };
	size_t i;
	int status;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		status = end_by(numbers[i], false);
		ck_assert(WIFSIGNALED(status));
		ck_assert_int_eq(WTERMSIG(status), numbers[i]);
		ck_assert_int_eq(end_by(numbers[i], true), 0);
	}
}
END_TEST

/* In a process of its own. */
static void
ends_well(void (*run)(void))
{
	int status;
	pid_t pid;

	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0)
		run();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* The same as nobody without any locked memory. */
static _Noreturn void
run_unlocked(void)
{
	const struct rlimit none = { 0, 0 };
	struct secret *s = NULL;

	if (setrlimit(RLIMIT_MEMLOCK, &none) == -1 ||
	    (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1))
		_exit(1);
	if (secret_init(NULL, ARENA, &e) == -1)
		_exit(2);
	if (secret_locked())
		_exit(3);
	if ((s = secret_new(10, &e)) == NULL ||
	    secret_set(s, "abc", 3, &e) == -1 ||
	    !slice_is(secret_slice(s), "abc"))
		_exit(4);
	secret_free(s);
	_exit(0);
}

START_TEST(works_unlocked_and_says_so)
{
	ends_well(run_unlocked);
}
END_TEST

/* One map that could not be locked is enough. */
static _Noreturn void
run_half_locked(void)
{
	const struct rlimit some = { ARENA, ARENA };

	if (setrlimit(RLIMIT_MEMLOCK, &some) == -1 ||
	    (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1))
		_exit(1);
	if (secret_init(NULL, ARENA, &e) == -1 || !secret_locked())
		_exit(2);
	if (secret_new(2 * ARENA, &e) == NULL || secret_locked())
		_exit(3);
	_exit(0);
}

START_TEST(says_so_of_a_part)
{
	ends_well(run_half_locked);
}
END_TEST

/* Where memory must be locked, a part that cannot be is not used at all. */
static _Noreturn void
run_locked_only(void)
{
	const struct rlimit some = { ARENA, ARENA };
	int i;

	if (setrlimit(RLIMIT_MEMLOCK, &some) == -1 ||
	    (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1))
		_exit(1);
	if (secret_init(NULL, ARENA, &e) == -1 ||
	    secret_require_locked(&e) == -1)
		_exit(2);
	for (i = 0; i < 2; i++) {
		if (secret_new(2 * ARENA, &e) != NULL || e.kind != ERR_DENIED ||
		    !secret_locked())
			_exit(3);
	}
	if (secret_new(10, &e) == NULL)
		_exit(4);
	_exit(0);
}

START_TEST(nothing_is_unlocked_where_it_must_not_be)
{
	ends_well(run_locked_only);
}
END_TEST

static _Noreturn void
run_too_late(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_MEMLOCK, &none) == -1 ||
	    (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1))
		_exit(1);
	if (secret_init(NULL, ARENA, &e) == -1)
		_exit(2);
	if (secret_require_locked(&e) != -1 || e.kind != ERR_DENIED)
		_exit(3);
	_exit(0);
}

START_TEST(what_is_there_must_be_locked_too)
{
	ends_well(run_too_late);
}
END_TEST

static _Alignas(4096) unsigned char fixed[8192];

START_TEST(lives_in_the_memory_given)
{
	struct secret *s = NULL, *t = NULL;

	/* What was there before does not matter. */
	memset(fixed, 0xa5, sizeof(fixed));
	ck_assert_int_eq(secret_init(fixed, sizeof(fixed), &e), 0);
	ck_assert(secret_locked());
	s = holding("here", 100);
	ck_assert(s->data > fixed && s->data < fixed + sizeof(fixed));
	/* And in mappings when that is full. */
	t = holding("there", sizeof(fixed));
	ck_assert(t->data < fixed || t->data > fixed + sizeof(fixed));
	ck_assert(has_flags(t->data, "dd wf"));
	secret_free(t);
	secret_free(s);
	ck_assert_ptr_eq(new_secret(200), s);
	secret_wipe_all();
	ck_assert(is_zero(fixed, 250));
	/* Where nothing ever was, nothing needs to be wiped. */
	ck_assert_uint_eq(fixed[sizeof(fixed) - 1], 0xa5);
}
END_TEST

START_TEST(init_is_done_once)
{
	struct secret *s = NULL;

	init();
	ck_assert_int_eq(secret_init(fixed, sizeof(fixed), &e), 0);
	init();
	(void)new_secret(ARENA - 200);
	s = new_secret(1000);
	ck_assert(s->data < fixed || s->data > fixed + sizeof(fixed));
}
END_TEST

START_TEST(locks_the_memory_given)
{
	ck_assert_int_eq(secret_init(fixed, sizeof(fixed), &e), 0);
	ck_assert(secret_locked());
	ck_assert(has_flags(fixed, "lo"));
	ck_assert(has_flags(fixed + sizeof(fixed) - 1, "lo"));
}
END_TEST

/* Anything but mlock(2) and its sister kills from here on. */
static int
allow_mlock_only(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mlock, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mlock2, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { 6, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* The price that secret.h promises; libsodium's own is paid before. */
static _Noreturn void
run_on_mlock_only(void)
{
	struct secret *s = NULL;

	if (sodium_init() == -1 || allow_mlock_only() == -1)
		_exit(1);
	if (secret_init(fixed, sizeof(fixed), &e) == -1)
		_exit(2);
	if ((s = secret_new(100, &e)) == NULL)
		_exit(3);
	if (secret_set(s, "abc", 3, &e) == -1)
		_exit(4);
	secret_free(s);
	secret_wipe_all();
	_exit(0);
}

START_TEST(costs_one_system_call_in_the_memory_given)
{
	int status;
	pid_t pid;

	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0)
		run_on_mlock_only();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(too_little_memory_is_an_error)
{
	ck_assert_int_eq(secret_init(fixed, 40, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
}
END_TEST

START_TEST(compares)
{
	ck_assert(secret_equal(slice_of("abc"), slice_of("abc")));
	ck_assert(!secret_equal(slice_of("abc"), slice_of("abd")));
	ck_assert(!secret_equal(slice_of("xbc"), slice_of("abc")));
	ck_assert(!secret_equal(slice_of("abc"), slice_of("abcd")));
	ck_assert(secret_equal(slice_of(""), slice_of("")));
}
END_TEST

/* A pipe that holds text and then ends. */
static int
pipe_with(const char *text, size_t len)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write_all(fds[1], text, len), 0);
	(void)close(fds[1]);
	return fds[0];
}

static const struct {
	const char *input;
	size_t len;
	int rv;
	const char *line;
	const char *rest;
} lines[] = {
	{ "abc\n", 4, 0, "abc", "" },
	{ "abc", 3, 0, "abc", "" },
	{ "abc\ndef\n", 8, 0, "abc", "def\n" },
	{ "\n", 1, 0, "", "" },
	{ "\n\nx", 3, 0, "", "\nx" },
	{ "abc\r\n", 5, 0, "abc\r", "" },
	{ "12345678\n", 9, 0, "12345678", "" },
	{ "12345678\nx", 10, 0, "12345678", "x" },
	{ "12345678", 8, 0, "12345678", "" },
	{ "123456789\n", 10, -1, "", "\n" },
	{ "123456789", 9, -1, "", "" },
	{ "", 0, -1, "", "" },
};

START_TEST(reads_a_line_and_no_more)
{
	struct secret *s = NULL;
	char rest[16] = "";
	int fd, rv;

	init();
	s = holding("old", 8);
	fd = pipe_with(lines[_i].input, lines[_i].len);
	rv = secret_read_line(fd, s, &e);
	ck_assert_int_eq(rv, lines[_i].rv);
	if (rv == -1)
		ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert(slice_is(secret_slice(s), lines[_i].line));
	ck_assert_int_ge(read_full(fd, rest, sizeof(rest) - 1), 0);
	ck_assert_str_eq(rest, lines[_i].rest);
	if (rv == -1)
		ck_assert(is_zero(s->data, s->cap));
	secret_free(s);
}
END_TEST

START_TEST(reads_bytes_of_any_value)
{
	struct secret *s = NULL;

	init();
	s = new_secret(8);
	ck_assert_int_eq(secret_read_line(pipe_with("a\0\xff\nb", 5), s, &e),
	    0);
	ck_assert_uint_eq(s->len, 3);
	ck_assert_mem_eq(s->data, "a\0\xff", 3);
	ck_assert_int_eq(secret_read_all(pipe_with("a\0\n\xff", 4), s, &e), 0);
	ck_assert_uint_eq(s->len, 4);
	ck_assert_mem_eq(s->data, "a\0\n\xff", 4);
	secret_free(s);
}
END_TEST

START_TEST(a_failed_read_leaves_nothing)
{
	struct secret *s = NULL;

	init();
	s = holding("old", 8);
	ck_assert_int_eq(secret_read_line(-1, s, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert(is_zero(s->data, 8));
	ck_assert_int_eq(secret_set(s, "old", 3, &e), 0);
	ck_assert_int_eq(secret_read_all(-1, s, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert(is_zero(s->data, 8));
	secret_free(s);
}
END_TEST

START_TEST(reads_all_or_fails)
{
	struct secret *s = NULL;

	init();
	s = holding("old", 4);
	ck_assert_int_eq(secret_read_all(pipe_with("", 0), s, &e), 0);
	ck_assert_uint_eq(s->len, 0);
	ck_assert_int_eq(secret_read_all(pipe_with("1234", 4), s, &e), 0);
	ck_assert(slice_is(secret_slice(s), "1234"));
	ck_assert_int_eq(secret_read_all(pipe_with("12345", 5), s, &e), -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert(is_zero(s->data, 4));
	secret_free(s);
}
END_TEST

/* The sanitizers make mlock(2) do nothing, and say that it worked. */
static bool
mlock_is_real(void)
{
	void *p =
	    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool real;

	if (p == MAP_FAILED)
		return false;
	real = mlock(p, 4096) == 0 && has_flags(p, "lo");
	(void)munmap(p, 4096);
	return real;
}

START_TEST(SKIPPED_mlock_does_nothing_here)
{
}
END_TEST

static TCase *
locking_tests(void)
{
	TCase *tc = tcase_create("locking");

	if (!mlock_is_real()) {
		tcase_add_test(tc, SKIPPED_mlock_does_nothing_here);
		return tc;
	}
	tcase_add_test(tc, is_locked_not_dumped_and_not_inherited);
	tcase_add_test(tc, works_unlocked_and_says_so);
	tcase_add_test(tc, says_so_of_a_part);
	tcase_add_test(tc, nothing_is_unlocked_where_it_must_not_be);
	tcase_add_test(tc, what_is_there_must_be_locked_too);
	tcase_add_test(tc, locks_the_memory_given);
	tcase_add_test(tc, costs_one_system_call_in_the_memory_given);
	return tc;
}

static TCase *
memory_tests(void)
{
	TCase *tc = tcase_create("memory");

	tcase_add_test(tc, needs_init);
	tcase_add_test(tc, holds_what_was_set);
	tcase_add_test(tc, appends);
	tcase_add_test(tc, sets_a_part_of_itself);
	tcase_add_test(tc, is_wiped_when_freed);
	tcase_add_test(tc, all_is_wiped_at_once);
	tcase_add_test(tc, a_full_arena_is_wiped_to_its_end);
	tcase_add_test(tc, all_of_cap_may_be_written);
	tcase_add_test(tc, first_fit_and_joining);
	tcase_add_test(tc, grows_by_maps);
	tcase_add_test(tc, absurd_sizes_are_errors);
	tcase_add_test(tc, any_order);
	tcase_add_test(tc, child_sees_zeros);
	tcase_add_test(tc, a_signal_that_ends_us_wipes_first);
	tcase_add_test(tc, lives_in_the_memory_given);
	tcase_add_test(tc, init_is_done_once);
	tcase_add_test(tc, too_little_memory_is_an_error);
	return tc;
}

static TCase *
death_tests(void)
{
	TCase *tc = tcase_create("death");

	tcase_add_loop_test_raise_signal(tc, overrun_aborts, SIGABRT, 0,
	    (int)(sizeof(overruns) / sizeof(overruns[0])));
	tcase_add_test_raise_signal(tc, underrun_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, bad_length_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, bad_pointer_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, smashed_header_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, smashed_size_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, smashed_header_aborts_the_next_search,
	    SIGABRT);
	tcase_add_test_raise_signal(tc, freeing_twice_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, freeing_twice_aborts_after_joining,
	    SIGABRT);
	tcase_add_test_raise_signal(tc, guard_before, SIGSEGV);
	tcase_add_test_raise_signal(tc, guard_behind, SIGSEGV);
	return tc;
}

static TCase *
reading_tests(void)
{
	TCase *tc = tcase_create("reading");

	tcase_add_test(tc, compares);
	tcase_add_loop_test(tc, reads_a_line_and_no_more, 0,
	    (int)(sizeof(lines) / sizeof(lines[0])));
	tcase_add_test(tc, reads_bytes_of_any_value);
	tcase_add_test(tc, a_failed_read_leaves_nothing);
	tcase_add_test(tc, reads_all_or_fails);
	return tc;
}

Suite *
secret_suite(void)
{
	Suite *s = suite_create("secret");

	suite_add_tcase(s, memory_tests());
	suite_add_tcase(s, locking_tests());
	suite_add_tcase(s, death_tests());
	suite_add_tcase(s, reading_tests());
	return s;
}
