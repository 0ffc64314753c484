/*
 * What a program writes to its standard error, line by line.
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>

#include "bytes.h"

#define LINES_LONGEST 1000

/* Zero it first, and wipe it after: a program may write a password. */
struct lines {
	unsigned char buf[LINES_LONGEST];
	size_t len;
	/* Of the line that comes, the rest is left out: it was too long. */
	bool skip;
};

/*
 * Reads once, and calls each for each line that is complete, without its end.
 * False at the end of the file; what was left is a line.
 */
bool lines_read(struct lines *l, int fd,
    void (*each)(void *arg, struct slice line), void *arg);

#endif
