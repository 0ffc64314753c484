/*
 * The process outside of the sandbox: it asks a person at the terminal, and
 * runs programs.  Started only where a stack has a line that needs it, before
 * key and vault are read, so that what runs programs has never seen a key; it
 * waits on a socket pair and ends when that closes.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <stdint.h>

#include "err.h"
#include "secret.h"
#include "stack.h"

/* What a program may answer at most. */
#define OUTSIDE_ANSWER_MAX 4096

enum outside_what {
	/* Asks for a secret on the terminal, with text as the question. */
	OUTSIDE_SECRET,
	/* Asks for yes or no. */
	OUTSIDE_CONFIRM,
	/* Runs the program of a line, with text as its standard input. */
	OUTSIDE_RUN
};

struct outside_request {
	uint32_t what;
	/* RUN: the stack, as stacks_at() counts, and the line in it. */
	uint32_t stack;
	uint32_t line;
	char text[1024];
};

struct outside {
	int fd;
};

/*
 * Starts it.  ERR_USAGE: a standard descriptor is closed, and the socket
 * would be in its place; ERR_IO.  lock: it ends unless its memory can be locked.
 */
int outside_start(struct outside *o, bool lock, struct err *e) MUST_CHECK;

/*
 * Asks it and waits.  The answer is added to answer, which has room for
 * OUTSIDE_ANSWER_MAX; e says why there is none.  Works in the sandbox.
 */
enum stack_result outside_ask(struct outside *o,
    const struct outside_request *q, struct secret *answer, struct err *e);

/*
 * Runs the program that an exec line names, with input on its standard input
 * and "get" as its last argument, and adds what it prints to answer.  Only what
 * outside_start() started does this.
 */
enum stack_result outside_run(const struct stack_line *line, const char *input,
    struct secret *answer, struct err *e);

#endif
