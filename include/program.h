/*
 * Running a program of the site's, in a process of its own: whether it may be
 * trusted, its environment, and its end.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <sys/types.h>

#include <stdint.h>

#include "err.h"

/*
 * Whether only root or the caller can have changed what path names, which
 * must be a regular file and not a link: else whoever did decides what runs
 * here.  ERR_NOENTRY: there is none; ERR_DENIED, with what mends it.
 */
int program_check(const char *path, struct err *e) MUST_CHECK;

/* PATH, and of the caller's environment only who and where the user is: for
 * execve(2).  Static. */
char **program_environment(void);

/* In the child: a group of its own, so that what it starts can be ended with
 * it, no descriptor but 0, 1 and 2, and signals as they were.  -1 with errno. */
int program_begin(void) MUST_CHECK;

/* Milliseconds of a clock that only goes on. */
uint64_t program_clock(void);

/*
 * Waits for the child pid until the clock shows end; the caller has SIGCHLD
 * blocked.  Its status as waitpid(2) has it, or -1, when it and its group were
 * killed.
 */
int program_wait(pid_t pid, uint64_t end);

/* Kills it, and its group, and waits for it. */
void program_kill(pid_t pid);

#endif
