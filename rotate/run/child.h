/*
 * A program that an attempt is made with: a process in a group of its own, with
 * pipes, a scrubbed environment and a time limit.  It ends, with all that it
 * started, when this process ends or its parent does.
 */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct child {
	pid_t pid;
	/* What it has as standard input, output and error; -1 once closed. */
	int in;
	int out;
	int err;
	/* A socket whose other end the parent holds. */
	int parent;
	/* When its time is over: milliseconds of child_now(). */
	int64_t until;
	/* It has ended, and what it started was ended. */
	bool ended;
	int status;
};

enum child_event {
	/* Something can be read, or the end of file. */
	CHILD_IN,
	CHILD_OUT,
	CHILD_ERR,
	/* It has ended, and all of what it wrote was read. */
	CHILD_ENDED,
	CHILD_LATE,
	/* The parent is gone. */
	CHILD_ABANDONED
};

/* Milliseconds of the monotonic clock. */
int64_t child_now(void);

/* Once, before any other. */
void child_prepare(void);

/*
 * Starts argv[0], with PATH, HOME, USER and LOGNAME and the variables of more
 * (ends with NULL) as its environment.  With talk its standard input is a
 * socket, else a pipe.  ERR_IO; ERR_CONFIG if it cannot be executed.  Then
 * there is nothing to end.
 */
int child_start(struct child *c, char *const argv[], char *const more[],
    bool talk, struct err *e) MUST_CHECK;

/* Waits for what comes first, in the order of enum child_event. */
enum child_event child_wait(struct child *c);

/* Closes one of the three, and makes it -1; fine if it is. */
void child_close(int *fdp);

/* Kills it and its group if need be, waits for it, closes. */
void child_end(struct child *c);

#endif
