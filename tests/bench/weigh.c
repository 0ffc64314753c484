/*
 * weigh NAME SAMPLES COMMAND [ARGUMENT ...]: runs a command and prints "NAME
 * NANOSECONDS KIB" and "NAME_cpu NANOSECONDS KIB": from its start to its end;
 * and of the processors, for it and all its descendants.  KIB is the most
 * memory that these had at one time, each page they share counted once.  That
 * is looked at every tenth of a second where SAMPLES is "yes", for it costs
 * time; else it is 0.
 */
#include <sys/types.h>
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

#define PROGRAM "weigh"
#define PROCESSES 2048

/* Nanoseconds of the monotonic clock. */
static uint64_t
now(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The file of a process as text; "" if it cannot be read. */
static const char *
read_text(long pid, const char *name)
{
	static char text[65536];
	char path[64];
	ssize_t n = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) != -1) {
		n = read_full(fd, text, sizeof(text) - 1);
		(void)close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Adds the children of a process to the list. */
static void
add_children(long pid, long *pids, size_t *np)
{
	char *end = NULL, name[40];
	const char *p = NULL;
	long child;

	/* Nothing that is weighed forks from another thread. */
	(void)snprintf(name, sizeof(name), "task/%ld/children", pid);
	p = read_text(pid, name);
	while (*np < PROCESSES && (child = strtol(p, &end, 10)) > 0) {
		pids[(*np)++] = child;
		p = end;
	}
}

static uint64_t
memory_of(long root)
{
	static long pids[PROCESSES];
	const char *p = NULL;
	uint64_t sum = 0;
	size_t i, n = 0;

	pids[n++] = root;
	for (i = 0; i < n; i++) {
		add_children(pids[i], pids, &n);
		p = strstr(read_text(pids[i], "smaps_rollup"), "\nPss:");
		if (p != NULL)
			sum += strtoull(p + 5, NULL, 10);
	}
	return sum;
}

static uint64_t
cpu_of(const struct rusage *u)
{
	return (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) *
	    1000000000 +
	    (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) * 1000;
}

/* Waits for its end, and looks at its memory meanwhile. */
static uint64_t
wait_for(pid_t pid, bool samples, int *status, struct rusage *used)
{
	const struct timespec pause = { 0, 100L * 1000 * 1000 };
	uint64_t kib, most = 0;

	while (wait4(pid, status, samples ? WNOHANG : 0, used) == 0) {
		kib = memory_of((long)pid);
		if (kib > most)
			most = kib;
		(void)nanosleep(&pause, NULL);
	}
	return most;
}

int
main(int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };
	struct rusage used = { 0 };
	uint64_t began, kib;
	pid_t pid = -1;
	int status = 0;

	if (argc < 4) {
		(void)err_set(&e, ERR_USAGE,
		    "usage: weigh NAME yes|no COMMAND ...");
		return err_print(PROGRAM, &e);
	}
	began = now();
	errno = posix_spawnp(&pid, argv[3], NULL, NULL, argv + 3, environ);
	if (errno != 0) {
		(void)err_sys(&e, ERR_IO, "%s", argv[3]);
		return err_print(PROGRAM, &e);
	}
	kib = wait_for(pid, strcmp(argv[2], "yes") == 0, &status, &used);
	(void)printf("%s %llu %llu\n", argv[1],
	    (unsigned long long)(now() - began), (unsigned long long)kib);
	(void)printf("%s_cpu %llu %llu\n", argv[1],
	    (unsigned long long)cpu_of(&used), (unsigned long long)kib);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
