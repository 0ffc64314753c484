/*
 * spawn ROUNDS VARIANT [-- VARIANT ...]: runs programs by turns, and prints
 * "NAME NANOSECONDS KIB" for each run: from the call that starts it to the
 * end of its output and of itself, and its largest resident size.
 *
 *	VARIANT = NAME ANSWER [VARIABLE=VALUE ...] PROGRAM [ARGUMENT ...]
 *
 * ANSWER is the line that the program has to print, or "-" for whatever.  A
 * program that prints another one, or fails, ends it all, and what it said on
 * its standard error is shown only then.  The first "%" in
 * a variable or an argument is the number of the round, from 0; a tenth of
 * ROUNDS, and one, come before what is printed, to warm up.
 *
 * Each run has a new process for its parent, as with ssh: pawl-askpass answers
 * nobody twice.  What that process itself costs is not measured.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "io.h"

#define PROGRAM "spawn"

#define ROUNDS_MAX 100000
#define VARIANTS_MAX 16
#define OUTPUT_MAX 4096

struct variant {
	const char *name;
	const char *answer;
	/* Both end in NULL, or in the "--" that was made one. */
	char **variables;
	char **argv;
};

/* What one run was. */
struct run {
	uint64_t ns;
	uint64_t kib;
	/* Of wait4(2); or -1 and why. */
	int status;
	int error;
	size_t len;
	char output[OUTPUT_MAX];
};

static uint64_t
now_ns(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Its output to the end; what is of no interest is read all the same. */
static ssize_t
read_output(int fd, struct run *r)
{
	static unsigned char rest[65536];
	ssize_t n, more;

	if ((n = read_full(fd, r->output, sizeof(r->output))) == -1)
		return -1;
	do {
		more = read_full(fd, rest, sizeof(rest));
	} while (more == sizeof(rest));
	return more == -1 ? -1 : n;
}

/*
 * From start to end.  posix_spawn(3) is what the fastest of callers would
 * use: ssh's own fork(2) would add the same to all of them.
 */
static int
start_and_wait(const struct variant *v, struct run *r, const int *pair,
    const posix_spawn_file_actions_t *actions)
{
	struct rusage usage;
	ssize_t n;
	pid_t pid;
	uint64_t begin = now_ns();

	if ((errno = posix_spawnp(&pid, v->argv[0], actions, NULL, v->argv,
		 environ)) != 0)
		return -1;
	(void)close(pair[1]);
	n = read_output(pair[0], r);
	if (n == -1 || wait4(pid, &r->status, 0, &usage) == -1)
		return -1;
	r->ns = now_ns() - begin;
	r->kib = (uint64_t)usage.ru_maxrss;
	r->len = (size_t)n;
	return 0;
}

/* Puts the number of the round for the first "%" of each; -1 with errno. */
static int
number(char **strings, uint64_t round)
{
	const char *percent;

	for (; *strings != NULL; strings++) {
		if ((percent = strchr(*strings, '%')) == NULL)
			continue;
		/* It goes with the process. */
		if (asprintf(strings, "%.*s%llu%s", (int)(percent - *strings),
			*strings, (unsigned long long)round, percent + 1) == -1)
			return -1;
	}
	return 0;
}

/* What a run that failed has said; -1 with errno. */
static int
show(int said)
{
	char text[OUTPUT_MAX];
	ssize_t n = pread_full(said, text, sizeof(text), 0);

	return n == -1 ? -1 : write_all(STDERR_FILENO, text, (size_t)n);
}

static int
prepare_and_run(const struct variant *v, uint64_t round, struct run *r)
{
	posix_spawn_file_actions_t actions;
	int said, pair[2], rv;
	char **name;

	if (number(v->variables, round) == -1)
		return -1;
	for (name = v->variables; name < v->argv; name++)
		if (putenv(*name) != 0)
			return -1;
	if (pipe2(pair, O_CLOEXEC) == -1 ||
	    (said = memfd_create("said", MFD_CLOEXEC)) == -1)
		return -1;
	if ((errno = posix_spawn_file_actions_init(&actions)) != 0 ||
	    (errno = posix_spawn_file_actions_adddup2(&actions, pair[1],
		 STDOUT_FILENO)) != 0 ||
	    (errno = posix_spawn_file_actions_adddup2(&actions, said,
		 STDERR_FILENO)) != 0)
		return -1;
	rv = start_and_wait(v, r, pair, &actions);
	return rv == 0 && r->status != 0 ? show(said) : rv;
}

/* In the process that is the program's parent. */
static _Noreturn void
be_parent(const struct variant *v, uint64_t round, int out)
{
	static struct run r;

	if (prepare_and_run(v, round, &r) == -1) {
		r.status = -1;
		r.error = errno;
	}
	_exit(write_all(out, &r, sizeof(r)) == -1 ? 1 : 0);
}

static int
run(const struct variant *v, uint64_t round, struct run *r, struct err *e)
{
	ssize_t n = -1;
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) == -1)
		return err_sys(e, ERR_IO, "pipe");
	if ((pid = fork()) == 0)
		be_parent(v, round, pair[1]);
	(void)close(pair[1]);
	if (pid != -1) {
		n = read_full(pair[0], r, sizeof(*r));
		(void)waitpid(pid, NULL, 0);
	}
	(void)close(pair[0]);
	if (n == sizeof(*r))
		return 0;
	return err_set(e, ERR_IO, "%s: its parent ended early", v->name);
}

static int
check(const struct variant *v, const struct run *r, struct err *e)
{
	size_t len = strlen(v->answer);

	if (r->status == -1) {
		errno = r->error;
		return err_sys(e, ERR_IO, "%s: %s", v->name, v->argv[0]);
	}
	if (!WIFEXITED(r->status) || WEXITSTATUS(r->status) != 0)
		return err_set(e, ERR_IO, "%s: failed, wait status 0x%x",
		    v->name, (unsigned int)r->status);
	if (strcmp(v->answer, "-") == 0)
		return 0;
	if (r->len == len + 1 && memcmp(r->output, v->answer, len) == 0 &&
	    r->output[len] == '\n')
		return 0;
	return err_set(e, ERR_IO, "%s: did not print what it should", v->name);
}

/* Each round begins with another one: none always follows the same. */
static int
measure(const struct variant *v, size_t n, uint64_t rounds, struct err *e)
{
	static struct run r;
	uint64_t i, warm_up = rounds / 10 + 1;
	const struct variant *now;
	size_t turn;

	for (i = 0; i < warm_up + rounds; i++) {
		for (turn = 0; turn < n; turn++) {
			now = &v[(i + turn) % n];
			if (run(now, i, &r, e) == -1 || check(now, &r, e) == -1)
				return -1;
			if (i < warm_up)
				continue;
			(void)printf("%s %llu %llu\n", now->name,
			    (unsigned long long)r.ns,
			    (unsigned long long)r.kib);
		}
		/* Nothing is buffered that a fork would have twice. */
		(void)fflush(stdout);
	}
	return 0;
}

/* Reads one variant and steps past its "--". */
static bool
take_variant(struct variant *v, char ***argvp)
{
	char **a = *argvp;

	if (a[0] == NULL || a[1] == NULL)
		return false;
	v->name = a[0];
	v->answer = a[1];
	v->variables = a += 2;
	while (*a != NULL && strchr(*a, '=') != NULL)
		a++;
	v->argv = a;
	if (*a == NULL || strcmp(*a, "--") == 0)
		return false;
	while (*a != NULL && strcmp(*a, "--") != 0)
		a++;
	if (*a != NULL)
		*a++ = NULL;
	*argvp = a;
	return true;
}

int
main(int argc, char **argv)
{
	struct variant v[VARIANTS_MAX];
	struct err e = { ERR_NONE, "" };
	uint64_t rounds = 0;
	char **left = argv + 2;
	bool good = argc > 2;
	size_t n = 0;

	while (good && *left != NULL && n < VARIANTS_MAX)
		good = take_variant(&v[n++], &left);
	if (!good || *left != NULL) {
		(void)err_set(&e, ERR_USAGE,
		    "usage: spawn ROUNDS NAME ANSWER [VARIABLE=VALUE ...] "
		    "PROGRAM [ARGUMENT ...] [-- ...]");
		return err_print(PROGRAM, &e);
	}
	if (parse_number(argv[1], 1, ROUNDS_MAX, &rounds, &e) == -1 ||
	    measure(v, n, rounds, &e) == -1)
		return err_print(PROGRAM, &e);
	return 0;
}
